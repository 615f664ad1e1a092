package media

import "time"

const (
	// clockJump is how far the wall clock may move against the monotonic one and
	// still count as the same clock. NTP slews by less.
	clockJump = time.Minute
	// clockSettles is how long a clock must have been steady to be believed. A Pi
	// without a clock chip is set by NTP within a minute or two of its boot.
	clockSettles = 10 * time.Minute
)

// steadyClock tells whether the wall clock has been steady. It is fed with readings
// of time.Now, which carry both clocks; readings without a monotonic part (tests
// with a made-up time) always count as steady. Not safe for concurrent use.
type steadyClock struct {
	base time.Time // the reading since which the clock was steady
}

// settled takes one more reading and reports whether no jump was seen for
// clockSettles before it.
func (c *steadyClock) settled(now time.Time) bool {
	if c.base.IsZero() {
		c.base = now
	}
	monotonic := now.Sub(c.base)
	wall := now.Round(0).Sub(c.base.Round(0))
	if jump := wall - monotonic; jump > clockJump || jump < -clockJump {
		c.base = now
		return false
	}
	return monotonic >= clockSettles
}
