package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// retryAfter is the advice given with fault.Unavailable: long enough that a
// fleet does not hammer a card that is busy or full.
const retryAfter = 5 * time.Second

// Translate turns what the disk or another process does to us into
// fault.Unavailable: disk full, I/O error, file locked, read-only or out of
// reach. Everything else comes back unchanged, nil and sql.ErrNoRows too, and
// so does an error that already has a kind.
func Translate(err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal || errors.Is(err, context.Canceled) {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) {
		return unavailable(err, "The hub cannot write to its disk. Free some space or check the disk, then try again.")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return unavailable(err, "The hub's database did not answer in time. Try again.")
	}
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff { // the low byte is the primary result code
	case codes.SQLITE_FULL:
		return unavailable(err, "The hub's disk is full. Free some space, then try again.")
	case codes.SQLITE_IOERR, codes.SQLITE_CANTOPEN, codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_NOMEM:
		return unavailable(err, "The hub cannot use its disk. Check the disk, then try again.")
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return unavailable(err, "The hub's database is busy. Try again.")
	}
	return err
}

func unavailable(err error, message string) error {
	return fault.Wrap(err, fault.Unavailable, "%s", message).After(retryAfter)
}

// IsUnique reports whether err is a violation of a PRIMARY KEY or UNIQUE
// constraint. SQLite does not say which one in its code, only in the wording of
// the message, which is no interface; a table with several needs a query.
func IsUnique(err error) bool {
	var e *driver.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() {
	case codes.SQLITE_CONSTRAINT_UNIQUE, codes.SQLITE_CONSTRAINT_PRIMARYKEY, codes.SQLITE_CONSTRAINT_ROWID:
		return true
	}
	return false
}

// IsForeignKey reports whether err is a violation of a foreign key.
func IsForeignKey(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && e.Code() == codes.SQLITE_CONSTRAINT_FOREIGNKEY
}
