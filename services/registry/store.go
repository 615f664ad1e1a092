package registry

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Standing is what the database holds of one device at one moment.
type Standing struct {
	// Device is nil when the id was never admitted. It may be a deleted one.
	Device *Device
	// Requests wait under this id, oldest first.
	Requests []Request
	// Waiting counts the requests of all devices.
	Waiting int
	// Commands are the open ones, oldest first. Inside Update those past their
	// deadline are among them; the service removes them before a rule sees them.
	Commands []Command
}

// Join puts requests beside their devices. Both lists are ordered by device id,
// and so is the result.
func Join(devices []Device, requests []Request) []Standing {
	all := make([]Standing, 0, len(devices))
	for i := range devices {
		all = append(all, Standing{Device: &devices[i]})
	}
	for _, q := range requests {
		i, found := slices.BinarySearchFunc(all, q.DeviceID, func(st Standing, id string) int {
			return strings.Compare(st.deviceID(), id)
		})
		if !found {
			all = slices.Insert(all, i, Standing{})
		}
		all[i].Requests = append(all[i].Requests, q)
	}
	return all
}

func (st Standing) deviceID() string {
	if st.Device != nil {
		return st.Device.ID
	}
	return st.Requests[0].DeviceID
}

// Change is what one transaction does to one device. The zero value does
// nothing.
type Change struct {
	Device *Device // inserted or replaced
	// Request is inserted or replaced by its id.
	Request      *Request
	DropRequests []string // ids
	// Commands are inserted or replaced by their ids. A stored command in a final
	// state is never replaced.
	Commands []Command
	// Audit is appended. The service fills in ids and the actor.
	Audit []Entry
}

// Empty reports whether the change does nothing.
func (c Change) Empty() bool {
	return c.Device == nil && c.Request == nil && len(c.DropRequests) == 0 && len(c.Commands) == 0 && len(c.Audit) == 0
}

// Store keeps everything that the registry must not forget. All methods are
// safe for concurrent use, and when one that changes something returns nil, the
// change survives a power cut. Times are UTC with at least microseconds.
//
// Errors: fault.NotFound where a method says so; fault.Unavailable within 2 s
// when the database does not answer; anything else is a fault of ours. The
// errors of decide come back as they are.
type Store interface {
	DeviceStore
	CommandStore
	OperatorStore

	// Entries returns a page of the audit record, newest first.
	Entries(ctx context.Context, p Page) ([]Entry, error)
	// Purge deletes what is of no more use. It never touches a device or an open
	// command.
	Purge(ctx context.Context, before PurgeBefore) error
	// Ping reports whether the database answers; for readiness.
	Ping(ctx context.Context) error
}

// DeviceStore keeps devices and the requests of those that want to become one.
type DeviceStore interface {
	// Update shows decide what stands for the device and saves what it returns,
	// in one transaction. Updates of one device run one after another, also from
	// other processes, and never see each other half done. Decide must be quick and
	// free of side effects: it may run again. When it fails, nothing is saved.
	Update(ctx context.Context, deviceID string, decide func(Standing) (Change, error)) error

	// Standing returns what stands for one device, without its commands.
	Standing(ctx context.Context, deviceID string) (Standing, error)
	// Standings returns the devices that are not deleted and the requests that
	// wait, ordered by device id, without commands. An id with requests alone has
	// a nil Device.
	Standings(ctx context.Context) ([]Standing, error)

	// DeviceState returns what is published of one device; fault.NotFound when the
	// id was never admitted. Commands past their deadline at now do not count.
	DeviceState(ctx context.Context, deviceID string, now time.Time) (DeviceState, error)
	// DeviceStates returns those of all devices, also deleted ones.
	DeviceStates(ctx context.Context, now time.Time) ([]DeviceState, error)
}

// CommandStore reads commands; Update writes them.
type CommandStore interface {
	// Poll answers a device that asks for commands, in one round trip that writes
	// nothing. fault.NotFound when the id was never admitted.
	Poll(ctx context.Context, deviceID string, now time.Time) (Poll, error)
	// Command returns one command as stored; fault.NotFound.
	Command(ctx context.Context, commandID string) (Command, error)
	// Commands returns a page, newest first, judged as of now: see Command.At.
	Commands(ctx context.Context, f CommandFilter, p Page, now time.Time) ([]Command, error)
	// ExpireCommands writes the end of up to limit commands past their deadline and
	// returns them. Several processes may sweep at once; each command is returned
	// to one of them.
	ExpireCommands(ctx context.Context, now time.Time, limit int) ([]Command, error)
}

// Poll is what a device's question for commands needs to know.
type Poll struct {
	Status Status
	Epoch  int64
	// Due reports whether a command waits to be handed out, Open whether there is
	// one at all that has not ended: it becomes due again if no answer comes.
	Due  bool
	Open bool
}

// RedeliverBefore returns the latest moment of handing out after which a
// delivered command is due again at now.
func RedeliverBefore(now time.Time) time.Time { return now.Add(-redeliverAfter) }

// CommandFilter narrows a list; zero fields do not.
type CommandFilter struct {
	DeviceID string
	State    State
}

// PurgeBefore holds one limit for each thing that does not stay for ever; zero
// keeps all.
type PurgeBefore struct {
	RequestsAsked     time.Time // requests last asked before
	CommandsFinished  time.Time
	CredentialsExpire time.Time
	Entries           time.Time
}

// OperatorStore keeps the people and their credentials. Each method that takes
// an Entry writes it in the same transaction.
type OperatorStore interface {
	// CreateOperator reports false, and writes nothing, when the name is taken.
	CreateOperator(ctx context.Context, o Operator, e Entry) (bool, error)
	// Operator returns one by name; fault.NotFound.
	Operator(ctx context.Context, name string) (Operator, error)
	// SetPassword replaces the hash and ends the operator's sessions, but not the
	// one with the id keep. It returns the hashes of those that ended;
	// fault.NotFound for an unknown name.
	SetPassword(ctx context.Context, name, passwordHash, keep string, e Entry) (ended []string, err error)

	CreateCredential(ctx context.Context, c Credential, e Entry) error
	// DeleteCredential returns what it deleted; fault.NotFound.
	DeleteCredential(ctx context.Context, id string, k CredentialKind, e Entry) (Credential, error)
	// CredentialByHash returns a credential, also an expired one; fault.NotFound.
	CredentialByHash(ctx context.Context, hash string) (Credential, error)
	// Credential is the same by id.
	Credential(ctx context.Context, id string) (Credential, error)
	// Credentials returns those that are not expired at now, newest first; of all
	// kinds when k is empty.
	Credentials(ctx context.Context, k CredentialKind, now time.Time) ([]Credential, error)
	// TouchCredentials sets the times of last use by id. Ids that are gone, and
	// times older than what is stored, are ignored.
	TouchCredentials(ctx context.Context, used map[string]time.Time) error
}
