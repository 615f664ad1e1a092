package migrate_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/internal/platform/sqlite"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func file(sql string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(sql)} }

const (
	createDevice = "-- +goose Up\nCREATE TABLE device (id TEXT PRIMARY KEY);\n-- +goose Down\nDROP TABLE device;\n"
	addName      = "-- +goose Up\nALTER TABLE device ADD COLUMN name TEXT;\n-- +goose Down\nALTER TABLE device DROP COLUMN name;\n"
)

// first and second are two releases of one service; second lies in a folder, as
// an embed.FS has it.
var (
	first  = fstest.MapFS{"00001_create_device.sql": file(createDevice)}
	second = fstest.MapFS{
		"migrations/00001_create_device.sql": file(createDevice),
		"migrations/00002_add_name.sql":      file(addName),
		"migrations/README.md":               file("not a migration"),
	}
)

func TestPostgresAppliesEachFileOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.Connect(t, pgtest.New(t, "registry"))
	for _, step := range []struct {
		fsys fstest.MapFS
		want int
	}{{first, 1}, {first, 0}, {second, 1}, {second, 0}, {first, 0}} {
		if got, err := migrate.Postgres(t.Context(), db, step.fsys); err != nil || got != step.want {
			t.Fatalf("applied %d, %v, want %d", got, err, step.want)
		}
	}
	err := db.Do(t.Context(), func(ctx context.Context, q pg.Querier) error {
		_, err := q.Exec(ctx, "INSERT INTO registry.device (id, name) VALUES ('a', 'door')")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTwoPostgresMigratorsBothSucceed(t *testing.T) {
	t.Parallel()
	cfg := pgtest.New(t, "registry")
	var applied atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		db := pgtest.Connect(t, cfg)
		wg.Go(func() {
			n, err := migrate.Postgres(t.Context(), db, second)
			if err != nil {
				t.Error(err)
			}
			applied.Add(int64(n))
		})
	}
	wg.Wait()
	if applied.Load() != 2 {
		t.Errorf("%d files were applied in all, want 2", applied.Load())
	}
}

// CREATE INDEX CONCURRENTLY waits for every snapshot that is older than it. A
// migrator that waited for the lock inside the server would hold one.
func TestAWaitingMigratorDoesNotBlockAConcurrentIndex(t *testing.T) {
	t.Parallel()
	cfg := pgtest.New(t, "registry")
	fsys := fstest.MapFS{
		"00001_create_device.sql": file(createDevice),
		"00002_index.sql":         file("-- +goose NO TRANSACTION\n-- +goose Up\nSELECT pg_sleep(0.3);\nCREATE INDEX CONCURRENTLY device_id ON device (id);\n-- +goose Down\nDROP INDEX device_id;\n"),
	}
	var wg sync.WaitGroup
	for range 3 {
		db := pgtest.Connect(t, cfg)
		wg.Go(func() {
			if _, err := migrate.Postgres(t.Context(), db, fsys); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestTheWaitForAnotherMigratorEndsWithTheContext(t *testing.T) {
	t.Parallel()
	cfg := pgtest.New(t, "registry")
	slow := fstest.MapFS{"00001_slow.sql": file("-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE slow ();\nSELECT pg_sleep(2.5);\n")}
	first, second := pgtest.Connect(t, cfg), pgtest.Connect(t, cfg)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := migrate.Postgres(t.Context(), first, slow); err != nil {
			t.Error(err)
		}
	})
	pgtest.Within(t, 30*time.Second, "the first migrator works", func() bool {
		var there bool
		err := second.Pool.QueryRow(t.Context(), "SELECT to_regclass('slow') IS NOT NULL").Scan(&there)
		return err == nil && there
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := migrate.Postgres(ctx, second, slow); err == nil || !strings.Contains(err.Error(), "wait for another migration") {
		t.Errorf("a migrator that may not wait says %v", err)
	}
	wg.Wait()
}

func TestDownUndoesEverything(t *testing.T) {
	t.Parallel()
	t.Run("postgres", func(t *testing.T) {
		db := pgtest.Connect(t, pgtest.New(t, "registry"))
		for _, step := range []func() (int, error){
			func() (int, error) { return migrate.Postgres(t.Context(), db, second) },
			func() (int, error) { return migrate.PostgresDown(t.Context(), db, second) },
			func() (int, error) { return migrate.Postgres(t.Context(), db, second) },
		} {
			if n, err := step(); n != 2 || err != nil {
				t.Fatalf("%d files, %v, want 2", n, err)
			}
		}
	})
	t.Run("sqlite", func(t *testing.T) {
		db := openSQLite(t, filepath.Join(t.TempDir(), "hub.db"))
		for _, step := range []func() (int, error){
			func() (int, error) { return migrate.SQLite(t.Context(), db, second) },
			func() (int, error) { return migrate.SQLiteDown(t.Context(), db, second) },
			func() (int, error) { return migrate.SQLite(t.Context(), db, second) },
		} {
			if n, err := step(); n != 2 || err != nil {
				t.Fatalf("%d files, %v, want 2", n, err)
			}
		}
	})
}

func TestServeRefusesAnOlderSchemaAndNamesTheCommand(t *testing.T) {
	t.Parallel()
	db := pgtest.Connect(t, pgtest.New(t, "registry"))
	refused := func(missing string) {
		t.Helper()
		err := migrate.PostgresCurrent(t.Context(), db, second)
		if err == nil || !strings.Contains(err.Error(), `run "registry migrate"`) || !strings.Contains(err.Error(), missing) {
			t.Errorf("an older schema gives %v", err)
		}
	}
	refused("00001_create_device.sql, 00002_add_name.sql")
	if _, err := migrate.Postgres(t.Context(), db, first); err != nil {
		t.Fatal(err)
	}
	refused("not applied: 00002_add_name.sql")
	if _, err := migrate.Postgres(t.Context(), db, second); err != nil {
		t.Fatal(err)
	}
	for name, fsys := range map[string]fstest.MapFS{"same": second, "older program": first} {
		if err := migrate.PostgresCurrent(t.Context(), db, fsys); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAMigrationThatFailsLeavesNothingAndCanBeMended(t *testing.T) {
	t.Parallel()
	db := pgtest.Connect(t, pgtest.New(t, "registry"))
	bad := fstest.MapFS{
		"00001_create_device.sql": file(createDevice),
		"00002_add_name.sql":      file("-- +goose Up\nCREATE TABLE half ();\nALTER TABLE nothing ADD COLUMN name TEXT;\n"),
	}
	if _, err := migrate.Postgres(t.Context(), db, bad); err == nil || !strings.Contains(err.Error(), "00002_add_name.sql") {
		t.Fatalf("the error does not name the file: %v", err)
	}
	if n, err := migrate.Postgres(t.Context(), db, second); n != 1 || err != nil {
		t.Errorf("applied %d, %v, want 1", n, err)
	}
	var half *string
	if err := db.Pool.QueryRow(t.Context(), "SELECT to_regclass('half')::text").Scan(&half); err != nil || half != nil {
		t.Errorf("half of a failed migration is there: %v", err)
	}
}

func TestSQLiteAppliesEachFileOnceForEachName(t *testing.T) {
	t.Parallel()
	db := openSQLite(t, filepath.Join(t.TempDir(), "hub.db"))
	telemetry := fstest.MapFS{"00001_create_event.sql": file("-- +goose Up\nCREATE TABLE event (id TEXT);\n")}
	for _, step := range []struct {
		name string
		fsys fstest.MapFS
		want int
	}{{"registry", first, 1}, {"registry", second, 1}, {"telemetry", telemetry, 1}, {"registry", second, 0}, {"telemetry", telemetry, 0}} {
		if got, err := migrate.SQLite(t.Context(), db, step.fsys, migrate.Named(step.name)); err != nil || got != step.want {
			t.Fatalf("%s: applied %d, %v, want %d", step.name, got, err, step.want)
		}
	}
}

func TestTwoSQLiteMigratorsBothSucceed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	var applied atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		db := openSQLite(t, path) // connections of its own, like another process
		wg.Go(func() {
			n, err := migrate.SQLite(t.Context(), db, second)
			if err != nil {
				t.Error(err)
			}
			applied.Add(int64(n))
		})
	}
	wg.Wait()
	if applied.Load() != 2 {
		t.Errorf("%d files were applied in all, want 2", applied.Load())
	}
}

func openSQLite(t *testing.T, path string) *sqlite.DB {
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
