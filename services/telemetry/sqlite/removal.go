package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"home.arpa/nestbox/services/internal/platform/sqlite"
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
	rows, err := s.db.Read.QueryContext(ctx, selectDevices)
	if err != nil {
		return nil, sqlite.Translate(fmt.Errorf("select devices: %w", err))
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, sqlite.Translate(fmt.Errorf("read device: %w", err))
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, sqlite.Translate(fmt.Errorf("select devices: %w", err))
	}
	return ids, nil
}

// PurgeDevice implements telemetry.EventStore.
func (s *Store) PurgeDevice(ctx context.Context, deviceID string, before time.Time, limit int) (removed int, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range []string{
			"DELETE FROM presence WHERE device_id = ? AND last_seen_at < ?",
			"DELETE FROM boot WHERE device_id = ? AND received_at < ?",
		} {
			if _, err := tx.ExecContext(ctx, statement, deviceID, before); err != nil {
				return err
			}
		}
		removed, err = remove(ctx, tx, `DELETE FROM event WHERE id IN (
			SELECT id FROM event WHERE device_id = ? AND received_at < ? LIMIT ?)`, deviceID, before, limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete what is stored of device %s: %w", deviceID, err)
	}
	return removed, nil
}

// Retain implements telemetry.EventStore.
func (s *Store) Retain(ctx context.Context, before time.Time, limit int) (removed int, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM boot AS old WHERE received_at < ? AND EXISTS (
			SELECT 1 FROM boot WHERE device_id = old.device_id AND received_at > old.received_at)`, before)
		if err != nil {
			return err
		}
		removed, err = remove(ctx, tx, `DELETE FROM event WHERE id IN (
			SELECT id FROM event WHERE occurred_at < ? ORDER BY occurred_at LIMIT ?)`, before, limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete old events: %w", err)
	}
	return removed, nil
}

// remove runs one DELETE and returns how many rows it removed.
func remove(ctx context.Context, tx *sql.Tx, statement string, args ...any) (int, error) {
	result, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}
