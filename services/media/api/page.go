package api

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/api/cursor"
)

const (
	defaultLimit = 100
	maxLimit     = 500
)

// next is the cursor of the page after the one that ends at p.
func next(at time.Time, id string) *string {
	s := cursor.Encode(media.Position{At: at, ID: id})
	return &s
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
	page.After, err = cursor.Decode(q.Get("cursor"))
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
