// Package postgres keeps events, boots and presence in Postgres.
package postgres

import (
	"embed"

	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/telemetry"
)

// Migrations are the numbered files that make the tables.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Schema is the one that the tables live in.
const Schema = "telemetry"

// Store is a telemetry.EventStore.
type Store struct {
	db *pg.DB
}

var _ telemetry.EventStore = (*Store)(nil)

// NewStore returns a store on this pool, which stays the caller's. The schema
// must be current (migrate.PostgresCurrent).
func NewStore(db *pg.DB) *Store {
	return &Store{db: db}
}
