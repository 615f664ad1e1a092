package registry

import (
	"github.com/google/uuid"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// NewID returns a UUIDv7 in its canonical form. Ids made one after another by
// one process sort in that order as text.
func NewID() string {
	id, err := uuid.NewV7()
	if err != nil {
		panic(err) // crypto/rand ends the program before it returns an error
	}
	return id.String()
}

// parseID reads an id from a path or body into its canonical form. What is no
// UUID names nothing: fault.NotFound with the sentence of notFound.
func parseID(s string, notFound *fault.Error) (string, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != len(id.String()) {
		return "", notFound
	}
	return id.String(), nil
}
