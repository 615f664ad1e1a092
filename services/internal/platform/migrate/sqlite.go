package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pressly/goose/v3"
)

// SQLiteDB is what this package needs of *sqlite.DB. It is an interface so that
// the services, which migrate Postgres only, do not link SQLite.
type SQLiteDB interface {
	// Path returns the absolute path of the file.
	Path() string
	// Writer returns the pool of the one connection that writes.
	Writer() *sql.DB
	// Translate gives errors of the disk their kind.
	Translate(err error) error
}

// Option changes how SQLite migrations are kept.
type Option func(*options)

type options struct{ table string }

// Named keeps the versions of one part of a file apart from those of another:
// when several services share a SQLite file, each passes its own name. Lower-case
// letters, digits and '_'.
func Named(name string) Option {
	return func(o *options) { o.table = versionTable + "_" + name }
}

// SQLite applies the pending migrations of fsys to db and returns how many it
// applied. It is for the start of a program that owns its file. Processes that
// start at the same moment take turns.
func SQLite(ctx context.Context, db SQLiteDB, fsys fs.FS, opts ...Option) (applied int, err error) {
	return sqlite(ctx, db, fsys, up, opts)
}

// SQLiteDown undoes every migration of fsys and returns how many that were; for
// tests, as PostgresDown.
func SQLiteDown(ctx context.Context, db SQLiteDB, fsys fs.FS, opts ...Option) (undone int, err error) {
	return sqlite(ctx, db, fsys, down, opts)
}

func sqlite(ctx context.Context, db SQLiteDB, fsys fs.FS, move direction, opts []Option) (count int, err error) {
	o := options{table: versionTable}
	for _, opt := range opts {
		opt(&o)
	}
	unlock, err := lockFolder(ctx, filepath.Dir(db.Path()))
	if err != nil {
		return 0, db.Translate(fmt.Errorf("lock %s: %w", db.Path(), err))
	}
	defer func() { err = errors.Join(err, unlock()) }()
	count, err = run(ctx, goose.DialectSQLite3, db.Writer(), o.table, fsys, move)
	return count, db.Translate(err)
}

// lockFolder takes an advisory lock on the folder itself: a lock file would
// stay behind, and a lock inside the database would have to be a transaction
// around goose's own. It goes when the process does.
func lockFolder(ctx context.Context, dir string) (unlock func() error, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f.Close, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		}
	}
}
