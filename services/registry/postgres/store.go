// Package postgres keeps the registry in a Postgres schema, for several
// processes at once. It knows SQL and no rule.
package postgres

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/registry"
)

// Schema is the one that the registry's tables live in.
const Schema = "registry"

// Migrations are for migrate.Postgres, before the store is used.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Store implements registry.Store.
type Store struct{ db *pg.DB }

var _ registry.Store = (*Store)(nil)

// NewStore returns a store on a migrated schema. The caller closes db.
func NewStore(db *pg.DB) *Store { return &Store{db: db} }

// Ping reports whether the server answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// one runs a query outside of a transaction and scans its row.
func one[T any](ctx context.Context, db *pg.DB, scan func(pgx.CollectableRow) (T, error), query string, args ...any) (v T, err error) {
	err = db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		rows, err := q.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		v, err = pgx.CollectExactlyOneRow(rows, scan)
		return err
	})
	return v, err
}

// all runs a query outside of a transaction and scans its rows.
func all[T any](ctx context.Context, db *pg.DB, scan func(pgx.CollectableRow) (T, error), query string, args ...any) (list []T, err error) {
	err = db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		list, err = rows(ctx, q, scan, query, args...)
		return err
	})
	return list, err
}

func rows[T any](ctx context.Context, q pg.Querier, scan func(pgx.CollectableRow) (T, error), query string, args ...any) ([]T, error) {
	r, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(r, scan)
}

// moment scans a timestamptz; NULL is the zero time.
type moment struct{ t *time.Time }

// Scan implements sql.Scanner.
func (m moment) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*m.t = time.Time{}
	case time.Time:
		*m.t = v.UTC()
	default:
		return fmt.Errorf("time column holds %T", v)
	}
	return nil
}

// at is the argument for a time; the zero time is NULL.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
