package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"home.arpa/nestbox/services/internal/platform/sqlite"
)

// BootStart implements telemetry.EventStore.
func (s *Store) BootStart(ctx context.Context, deviceID, bootID string) (time.Time, error) {
	var startedAt sql.NullTime
	err := s.db.Read.QueryRowContext(ctx, "SELECT started_at FROM boot WHERE device_id = ? AND boot_id = ?", deviceID, bootID).
		Scan(&startedAt)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, sqlite.Translate(fmt.Errorf("select boot %s of device %s: %w", bootID, deviceID, err))
	}
	return startedAt.Time, nil
}
