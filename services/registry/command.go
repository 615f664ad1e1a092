package registry

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// State is how far a command has come. It moves only forward:
//
//	queued ──> delivered ──> succeeded | failed
//	   └───────────┴───────> expired | cancelled
//
// A device may also answer a command that is still queued here: it was handed
// out by a hub that was since restored from a backup.
type State string

// The states; the last four are final and each command ends in exactly one.
const (
	StateQueued    State = "queued"
	StateDelivered State = "delivered"
	StateSucceeded State = "succeeded"
	StateFailed    State = "failed"
	StateExpired   State = "expired"
	StateCancelled State = "cancelled"
)

// Final reports whether s is never left again.
func (s State) Final() bool { return s != StateQueued && s != StateDelivered }

// ParseState reads a state from a query.
func ParseState(s string) (State, error) {
	switch st := State(s); st {
	case StateQueued, StateDelivered, StateSucceeded, StateFailed, StateExpired, StateCancelled:
		return st, nil
	}
	return "", fault.New(fault.Invalid, "state must be one of queued, delivered, succeeded, failed, expired, cancelled.")
}

const (
	// redeliverAfter is how long a delivered command waits for its result before
	// it is handed out again: the answer that carried it may have been lost. The
	// device knows repeats by their id.
	redeliverAfter = 5 * time.Second
	// maxDelivery bounds one answer to a poll: a device reads it into a buffer of
	// 4 KiB, and a command is at most about 400 bytes.
	maxDelivery = 8
	// maxOpen bounds the open commands of one device.
	maxOpen = 32

	minCommandLife     = 5 * time.Second
	maxCommandLife     = 7 * 24 * time.Hour
	defaultCommandLife = 10 * time.Minute
	// privacyLife is the deadline of a set_privacy command. The wish itself has
	// none: the heartbeat's answer carries it for as long as it stands.
	privacyLife = maxCommandLife

	maxDetailRunes = 500
)

// Command is one thing that a device is told to do. Only the device's answer,
// its deadline or an operator's cancelling end it.
type Command struct {
	ID         string // UUIDv7
	DeviceID   string
	Kind       Kind
	Parameters json.RawMessage // a JSON object, see ParseParameters
	State      State
	// Detail is what the device said of its result, or why it was cancelled.
	Detail    string
	CreatedAt time.Time
	CreatedBy string // as Entry.Actor
	// DeliveredAt is when the device was first handed the command, HandedAt when
	// last; zero while queued.
	DeliveredAt time.Time
	HandedAt    time.Time
	FinishedAt  time.Time // zero until the state is final
	ExpiresAt   time.Time
}

// At returns the command as it is at now: one past its deadline is expired,
// also before the sweeper has written so.
func (c Command) At(now time.Time) Command {
	if !c.State.Final() && !now.Before(c.ExpiresAt) {
		c.State, c.FinishedAt = StateExpired, c.ExpiresAt
	}
	return c
}

// due reports whether the command is to be handed out now.
func (c Command) due(now time.Time) bool {
	return c.State == StateQueued || c.State == StateDelivered && now.Sub(c.HandedAt) >= redeliverAfter
}

func (c Command) handed(now time.Time) Command {
	if c.State == StateQueued {
		c.State, c.DeliveredAt = StateDelivered, now
	}
	c.HandedAt = now
	return c
}

func (c Command) finished(s State, detail string, now time.Time) Command {
	c.State, c.Detail, c.FinishedAt = s, detail, now
	return c
}

func cancelAll(open []Command, why string, now time.Time) []Command {
	cancelled := make([]Command, 0, len(open))
	for _, c := range open {
		cancelled = append(cancelled, c.finished(StateCancelled, why, now))
	}
	return cancelled
}

// Order is an operator's wish for a command.
type Order struct {
	DeviceID   string
	Kind       Kind
	Parameters json.RawMessage
	// Life is the time until the deadline: 5 s to 7 days, 0 for 10 minutes.
	Life time.Duration
}

var (
	errTooManyCommands = fault.New(fault.Conflict, "This device has %d commands open already. Wait for them or cancel some.", maxOpen)
	errCaptureLocked   = fault.New(fault.Conflict, "Privacy is on for this camera, so it takes no picture. Switch privacy off first.")
	errNoCommand       = fault.New(fault.NotFound, "There is no command with this id.")
)

