// Package sqlite keeps events, boots and presence in a SQLite file.
package sqlite

import (
	"database/sql"
	"embed"
	"time"

	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/telemetry"
)

// Migrations are the numbered files that make the tables. They are named apart
// (migrate.Named) when services share a file.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// writeTimeout bounds the wait of a request for the one writer. A camera waits
// 3 s for its answer; a 503 with Retry-After is worth more than none.
const writeTimeout = 2 * time.Second

// Store is a telemetry.EventStore.
type Store struct {
	db *sqlite.DB
}

var _ telemetry.EventStore = (*Store)(nil)

// NewStore returns a store on this database, which stays the caller's. It must
// be migrated.
func NewStore(db *sqlite.DB) *Store {
	return &Store{db: db}
}

// changed says whether a statement touched a row.
func changed(result sql.Result) (bool, error) {
	n, err := result.RowsAffected()
	return n > 0, err
}
