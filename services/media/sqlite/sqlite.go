// Package sqlite keeps the index of the pictures in a SQLite file. It owns the SQL
// and the migrations; the rules are package media's.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"

	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/media"
)

// Migrations are the numbered files that make the tables.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Store implements media.Store.
type Store struct{ db *sqlite.DB }

var _ media.Store = (*Store)(nil)

// New brings db to the present schema and returns a Store on it. The database stays
// the caller's to close.
func New(ctx context.Context, db *sqlite.DB) (*Store, error) {
	if _, err := migrate.SQLite(ctx, db, Migrations, migrate.Named("media")); err != nil {
		return nil, fmt.Errorf("migrate media tables: %w", err)
	}
	return &Store{db: db}, nil
}

// querier is what a pool and a transaction have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// collect reads all rows of a query.
func collect[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	return found, rows.Err()
}

// write runs one changing statement and returns how many rows it changed.
func (s *Store) write(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := s.db.Write.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, sqlite.Translate(err)
	}
	return result.RowsAffected()
}

// nullable stores an empty string as null.
func nullable(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
