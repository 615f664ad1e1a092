package media

import "time"

// Reason says why a picture is gone.
type Reason string

// Reasons of the ledger.
const (
	ReasonQuota         Reason = "quota"          // the oldest, when room was up
	ReasonAge           Reason = "age"            // older than the owner keeps pictures
	ReasonOperator      Reason = "operator"       // a person deleted it
	ReasonDeviceDeleted Reason = "device_deleted" // its device was deleted
	ReasonLost          Reason = "lost"           // the index had it, the folder did not
)

// SparesPinned reports whether a pinned picture is safe from this reason.
func (r Reason) SparesPinned() bool { return r == ReasonQuota || r == ReasonAge }

// Deletion is the ledger's record of a picture that is gone, or about to be.
type Deletion struct {
	PictureID  string
	DeviceID   string
	CapturedAt time.Time
	Bytes      int64
	Reason     Reason
	DeletedAt  time.Time
	DeletedBy  string // an operator's name; empty: the hub itself
}

// ledgerKept is how long the ledger remembers. An entry takes about 150 bytes, so
// a camera that fills its quota all year long would otherwise fill the card with
// the memory of what it deleted.
const ledgerKept = 365 * 24 * time.Hour

// Verdict is why, when and by whom pictures are condemned.
type Verdict struct {
	Reason Reason
	At     time.Time
	// By is the operator, with reason operator only.
	By Actor
}

// Actor is a person or a script that changes something.
type Actor struct {
	Name         string
	CredentialID string // the session or API token that was used
}

// AuditEntry records one action of an operator. It is written in the transaction
// of the change and never altered.
type AuditEntry struct {
	ID     string // UUIDv7
	At     time.Time
	By     Actor
	Action string
	// Subject is the id of the picture.
	Subject string
	// Detail holds facts that outlive the picture, for example its device.
	Detail map[string]string
}

// Actions that are recorded.
const (
	ActionPin    = "picture.pin"
	ActionUnpin  = "picture.unpin"
	ActionDelete = "picture.delete"
)

// NewAuditEntry returns an entry with an id of its own. Stores call it for
// Condemn, the Service for SetPinned.
func NewAuditEntry(by Actor, at time.Time, action string, p Picture) AuditEntry {
	return AuditEntry{
		ID: newID(), At: atMicros(at), By: by, Action: action, Subject: p.ID,
		Detail: map[string]string{"device_id": p.DeviceID},
	}
}
