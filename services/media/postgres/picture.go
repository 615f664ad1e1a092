package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/media"
)

// pictureColumns in the order of scanPicture.
const pictureColumns = "picture_id, device_id, event_id, captured_at, received_at, bytes, sha256, width, height, pinned, state"

func scanPicture(row pgx.CollectableRow) (media.Picture, error) {
	var p media.Picture
	var event *string
	var sum []byte
	err := row.Scan(&p.ID, &p.DeviceID, &event, &p.CapturedAt, &p.ReceivedAt, &p.Bytes, &sum, &p.Width, &p.Height, &p.Pinned, &p.State)
	if event != nil {
		p.EventID = *event
	}
	copy(p.SHA256[:], sum)
	return p, err
}

// selectPictures runs a query that returns pictureColumns.
func selectPictures(ctx context.Context, q pg.Querier, sql string, args ...any) ([]media.Picture, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanPicture)
}

// selectPicture is selectPictures for at most one row; media.ErrNoPicture for none.
func selectPicture(ctx context.Context, q pg.Querier, sql string, args ...any) (media.Picture, error) {
	found, err := selectPictures(ctx, q, sql, args...)
	if err != nil {
		return media.Picture{}, err
	}
	if len(found) == 0 {
		return media.Picture{}, media.ErrNoPicture
	}
	return found[0], nil
}

// nullable stores an empty string as null.
func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// beginAttempts bounds how often Begin runs into a row that is condemned before it
// could be read.
const beginAttempts = 5

// Begin implements media.Store.
func (s *Store) Begin(ctx context.Context, p media.Picture) (media.Picture, error) {
	var row media.Picture
	err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		for range beginAttempts {
			var err error
			row, err = begin(ctx, q, p)
			if !errors.Is(err, media.ErrNoPicture) {
				return err
			}
		}
		return errors.New("the same picture is deleted again and again")
	})
	if err != nil {
		return media.Picture{}, fmt.Errorf("insert picture %s: %w", p.ID, err)
	}
	return row, nil
}

// begin inserts p or returns the row that stands in its way. The two statements need
// no transaction: the row that is read is live at that moment, which is all that is
// promised. media.ErrNoPicture: it went between the two.
func begin(ctx context.Context, q pg.Querier, p media.Picture) (media.Picture, error) {
	row, err := selectPicture(ctx, q, `
		INSERT INTO picture (`+pictureColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'writing')
		ON CONFLICT (device_id, coalesce(event_id, ''), sha256) WHERE state <> 'deleting' DO NOTHING
		RETURNING `+pictureColumns,
		p.ID, p.DeviceID, nullable(p.EventID), p.CapturedAt, p.ReceivedAt, p.Bytes, p.SHA256[:], p.Width, p.Height, p.Pinned)
	if !errors.Is(err, media.ErrNoPicture) {
		return row, err
	}
	return selectPicture(ctx, q, `
		SELECT `+pictureColumns+` FROM picture
		WHERE device_id = $1 AND coalesce(event_id, '') = $2 AND sha256 = $3 AND state <> 'deleting'`,
		p.DeviceID, p.EventID, p.SHA256[:])
}

// Finish implements media.Store.
func (s *Store) Finish(ctx context.Context, id string) (stored bool, err error) {
	err = s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		tag, err := q.Exec(ctx, `UPDATE picture SET state = 'stored' WHERE picture_id = $1 AND state IN ('writing', 'stored')`, id)
		stored = tag.RowsAffected() > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("finish picture %s: %w", id, err)
	}
	return stored, nil
}

// Abandon implements media.Store.
func (s *Store) Abandon(ctx context.Context, id string) error {
	err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		_, err := q.Exec(ctx, `DELETE FROM picture WHERE picture_id = $1 AND state = 'writing'`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("abandon picture %s: %w", id, err)
	}
	return nil
}

// Picture implements media.Store.
func (s *Store) Picture(ctx context.Context, id string) (p media.Picture, err error) {
	err = s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		p, err = selectPicture(ctx, q, `SELECT `+pictureColumns+` FROM picture WHERE picture_id = $1 AND state = 'stored'`, id)
		return err
	})
	if err != nil {
		return media.Picture{}, fmt.Errorf("read picture %s: %w", id, err)
	}
	return p, nil
}

// Exists implements media.Store.
func (s *Store) Exists(ctx context.Context, id string) (exists bool, err error) {
	err = s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		return q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM picture WHERE picture_id = $1)`, id).Scan(&exists)
	})
	if err != nil {
		return false, fmt.Errorf("look for picture %s: %w", id, err)
	}
	return exists, nil
}

// Pictures implements media.Store.
func (s *Store) Pictures(ctx context.Context, query media.Query) (found []media.Picture, err error) {
	sql, args := build(query)
	err = s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		found, err = selectPictures(ctx, q, sql, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list pictures: %w", err)
	}
	return found, nil
}

// build writes the statement of a query. Values are arguments without exception.
func build(q media.Query) (sql string, args []any) {
	where := []string{"state = 'stored'"}
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		where = append(where, condition)
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
		` ORDER BY captured_at ` + order + `, picture_id ` + order + ` LIMIT $` + strconv.Itoa(len(args)), args
}

// Unfinished implements media.Store.
func (s *Store) Unfinished(ctx context.Context, after string, limit int) ([]media.Picture, error) {
	return s.byID(ctx, "state <> 'stored'", after, limit)
}

// Page implements media.Store.
func (s *Store) Page(ctx context.Context, after string, limit int) ([]media.Picture, error) {
	return s.byID(ctx, "true", after, limit)
}

// noID is below every id.
const noID = "00000000-0000-0000-0000-000000000000"

func (s *Store) byID(ctx context.Context, condition, after string, limit int) (found []media.Picture, err error) {
	if after == "" {
		after = noID
	}
	err = s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		found, err = selectPictures(ctx, q, `SELECT `+pictureColumns+` FROM picture
			WHERE picture_id > $1 AND `+condition+` ORDER BY picture_id LIMIT $2`, after, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("page pictures after %s: %w", after, err)
	}
	return found, nil
}
