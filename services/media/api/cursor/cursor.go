// Package cursor writes a position in a list as opaque text and reads it back. It is
// a package of its own so that its fuzz target builds without the rest of api.
package cursor

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
)

// longest cursor that is looked at, in characters; ours have about 70.
const longest = 512

var errCursor = fault.New(fault.Invalid, "cursor was not made by this hub. Leave it out to begin at the newest.")

// Encode writes the time in microseconds and the id.
func Encode(p media.Position) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.At.UnixMicro(), 10) + "." + p.ID))
}

// Decode reads what Encode wrote; empty is the start. Anything else is fault.Invalid.
func Decode(s string) (media.Position, error) {
	if s == "" {
		return media.Position{}, nil
	}
	if len(s) > longest {
		return media.Position{}, errCursor
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return media.Position{}, errCursor
	}
	micros, id, found := strings.Cut(string(text), ".")
	n, err := strconv.ParseInt(micros, 10, 64)
	at := time.UnixMicro(n).UTC()
	// A year that Postgres and JSON can write.
	if err != nil || !found || at.Year() < 1 || at.Year() > 9999 || media.CheckPictureID(id) != nil {
		return media.Position{}, errCursor
	}
	return media.Position{At: at, ID: id}, nil
}
