package sqlite_test

import (
	"path/filepath"
	"testing"

	"home.arpa/nestbox/services/internal/platform/migrate"
	platform "home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/sqlite"
	"home.arpa/nestbox/services/telemetry/storetest"
)

func open(t *testing.T) *platform.DB {
	t.Helper()
	db, err := platform.Open(t.Context(), filepath.Join(t.TempDir(), "telemetry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := migrate.SQLite(t.Context(), db, sqlite.Migrations, migrate.Named("telemetry")); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.ExerciseEvents(t, func(t *testing.T) telemetry.EventStore { return sqlite.NewStore(open(t)) })
}
