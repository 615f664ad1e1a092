package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

const (
	// lockPoll is how often a second migrator asks for the lock.
	lockPoll = 100 * time.Millisecond
	// checkTimeout bounds the check at serve time.
	checkTimeout = 2 * time.Second
)

// PostgresDB is what this package needs of *pg.DB. It is an interface so that
// the hub, which migrates SQLite only, does not link the client of Postgres: 5
// MB resident.
type PostgresDB interface {
	// Schema returns the name of the service's schema.
	Schema() string
	// OpenSQL opens connections that are not limited in time. The caller closes
	// the pool.
	OpenSQL() *sql.DB
	// Translate gives errors of a server that is away their kind.
	Translate(err error) error
}

// Postgres creates the schema of db when it is absent and applies the pending
// migrations of fsys in it: the *.sql files at its root or in its folder
// "migrations". It returns how many it applied; 0 when there was nothing to do.
//
// Any number of processes may call it at once: one works, the others wait for
// an advisory lock and then find nothing to do. There is no time limit but the
// one of ctx; a long migration is not an error. Each file is one transaction
// (unless it says "-- +goose NO TRANSACTION"), so a run that is killed leaves
// whole files behind and the next run goes on from there.
func Postgres(ctx context.Context, db PostgresDB, fsys fs.FS) (applied int, err error) {
	return postgres(ctx, db, fsys, up)
}

// PostgresDown undoes every migration of fsys and returns how many that were. It
// is for tests, so that the Down sections are more than decoration: an older
// release runs on a newer schema, and nothing calls this in production.
func PostgresDown(ctx context.Context, db PostgresDB, fsys fs.FS) (undone int, err error) {
	return postgres(ctx, db, fsys, down)
}

func postgres(ctx context.Context, db PostgresDB, fsys fs.FS, move direction) (count int, err error) {
	pool := db.OpenSQL()
	defer func() { err = db.Translate(errors.Join(err, pool.Close())) }()

	// The lock is the session's: it goes when this connection does, so a killed
	// migrator blocks nobody.
	lock, err := pool.Conn(ctx)
	if err != nil {
		return 0, fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = lock.Close() }() // back to a pool that is closed next
	if err := acquire(ctx, lock, db.Schema()); err != nil {
		return 0, err
	}
	if _, err := lock.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+quote(db.Schema())); err != nil {
		return 0, fmt.Errorf("create schema %s: %w", db.Schema(), err)
	}
	return run(ctx, goose.DialectPostgres, pool, versionTable, fsys, move)
}

// acquire takes the lock for a schema. goose has a locker of its own, but it
// looks for pending migrations and creates its table before it takes it, and
// asks once a second at best.
//
// It asks again and again instead of waiting inside the server: a session that
// waits in pg_advisory_lock holds a snapshot, and CREATE INDEX CONCURRENTLY of
// the session that works would wait for that snapshot for ever.
func acquire(ctx context.Context, conn *sql.Conn, schema string) error {
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for {
		var locked bool
		err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", "nestbox migrate "+schema).Scan(&locked)
		if err != nil {
			return fmt.Errorf("lock schema %s: %w", schema, err)
		}
		if locked {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for another migration of schema %s: %w", schema, ctx.Err())
		}
	}
}

// PostgresCurrent returns nil when every migration of fsys is applied. For an
// older schema the error is a sentence for the operator, with the command to
// run; it supposes that the program is named as its schema. A newer schema is
// accepted: in a rolling upgrade the old program runs on it for a while, so a
// migration must leave the previous release working.
//
// It changes nothing in the database.
func PostgresCurrent(ctx context.Context, db PostgresDB, fsys fs.FS) error {
	applied, err := versions(ctx, db)
	if err != nil {
		return db.Translate(fmt.Errorf("read the version of schema %s: %w", db.Schema(), err))
	}
	missing, err := pending(fsys, applied)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("the database schema %q is older than this program (not applied: %s): run %q first, then start it again",
			db.Schema(), strings.Join(missing, ", "), db.Schema()+" migrate")
	}
	return nil
}

// versions returns the numbers of the applied migrations.
func versions(ctx context.Context, db PostgresDB) (applied []int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	pool := db.OpenSQL()
	defer func() { err = errors.Join(err, pool.Close()) }()

	rows, err := pool.QueryContext(ctx, "SELECT version_id FROM "+quote(db.Schema())+"."+versionTable+" WHERE is_applied") // #nosec G202 -- quoted
	var state interface{ SQLState() string }
	if errors.As(err, &state) && state.SQLState() == undefinedTable {
		return nil, nil // nothing was ever applied
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return nil, err
		}
		applied = append(applied, version)
	}
	return applied, rows.Err()
}

// undefinedTable is the SQLSTATE for a missing table or schema.
const undefinedTable = "42P01"

// quote makes an identifier of a name.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
