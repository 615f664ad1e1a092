package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/sqlite"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("SQLITE_TEST_VICTIM"); path != "" {
		writeUntilKilled(path)
	}
	goleak.VerifyTestMain(m)
}

func open(t *testing.T, path string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func run(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func text(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var s string
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

func TestEveryConnectionHasTheSettings(t *testing.T) {
	// A name with characters that mean something in a URI.
	db := open(t, filepath.Join(t.TempDir(), "a?b%20c #d", "hub.db"))
	for _, pool := range []*sql.DB{db.Write, db.Read} {
		for pragma, want := range map[string]string{
			"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
			"trusted_schema": "0", "journal_size_limit": "4194304",
		} {
			if got := text(t, pool, "PRAGMA "+pragma); got != want {
				t.Errorf("%s = %s, want %s", pragma, got, want)
			}
		}
	}
	info, err := os.Stat(db.Path())
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("file mode %o, want 600", mode)
	}
}

func TestReadersCannotWriteAndDoNotWait(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "hub.db"))
	run(t, db.Write, "CREATE TABLE device (id TEXT PRIMARY KEY)")

	_, err := db.Read.ExecContext(t.Context(), "INSERT INTO device VALUES ('a')")
	if err == nil {
		t.Fatal("a reader wrote")
	}
	err = db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO device VALUES ('a')"); err != nil {
			return err
		}
		if n := text(t, db.Read, "SELECT count(*) FROM device"); n != "0" {
			t.Errorf("a reader sees %s uncommitted rows", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := text(t, db.Read, "SELECT count(*) FROM device"); n != "1" {
		t.Errorf("readers see %s rows after the commit, want 1", n)
	}
}

func TestInTxRollsBackOnErrorAndPanic(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "hub.db"))
	run(t, db.Write, "CREATE TABLE device (id TEXT PRIMARY KEY)")
	insert := func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO device VALUES ('a')")
		return err
	}

	want := errors.New("no")
	err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		return errors.Join(insert(ctx, tx), want)
	})
	if !errors.Is(err, want) {
		t.Errorf("InTx = %v, want the error of fn", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_ = insert(ctx, tx)
			panic("boom")
		})
	}()
	if n := text(t, db.Read, "SELECT count(*) FROM device"); n != "0" {
		t.Errorf("%s rows are left, want 0", n)
	}
	if err := db.InTx(t.Context(), insert); err != nil {
		t.Errorf("the writer is not usable after a panic: %v", err)
	}
	if err := db.InTx(t.Context(), insert); !sqlite.IsUnique(err) {
		t.Errorf("IsUnique(%v) = false", err)
	}
}

func TestTimesKeepMicrosecondsAndAreUTC(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "hub.db"))
	run(t, db.Write, "CREATE TABLE event (at TIMESTAMP NOT NULL, gone_at TIMESTAMP)")
	want := time.Date(2026, 3, 29, 2, 30, 0, 123456000, time.FixedZone("", 7200))
	run(t, db.Write, "INSERT INTO event VALUES (?, NULL)", want)

	var got time.Time
	var gone *time.Time
	row := db.Read.QueryRowContext(t.Context(), "SELECT at, gone_at FROM event WHERE at = ?", want.UTC())
	if err := row.Scan(&got, &gone); err != nil {
		t.Fatal(err)
	}
	if !got.Equal(want) || got.Location() != time.UTC || gone != nil {
		t.Errorf("read %v and %v, want %v and nil", got, gone, want.UTC())
	}
	if n := text(t, db.Read, "SELECT max(at) FROM event"); n != "1774744200123456" {
		t.Errorf("stored as %s, want Unix microseconds", n)
	}
}

func TestManyWritersNeverSeeBusy(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "hub.db"))
	run(t, db.Write, "CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (0)")
	const writers, each = 8, 10
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
					var n int
					if err := tx.QueryRowContext(ctx, "SELECT n FROM counter").Scan(&n); err != nil {
						return err
					}
					_, err := tx.ExecContext(ctx, "UPDATE counter SET n = ?", n+1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := text(t, db.Read, "SELECT n FROM counter"); n != "80" {
		t.Errorf("counter = %s, want 80", n)
	}
}

func TestOpenRefusesAFileThatIsNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	if err := os.WriteFile(path, []byte("this is a shopping list, and it is long enough to be read as a header of a database file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if db, err := sqlite.Open(t.Context(), path); err == nil {
		_ = db.Close()
		t.Error("Open took a text file")
	}
}
