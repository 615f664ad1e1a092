package api

import (
	"encoding/base64"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/registry"
)

const (
	defaultLimit = 100
	maxLimit     = 500
)

var (
	errCursor = fault.New(fault.Invalid, "cursor must be a next_cursor that this hub gave.")
	errLimit  = fault.New(fault.Invalid, "limit must be 1 to %d.", maxLimit)
)

// page reads cursor and limit. It asks for one row more than the caller wants,
// which tells whether there is a next page.
func page(c *gin.Context) (registry.Page, error) {
	p := registry.Page{Limit: defaultLimit}
	if v, ok := c.GetQuery("limit"); ok {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > maxLimit {
			return p, errLimit
		}
		p.Limit = n
	}
	if v, ok := c.GetQuery("cursor"); ok {
		id, err := decodeCursor(v)
		if err != nil {
			return p, err
		}
		p.Before = id
	}
	p.Limit++
	return p, nil
}

// decodeCursor reads the id in a cursor.
func decodeCursor(v string) (string, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(v)
	if err != nil {
		return "", errCursor
	}
	id, err := uuid.FromBytes(raw)
	if err != nil {
		return "", errCursor
	}
	return id.String(), nil
}

// cut returns the rows that were wanted and the cursor of the next page; nil
// when this is the last.
func cut[T any](rows []T, p registry.Page, id func(T) string) ([]T, *string) {
	if len(rows) < p.Limit {
		return rows, nil
	}
	rows = rows[:p.Limit-1]
	last, err := uuid.Parse(id(rows[len(rows)-1]))
	if err != nil {
		panic(err) // ids are ours
	}
	cursor := base64.RawURLEncoding.EncodeToString(last[:])
	return rows, &cursor
}
