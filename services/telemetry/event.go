package telemetry

import (
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Kind is what sort of thing happened.
type Kind string

// The kinds.
const (
	KindMotion        Kind = "motion"
	KindPresence      Kind = "presence"
	KindBoot          Kind = "boot"
	KindQueueOverflow Kind = "queue_overflow"
)

// ParseKind returns the kind named s, or fault.Invalid.
func ParseKind(s string) (Kind, error) {
	switch k := Kind(s); k {
	case KindMotion, KindPresence, KindBoot, KindQueueOverflow:
		return k, nil
	}
	return "", fault.New(fault.Invalid, "kind must be motion, presence, boot or queue_overflow.")
}

// Event is one thing that happened to one device. Events are never changed;
// they go when they reach the age of retention or when their device is deleted.
// Times have millisecond resolution, which is what every store keeps.
type Event struct {
	// ID is the row's own UUIDv7.
	ID       string
	DeviceID string
	// EventID is unique per device: for motion the id that the camera made, if
	// it made one, else the same as ID.
	EventID    string
	Kind       Kind
	OccurredAt time.Time
	ReceivedAt time.Time
	Clock      Clock
	// BootID is empty and MonotonicMS nil when the camera did not send them.
	// MonotonicMS is never set without BootID.
	BootID        string
	MonotonicMS   *int64
	MotionScore   *float64
	CameraEnabled *bool
	// Detail holds what only this kind has; nil means nothing.
	Detail map[string]any
}

// Motion is what a camera reports when it sees something move.
type Motion struct {
	// EventID is the camera's own id for the event; a repeat of it changes
	// nothing. Empty when the camera makes none.
	EventID string
	// Timestamp is the camera's wall clock in Unix seconds; nil when not sent.
	Timestamp *float64
	// Score is how much moved, 0 to 100. It is required.
	Score         *float64
	CameraEnabled *bool
	// BootID and MonotonicMS are the boot in which the event happened and the
	// time since then; the second means nothing without the first.
	BootID      string
	MonotonicMS *int64
	// SentMonotonicMS is the same monotonic clock when the request was sent. A
	// camera that reports an event of an earlier boot leaves it out.
	SentMonotonicMS   *int64
	ClockQuality      ClockQuality
	PrivacyGeneration *int64
}

// Validate returns fault.Invalid naming the first field that cannot be meant.
// Whether the event can be dated is the business of When.
func (m *Motion) Validate() error {
	if m.EventID != "" && !validToken(m.EventID) {
		return fault.New(fault.Invalid, "event_id must be 1 to 64 of the characters A-Z a-z 0-9 _ -.")
	}
	if m.BootID != "" && !validToken(m.BootID) {
		return errBootID
	}
	if m.Score == nil {
		return fault.New(fault.Invalid, "motion_score is missing; send a number from 0 to 100.")
	}
	if !(*m.Score >= 0 && *m.Score <= 100) {
		return fault.New(fault.Invalid, "motion_score must be from 0 to 100.")
	}
	if badCounter(m.MonotonicMS) {
		return fault.New(fault.Invalid, "monotonic_ms must be from 0 to %d.", int64(maxCounter))
	}
	if badCounter(m.SentMonotonicMS) {
		return fault.New(fault.Invalid, "sent_monotonic_ms must be from 0 to %d.", int64(maxCounter))
	}
	if badCounter(m.PrivacyGeneration) {
		return fault.New(fault.Invalid, "privacy_generation must be from 0 to %d.", int64(maxCounter))
	}
	return m.ClockQuality.validate()
}

func badCounter(n *int64) bool { return n != nil && (*n < 0 || *n > maxCounter) }

func (m *Motion) hasBootClock() bool { return m.BootID != "" && m.MonotonicMS != nil }

// MotionGap is the least time between two motion events of one device.
const MotionGap = 5 * time.Second

// TooClose says whether two different motion events of one device break the
// limit of one per MotionGap. They are judged on when they happened, so a camera
// may replay its queue as fast as it likes and in any order:
//
//   - both of one boot, with its monotonic clock: by that clock, which no
//     correction of wall clocks disturbs;
//   - of two boots, both with their monotonic clock: not compared, since a
//     camera that restarts may see motion at once;
//   - otherwise by occurred_at.
//
// The stores apply the same rule in SQL; the conformance suite compares them.
func TooClose(a, b *Event) bool {
	if a.MonotonicMS != nil && b.MonotonicMS != nil {
		if a.BootID != b.BootID {
			return false
		}
		gap := *a.MonotonicMS - *b.MonotonicMS
		return -MotionGap.Milliseconds() < gap && gap < MotionGap.Milliseconds()
	}
	return a.OccurredAt.Sub(b.OccurredAt).Abs() < MotionGap
}

// tooSoon is the refusal of an event that is too close to one that occurred at
// previous. The advice is when an event that has not happened yet will be
// accepted; the refused one never will.
func tooSoon(previous, now time.Time) error {
	wait := previous.Add(MotionGap).Sub(now)
	wait = min(max(wait, time.Second), MotionGap)
	return fault.New(fault.RateLimited,
		"Another motion event of this device happened less than 5 seconds before or after this one. Drop this one.").After(wait)
}
