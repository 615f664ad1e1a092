package telemetry

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Cursor is the place of one event in the order newest first. The zero cursor
// is before the first event.
type Cursor struct {
	// OccurredAtMS is in Unix milliseconds.
	OccurredAtMS int64
	// ID is the event's row id; empty in the zero cursor.
	ID string
}

// CursorOf returns the place of an event.
func CursorOf(e *Event) Cursor {
	return Cursor{OccurredAtMS: e.OccurredAt.UnixMilli(), ID: e.ID}
}

// OccurredAt is the time of the event.
func (c Cursor) OccurredAt() time.Time { return time.UnixMilli(c.OccurredAtMS).UTC() }

// IsZero says whether c is before the first event.
func (c Cursor) IsZero() bool { return c.ID == "" }

// String returns the form that clients hand back: opaque, safe in a URL. The
// zero cursor gives the empty string.
func (c Cursor) String() string {
	id, err := uuid.Parse(c.ID)
	if err != nil {
		return ""
	}
	raw := binary.BigEndian.AppendUint64(make([]byte, 0, 24), uint64(c.OccurredAtMS))
	return base64.RawURLEncoding.EncodeToString(append(raw, id[:]...))
}

// ParseCursor reads what String wrote; the empty string is the zero cursor. All
// else is fault.Invalid.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != 24 {
		return Cursor{}, errCursor
	}
	at := int64(binary.BigEndian.Uint64(raw))
	if at < 0 || at > maxCursorMS {
		return Cursor{}, errCursor
	}
	return Cursor{OccurredAtMS: at, ID: uuid.UUID(raw[8:]).String()}, nil
}

// maxCursorMS is the end of the year 9999, beyond which stores need not go.
var maxCursorMS = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC).UnixMilli()

var errCursor = fault.New(fault.Invalid, "cursor is not one that this hub gave out. Leave it away to begin with the newest event.")
