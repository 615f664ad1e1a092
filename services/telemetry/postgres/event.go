package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/telemetry"
)

// insertEvent takes the 12 arguments of eventArgs. It ends where a condition
// may follow.
const insertEvent = `INSERT INTO event (id, device_id, event_id, kind, occurred_at, received_at, clock,
		boot_id, monotonic_ms, motion_score, camera_enabled, detail)
	SELECT $1::uuid, $2::text, $3::text, $4::text, $5::timestamptz, $6::timestamptz, $7::text,
		$8::text, $9::bigint, $10::double precision, $11::boolean, $12::jsonb`

func eventArgs(e *telemetry.Event) ([]any, error) {
	var bootID *string
	if e.BootID != "" {
		bootID = &e.BootID
	}
	var detail []byte
	if len(e.Detail) > 0 {
		var err error
		if detail, err = json.Marshal(e.Detail); err != nil {
			return nil, fmt.Errorf("encode detail of event %s: %w", e.ID, err)
		}
	}
	return []any{
		e.ID, e.DeviceID, e.EventID, string(e.Kind), e.OccurredAt, e.ReceivedAt, string(e.Clock),
		bootID, e.MonotonicMS, e.MotionScore, e.CameraEnabled, detail,
	}, nil
}

// lockDevice serialises the motion events of one device; the lock goes with the
// transaction. Two devices whose ids hash alike only wait for each other.
const lockDevice = `SELECT pg_advisory_xact_lock(hashtextextended('nestbox motion ' || $1, 0))`

// recordMotion stores the event and returns no row, or changes nothing and
// returns the event that is in the way. The conditions are telemetry.TooClose.
const recordMotion = `WITH same AS (
		SELECT occurred_at FROM event WHERE device_id = $2 AND event_id = $3
	), near AS (
		(SELECT occurred_at FROM event
		WHERE kind = 'motion' AND device_id = $2 AND boot_id = $8::text
			AND monotonic_ms > $9::bigint - $13::bigint AND monotonic_ms < $9::bigint + $13::bigint
		LIMIT 1)
		UNION ALL
		(SELECT occurred_at FROM event
		WHERE kind = 'motion' AND device_id = $2 AND (monotonic_ms IS NULL OR $9::bigint IS NULL)
			AND occurred_at > $5::timestamptz - $13::bigint * interval '1 ms'
			AND occurred_at < $5::timestamptz + $13::bigint * interval '1 ms'
		LIMIT 1)
	), stored AS (` + insertEvent + `
		WHERE NOT EXISTS (SELECT FROM same) AND NOT EXISTS (SELECT FROM near)
	)
	SELECT true, occurred_at FROM same
	UNION ALL
	(SELECT false, occurred_at FROM near WHERE NOT EXISTS (SELECT FROM same) LIMIT 1)`

// RecordMotion implements telemetry.EventStore, in one round trip: the batch is
// one implicit transaction, and each of its statements takes its own snapshot,
// so the second sees what was committed while the first waited for the lock.
func (s *Store) RecordMotion(ctx context.Context, e *telemetry.Event) (telemetry.MotionResult, error) {
	args, err := eventArgs(e)
	if err != nil {
		return telemetry.MotionResult{}, err
	}
	result := telemetry.MotionResult{Fate: telemetry.Stored, OccurredAt: e.OccurredAt}
	err = s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		var batch pgx.Batch
		batch.Queue(lockDevice, e.DeviceID)
		batch.Queue(recordMotion, append(args, telemetry.MotionGap.Milliseconds())...).QueryRow(func(row pgx.Row) error {
			var repeated bool
			err := row.Scan(&repeated, &result.OccurredAt)
			switch {
			case errors.Is(err, pgx.ErrNoRows):
				return nil
			case repeated:
				result.Fate = telemetry.Repeated
			default:
				result.Fate = telemetry.Limited
			}
			return err
		})
		// Close reports the commit, so nothing is promised before it.
		return q.SendBatch(ctx, &batch).Close()
	})
	if err != nil {
		return telemetry.MotionResult{}, fmt.Errorf("insert event %s: %w", e.ID, err)
	}
	return result, nil
}

// Events implements telemetry.EventStore.
func (s *Store) Events(ctx context.Context, q telemetry.EventQuery) ([]telemetry.Event, error) {
	var where []string
	var args []any
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		where = append(where, condition)
	}
	if q.DeviceID != "" {
		add("device_id = ?", q.DeviceID)
	}
	if q.Kind != "" {
		add("kind = ?", string(q.Kind))
	}
	if !q.From.IsZero() {
		add("occurred_at >= ?", q.From)
	}
	if !q.To.IsZero() {
		add("occurred_at < ?", q.To)
	}
	if !q.After.IsZero() {
		add("(occurred_at, id) < (?, ?)", q.After.OccurredAt(), q.After.ID)
	}
	sql := `SELECT id::text, device_id, event_id, kind, occurred_at, received_at, clock,
		boot_id, monotonic_ms, motion_score, camera_enabled, detail FROM event`
	if len(where) > 0 {
		sql += " WHERE " + strings.Join(where, " AND ")
	}
	args = append(args, q.Limit)
	sql += fmt.Sprintf(" ORDER BY occurred_at DESC, id DESC LIMIT $%d", len(args))

	var events []telemetry.Event
	err := s.db.Do(ctx, func(ctx context.Context, db pg.Querier) error {
		rows, err := db.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		events, err = pgx.CollectRows(rows, scanEvent)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("select events: %w", err)
	}
	return events, nil
}

func scanEvent(row pgx.CollectableRow) (telemetry.Event, error) {
	var e telemetry.Event
	var bootID *string
	var detail []byte
	err := row.Scan(&e.ID, &e.DeviceID, &e.EventID, &e.Kind, &e.OccurredAt, &e.ReceivedAt, &e.Clock,
		&bootID, &e.MonotonicMS, &e.MotionScore, &e.CameraEnabled, &detail)
	if err != nil {
		return e, err
	}
	if bootID != nil {
		e.BootID = *bootID
	}
	if detail != nil {
		if err := json.Unmarshal(detail, &e.Detail); err != nil {
			return e, fmt.Errorf("decode detail of event %s: %w", e.ID, err)
		}
	}
	return e, nil
}
