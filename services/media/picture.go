package media

import (
	"time"

	"github.com/google/uuid"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// State is where a picture stands between the index and the bytes.
type State string

// Only stored pictures are shown; the other two exist while a change is under way
// or after a crash in the middle of one.
const (
	StateWriting  State = "writing"
	StateStored   State = "stored"
	StateDeleting State = "deleting"
)

// Picture is the index's record of one JPEG. All but Pinned and State never
// change once it is stored.
type Picture struct {
	ID       string // UUIDv7, made by the hub: ids sort by time of receipt
	DeviceID string // canonical, see ParseDeviceID
	EventID  string // the motion event it belongs to; empty when it names none
	// CapturedAt is ReceivedAt less the age that the device gave the frame.
	CapturedAt time.Time
	ReceivedAt time.Time // when the upload's header arrived
	Bytes      int64     // > 0
	SHA256     [32]byte
	Width      int // pixels
	Height     int // pixels
	Pinned     bool
	State      State
}

// MaxEventIDLength is the longest accepted event id, in characters.
const MaxEventIDLength = 64

// CheckEventID reports an event id that is not 1 to 64 characters of [A-Za-z0-9_-]
// as fault.Invalid.
func CheckEventID(s string) error {
	ok := 1 <= len(s) && len(s) <= MaxEventIDLength
	for i := 0; ok && i < len(s); i++ {
		c := s[i]
		ok = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
	}
	if !ok {
		return fault.New(fault.Invalid, "An event id is 1 to %d characters, each a letter, a digit, '_' or '-'.", MaxEventIDLength)
	}
	return nil
}

// CheckPictureID reports an id that is not a UUID in its usual lower-case form as
// fault.Invalid. Blobs use ids as file names, so nothing else may pass.
func CheckPictureID(s string) error {
	if u, err := uuid.Parse(s); err != nil || u.String() != s {
		return fault.New(fault.Invalid, "A picture id is a UUID such as 019b76da-a800-7c31-b9a4-0d2a4c1e9b10.")
	}
	return nil
}

// newID returns a UUIDv7. It panics when the system has no randomness, which
// crypto/rand makes fatal anyway.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// atMicros cuts t to the precision of both stores, in UTC, so that what is
// answered at once equals what is read later.
func atMicros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// ErrNoPicture is what a Store and a Service return for an id that is not there.
var ErrNoPicture = fault.New(fault.NotFound, "There is no such picture. It may have been deleted; the deletions list tells why.")
