package telemetry

import (
	"math"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Earliest is the first moment at which anything in Nestbox can have happened.
// A clock that shows an earlier time, 1970 above all, was never set.
var Earliest = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

const (
	// aheadOK is how far a camera's clock may run ahead of ours before we stop
	// believing it.
	aheadOK = 2 * time.Minute
	// aheadMax is how far it may be ahead for the event to be kept with our own
	// time instead. Beyond it the number is not a time at all.
	aheadMax = 24 * time.Hour
)

// Clock says where an event's occurred_at comes from.
type Clock string

// The clocks, from the best to the worst.
const (
	// Synced is the camera's own wall clock.
	Synced Clock = "synced"
	// Computed is our clock less the time that the camera measured since.
	Computed Clock = "computed"
	// Corrected is our clock at receipt, in place of a camera's clock that is
	// ahead.
	Corrected Clock = "corrected"
	// Received is our clock at receipt, because nothing else was known.
	Received Clock = "received"
)

// ErrHubClock refuses to date anything while our own clock was never set, as on
// a Pi without a battery clock before its first NTP answer. The camera keeps
// the event and tries again.
var ErrHubClock = fault.New(fault.Unavailable,
	"The hub's own clock is not set yet, so it cannot date events. Keep the event and send it again.").After(30 * time.Second)

var errNoDate = fault.New(fault.Invalid, "This event cannot be dated. Send timestamp in Unix seconds "+
	"(2024 or later, not ahead of now), or boot_id with monotonic_ms and sent_monotonic_ms, or clock_quality \"unset\".")

// BootClock is what the hub knows about the boot that an event names.
type BootClock struct {
	// Start is when the boot began; zero when the hub does not know it.
	Start time.Time
	// Over is true when a later boot of the device is known. The monotonic clock
	// that the camera sends with now is then not the one of the event.
	Over bool
}

// When returns the time at which the motion happened and where that time comes
// from. The rules, the first that fits:
//
//  1. clock_quality is synced or absent and the timestamp is between Earliest
//     and 2 minutes ahead of receivedAt: the timestamp.
//  2. boot_id and monotonic_ms were sent, and either sent_monotonic_ms of the
//     same boot or the start of the boot is known: computed from them, provided
//     that the result is between Earliest and receivedAt.
//  3. The timestamp is more than 2 minutes and at most 24 hours ahead: one of
//     the two clocks is off, and receivedAt loses nothing.
//  4. clock_quality is unset or estimated: receivedAt.
//
// Anything else (1970, 2100, no time at all) is fault.Invalid with a sentence
// that says what to send. While our own clock shows a time before Earliest the
// answer is ErrHubClock.
func (m *Motion) When(receivedAt time.Time, boot BootClock) (time.Time, Clock, error) {
	if receivedAt.Before(Earliest) {
		return time.Time{}, "", ErrHubClock
	}
	stamp, stamped := m.wallClock()
	if m.trustsClock() && stamped && !stamp.After(receivedAt.Add(aheadOK)) {
		return stamp, Synced, nil
	}
	if at, ok := m.compute(receivedAt, boot); ok {
		return at, Computed, nil
	}
	if stamped && stamp.After(receivedAt.Add(aheadOK)) && !stamp.After(receivedAt.Add(aheadMax)) {
		return receivedAt, Corrected, nil
	}
	if !m.trustsClock() {
		return receivedAt, Received, nil
	}
	return time.Time{}, "", errNoDate
}

// NeedsBoot says whether When can use a BootClock, so that a caller looks it up
// only then.
func (m *Motion) NeedsBoot(receivedAt time.Time) bool {
	if !m.hasBootClock() {
		return false
	}
	stamp, ok := m.wallClock()
	return !m.trustsClock() || !ok || stamp.After(receivedAt.Add(aheadOK))
}

func (m *Motion) trustsClock() bool {
	return m.ClockQuality == "" || m.ClockQuality == ClockSynced
}

// wallClock returns the timestamp, to the millisecond, when it is a number that
// can be a time at or after Earliest.
func (m *Motion) wallClock() (time.Time, bool) {
	const year9999 = 253402300799
	if m.Timestamp == nil || !(*m.Timestamp >= 0 && *m.Timestamp <= year9999) {
		return time.Time{}, false
	}
	at := time.UnixMilli(int64(math.Round(*m.Timestamp * 1000))).UTC()
	return at, !at.Before(Earliest)
}

// compute applies rule 2.
func (m *Motion) compute(receivedAt time.Time, boot BootClock) (time.Time, bool) {
	if !m.hasBootClock() || *m.MonotonicMS > maxUptimeMS {
		return time.Time{}, false
	}
	sent := m.SentMonotonicMS
	var at time.Time
	switch {
	case sent != nil && *sent >= *m.MonotonicMS && *sent <= maxUptimeMS && !boot.Over:
		at = receivedAt.Add(-time.Duration(*sent-*m.MonotonicMS) * time.Millisecond)
	case !boot.Start.IsZero():
		at = boot.Start.Add(time.Duration(*m.MonotonicMS) * time.Millisecond)
		// The start of a boot is known to about a network delay. An event that
		// seems to lie that little ahead happened just now.
		if at.After(receivedAt) && !at.After(receivedAt.Add(aheadOK)) {
			at = receivedAt
		}
	default:
		return time.Time{}, false
	}
	return at.UTC(), !at.Before(Earliest) && !at.After(receivedAt)
}
