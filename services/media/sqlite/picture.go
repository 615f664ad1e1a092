package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/media"
)

// pictureColumns in the order of scanPicture.
const pictureColumns = "picture_id, device_id, event_id, captured_at, received_at, bytes, sha256, width, height, pinned, state"

func scanPicture(rows *sql.Rows) (media.Picture, error) {
	var p media.Picture
	var event sql.NullString
	var sum []byte
	err := rows.Scan(&p.ID, &p.DeviceID, &event, &p.CapturedAt, &p.ReceivedAt, &p.Bytes, &sum, &p.Width, &p.Height, &p.Pinned, &p.State)
	p.EventID = event.String
	copy(p.SHA256[:], sum)
	return p, err
}

// selectPicture runs a query for at most one row; media.ErrNoPicture for none.
func selectPicture(ctx context.Context, q querier, query string, args ...any) (media.Picture, error) {
	found, err := collect(ctx, q, scanPicture, query, args...)
	if err != nil {
		return media.Picture{}, err
	}
	if len(found) == 0 {
		return media.Picture{}, media.ErrNoPicture
	}
	return found[0], nil
}

// Begin implements media.Store.
func (s *Store) Begin(ctx context.Context, p media.Picture) (row media.Picture, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO picture (`+pictureColumns+`)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'writing')
			ON CONFLICT (device_id, coalesce(event_id, ''), sha256) WHERE state <> 'deleting' DO NOTHING`,
			p.ID, p.DeviceID, nullable(p.EventID), p.CapturedAt, p.ReceivedAt, p.Bytes, p.SHA256[:], p.Width, p.Height, p.Pinned)
		if err != nil {
			return err
		}
		// Ours or the one in its way; the transaction holds the write lock, so it stays.
		row, err = selectPicture(ctx, tx, `
			SELECT `+pictureColumns+` FROM picture
			WHERE device_id = ? AND coalesce(event_id, '') = ? AND sha256 = ? AND state <> 'deleting'`,
			p.DeviceID, p.EventID, p.SHA256[:])
		return err
	})
	if err != nil {
		return media.Picture{}, fmt.Errorf("insert picture %s: %w", p.ID, err)
	}
	return row, nil
}

// Finish implements media.Store.
func (s *Store) Finish(ctx context.Context, id string) (bool, error) {
	n, err := s.write(ctx, `UPDATE picture SET state = 'stored' WHERE picture_id = ? AND state IN ('writing', 'stored')`, id)
	if err != nil {
		return false, fmt.Errorf("finish picture %s: %w", id, err)
	}
	return n > 0, nil
}

// Abandon implements media.Store.
func (s *Store) Abandon(ctx context.Context, id string) error {
	if _, err := s.write(ctx, `DELETE FROM picture WHERE picture_id = ? AND state = 'writing'`, id); err != nil {
		return fmt.Errorf("abandon picture %s: %w", id, err)
	}
	return nil
}

// Picture implements media.Store.
func (s *Store) Picture(ctx context.Context, id string) (media.Picture, error) {
	p, err := selectPicture(ctx, s.db.Read, `SELECT `+pictureColumns+` FROM picture WHERE picture_id = ? AND state = 'stored'`, id)
	if err != nil {
		return media.Picture{}, fmt.Errorf("read picture %s: %w", id, sqlite.Translate(err))
	}
	return p, nil
}

// Exists implements media.Store.
func (s *Store) Exists(ctx context.Context, id string) (bool, error) {
	var exists bool
	if err := s.db.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM picture WHERE picture_id = ?)`, id).Scan(&exists); err != nil {
		return false, fmt.Errorf("look for picture %s: %w", id, sqlite.Translate(err))
	}
	return exists, nil
}

// Pictures implements media.Store.
func (s *Store) Pictures(ctx context.Context, q media.Query) ([]media.Picture, error) {
	query, args := build(q)
	found, err := collect(ctx, s.db.Read, scanPicture, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list pictures: %w", sqlite.Translate(err))
	}
	return found, nil
}

// build writes the statement of a query. Values are arguments without exception.
func build(q media.Query) (query string, args []any) {
	where := []string{"state = 'stored'"}
	add := func(condition string, values ...any) {
		where = append(where, condition)
		args = append(args, values...)
	}
	if q.DeviceID != "" {
		add("device_id = ?", q.DeviceID)
	}
	if q.EventID != "" {
		add("event_id = ?", q.EventID)
	}
	if !q.From.IsZero() {
		add("captured_at >= ?", q.From)
	}
	if !q.To.IsZero() {
		add("captured_at < ?", q.To)
	}
	if q.Pinned != nil {
		add("pinned = ?", *q.Pinned)
	}
	if !q.ReceivedBefore.IsZero() {
		add("received_at < ?", q.ReceivedBefore)
	}
	beyond, order := "<", "DESC"
	if q.OldestFirst {
		beyond, order = ">", "ASC"
	}
	if !q.After.IsZero() {
		add("(captured_at, picture_id) "+beyond+" (?, ?)", q.After.At, q.After.ID)
	}
	args = append(args, q.Limit)
	return `SELECT ` + pictureColumns + ` FROM picture WHERE ` + strings.Join(where, " AND ") +
		` ORDER BY captured_at ` + order + `, picture_id ` + order + ` LIMIT ?`, args
}

// Unfinished implements media.Store.
func (s *Store) Unfinished(ctx context.Context, after string, limit int) ([]media.Picture, error) {
	return s.byID(ctx, "state <> 'stored'", after, limit)
}

// Page implements media.Store.
func (s *Store) Page(ctx context.Context, after string, limit int) ([]media.Picture, error) {
	return s.byID(ctx, "true", after, limit)
}

func (s *Store) byID(ctx context.Context, condition, after string, limit int) ([]media.Picture, error) {
	found, err := collect(ctx, s.db.Read, scanPicture, `SELECT `+pictureColumns+` FROM picture
		WHERE picture_id > ? AND `+condition+` ORDER BY picture_id LIMIT ?`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("page pictures after %q: %w", after, sqlite.Translate(err))
	}
	return found, nil
}
