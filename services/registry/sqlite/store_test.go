package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/migrate"
	platform "home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/sqlite"
	"home.arpa/nestbox/services/registry/storetest"
)

var moment = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, path string) *platform.DB {
	t.Helper()
	db, err := platform.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrate.SQLite(t.Context(), db, sqlite.Migrations); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(t *testing.T) registry.Store {
		db := open(t, filepath.Join(t.TempDir(), "registry.db"))
		t.Cleanup(func() { _ = db.Close() })
		return sqlite.NewStore(db)
	})
}

func TestIdleReadsWriteNothing(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "registry.db"))
	t.Cleanup(func() { _ = db.Close() })
	s := sqlite.NewStore(db)
	changes := func() (n int) {
		if err := db.Write.QueryRow("SELECT total_changes()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := s.Update(t.Context(), "24:6F:28:AA:BB:01", func(registry.Standing) (registry.Change, error) {
		return registry.Change{Device: &registry.Device{ID: "24:6F:28:AA:BB:01", Status: registry.StatusApproved, Epoch: 1, CreatedAt: moment}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	before := changes()
	for range 100 {
		if _, err := s.Poll(t.Context(), "24:6F:28:AA:BB:01", moment); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ExpireCommands(t.Context(), moment, 10); err != nil {
			t.Fatal(err)
		}
	}
	if after := changes(); after != before {
		t.Errorf("waiting for commands and sweeping changed %d rows", after-before)
	}
}

func TestSurvivesReopening(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	db := open(t, path)
	d := registry.Device{ID: "24:6F:28:AA:BB:01", Name: "Gate", Status: registry.StatusApproved, Epoch: 3, CreatedAt: moment}
	err := sqlite.NewStore(db).Update(context.Background(), d.ID, func(registry.Standing) (registry.Change, error) {
		return registry.Change{Device: &d}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, path)
	t.Cleanup(func() { _ = db.Close() })
	st, err := sqlite.NewStore(db).Standing(t.Context(), d.ID)
	if err != nil || st.Device == nil || st.Device.Name != "Gate" || st.Device.Epoch != 3 {
		t.Errorf("after reopening: %+v (%v)", st.Device, err)
	}
}

func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "registry.db"))
	t.Cleanup(func() { _ = db.Close() })
	for range 2 {
		if n, err := migrate.SQLiteDown(t.Context(), db, sqlite.Migrations); err != nil || n == 0 {
			t.Fatalf("down: %d, %v", n, err)
		}
		if n, err := migrate.SQLite(t.Context(), db, sqlite.Migrations); err != nil || n == 0 {
			t.Fatalf("up: %d, %v", n, err)
		}
	}
}
