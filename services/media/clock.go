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

// steadyClock tells whether the wall clock has been steady, from readings of it beside
// readings of a clock that nobody sets. It begins with the first reading. Not safe for
// concurrent use.
type steadyClock struct {
	started bool
	// The reading since which the clock was steady.
	wall      time.Time
	monotonic time.Duration
}

// settled takes one more reading and reports whether no jump was seen for
// clockSettles before it. monotonic counts from any moment.
func (c *steadyClock) settled(wall time.Time, monotonic time.Duration) bool {
	wall = wall.Round(0) // without its own monotonic part, which Sub would prefer
	passed := monotonic - c.monotonic
	jump := wall.Sub(c.wall) - passed
	if !c.started || jump > clockJump || jump < -clockJump {
		*c = steadyClock{started: true, wall: wall, monotonic: monotonic}
		return false
	}
	return passed >= clockSettles
}
