package postgres_test

import (
	"testing"

	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/registry/postgres"
)

func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t, postgres.Schema, postgres.Migrations)
	for range 2 {
		if n, err := migrate.PostgresDown(t.Context(), db, postgres.Migrations); err != nil || n == 0 {
			t.Fatalf("down: %d, %v", n, err)
		}
		if n, err := migrate.Postgres(t.Context(), db, postgres.Migrations); err != nil || n == 0 {
			t.Fatalf("up: %d, %v", n, err)
		}
	}
}

// TestEverythingIsCommented reads the database as a stranger would.
func TestEverythingIsCommented(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t, postgres.Schema, postgres.Migrations)
	rows, err := db.Pool.Query(t.Context(), `
		SELECT c.relname || coalesce('.' || a.attname, '')
		FROM pg_class c
		CROSS JOIN LATERAL (
			SELECT 0 AS attnum, NULL AS attname
			UNION ALL SELECT attnum, attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
		WHERE c.relnamespace = 'registry'::regnamespace AND c.relkind = 'r' AND c.relname <> 'goose_db_version'
			AND NOT EXISTS (SELECT FROM pg_description d WHERE d.objoid = c.oid AND d.objsubid = a.attnum)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s has no comment", name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
