package telemetry

import "time"

// State is whether a device is there.
type State string

// The states. A device that never sent a heartbeat has none.
const (
	// Online is a device whose last beat is less than 1.5 intervals old.
	Online State = "online"
	// Late is a device that missed one beat: older than 1.5, younger than 2.5
	// intervals.
	Late State = "late"
	// Offline is a device that was silent for longer than AllowedSilence.
	Offline State = "offline"
	// Asleep is a device that announced its silence, until the time that it
	// announced and one more interval have passed.
	Asleep State = "asleep"
)

// AllowedSilence is how long a device may be silent after a beat before it is
// offline: 2.5 intervals, or, when the beat announced sleep, the sleep and one
// interval to wake up in. It is the one definition of presence: the life of a
// beat in the beat store and the sweeper's judgement both come from here.
func AllowedSilence(interval, sleep time.Duration) time.Duration {
	if sleep > 0 {
		return sleep + interval
	}
	return interval*2 + interval/2
}

// StateAfter is the state of a device whose last beat came silence ago.
func StateAfter(silence, interval, sleep time.Duration) State {
	switch {
	case silence >= AllowedSilence(interval, sleep):
		return Offline
	case sleep > 0:
		return Asleep
	case silence >= interval+interval/2:
		return Late
	}
	return Online
}

// Watch follows one device from beat to beat.
//
// Its times are read from one process's monotonic clock, never from a clock of
// Redis, the database or the camera: whichever of those jumps, by an hour or by
// 50 years, no device becomes offline by it.
type Watch struct {
	// State and Since are the presence as it was last recorded.
	State State
	Since time.Time
	// LastSeen is when the last beat was received, by the wall clock of the
	// process that received it.
	LastSeen time.Time
	// Interval and Sleep are those of the last beat that was seen.
	Interval, Sleep time.Duration

	// seenAt is when the last beat was seen; zero when none was seen since the
	// watch began or was last blinded.
	seenAt time.Time
	// graceUntil is the time before which the device may not become offline.
	graceUntil time.Time
}

// Saw notes a beat that arrived age before now. The age is 0 for a beat that
// appeared between two looks; it is more only for beats that were there before
// the watch began.
func (w *Watch) Saw(b *Beat, now time.Time, age time.Duration) {
	w.Interval, w.Sleep = b.Interval, b.Reading.Sleep()
	w.LastSeen = b.ReceivedAt
	w.seenAt = now.Add(-min(max(age, 0), b.Allowed()))
}

// Blind notes that beats may have been missed up to now: the watch has just
// begun, or the beat store was away or lost its memory. Until the next beat the
// device keeps the state that it has, and it gets its whole allowed silence
// again before it may become offline.
func (w *Watch) Blind(now time.Time) {
	w.seenAt = time.Time{}
	w.Grace(now)
}

// Grace keeps the device from becoming offline for its whole allowed silence
// from now on, without forgetting the last beat.
func (w *Watch) Grace(now time.Time) {
	w.graceUntil = now.Add(AllowedSilence(w.Interval, w.Sleep))
}

// Judge returns the state that the device has at now. The empty state is that
// of a device that was never seen.
func (w *Watch) Judge(now time.Time) State {
	if w.seenAt.IsZero() {
		if w.State == "" || w.State == Offline || now.Before(w.graceUntil) {
			return w.State
		}
		return Offline
	}
	state := StateAfter(now.Sub(w.seenAt), w.Interval, w.Sleep)
	if state != Offline || !now.Before(w.graceUntil) {
		return state
	}
	if w.Sleep > 0 {
		return Asleep
	}
	return Late
}

// Presence is the recorded state of one device: a row that only the sweeper
// writes.
type Presence struct {
	DeviceID string
	State    State
	// Since is when the device took this state.
	Since time.Time
	// Last is the device's last beat as far as it was recorded. The beat store
	// knows a newer one while it has its memory; this one survives a restart.
	Last Beat
	// Dropped is the camera's count of lost motion events, as far as an event
	// tells of them.
	Dropped DropCount
}
