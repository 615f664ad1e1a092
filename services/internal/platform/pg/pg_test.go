package pg_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/internal/platform/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// open gives a database with one table.
func open(t *testing.T) *pg.DB {
	t.Helper()
	db := pgtest.Connect(t, pgtest.New(t, "registry"))
	run(t, db, "CREATE SCHEMA registry; CREATE TABLE registry.device (id text PRIMARY KEY, at timestamptz)")
	return db
}

func run(t *testing.T, db *pg.DB, sql string, args ...any) {
	t.Helper()
	err := db.Do(t.Context(), func(ctx context.Context, q pg.Querier) error {
		_, err := q.Exec(ctx, sql, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func count(t *testing.T, db *pg.DB) (n int) {
	t.Helper()
	err := db.Do(t.Context(), func(ctx context.Context, q pg.Querier) error {
		return q.QueryRow(ctx, "SELECT count(*) FROM device").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestASessionHasItsSettings(t *testing.T) {
	t.Parallel()
	db := pgtest.Connect(t, pgtest.New(t, "registry"))
	for name, want := range map[string]string{
		"search_path": "registry", "timezone": "UTC", "application_name": "nestbox registry",
		"statement_timeout": "3s", "idle_in_transaction_session_timeout": "10s",
	} {
		var got string
		if err := db.Pool.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %s, %v, want %s", name, got, err, want)
		}
	}
}

func TestTimesKeepMicrosecondsAndAreUTC(t *testing.T) {
	t.Parallel()
	db := open(t)
	want := time.Date(2026, 3, 29, 2, 30, 0, 123456000, time.FixedZone("", 7200))
	run(t, db, "INSERT INTO device VALUES ('a', $1)", want)
	var got time.Time
	var pointer *time.Time
	if err := db.Pool.QueryRow(t.Context(), "SELECT at, at FROM device").Scan(&got, &pointer); err != nil {
		t.Fatal(err)
	}
	if !got.Equal(want) || got.Location() != time.UTC || pointer.Location() != time.UTC {
		t.Errorf("read %v and %v, want %v", got, pointer, want.UTC())
	}
}

func TestInTxRollsBackOnErrorAndPanic(t *testing.T) {
	t.Parallel()
	db := open(t)
	insert := func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO device VALUES ('a')")
		return err
	}
	want := errors.New("no")
	err := db.InTx(t.Context(), func(ctx context.Context, tx pgx.Tx) error { return errors.Join(insert(ctx, tx), want) })
	if !errors.Is(err, want) {
		t.Errorf("InTx = %v, want the error of fn", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = db.InTx(t.Context(), func(ctx context.Context, tx pgx.Tx) error {
			_ = insert(ctx, tx)
			panic("boom")
		})
	}()
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows are left, want 0", n)
	}
	if err := db.InTx(t.Context(), insert); err != nil {
		t.Errorf("the pool is not usable after a panic: %v", err)
	}
	if n := db.Pool.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections were not given back", n)
	}
}

func TestAnEndedCallerIsNotAnOutage(t *testing.T) {
	t.Parallel()
	db := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		cancel()
		_, err := tx.Exec(ctx, "INSERT INTO device VALUES ('a')")
		return err
	})
	if !errors.Is(err, context.Canceled) || fault.KindOf(err) != fault.Internal {
		t.Errorf("error is %v, want the cancellation as it is", err)
	}
}

func TestTranslateLeavesWhatTheAdaptersUnderstand(t *testing.T) {
	t.Parallel()
	db := open(t)
	run(t, db, "INSERT INTO device VALUES ('a')")
	err := db.Do(t.Context(), func(ctx context.Context, q pg.Querier) error {
		_, err := q.Exec(ctx, "INSERT INTO device VALUES ('a')")
		return err
	})
	if fault.KindOf(err) != fault.Internal || !strings.Contains(err.Error(), "23505") {
		t.Errorf("a duplicate gives %v", err)
	}
	kind := fault.New(fault.Conflict, "taken")
	for _, err := range []error{nil, pgx.ErrNoRows, kind} {
		if got := pg.Translate(err); got != err { //nolint:errorlint // the very same error is the claim
			t.Errorf("Translate(%v) = %v", err, got)
		}
	}
}

func TestADeadlockIsUnavailableForOneOfTwo(t *testing.T) {
	t.Parallel()
	db := open(t)
	run(t, db, "INSERT INTO device VALUES ('a'), ('b')")
	lock := func(ctx context.Context, tx pgx.Tx, id string) error {
		_, err := tx.Exec(ctx, "UPDATE device SET at = now() WHERE id = $1", id)
		return err
	}
	var both, done sync.WaitGroup
	both.Add(2)
	errs := make([]error, 2)
	for i, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		done.Go(func() {
			errs[i] = db.InTx(t.Context(), func(ctx context.Context, tx pgx.Tx) error {
				// Postgres looks for one after a second, which leaves little of our time-out.
				_, err := tx.Exec(ctx, "SET LOCAL deadlock_timeout = '100ms'")
				err = errors.Join(err, lock(ctx, tx, order[0]))
				both.Done()
				both.Wait()
				return errors.Join(err, lock(ctx, tx, order[1]))
			})
		})
	}
	done.Wait()
	failed := 0
	for _, err := range errs {
		if err != nil {
			failed++
			if fault.KindOf(err) != fault.Unavailable {
				t.Errorf("a deadlock gives %v", err)
			}
		}
	}
	if failed != 1 {
		t.Errorf("%d of two failed, want 1", failed)
	}
}

func TestABadConfigurationIsReportedWithoutThePassword(t *testing.T) {
	t.Parallel()
	for _, cfg := range []pg.Config{
		{URL: "postgres://u:s3cret@host:port/db", Schema: "registry"},
		{URL: "postgres://u:s3cret@host/db?sslmode=perhaps", Schema: "registry"},
		{URL: "host=x password=s3cret port=many", Schema: "registry"},
		{URL: "postgres://u:s3cret@host/db", Schema: `x"; DROP TABLE device`},
		{URL: "postgres://u:s3cret@host/db", Schema: ""},
	} {
		db, err := pg.Open(t.Context(), cfg)
		if err == nil {
			db.Close()
			t.Errorf("%+v was taken", cfg)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the password is in the error: %v", err)
		}
	}
}
