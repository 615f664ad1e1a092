package media

import (
	"context"
	"time"
)

// Store is the index. All methods are safe for concurrent use, also by several
// processes on one database. Errors of a database that is away or full have kind
// fault.Unavailable. Times are kept to the microsecond and come back in UTC.
type Store interface {
	// Begin inserts p in state writing and returns it, unless the same picture
	// (device, event or none, SHA-256) is there in state writing or stored: then it
	// returns that one. The caller compares ids to learn which.
	Begin(ctx context.Context, p Picture) (Picture, error)
	// Finish makes a writing picture stored and reports whether the picture is
	// stored now; false when it is gone or being deleted. Finishing twice is true
	// twice.
	Finish(ctx context.Context, id string) (bool, error)
	// Abandon erases a picture that is still writing. Anything else is left alone.
	Abandon(ctx context.Context, id string) error

	// Picture returns a stored picture, or ErrNoPicture.
	Picture(ctx context.Context, id string) (Picture, error)
	// Pictures returns stored pictures by q, at most q.Limit.
	Pictures(ctx context.Context, q Query) ([]Picture, error)
	// SetPinned pins or unpins a stored picture and records entry in the same
	// transaction; nothing is recorded when it was so already. ErrNoPicture.
	SetPinned(ctx context.Context, id string, pinned bool, entry AuditEntry) (Picture, error)

	// Condemn moves those of ids that are stored to state deleting and writes a
	// ledger entry for each, in one transaction, and with reason operator an audit
	// entry too. Reasons quota and age leave pinned pictures alone. It returns
	// the pictures that it condemned, in any order: none is no error.
	Condemn(ctx context.Context, ids []string, v Verdict) ([]Picture, error)
	// Erase drops rows in state deleting. Others are left alone.
	Erase(ctx context.Context, ids []string) error

	// Unfinished returns pictures in state writing or deleting with an id above
	// after, in order of id, at most limit.
	Unfinished(ctx context.Context, after string, limit int) ([]Picture, error)
	// Page returns pictures of any state with an id above after, in order of id,
	// at most limit. It is what Reconcile lays beside the bytes.
	Page(ctx context.Context, after string, limit int) ([]Picture, error)
	// Exists reports whether a picture has a row, in any state.
	Exists(ctx context.Context, id string) (bool, error)

	// Usage sums up the stored pictures.
	Usage(ctx context.Context) (Usage, error)
	// Inflow returns the bytes of all pictures captured at or after since, those
	// deleted meanwhile included, and when the first of them was captured (zero:
	// there is none).
	Inflow(ctx context.Context, since time.Time) (bytes int64, first time.Time, err error)
	// Devices returns the ids of all devices with a stored picture.
	Devices(ctx context.Context) ([]string, error)

	// Deletions returns the ledger, newest first.
	Deletions(ctx context.Context, page Page) ([]Deletion, error)
	// ForgetDeletions drops ledger entries older than before.
	ForgetDeletions(ctx context.Context, before time.Time) error
	// Audit returns what operators changed, newest first.
	Audit(ctx context.Context, page Page) ([]AuditEntry, error)
}

// Query selects stored pictures. Zero fields do not restrict.
type Query struct {
	DeviceID string
	EventID  string
	From     time.Time // captured at or after
	To       time.Time // captured before
	Pinned   *bool
	// ReceivedBefore is for the purge of a deleted device's former life.
	ReceivedBefore time.Time
	// OldestFirst turns the order (captured at, id) round from newest first.
	OldestFirst bool
	// After is the position of the last picture of the page before.
	After Position
	Limit int // at least 1
}

// Page asks for one page of a list that is newest first.
type Page struct {
	After Position // of the last entry of the page before; zero for the first page
	Limit int      // at least 1
}

// Position is a place in a list ordered by time and id. The zero value is before
// the first entry.
type Position struct {
	At time.Time
	ID string
}

// IsZero reports whether p is the start of the list.
func (p Position) IsZero() bool { return p.ID == "" }

// Usage sums up the stored pictures.
type Usage struct {
	Bytes       int64
	PinnedBytes int64
	Pictures    int64
	OldestAt    time.Time // captured; zero when there is none
}
