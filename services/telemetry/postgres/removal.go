package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"home.arpa/nestbox/services/internal/platform/pg"
)

// selectDevices jumps from one device to the next in the index, where SELECT
// DISTINCT would read all events.
const selectDevices = `WITH RECURSIVE seen(id) AS (
		SELECT min(device_id) FROM event
		UNION ALL
		SELECT (SELECT min(device_id) FROM event WHERE device_id > seen.id) FROM seen WHERE seen.id IS NOT NULL
	)
	SELECT id FROM seen WHERE id IS NOT NULL
	UNION SELECT device_id FROM presence
	UNION SELECT device_id FROM boot
	ORDER BY 1`

// Devices implements telemetry.EventStore.
func (s *Store) Devices(ctx context.Context) ([]string, error) {
	var ids []string
	err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		rows, err := q.Query(ctx, selectDevices)
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("select devices: %w", err)
	}
	return ids, nil
}

// PurgeDevice implements telemetry.EventStore.
func (s *Store) PurgeDevice(ctx context.Context, deviceID string, before time.Time, limit int) (int, error) {
	var batch pgx.Batch
	batch.Queue("DELETE FROM presence WHERE device_id = $1 AND last_seen_at < $2", deviceID, before)
	batch.Queue("DELETE FROM boot WHERE device_id = $1 AND received_at < $2", deviceID, before)
	return s.remove(ctx, &batch, `DELETE FROM event WHERE id IN (
		SELECT id FROM event WHERE device_id = $1 AND received_at < $2 LIMIT $3)`, deviceID, before, limit)
}

// Retain implements telemetry.EventStore.
func (s *Store) Retain(ctx context.Context, before time.Time, limit int) (int, error) {
	var batch pgx.Batch
	batch.Queue(`DELETE FROM boot old WHERE received_at < $1 AND EXISTS (
		SELECT FROM boot WHERE device_id = old.device_id AND received_at > old.received_at)`, before)
	return s.remove(ctx, &batch, `DELETE FROM event WHERE id IN (
		SELECT id FROM event WHERE occurred_at < $1 ORDER BY occurred_at LIMIT $2)`, before, limit)
}

// remove runs the batch with one more statement, which removes events, and
// returns how many that were.
func (s *Store) remove(ctx context.Context, batch *pgx.Batch, sql string, args ...any) (int, error) {
	removed := 0
	batch.Queue(sql, args...).Exec(func(tag pgconn.CommandTag) error {
		removed = int(tag.RowsAffected())
		return nil
	})
	err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		return q.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return 0, fmt.Errorf("delete events: %w", err)
	}
	return removed, nil
}
