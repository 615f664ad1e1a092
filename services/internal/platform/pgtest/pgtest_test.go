package pgtest_test

import (
	"context"
	"os"
	"testing"

	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/internal/platform/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func count(t *testing.T, db *pg.DB, sql string) (n int) {
	t.Helper()
	err := db.Do(t.Context(), func(ctx context.Context, q pg.Querier) error {
		return q.QueryRow(ctx, sql).Scan(&n)
	})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func run(t *testing.T, db *pg.DB, sql string) {
	t.Helper()
	err := db.Do(t.Context(), func(ctx context.Context, q pg.Querier) error {
		_, err := q.Exec(ctx, sql)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			db := pgtest.Connect(t, pgtest.New(t, "registry"))
			run(t, db, "CREATE SCHEMA registry")
			run(t, db, "CREATE TABLE device ()")
			if n := count(t, db, "SELECT count(*) FROM pg_tables WHERE schemaname = 'registry'"); n != 1 {
				t.Errorf("%d tables, want 1", n)
			}
		})
	}
}

func TestAServerKeepsItsDataOverStopAndKill(t *testing.T) {
	t.Parallel()
	s := pgtest.StartServer(t)
	db := pgtest.Connect(t, s.Config("public"))
	run(t, db, "CREATE TABLE promise (n int)")
	for n, end := range []func(){s.Stop, s.Kill} {
		run(t, db, "INSERT INTO promise VALUES (1)")
		end()
		s.Start()
		db = pgtest.Connect(t, s.Config("public"))
		if got := count(t, db, "SELECT count(*) FROM promise"); got != n+1 {
			t.Errorf("%d rows after a restart, want %d", got, n+1)
		}
	}
}
