package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/telemetry"
)

const selectPresence = `SELECT device_id, state, since, last_beat, dropped_boot_id, dropped FROM presence`

func scanPresence(row interface{ Scan(dst ...any) error }) (telemetry.Presence, error) {
	var p telemetry.Presence
	var beat string
	err := row.Scan(&p.DeviceID, &p.State, &p.Since, &beat, &p.Dropped.BootID, &p.Dropped.N)
	if err != nil {
		return p, sqlite.Translate(err)
	}
	p.Last, err = telemetry.ParseBeat(p.DeviceID, []byte(beat))
	return p, err
}

// Presences implements telemetry.EventStore.
func (s *Store) Presences(ctx context.Context) ([]telemetry.Presence, error) {
	rows, err := s.db.Read.QueryContext(ctx, selectPresence+" ORDER BY device_id")
	if err != nil {
		return nil, sqlite.Translate(fmt.Errorf("select presences: %w", err))
	}
	defer rows.Close()
	var all []telemetry.Presence
	for rows.Next() {
		p, err := scanPresence(rows)
		if err != nil {
			return nil, fmt.Errorf("read presence: %w", err)
		}
		all = append(all, p)
	}
	if err := rows.Err(); err != nil {
		return nil, sqlite.Translate(fmt.Errorf("select presences: %w", err))
	}
	return all, nil
}

// Presence implements telemetry.EventStore.
func (s *Store) Presence(ctx context.Context, deviceID string) (telemetry.Presence, error) {
	p, err := scanPresence(s.db.Read.QueryRowContext(ctx, selectPresence+" WHERE device_id = ?", deviceID))
	if errors.Is(err, sql.ErrNoRows) {
		return p, telemetry.ErrNoPresence
	}
	if err != nil {
		return p, fmt.Errorf("select presence of device %s: %w", deviceID, err)
	}
	return p, nil
}

// RecordSweep implements telemetry.EventStore.
func (s *Store) RecordSweep(ctx context.Context, f *telemetry.Findings) (telemetry.Recorded, error) {
	recorded := telemetry.Recorded{Changes: make([]bool, len(f.Changes))}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		for i := range f.Changes {
			if recorded.Changes[i], err = recordChange(ctx, tx, &f.Changes[i]); err != nil {
				return err
			}
		}
		for i := range f.Boots {
			if err := recordBoot(ctx, tx, &f.Boots[i]); err != nil {
				return err
			}
		}
		for i := range f.Drops {
			if err := recordDrop(ctx, tx, &f.Drops[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return telemetry.Recorded{}, fmt.Errorf("record sweep: %w", err)
	}
	return recorded, nil
}

const (
	insertPresence = `INSERT INTO presence (device_id, state, since, last_seen_at, last_beat)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	updatePresence = `UPDATE presence SET state = ?, since = ?, last_seen_at = coalesce(?, last_seen_at),
		last_beat = coalesce(?, last_beat) WHERE device_id = ? AND state = ?`
)

// record runs a statement and stores the event if it changed a row.
func record(ctx context.Context, tx *sql.Tx, e *telemetry.Event, statement string, args ...any) (bool, error) {
	result, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, err
	}
	done, err := changed(result)
	if err != nil || !done || e == nil {
		return done, err
	}
	return true, storeEvent(ctx, tx, e)
}

func recordChange(ctx context.Context, tx *sql.Tx, c *telemetry.Change) (done bool, err error) {
	p := &c.Presence
	// Null for a beat that nobody saw.
	var seenAt, beat any
	if !p.Last.ReceivedAt.IsZero() {
		seenAt, beat = p.Last.ReceivedAt, string(p.Last.Stored())
	}
	if c.Previous == "" {
		done, err = record(ctx, tx, &c.Event, insertPresence, p.DeviceID, string(p.State), p.Since, seenAt, beat)
	} else {
		done, err = record(ctx, tx, &c.Event, updatePresence, string(p.State), p.Since, seenAt, beat, p.DeviceID, string(c.Previous))
	}
	if err != nil {
		return false, fmt.Errorf("record presence of device %s: %w", p.DeviceID, err)
	}
	return done, nil
}

const (
	insertBoot = `INSERT INTO boot (device_id, boot_id, started_at, received_at, reset_reason)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	correctBoot = `UPDATE boot SET started_at = ? WHERE device_id = ? AND boot_id = ?
		AND (started_at IS NULL OR started_at < ? OR started_at > ?)`
)

func recordBoot(ctx context.Context, tx *sql.Tx, b *telemetry.Boot) error {
	var startedAt any
	if !b.StartedAt.IsZero() {
		startedAt = b.StartedAt
	}
	isNew, err := record(ctx, tx, &b.Event, insertBoot, b.DeviceID, b.BootID, startedAt, b.ReceivedAt, b.ResetReason)
	if err == nil && !isNew && startedAt != nil {
		_, err = tx.ExecContext(ctx, correctBoot, startedAt, b.DeviceID, b.BootID,
			b.StartedAt.Add(-telemetry.BootSlack), b.StartedAt.Add(telemetry.BootSlack))
	}
	if err != nil {
		return fmt.Errorf("record boot %s of device %s: %w", b.BootID, b.DeviceID, err)
	}
	return nil
}

const updateDropped = `UPDATE presence SET dropped_boot_id = ?, dropped = ?
	WHERE device_id = ? AND dropped_boot_id = ? AND dropped = ?`

func recordDrop(ctx context.Context, tx *sql.Tx, d *telemetry.Drop) error {
	_, err := record(ctx, tx, d.Event, updateDropped, d.To.BootID, d.To.N, d.DeviceID, d.From.BootID, d.From.N)
	if err != nil {
		return fmt.Errorf("record lost events of device %s: %w", d.DeviceID, err)
	}
	return nil
}

// SaveBeats implements telemetry.EventStore.
func (s *Store) SaveBeats(ctx context.Context, beats []telemetry.Beat) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for i := range beats {
			b := &beats[i]
			_, err := tx.ExecContext(ctx, "UPDATE presence SET last_seen_at = ?, last_beat = ? WHERE device_id = ?",
				b.ReceivedAt, string(b.Stored()), b.DeviceID)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save last beats: %w", err)
	}
	return nil
}
