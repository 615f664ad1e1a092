package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/sqlite"
)

// unavailable checks the kind and the advice.
func unavailable(t *testing.T, err error) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
		t.Errorf("error is %v, want unavailable with advice when to try again", err)
	}
}

func TestAFullDiskIsUnavailableAndHeals(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "hub.db"))
	run(t, db.Write, "CREATE TABLE body (b BLOB)")
	fill := func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO body VALUES (zeroblob(1000000))")
		return err
	}
	run(t, db.Write, "PRAGMA max_page_count = 10") // SQLite's own full disk
	unavailable(t, db.InTx(t.Context(), fill))
	if n := text(t, db.Read, "SELECT count(*) FROM body"); n != "0" {
		t.Errorf("%s rows of a failed transaction are there", n)
	}
	run(t, db.Write, "PRAGMA max_page_count = 1000000")
	if err := db.InTx(t.Context(), fill); err != nil {
		t.Error(err)
	}
}

func TestAFileLockedByAnotherProcessIsUnavailable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	db, other := open(t, path), open(t, path)
	run(t, db.Write, "PRAGMA busy_timeout = 20")
	err := other.InTx(t.Context(), func(ctx context.Context, _ *sql.Tx) error {
		unavailable(t, db.InTx(ctx, func(context.Context, *sql.Tx) error { return nil }))
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAWriterThatIsBusyTooLongIsUnavailable(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "hub.db"))
	err := db.InTx(t.Context(), func(ctx context.Context, _ *sql.Tx) error {
		ctx, cancel := context.WithTimeout(ctx, 0)
		defer cancel()
		unavailable(t, db.InTx(ctx, func(context.Context, *sql.Tx) error { return nil }))
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestConstraintsAreToldByCode(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "hub.db"))
	run(t, db.Write, `CREATE TABLE device (id TEXT PRIMARY KEY, serial TEXT UNIQUE);
		CREATE TABLE event (device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE);
		INSERT INTO device VALUES ('a', '1')`)
	for query, want := range map[string]struct{ unique, foreign bool }{
		"INSERT INTO device VALUES ('a', '2')": {unique: true},
		"INSERT INTO device VALUES ('b', '1')": {unique: true},
		"INSERT INTO event VALUES ('z')":       {foreign: true},
		"INSERT INTO event VALUES (NULL)":      {},
		"INSERT INTO nothing VALUES (1)":       {},
		`INSERT INTO event VALUES ("a")`:       {}, // double quotes are for names
	} {
		err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, query)
			return err
		})
		if err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("%s: %v", query, err)
		}
		if sqlite.IsUnique(err) != want.unique || sqlite.IsForeignKey(err) != want.foreign {
			t.Errorf("%s: unique %v, foreign key %v (%v)", query, sqlite.IsUnique(err), sqlite.IsForeignKey(err), err)
		}
	}
}

func TestTranslateLeavesTheRestAlone(t *testing.T) {
	kind := fault.New(fault.Conflict, "taken")
	for _, err := range []error{nil, sql.ErrNoRows, context.Canceled, kind} {
		if got := sqlite.Translate(err); got != err { //nolint:errorlint // the very same error is the claim
			t.Errorf("Translate(%v) = %v", err, got)
		}
	}
}
