package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/internal/platform/pg"
)

// BootStart implements telemetry.EventStore.
func (s *Store) BootStart(ctx context.Context, deviceID, bootID string) (time.Time, error) {
	var startedAt *time.Time
	err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		return q.QueryRow(ctx, "SELECT started_at FROM boot WHERE device_id = $1 AND boot_id = $2", deviceID, bootID).
			Scan(&startedAt)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("select boot %s of device %s: %w", bootID, deviceID, err)
	}
	if startedAt == nil {
		return time.Time{}, nil
	}
	return *startedAt, nil
}
