package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/media"
)

// SetPinned implements media.Store.
func (s *Store) SetPinned(ctx context.Context, id string, pinned bool, entry media.AuditEntry) (p media.Picture, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		p, err = selectPicture(ctx, tx, `SELECT `+pictureColumns+` FROM picture
			WHERE picture_id = $1 AND state = 'stored' FOR UPDATE`, id)
		if err != nil || p.Pinned == pinned {
			return err
		}
		p.Pinned = pinned
		if _, err := tx.Exec(ctx, `UPDATE picture SET pinned = $2 WHERE picture_id = $1`, id, pinned); err != nil {
			return err
		}
		return insertAudit(ctx, tx, entry)
	})
	if err != nil {
		return media.Picture{}, fmt.Errorf("pin picture %s: %w", id, err)
	}
	return p, nil
}

// Condemn implements media.Store.
func (s *Store) Condemn(ctx context.Context, ids []string, v media.Verdict) (gone []media.Picture, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		gone, err = selectPictures(ctx, tx, `
			WITH gone AS (
				UPDATE picture SET state = 'deleting'
				WHERE picture_id = ANY ($1) AND state = 'stored' AND NOT (pinned AND $2)
				RETURNING *
			), noted AS (
				INSERT INTO deletion (picture_id, device_id, captured_at, bytes, reason, deleted_at, deleted_by)
				SELECT picture_id, device_id, captured_at, bytes, $3, $4, $5 FROM gone
			)
			SELECT `+pictureColumns+` FROM gone`,
			ids, v.Reason.SparesPinned(), v.Reason, v.At, nullable(v.By.Name))
		if err != nil || v.Reason != media.ReasonOperator {
			return err
		}
		for _, p := range gone {
			if err := insertAudit(ctx, tx, media.NewAuditEntry(v.By, v.At, media.ActionDelete, p)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("condemn %d pictures (%s): %w", len(ids), v.Reason, err)
	}
	return gone, nil
}

// Erase implements media.Store.
func (s *Store) Erase(ctx context.Context, ids []string) error {
	err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		_, err := q.Exec(ctx, `DELETE FROM picture WHERE picture_id = ANY ($1) AND state = 'deleting'`, ids)
		return err
	})
	if err != nil {
		return fmt.Errorf("erase %d pictures: %w", len(ids), err)
	}
	return nil
}

// Usage implements media.Store.
func (s *Store) Usage(ctx context.Context) (u media.Usage, err error) {
	var oldest *time.Time
	err = s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		return q.QueryRow(ctx, `
			SELECT coalesce(sum(bytes), 0)::bigint, coalesce(sum(bytes) FILTER (WHERE pinned), 0)::bigint, count(*), min(captured_at)
			FROM picture WHERE state = 'stored'`).Scan(&u.Bytes, &u.PinnedBytes, &u.Pictures, &oldest)
	})
	if err != nil {
		return media.Usage{}, fmt.Errorf("sum up pictures: %w", err)
	}
	if oldest != nil {
		u.OldestAt = *oldest
	}
	return u, nil
}

// Inflow implements media.Store.
func (s *Store) Inflow(ctx context.Context, since time.Time) (bytes int64, first time.Time, err error) {
	var at *time.Time
	err = s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		return q.QueryRow(ctx, `
			SELECT coalesce(sum(bytes), 0)::bigint, min(captured_at) FROM (
				SELECT bytes, captured_at FROM picture WHERE state = 'stored' AND captured_at >= $1
				UNION ALL
				SELECT bytes, captured_at FROM deletion WHERE captured_at >= $1
			) AS arrived`, since).Scan(&bytes, &at)
	})
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("sum up inflow: %w", err)
	}
	if at != nil {
		first = *at
	}
	return bytes, first, nil
}

// Devices implements media.Store.
func (s *Store) Devices(ctx context.Context) (devices []string, err error) {
	err = s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		rows, err := q.Query(ctx, `SELECT DISTINCT device_id FROM picture WHERE state = 'stored' ORDER BY device_id`)
		if err != nil {
			return err
		}
		devices, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list devices with pictures: %w", err)
	}
	return devices, nil
}
