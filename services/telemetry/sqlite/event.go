package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/telemetry"
)

const insertEvent = `INSERT INTO event (id, device_id, event_id, kind, occurred_at, received_at, clock,
		boot_id, monotonic_ms, motion_score, camera_enabled, detail)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func storeEvent(ctx context.Context, tx *sql.Tx, e *telemetry.Event) error {
	var bootID, detail any
	if e.BootID != "" {
		bootID = e.BootID
	}
	if len(e.Detail) > 0 {
		text, err := json.Marshal(e.Detail)
		if err != nil {
			return fmt.Errorf("encode detail of event %s: %w", e.ID, err)
		}
		detail = string(text)
	}
	_, err := tx.ExecContext(ctx, insertEvent,
		e.ID, e.DeviceID, e.EventID, string(e.Kind), e.OccurredAt, e.ReceivedAt, string(e.Clock),
		bootID, e.MonotonicMS, e.MotionScore, e.CameraEnabled, detail)
	if err != nil {
		return fmt.Errorf("insert event %s: %w", e.ID, err)
	}
	return nil
}

// RecordMotion implements telemetry.EventStore. The one writer of the file
// serialises all devices.
func (s *Store) RecordMotion(ctx context.Context, e *telemetry.Event) (result telemetry.MotionResult, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err = recordMotion(ctx, tx, e)
		return err
	})
	return result, err
}

const (
	selectSame = `SELECT occurred_at FROM event WHERE device_id = ? AND event_id = ?`

	// The two halves of telemetry.TooClose.
	selectNearByBoot = `SELECT occurred_at FROM event WHERE kind = 'motion' AND monotonic_ms IS NOT NULL
		AND device_id = ? AND boot_id = ? AND monotonic_ms > ? AND monotonic_ms < ? LIMIT 1`
	selectNearByTime = `SELECT occurred_at FROM event WHERE kind = 'motion' AND device_id = ?
		AND occurred_at > ? AND occurred_at < ? AND (monotonic_ms IS NULL OR ?) LIMIT 1`
)

func recordMotion(ctx context.Context, tx *sql.Tx, e *telemetry.Event) (telemetry.MotionResult, error) {
	at, found, err := selectTime(ctx, tx, selectSame, e.DeviceID, e.EventID)
	if err != nil || found {
		return telemetry.MotionResult{Fate: telemetry.Repeated, OccurredAt: at}, err
	}
	if e.MonotonicMS != nil {
		gap := telemetry.MotionGap.Milliseconds()
		at, found, err = selectTime(ctx, tx, selectNearByBoot, e.DeviceID, e.BootID, *e.MonotonicMS-gap, *e.MonotonicMS+gap)
	}
	if err == nil && !found {
		at, found, err = selectTime(ctx, tx, selectNearByTime, e.DeviceID,
			e.OccurredAt.Add(-telemetry.MotionGap), e.OccurredAt.Add(telemetry.MotionGap), e.MonotonicMS == nil)
	}
	if err != nil || found {
		return telemetry.MotionResult{Fate: telemetry.Limited, OccurredAt: at}, err
	}
	return telemetry.MotionResult{Fate: telemetry.Stored, OccurredAt: e.OccurredAt}, storeEvent(ctx, tx, e)
}

// selectTime returns the one time that a query selects, or false.
func selectTime(ctx context.Context, tx *sql.Tx, query string, args ...any) (at time.Time, found bool, err error) {
	err = tx.QueryRowContext(ctx, query, args...).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return at, false, nil
	}
	if err != nil {
		return at, false, fmt.Errorf("look for motion events: %w", err)
	}
	return at, true, nil
}

// Events implements telemetry.EventStore.
func (s *Store) Events(ctx context.Context, q telemetry.EventQuery) ([]telemetry.Event, error) {
	var where []string
	var args []any
	add := func(condition string, values ...any) {
		where = append(where, condition)
		args = append(args, values...)
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
	query := `SELECT id, device_id, event_id, kind, occurred_at, received_at, clock,
		boot_id, monotonic_ms, motion_score, camera_enabled, detail FROM event`
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ") //nolint:gosec // the conditions are those above
	}
	query += " ORDER BY occurred_at DESC, id DESC LIMIT ?"
	args = append(args, q.Limit)

	rows, err := s.db.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, sqlite.Translate(fmt.Errorf("select events: %w", err))
	}
	defer rows.Close()
	var events []telemetry.Event
	for rows.Next() {
		e, err := scanEvent(rows)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, sqlite.Translate(fmt.Errorf("select events: %w", err))
	}
	return events, nil
}

func scanEvent(rows *sql.Rows) (telemetry.Event, error) {
	var e telemetry.Event
	var bootID, detail sql.NullString
	err := rows.Scan(&e.ID, &e.DeviceID, &e.EventID, &e.Kind, &e.OccurredAt, &e.ReceivedAt, &e.Clock,
		&bootID, &e.MonotonicMS, &e.MotionScore, &e.CameraEnabled, &detail)
	if err != nil {
		return e, sqlite.Translate(fmt.Errorf("read event: %w", err))
	}
	e.BootID = bootID.String
	if detail.Valid {
		if err := json.Unmarshal([]byte(detail.String), &e.Detail); err != nil {
			return e, fmt.Errorf("decode detail of event %s: %w", e.ID, err)
		}
	}
	return e, nil
}
