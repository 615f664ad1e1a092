// Package pg opens a Postgres pool that is honest about time: every operation
// ends within Timeout, also when the server is refused, frozen or cut off in
// the middle of an answer, and then reports fault.Unavailable.
//
// It owns the pool, transactions and the translation of connection failures.
// It refuses to know any table; constraint names belong to the adapters.
package pg

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
)

const (
	// Timeout bounds one operation: waiting for a connection, connecting, all
	// statements of a transaction and its commit. A client gets its 503 within
	// 2 s; the rest of the 2 s is for everything around the database.
	Timeout = 1500 * time.Millisecond

	// connectTimeout bounds one attempt to connect, TLS and log-in included.
	connectTimeout = time.Second

	// migrateConnectTimeout is that of a migration. Nobody waits for its answer,
	// and a machine that starts everything at once is slow.
	migrateConnectTimeout = 30 * time.Second

	// pingTimeout bounds the check of a connection that was idle for a second.
	// It is short enough that an operation still has time to make a new one.
	pingTimeout = 400 * time.Millisecond

	// rollbackTimeout bounds a rollback after the caller's context has ended.
	rollbackTimeout = 300 * time.Millisecond

	// statementTimeout makes the server stop a statement whose client is gone
	// and could not say so. It is longer than Timeout, which is the rule.
	statementTimeout = 3 * time.Second

	// lockTimeout ends a migration that waits for a table which a running service
	// holds, before every later statement has queued up behind it.
	lockTimeout = 10 * time.Second

	// idleInTxTimeout makes the server drop the locks of a process that froze
	// between two statements.
	idleInTxTimeout = 10 * time.Second
)

// Config says which database to use. The zero value is not usable.
type Config struct {
	// URL is a postgres:// URL or a key=value string. It may hold a password, so
	// it must not be logged.
	URL string
	// Schema is the one schema that the service's tables live in, and by
	// convention the name of its program. Lower-case letters, digits and '_'.
	Schema string
	// MaxConns limits the pool. 0 means 4 or the number of CPUs, whichever is
	// more.
	MaxConns int32
	// Tracing adds a span for each statement. The text of the statement is
	// recorded, its arguments never: they are tokens' hashes and names of people.
	Tracing bool
}

// DB is a pool of connections to one schema. It is safe for concurrent use.
type DB struct {
	// Pool is for uses that InTx and Do do not cover. They must bound their
	// context themselves and pass errors through Translate.
	Pool *pgxpool.Pool

	schema string
}

// Querier is what a pool, a connection and a transaction have in common. A
// store's unexported functions take one, so that they compose.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Open makes the pool. It reports a configuration that cannot be right, and
// connects only when first used: a service starts while its database is still
// starting, and says so in its readiness (Ping). The caller closes the DB.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if !schemaName.MatchString(cfg.Schema) {
		return nil, fmt.Errorf("schema %q: use lower-case letters, digits and '_'", cfg.Schema)
	}
	pc, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("parse Postgres URL: %w", err) // pgx leaves the password out
	}
	if cfg.MaxConns > 0 {
		pc.MaxConns = cfg.MaxConns
	}
	pc.PingTimeout = pingTimeout
	pc.MaxConnIdleTime = 5 * time.Minute
	pc.MaxConnLifetimeJitter = 5 * time.Minute
	pc.AfterConnect = scanTimesInUTC

	cc := pc.ConnConfig
	boundConnections(cc, connectTimeout)
	setDefault(cc.RuntimeParams, "application_name", "nestbox "+cfg.Schema)
	setDefault(cc.RuntimeParams, "statement_timeout", millis(statementTimeout))
	setDefault(cc.RuntimeParams, "idle_in_transaction_session_timeout", millis(idleInTxTimeout))
	cc.RuntimeParams["timezone"] = "UTC"
	cc.RuntimeParams["search_path"] = cfg.Schema
	if cfg.Tracing {
		cc.Tracer = otelpgx.NewTracer()
	}

	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("open Postgres pool: %w", err)
	}
	if err := otelpgx.RecordStats(pool, otelpgx.WithStatsAttributes(semconv.DBClientConnectionPoolName(cfg.Schema))); err != nil {
		pool.Close()
		return nil, fmt.Errorf("measure Postgres pool: %w", err)
	}
	return &DB{Pool: pool, schema: cfg.Schema}, nil
}

