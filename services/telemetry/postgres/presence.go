package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/telemetry"
)

const selectPresence = `SELECT device_id, state, since, last_beat, dropped_boot_id, dropped FROM presence`

func scanPresence(row pgx.CollectableRow) (telemetry.Presence, error) {
	var p telemetry.Presence
	var beat []byte
	err := row.Scan(&p.DeviceID, &p.State, &p.Since, &beat, &p.Dropped.BootID, &p.Dropped.N)
	if err != nil {
		return p, err
	}
	p.Last, err = telemetry.ParseBeat(p.DeviceID, beat)
	return p, err
}

// Presences implements telemetry.EventStore.
func (s *Store) Presences(ctx context.Context) ([]telemetry.Presence, error) {
	var all []telemetry.Presence
	err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		rows, err := q.Query(ctx, selectPresence+" ORDER BY device_id")
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanPresence)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("select presences: %w", err)
	}
	return all, nil
}

// Presence implements telemetry.EventStore.
func (s *Store) Presence(ctx context.Context, deviceID string) (telemetry.Presence, error) {
	var p telemetry.Presence
	err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		rows, err := q.Query(ctx, selectPresence+" WHERE device_id = $1", deviceID)
		if err != nil {
			return err
		}
		p, err = pgx.CollectExactlyOneRow(rows, scanPresence)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return p, telemetry.ErrNoPresence
	}
	if err != nil {
		return p, fmt.Errorf("select presence of device %s: %w", deviceID, err)
	}
	return p, nil
}

// Each of these changes its row if the row is as the sweeper believes, and
// stores the event if the row changed.
const (
	insertPresence = `WITH changed AS (
		INSERT INTO presence (device_id, state, since, last_seen_at, last_beat)
		VALUES ($13, $14, $15, $16, $17) ON CONFLICT DO NOTHING RETURNING 1
	) ` + insertEvent + ` WHERE EXISTS (SELECT FROM changed)`

	updatePresence = `WITH changed AS (
		UPDATE presence SET state = $14, since = $15, last_seen_at = coalesce($16, last_seen_at),
			last_beat = coalesce($17, last_beat)
		WHERE device_id = $13 AND state = $18 RETURNING 1
	) ` + insertEvent + ` WHERE EXISTS (SELECT FROM changed)`

	insertBoot = `WITH changed AS (
		INSERT INTO boot (device_id, boot_id, started_at, received_at, reset_reason)
		VALUES ($13, $14, $15, $16, $17) ON CONFLICT DO NOTHING RETURNING 1
	) ` + insertEvent + ` WHERE EXISTS (SELECT FROM changed)`

	correctBoot = `UPDATE boot SET started_at = $3
		WHERE device_id = $1 AND boot_id = $2 AND (started_at IS NULL
			OR started_at < $3::timestamptz - $4::bigint * interval '1 ms'
			OR started_at > $3::timestamptz + $4::bigint * interval '1 ms')`

	updateDropped = `UPDATE presence SET dropped_boot_id = $4, dropped = $5
		WHERE device_id = $1 AND dropped_boot_id = $2 AND dropped = $3`

	updateDroppedWithEvent = `WITH changed AS (
		UPDATE presence SET dropped_boot_id = $16, dropped = $17
		WHERE device_id = $13 AND dropped_boot_id = $14 AND dropped = $15 RETURNING 1
	) ` + insertEvent + ` WHERE EXISTS (SELECT FROM changed)`
)

// RecordSweep implements telemetry.EventStore, in one round trip.
func (s *Store) RecordSweep(ctx context.Context, f *telemetry.Findings) (telemetry.Recorded, error) {
	recorded := telemetry.Recorded{Changes: make([]bool, len(f.Changes))}
	var batch pgx.Batch
	for i := range f.Changes {
		if err := queueChange(&batch, &f.Changes[i], &recorded.Changes[i]); err != nil {
			return recorded, err
		}
	}
	for i := range f.Boots {
		if err := queueBoot(&batch, &f.Boots[i]); err != nil {
			return recorded, err
		}
	}
	for i := range f.Drops {
		if err := queueDrop(&batch, &f.Drops[i]); err != nil {
			return recorded, err
		}
	}
	err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		return q.SendBatch(ctx, &batch).Close()
	})
	if err != nil {
		return telemetry.Recorded{}, fmt.Errorf("record sweep: %w", err)
	}
	return recorded, nil
}

func queueChange(batch *pgx.Batch, c *telemetry.Change, done *bool) error {
	args, err := eventArgs(&c.Event)
	if err != nil {
		return err
	}
	p := &c.Presence
	seenAt, beat := beatArgs(&p.Last)
	args = append(args, p.DeviceID, string(p.State), p.Since, seenAt, beat)
	sql := insertPresence
	if c.Previous != "" {
		sql = updatePresence
		args = append(args, string(c.Previous))
	}
	batch.Queue(sql, args...).Exec(func(tag pgconn.CommandTag) error {
		*done = tag.RowsAffected() > 0
		return nil
	})
	return nil
}

// beatArgs are null for a beat that nobody saw.
func beatArgs(b *telemetry.Beat) (seenAt, stored any) {
	if b.ReceivedAt.IsZero() {
		return nil, nil
	}
	return b.ReceivedAt, b.Stored()
}

func queueBoot(batch *pgx.Batch, b *telemetry.Boot) error {
	args, err := eventArgs(&b.Event)
	if err != nil {
		return err
	}
	var startedAt any
	if !b.StartedAt.IsZero() {
		startedAt = b.StartedAt
	}
	batch.Queue(insertBoot, append(args, b.DeviceID, b.BootID, startedAt, b.ReceivedAt, b.ResetReason)...)
	if startedAt != nil {
		batch.Queue(correctBoot, b.DeviceID, b.BootID, startedAt, telemetry.BootSlack.Milliseconds())
	}
	return nil
}

func queueDrop(batch *pgx.Batch, d *telemetry.Drop) error {
	row := []any{d.DeviceID, d.From.BootID, d.From.N, d.To.BootID, d.To.N}
	if d.Event == nil {
		batch.Queue(updateDropped, row...)
		return nil
	}
	args, err := eventArgs(d.Event)
	if err != nil {
		return err
	}
	batch.Queue(updateDroppedWithEvent, append(args, row...)...)
	return nil
}

// SaveBeats implements telemetry.EventStore.
func (s *Store) SaveBeats(ctx context.Context, beats []telemetry.Beat) error {
	var batch pgx.Batch
	for i := range beats {
		batch.Queue("UPDATE presence SET last_seen_at = $2, last_beat = $3 WHERE device_id = $1",
			beats[i].DeviceID, beats[i].ReceivedAt, beats[i].Stored())
	}
	err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		return q.SendBatch(ctx, &batch).Close()
	})
	if err != nil {
		return fmt.Errorf("save last beats: %w", err)
	}
	return nil
}
