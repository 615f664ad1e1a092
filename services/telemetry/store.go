package telemetry

import (
	"context"
	"time"
)

// BeatStore keeps the last beat of every device and the copy of the device
// states that the registry publishes. It may forget everything at any time:
// what must last is in the EventStore. Implementations are safe for concurrent
// use and pass storetest.ExerciseBeats.
//
// All errors of a store that cannot be reached are fault.Unavailable.
type BeatStore interface {
	// Beat records b as the last beat of its device, alive for b.Allowed() by the
	// interval of the device's state, and returns that state. A state that does
	// not admit b.Epoch is returned too, and then nothing was recorded. It is
	// one round trip and never touches the EventStore's database.
	Beat(ctx context.Context, b *Beat) (DeviceState, error)
	// Device returns the state of a device and its last beat, expired or not; nil
	// when there is none.
	Device(ctx context.Context, deviceID string) (DeviceState, *Beat, error)
	// States returns the states of those devices that have one.
	States(ctx context.Context, deviceIDs []string) (map[string]DeviceState, error)
	// Latest returns the last beats, expired or not, of those devices that have
	// one.
	Latest(ctx context.Context, deviceIDs []string) (map[string]Beat, error)
	// Live returns the last beats of those devices whose beat has not expired.
	Live(ctx context.Context, deviceIDs []string) (map[string]Beat, error)
	// Marks returns, for every device that ever beat, a number other than 0 that
	// changes with each beat. The numbers are compared for equality only.
	Marks(ctx context.Context) (map[string]int64, error)
	// Forget removes the beats of a device, unless it has beaten at or after the
	// given time.
	Forget(ctx context.Context, deviceID string, before time.Time) error
}

// Lease says which of several replicas does a piece of background work.
type Lease interface {
	// Hold takes or renews the lease and says whether the caller has it now.
	Hold(ctx context.Context) (bool, error)
	// Release gives the lease up, if the caller has it, so that another replica
	// need not wait for it to run out.
	Release(ctx context.Context) error
}

// EventStore keeps events, boots and presence. Each method is one transaction;
// when it returns nil the change survives the loss of power. Implementations
// are safe for concurrent use and pass storetest.ExerciseEvents. Times are kept
// to the millisecond.
//
// All errors of a store that cannot be reached, or whose disk is full, are
// fault.Unavailable.
type EventStore interface {
	// RecordMotion stores a motion event unless an event with the same device and
	// event id is there, or one that is TooClose. Calls for one device are
	// serialised, so of concurrent events that are too close one is stored.
	RecordMotion(ctx context.Context, e *Event) (MotionResult, error)
	// Events returns events newest first (by occurred_at, then by ID, both
	// descending), at most q.Limit of them.
	Events(ctx context.Context, q EventQuery) ([]Event, error)
	// BootStart returns when a boot of a device began, and the zero time when
	// that is not known.
	BootStart(ctx context.Context, deviceID, bootID string) (time.Time, error)

	// Presences returns every row, by device id.
	Presences(ctx context.Context) ([]Presence, error)
	// Presence returns one row, or fault.NotFound.
	Presence(ctx context.Context, deviceID string) (Presence, error)
	// RecordSweep writes what one pass of the sweeper found. See Findings.
	RecordSweep(ctx context.Context, f *Findings) (Recorded, error)
	// SaveBeats stores beats as the last ones of their devices' presence rows.
	// Devices without a row are passed over.
	SaveBeats(ctx context.Context, beats []Beat) error

	// Devices returns the ids of all devices of which anything is stored.
	Devices(ctx context.Context) ([]string, error)
	// PurgeDevice removes what was received of a device before the given time:
	// boots, the presence row if its last beat is older, and at most limit
	// events. It returns the number of events removed; while that is limit, there
	// may be more.
	PurgeDevice(ctx context.Context, deviceID string, before time.Time, limit int) (int, error)
	// Retain removes at most limit events that occurred before the given time,
	// and the boots received before it but for the last of each device. It
	// returns the number of events removed, like PurgeDevice.
	Retain(ctx context.Context, before time.Time, limit int) (int, error)
}

// Fate is what became of a motion event.
type Fate uint8

// The fates.
const (
	// Stored is a new event, stored.
	Stored Fate = iota
	// Repeated is an event that was stored before; nothing changed.
	Repeated
	// Limited is an event that is too close to another one; nothing changed.
	Limited
)

// MotionResult is the answer of EventStore.RecordMotion.
type MotionResult struct {
	Fate Fate
	// OccurredAt is that of the stored event: the new one, the one that is
	// repeated, or the one that is too close.
	OccurredAt time.Time
}

// EventQuery selects events. Zero fields select everything.
type EventQuery struct {
	DeviceID string
	Kind     Kind
	// From is the earliest occurred_at, To the first that is too late.
	From, To time.Time
	// After continues behind the event with this cursor.
	After Cursor
	Limit int
}

// Findings is what one pass of the sweeper found. Each part is written only if
// the database still is as the sweeper believed it to be, so that a pass that
// is repeated after a lost answer, or two sweepers for a moment, write nothing
// twice.
type Findings struct {
	Changes []Change
	Boots   []Boot
	Drops   []Drop
}

// Empty says whether there is nothing to write.
func (f *Findings) Empty() bool {
	return len(f.Changes) == 0 && len(f.Boots) == 0 && len(f.Drops) == 0
}

// Change is a new state of a device. With an empty Previous it inserts the
// presence row, if there is none; else it updates the row, if its state is
// Previous. Event is stored if the row changed. Dropped is not written.
type Change struct {
	Previous State
	Presence Presence
	Event    Event
}

// Boot is a run of firmware that the sweeper saw first. If the boot is not yet
// there, it and its event are stored. If it is there and began more than
// BootSlack away from StartedAt, its start is corrected: our clock was.
type Boot struct {
	DeviceID, BootID string
	// StartedAt is zero when it is not known.
	StartedAt   time.Time
	ReceivedAt  time.Time
	ResetReason string
	Event       Event
}

// BootSlack is how far two computations of the start of a boot may differ by
// network delays and by the drift of a camera's crystal before the later one
// replaces the first.
const BootSlack = 5 * time.Second

// DropCount is how many motion events a camera lost in one boot: it counts from
// 0 each time it starts. A camera that names no boot has the empty one.
type DropCount struct {
	BootID string
	N      int64
}

// Drop is a change of a camera's count of lost events. If the presence row
// holds From, it becomes To, and Event is stored unless it is nil.
type Drop struct {
	DeviceID string
	From, To DropCount
	Event    *Event
}

// Recorded says which findings were written: for each of Changes, by index.
type Recorded struct {
	Changes []bool
}
