// Package sqlite opens a SQLite file the way Nestbox needs it: durable before
// an answer is given, one writer that never meets SQLITE_BUSY inside its own
// process, readers that never wait for the writer, and a small page cache.
//
// It owns the connections, the pragmas, transactions, backup and the
// translation of SQLite's result codes. It refuses to know any table.
//
// The driver is modernc.org/sqlite: SQLite compiled to Go, so the hub builds
// for every Raspberry Pi without a C compiler.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

const (
	// busyTimeout is how long a statement waits for a lock of another process
	// (a backup, the sqlite3 shell). In our own process nobody waits here: the
	// writer is one connection, and database/sql queues for it.
	busyTimeout = 5 * time.Second

	// readers is the number of concurrent read transactions. More would only
	// multiply page caches: a Pi has four cores and the reads are short.
	readers = 4

	// writeCacheKiB and readCacheKiB bound the page cache of each connection and
	// of each sort. SQLite's default of 2 MiB is not for five connections in a hub
	// of 40 MB: the kernel caches the file anyway, a page here only saves a pread.
	//
	// Measured on amd64, resident, with 100,000 events: opening costs 3 MB; writing
	// them all in one transaction adds 4 MB, a burst of indexed reads by all
	// readers 5 MB, and four sorts of the whole table at once 15 MB (with 2 MiB
	// caches 31 MB, and no faster). The readers' part goes when they are idle.
	writeCacheKiB = 1024
	readCacheKiB  = 512

	// readerIdle is when a reader that is not needed gives its memory back.
	readerIdle = time.Minute

	// walLimit is the size in bytes to which the write-ahead log is cut after a
	// checkpoint; without it the log keeps its largest size ever on the card.
	walLimit = 4 << 20
)

// DB is one SQLite file. It is safe for concurrent use.
//
// Times: a time.Time argument is stored as integer Unix microseconds, the
// precision of Postgres, and a column declared TIMESTAMP is read back as a
// time.Time in UTC. An expression over such a column (max(at), at + 1) has no
// declared type and is read as int64 microseconds.
type DB struct {
	// Write is the only connection that writes. Its transactions are BEGIN
	// IMMEDIATE: the lock is taken at the start, so a transaction never fails
	// half way with SQLITE_BUSY. It may be used for single statements; use InTx
	// for more. While a transaction is open every other user of Write waits, so
	// code inside InTx must use the transaction it is given and never Write.
	Write *sql.DB

	// Read is a pool of read-only connections, each with its own snapshot.
	// Statements that would write fail with SQLITE_READONLY.
	Read *sql.DB

	path string
}

// Open opens the file at path and creates it (mode 0600) with its folder (mode
// 0700) when absent. The caller closes the DB after its last user is gone.
func Open(ctx context.Context, path string) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := create(abs); err != nil {
		return nil, Translate(fmt.Errorf("create %s: %w", abs, err))
	}
	db := &DB{path: abs}
	if db.Write, err = connect(ctx, abs, writeCacheKiB, "_txlock", "immediate"); err != nil {
		return nil, err
	}
	db.Write.SetMaxOpenConns(1)
	// The writer opens first: it turns the file into WAL mode, which a query_only
	// connection could not do.
	if db.Read, err = connect(ctx, abs, readCacheKiB, "_query_only", "1"); err != nil {
		return nil, errors.Join(err, db.Write.Close())
	}
	db.Read.SetMaxOpenConns(readers)
	db.Read.SetMaxIdleConns(readers)
	db.Read.SetConnMaxIdleTime(readerIdle)
	return db, nil
}

// create makes the folder and an empty file unless there is one. SQLite would
// create the file with mode 0644, and it holds password and token hashes; -wal
// and -shm inherit the mode.
//
// A file that exists is not opened: closing it would drop the POSIX locks that
// this process holds on it through SQLite (https://sqlite.org/howtocorrupt.html 2.2).
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// connect opens a pool and its first connection, so that a file that is not a
// database is reported here and not by the first request.
func connect(ctx context.Context, path string, cacheKiB int, key, value string) (*sql.DB, error) {
	q := url.Values{
		"_busy_timeout": {strconv.FormatInt(busyTimeout.Milliseconds(), 10)},
		"_journal_mode": {"WAL"},
		// FULL fsyncs the log at every commit. NORMAL, the usual choice with WAL,
		// may lose the last commits in a power cut: events answered with 200.
		"_synchronous":         {"FULL"},
		"_foreign_keys":        {"on"},
		"_time_integer_format": {"unix_micro"},
		"_inttotime":           {"1"},
		"_dqs":                 {"0"}, // "text" is a column, never a string
		"_defensive":           {"1"},
		"_pragma": {
			fmt.Sprintf("cache_size(-%d)", cacheKiB),
			fmt.Sprintf("journal_size_limit(%d)", walLimit),
			"trusted_schema(0)",
		},
		key: {value},
	}
	// The URI form is the only one in which '?' and '%' in a path are data.
	dsn := (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	// One statement that reads the file's header: Ping alone does not.
	var n int
	if err := pool.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&n); err != nil {
		return nil, errors.Join(Translate(fmt.Errorf("open %s: %w", path, err)), pool.Close())
	}
	return pool, nil
}

// Path returns the absolute path of the file.
func (db *DB) Path() string { return db.path }

// Writer returns Write; for package migrate.
func (db *DB) Writer() *sql.DB { return db.Write }

// Translate is the function Translate; for package migrate.
func (db *DB) Translate(err error) error { return Translate(err) }

// InTx runs fn in a write transaction: commits when fn returns nil, otherwise
// rolls back and returns the error of fn, translated. A panic in fn rolls back
// and goes on. When InTx returns nil the transaction is on the disk.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return Translate(fmt.Errorf("begin: %w", err))
	}
	// After a commit this does nothing and returns sql.ErrTxDone.
	defer func() { _ = tx.Rollback() }()
	if err := fn(ctx, tx); err != nil {
		return Translate(err)
	}
	if err := tx.Commit(); err != nil {
		return Translate(fmt.Errorf("commit: %w", err))
	}
	return nil
}

// Ping reports whether the file can be read.
func (db *DB) Ping(ctx context.Context) error {
	var n int
	return Translate(db.Read.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&n))
}

// Close ends the readers, moves the write-ahead log into the file and closes
// it, so that a closed database is one file that may be copied. Transactions
// that still run finish first.
func (db *DB) Close() error {
	err := db.Read.Close()
	// TRUNCATE because another process may hold the file open: then the last
	// close is not ours, and SQLite would leave the log as it is.
	_, cerr := db.Write.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
	return errors.Join(err, cerr, db.Write.Close())
}
