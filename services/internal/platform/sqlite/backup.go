package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// BackupTo writes a copy of the database, as of one moment, to dst. Writers and
// readers go on meanwhile. The copy is compact, needs no -wal file and is on the
// disk when BackupTo returns nil; before that nothing exists at dst. An existing
// dst is replaced. The result has mode 0600: it holds the same secrets.
func (db *DB) BackupTo(ctx context.Context, dst string) (err error) {
	partial := dst + ".partial"
	// VACUUM INTO refuses a file with content, such as one from a run that was
	// killed. The name is ours alone.
	if err := os.Remove(partial); err != nil && !errors.Is(err, os.ErrNotExist) {
		return Translate(fmt.Errorf("back up to %s: %w", dst, err))
	}
	if err := create(partial); err != nil {
		return Translate(fmt.Errorf("back up to %s: %w", dst, err))
	}
	defer func() {
		if err != nil {
			_ = os.Remove(partial)
		}
	}()

	// A connection of its own: readers are query_only, which forbids VACUUM, and
	// the writer would be held up for the length of the copy.
	conn, err := connect(ctx, db.path, readCacheKiB, "_txlock", "deferred")
	if err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "VACUUM INTO ?", partial)
	if err = errors.Join(err, conn.Close()); err != nil {
		return Translate(fmt.Errorf("back up %s to %s: %w", db.path, dst, err))
	}
	// SQLite does not sync the target of VACUUM INTO.
	if err := syncPath(partial); err != nil {
		return Translate(fmt.Errorf("sync backup %s: %w", partial, err))
	}
	if err := os.Rename(partial, dst); err != nil {
		return Translate(fmt.Errorf("rename backup: %w", err))
	}
	return Translate(syncPath(filepath.Dir(dst)))
}

// syncPath fsyncs a file or a folder.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
