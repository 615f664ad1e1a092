// Package sqlite keeps the registry in a SQLite file, for the hub that is one
// process. It knows SQL and no rule.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/registry"
)

// Migrations are for migrate.SQLite, before the store is used.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Store implements registry.Store.
type Store struct{ db *sqlite.DB }

var _ registry.Store = (*Store)(nil)

// NewStore returns a store on a migrated database. The caller closes db.
func NewStore(db *sqlite.DB) *Store { return &Store{db: db} }

// Ping reports whether the file can be read.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// querier is what a pool and a transaction have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// collect runs a query and scans each row.
func collect[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) (all []T, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// row is what sql.Row and sql.Rows have in common.
type row interface{ Scan(dst ...any) error }

// failed names the action in an error and gives it its kind.
func failed(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.Wrap(err, fault.NotFound, "There is no such thing.")
	}
	return sqlite.Translate(fmt.Errorf(format+": %w", append(args, err)...))
}

// micros scans a column of Unix microseconds; NULL is the zero time.
type micros struct{ t *time.Time }

// Scan implements sql.Scanner.
func (m micros) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*m.t = time.Time{}
	case int64:
		*m.t = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("time column holds %T", v)
	}
	return nil
}

// at is the argument for a time; the zero time is NULL.
func at(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// text scans and writes a JSON column.
type text[T any] struct{ v *T }

// Scan implements sql.Scanner.
func (j text[T]) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("JSON column holds %T", v)
	}
	return json.Unmarshal([]byte(s), j.v)
}

func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}
