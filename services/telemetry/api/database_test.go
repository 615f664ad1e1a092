package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
)

// databaseState is all that a write would change: the bytes of the files, and
// what SQLite itself counts. Both connections must agree that nobody wrote.
type databaseState struct {
	file, log    string
	version      int64 // PRAGMA data_version: other connections' commits
	totalChanges int64 // rows that the writer's connection changed
}

func (h *hub) databaseState() databaseState {
	h.t.Helper()
	s := databaseState{file: h.digest(""), log: h.digest("-wal")}
	// data_version is told per connection, and the pool of readers has several; the
	// writer is one, and tells of the others only.
	if err := h.db.Write.QueryRowContext(h.ctx, "SELECT data_version FROM pragma_data_version").Scan(&s.version); err != nil {
		h.t.Fatal(err)
	}
	if err := h.db.Write.QueryRowContext(h.ctx, "SELECT total_changes()").Scan(&s.totalChanges); err != nil {
		h.t.Fatal(err)
	}
	return s
}

// digest is of the database file with this suffix; empty when there is none.
func (h *hub) digest(suffix string) string {
	h.t.Helper()
	raw, err := os.ReadFile(h.db.Path() + suffix)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		h.t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
