package postgres_test

import (
	"os"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/postgres"
	"home.arpa/nestbox/services/media/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(t *testing.T) media.Store {
		return postgres.New(pgtest.Open(t, postgres.Schema, postgres.Migrations))
	})
}

// TestEveryTableSaysWhatItIs keeps the comments in step with the tables.
func TestEveryTableSaysWhatItIs(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t, postgres.Schema, postgres.Migrations)
	rows, err := db.Pool.Query(t.Context(), `
		SELECT relname FROM pg_class
		WHERE relnamespace = 'media'::regnamespace AND relkind = 'r' AND relname NOT LIKE 'goose%'
		AND obj_description(oid) IS NULL`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		t.Errorf("table %s has no comment", name)
	}
}

func TestServerGoneIsUnavailableSoonAndHeals(t *testing.T) {
	t.Parallel()
	server := pgtest.StartServer(t)
	db := pgtest.Connect(t, server.Config(postgres.Schema))
	if _, err := migrate.Postgres(t.Context(), db, postgres.Migrations); err != nil {
		t.Fatal(err)
	}
	store := postgres.New(db)
	calls := map[string]func() error{
		"read": func() error { _, err := store.Usage(t.Context()); return err },
		"write": func() error {
			_, err := store.Condemn(t.Context(), []string{}, media.Verdict{Reason: media.ReasonQuota, At: time.Now()})
			return err
		},
	}
	server.Kill()
	for name, call := range calls {
		start := time.Now()
		if err := call(); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s without a server: %v, want Unavailable", name, err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	server.Start()
	pgtest.Within(t, 30*time.Second, "the store heals", func() bool { return calls["read"]() == nil && calls["write"]() == nil })
}
