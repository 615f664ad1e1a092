package postgres

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/pg"
)

// failed names the action in an error and gives it its kind. No constraint is
// mapped here: the rules look before they write, under the device's lock, so a
// violation is a fault of ours and not the caller's.
func failed(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.Wrap(err, fault.NotFound, "There is no such thing.")
	}
	return pg.Translate(fmt.Errorf(format+": %w", append(args, err)...))
}

var errEnded = errors.New("the command has ended and cannot change")