func setDefault(params map[string]string, key, value string) {
	if _, ok := params[key]; !ok {
		params[key] = value
	}
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// scanTimesInUTC makes timestamptz columns come back in UTC; pgx's default is
// the local zone of the process.
func scanTimesInUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// Schema returns the schema of the configuration.
func (db *DB) Schema() string { return db.schema }

// ConnConfig returns a copy of the settings of one connection, for a caller
// that needs a connection outside of the pool, for LISTEN.
func (db *DB) ConnConfig() *pgx.ConnConfig { return db.Pool.Config().ConnConfig }

// OpenSQL opens a pool of database/sql for package migrate. Its statements have
// no limit in time, which is right for a migration and wrong for serving; only a
// wait for the lock on a table that is in use ends after lockTimeout. The caller
// closes it.
func (db *DB) OpenSQL() *sql.DB {
	cc := db.ConnConfig()
	boundConnections(cc, migrateConnectTimeout)
	delete(cc.RuntimeParams, "statement_timeout")
	delete(cc.RuntimeParams, "idle_in_transaction_session_timeout")
	cc.RuntimeParams["lock_timeout"] = millis(lockTimeout)
	return stdlib.OpenDB(*cc)
}

// Translate is the function Translate; for package migrate.
func (db *DB) Translate(err error) error { return Translate(err) }

// Do runs fn with the pool under a context that ends after Timeout, and
// translates its error. It is for single statements and reads.
func (db *DB) Do(ctx context.Context, fn func(ctx context.Context, q Querier) error) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	return db.translate(ctx, fn(ctx, db.Pool))
}

// InTx runs fn in a READ COMMITTED transaction that ends within Timeout:
// commits when fn returns nil, otherwise rolls back and returns the error of
// fn, translated. A panic in fn rolls back and goes on.
//
// fault.Unavailable from a commit means that nobody knows whether it happened;
// callers must be able to repeat fn, by ids that the client chose.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx pgx.Tx) error) error {
	return db.InTxOptions(ctx, pgx.TxOptions{}, fn)
}

// InTxOptions is InTx with another isolation level or access mode.
func (db *DB) InTxOptions(ctx context.Context, opts pgx.TxOptions, fn func(ctx context.Context, tx pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	tx, err := db.Pool.BeginTx(ctx, opts)
	if db.resetWhenCut(ctx, err) {
		// A connection from before a restart of the server. Nothing was done yet,
		// so the caller need not hear of it.
		tx, err = db.Pool.BeginTx(ctx, opts)
	}
	if err != nil {
		return db.translate(ctx, fmt.Errorf("begin: %w", err))
	}
	defer func() {
		// Its own context: the usual reason for a rollback is that ctx has ended.
		// After a commit this does nothing.
		rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = tx.Rollback(rctx)
	}()
	if err := fn(ctx, tx); err != nil {
		return db.translate(ctx, err)
	}
	if err := tx.Commit(ctx); err != nil {
		return db.translate(ctx, fmt.Errorf("commit: %w", err))
	}
	return nil
}

func (db *DB) translate(ctx context.Context, err error) error {
	db.resetWhenCut(ctx, err)
	return Translate(err)
}

// resetWhenCut reports whether err means that the server has cut a connection,
// and then gives up all idle ones: they were most likely cut too, and each
// would cost a request. After the end of ctx it was we who cut it.
func (db *DB) resetWhenCut(ctx context.Context, err error) bool {
	if ctx.Err() != nil || !isCut(err) {
		return false
	}
	db.Pool.Reset()
	return true
}

// Ping reports whether the server answers; for readiness.
func (db *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	return db.translate(ctx, db.Pool.Ping(ctx))
}

// Close waits for running operations and ends all connections.
func (db *DB) Close() { db.Pool.Close() }