// command checks the order and returns it as a command that may be stored.
func (o Order) command(by string, now time.Time) (Command, error) {
	if o.Life == 0 {
		o.Life = defaultCommandLife
	}
	if o.Life < minCommandLife || o.Life > maxCommandLife {
		return Command{}, fault.New(fault.Invalid, "expires_in_seconds must be %d to %d.", int(minCommandLife.Seconds()), int(maxCommandLife.Seconds()))
	}
	if o.Kind == KindSetPrivacy {
		return Command{}, fault.New(fault.Invalid, "Privacy is set by PUT /api/devices/{id}/privacy, which makes the command itself.")
	}
	p, err := ParseParameters(o.Kind, o.Parameters)
	if err != nil {
		return Command{}, err
	}
	return newCommand(o.DeviceID, o.Kind, p, o.Life, by, now), nil
}

func newCommand(deviceID string, k Kind, parameters json.RawMessage, life time.Duration, by string, now time.Time) Command {
	return Command{
		ID: NewID(), DeviceID: deviceID, Kind: k, Parameters: parameters, State: StateQueued,
		CreatedAt: now, CreatedBy: by, ExpiresAt: now.Add(life),
	}
}

// create decides whether the device may be told c now.
func (st Standing) create(c Command) (Change, error) {
	d, err := st.live()
	switch {
	case err != nil:
		return Change{}, err
	case d.Status != StatusApproved:
		return Change{}, errNotApproved
	case len(st.Commands) >= maxOpen:
		return Change{}, errTooManyCommands
	case c.Kind == KindCapture && d.Privacy.Locked:
		return Change{}, errCaptureLocked
	}
	return Change{Commands: []Command{c}, Audit: []Entry{{
		Action: ActionCommandCreate, Subject: c.ID, At: c.CreatedAt,
		Detail: map[string]any{"device_id": c.DeviceID, "kind": c.Kind, "parameters": c.Parameters},
	}}}, nil
}

// deliver hands out what is due, oldest first.
func (st Standing) deliver(now time.Time) Change {
	var ch Change
	for _, c := range st.Commands {
		if c.due(now) && len(ch.Commands) < maxDelivery {
			ch.Commands = append(ch.Commands, c.handed(now))
		}
	}
	return ch
}

// open returns the open command with the id.
func (st Standing) open(id string) (Command, bool) {
	for _, c := range st.Commands {
		if c.ID == id {
			return c, true
		}
	}
	return Command{}, false
}

// Result is a device's answer to a command.
type Result struct {
	State  State // succeeded or failed
	Detail string
}

// Validate reports a result that is none as fault.Invalid.
func (r Result) Validate() error {
	if r.State != StateSucceeded && r.State != StateFailed {
		return fault.New(fault.Invalid, "status must be succeeded or failed.")
	}
	if utf8.RuneCountInString(r.Detail) > maxDetailRunes {
		return fault.New(fault.Invalid, "detail must be at most %d characters.", maxDetailRunes)
	}
	return nil
}

// finish ends an open command with the device's answer. A set_privacy that
// succeeded acknowledges its generation; a heartbeat interval that was set
// becomes the device's, since the next heartbeat's answer would undo it.
func (st Standing) finish(c Command, r Result, now time.Time) Change {
	ch := Change{Commands: []Command{c.finished(r.State, r.Detail, now)}}
	if r.State != StateSucceeded || st.Device == nil {
		return ch
	}
	d := *st.Device
	var entry Entry
	switch c.Kind {
	case KindSetPrivacy:
		var p privacyParameters
		if json.Unmarshal(c.Parameters, &p) == nil {
			d.Privacy = d.Privacy.acknowledged(p.Generation, now)
			entry = acknowledgement(d, now)
		}
	case KindSetConfig:
		var p configParameters
		if json.Unmarshal(c.Parameters, &p) == nil && p.HeartbeatIntervalSeconds != nil {
			interval := time.Duration(*p.HeartbeatIntervalSeconds) * time.Second
			patched, changed := DevicePatch{HeartbeatInterval: &interval}.apply(d)
			d, entry = patched, Entry{Actor: c.CreatedBy, Action: ActionDeviceUpdate, Subject: d.ID, At: now, Detail: changed}
		}
	default: // the others leave nothing behind in the device's record
	}
	if d.Privacy != st.Device.Privacy || d.HeartbeatInterval != st.Device.HeartbeatInterval {
		ch.Device, ch.Audit = &d, []Entry{entry}
	}
	return ch
}
