package api

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
)

const (
	defaultLimit = 100
	maxLimit     = 500
	maxCursor    = 512
)

var errCursor = fault.New(fault.Invalid, "cursor was not made by this hub. Leave it out to begin at the newest.")

// encodeCursor writes a position as opaque text: the time in microseconds and the id.
func encodeCursor(p media.Position) *string {
	s := base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.At.UnixMicro(), 10) + "." + p.ID))
	return &s
}

// decodeCursor reads what encodeCursor wrote; empty is the start.
func decodeCursor(s string) (media.Position, error) {
	if s == "" {
		return media.Position{}, nil
	}
	if len(s) > maxCursor {
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

// parsePage reads limit and cursor.
func parsePage(q url.Values) (media.Page, error) {
	page := media.Page{Limit: defaultLimit}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			return page, fault.New(fault.Invalid, "limit must be an integer from 1 to %d.", maxLimit)
		}
		page.Limit = n
	}
	var err error
	page.After, err = decodeCursor(q.Get("cursor"))
	return page, err
}

// cut takes a list that was read with one more than limit, and returns what is shown
// and whether there is more.
func cut[T any](found []T, limit int) ([]T, bool) {
	if len(found) > limit {
		return found[:limit], true
	}
	return found, false
}

// convert turns a page of nouns into its wire form; never nil, so that JSON has [].
func convert[T, W any](found []T, wire func(T) W) []W {
	list := make([]W, len(found))
	for i, v := range found {
		list[i] = wire(v)
	}
	return list
}

// parseQuery reads the filters of the list of pictures.
func parseQuery(q url.Values) (media.Query, error) {
	page, err := parsePage(q)
	if err != nil {
		return media.Query{}, err
	}
	query := media.Query{After: page.After, Limit: page.Limit}
	if text := q.Get("device_id"); text != "" {
		if query.DeviceID, err = media.ParseDeviceID(text); err != nil {
			return query, err
		}
	}
	if query.EventID = q.Get("event_id"); query.EventID != "" {
		if err := media.CheckEventID(query.EventID); err != nil {
			return query, err
		}
	}
	if query.From, err = parseTime(q, "from"); err != nil {
		return query, err
	}
	if query.To, err = parseTime(q, "to"); err != nil {
		return query, err
	}
	switch text := q.Get("pinned"); text {
	case "":
	case "true", "false":
		pinned := text == "true"
		query.Pinned = &pinned
	default:
		return query, fault.New(fault.Invalid, "pinned must be true or false.")
	}
	return query, nil
}

// parseTime reads an optional time.
func parseTime(q url.Values, name string) (time.Time, error) {
	text := q.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	// In a query an unescaped + means a space, and no time has one.
	t, err := time.Parse(time.RFC3339, strings.Replace(text, " ", "+", 1))
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, fault.New(fault.Invalid, "%s must be a time such as 2026-01-31T18:00:00Z.", name)
	}
	return t, nil
}
