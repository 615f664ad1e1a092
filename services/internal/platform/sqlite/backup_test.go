package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestBackupIsOneMomentAndOneFile(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "hub.db"))
	run(t, db.Write, "CREATE TABLE device (id TEXT PRIMARY KEY); INSERT INTO device VALUES ('a')")

	dst := filepath.Join(dir, "backup's copy.db")
	for range 2 { // the second replaces the first
		// A writer in the middle of a transaction neither blocks the backup nor is in it.
		err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO device VALUES ('b')"); err != nil {
				return err
			}
			return errors.Join(db.BackupTo(ctx, dst), errors.New("roll back"))
		})
		if err == nil || err.Error() != "roll back" {
			t.Fatal(err)
		}
	}
	run(t, db.Write, "INSERT INTO device VALUES ('c')")

	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".partial" {
			t.Errorf("%s is left", e.Name())
		}
	}
	info, err := os.Stat(dst)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("backup mode %o, want 600", info.Mode().Perm())
	}
	restored := open(t, dst)
	if got := text(t, restored.Read, "SELECT group_concat(id) FROM device"); got != "a" {
		t.Errorf("the backup has %s, want a", got)
	}
	// The backup becomes a live database again, in WAL mode.
	run(t, restored.Write, "INSERT INTO device VALUES ('d')")
}

func TestABackupThatFailsLeavesTheOldOne(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "hub.db"))
	run(t, db.Write, "CREATE TABLE device (id TEXT PRIMARY KEY)")
	dst := filepath.Join(dir, "backup.db")
	if err := os.WriteFile(dst, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.BackupTo(ctx, dst); err == nil {
		t.Fatal("a cancelled backup succeeded")
	}
	if got, err := os.ReadFile(dst); err != nil || string(got) != "old" {
		t.Errorf("the old backup is %q, %v", got, err)
	}
	if _, err := os.Stat(dst + ".partial"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a partial file is left: %v", err)
	}
}
