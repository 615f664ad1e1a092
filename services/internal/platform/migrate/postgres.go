package migrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"home.arpa/nestbox/services/internal/platform/pg"
)

// lockPoll is how often a second migrator asks for the lock.
const lockPoll = 100 * time.Millisecond

// lockTimeout ends a migration that waits for a table which a running service
// holds, before every later statement has queued up behind it.
const lockTimeout = 10 * time.Second

// Postgres creates the schema of db when it is absent and applies the pending
// migrations of fsys in it: the *.sql files at its root or in its folder
// "migrations". It returns how many it applied; 0 when there was nothing to do.
//
// Any number of processes may call it at once: one works, the others wait for
// an advisory lock and then find nothing to do. There is no time limit but the
// one of ctx; a long migration is not an error. Each file is one transaction
// (unless it says "-- +goose NO TRANSACTION"), so a run that is killed leaves
// whole files behind and the next run goes on from there.
func Postgres(ctx context.Context, db *pg.DB, fsys fs.FS) (applied int, err error) {
	cc := db.ConnConfig()
	// These are right for serving and wrong for a migration.
	delete(cc.RuntimeParams, "statement_timeout")
	delete(cc.RuntimeParams, "idle_in_transaction_session_timeout")
	cc.RuntimeParams["lock_timeout"] = fmt.Sprint(lockTimeout.Milliseconds())

	lock, err := pgx.ConnectConfig(ctx, cc)
	if err != nil {
		return 0, pg.Translate(fmt.Errorf("connect: %w", err))
	}
	// The lock is the session's: it goes when this connection does, so a killed
	// migrator blocks nobody.
	defer func() { _ = lock.Close(context.WithoutCancel(ctx)) }()
	if err := acquire(ctx, lock, db.Schema()); err != nil {
		return 0, pg.Translate(err)
	}

	if _, err := lock.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+quote(db.Schema())); err != nil {
		return 0, pg.Translate(fmt.Errorf("create schema %s: %w", db.Schema(), err))
	}
	pool := stdlib.OpenDB(*cc)
	defer func() { err = errors.Join(err, pool.Close()) }()
	applied, err = run(ctx, goose.DialectPostgres, pool, versionTable, fsys)
	return applied, pg.Translate(err)
}

// acquire takes the lock for a schema. goose has a locker of its own, but it
// looks for pending migrations and creates its table before it takes it, and
// asks once a second at best.
//
// It asks again and again instead of waiting inside the server: a session that
// waits in pg_advisory_lock holds a snapshot, and CREATE INDEX CONCURRENTLY of
// the session that works would wait for that snapshot for ever.
func acquire(ctx context.Context, conn *pgx.Conn, schema string) error {
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for {
		var locked bool
		err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", "nestbox migrate "+schema).Scan(&locked)
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
func PostgresCurrent(ctx context.Context, db *pg.DB, fsys fs.FS) error {
	var applied []int64
	err := db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		rows, err := q.Query(ctx, "SELECT version_id FROM "+quote(db.Schema())+"."+versionTable+" WHERE is_applied")
		if err != nil {
			return err
		}
		applied, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == undefinedTable {
		err = nil // nothing was ever applied
	}
	if err != nil {
		return fmt.Errorf("read the version of schema %s: %w", db.Schema(), err)
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

// undefinedTable is the SQLSTATE for a missing table or schema.
const undefinedTable = "42P01"

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
