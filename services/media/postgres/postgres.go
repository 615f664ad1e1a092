// Package postgres keeps the index of the pictures in Postgres. It owns the SQL
// and the migrations; the rules are package media's.
package postgres

import (
	"embed"

	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/media"
)

// Schema is the one schema that the tables live in.
const Schema = "media"

// Migrations are the numbered files that make the tables.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Store implements media.Store.
type Store struct{ db *pg.DB }

var _ media.Store = (*Store)(nil)

// New returns a Store on a database whose migrations are applied. The database
// stays the caller's to close.
func New(db *pg.DB) *Store { return &Store{db: db} }
