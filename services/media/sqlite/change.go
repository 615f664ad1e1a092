package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/media"
)

// SetPinned implements media.Store.
func (s *Store) SetPinned(ctx context.Context, id string, pinned bool, entry media.AuditEntry) (p media.Picture, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err = selectPicture(ctx, tx, `SELECT `+pictureColumns+` FROM picture WHERE picture_id = ? AND state = 'stored'`, id)
		if err != nil || p.Pinned == pinned {
			return err
		}
		p.Pinned = pinned
		if _, err := tx.ExecContext(ctx, `UPDATE picture SET pinned = ? WHERE picture_id = ?`, pinned, id); err != nil {
			return err
		}
		return insertAudit(ctx, tx, entry)
	})
	if err != nil {
		return media.Picture{}, fmt.Errorf("pin picture %s: %w", id, err)
	}
	return p, nil
}

// jsonArray passes a list as one argument, for json_each.
func jsonArray(ids []string) string {
	b, err := json.Marshal(ids)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(b)
}

// Condemn implements media.Store.
func (s *Store) Condemn(ctx context.Context, ids []string, v media.Verdict) (gone []media.Picture, err error) {
	list := jsonArray(ids)
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// The transaction holds the write lock, so what is selected stays as it is.
		const condemned = ` FROM picture WHERE picture_id IN (SELECT value FROM json_each(?)) AND state = 'stored' AND NOT (pinned AND ?)`
		gone, err = collect(ctx, tx, scanPicture, `SELECT `+pictureColumns+condemned, list, v.Reason.SparesPinned())
		if err != nil || len(gone) == 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO deletion (picture_id, device_id, captured_at, bytes, reason, deleted_at, deleted_by)
			SELECT picture_id, device_id, captured_at, bytes, ?, ?, ?`+condemned,
			v.Reason, v.At, nullable(v.By.Name), list, v.Reason.SparesPinned()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE picture SET state = 'deleting'
			WHERE picture_id IN (SELECT value FROM json_each(?)) AND state = 'stored' AND NOT (pinned AND ?)`,
			list, v.Reason.SparesPinned()); err != nil {
			return err
		}
		if v.Reason != media.ReasonOperator {
			return nil
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
	for i := range gone {
		gone[i].State = media.StateDeleting
	}
	return gone, nil
}

// Erase implements media.Store.
func (s *Store) Erase(ctx context.Context, ids []string) error {
	_, err := s.write(ctx, `DELETE FROM picture WHERE picture_id IN (SELECT value FROM json_each(?)) AND state = 'deleting'`, jsonArray(ids))
	if err != nil {
		return fmt.Errorf("erase %d pictures: %w", len(ids), err)
	}
	return nil
}

// Usage implements media.Store.
func (s *Store) Usage(ctx context.Context) (u media.Usage, err error) {
	var oldest sql.NullInt64 // an expression comes back as microseconds
	err = s.db.Read.QueryRowContext(ctx, `
		SELECT coalesce(sum(bytes), 0), coalesce(sum(bytes) FILTER (WHERE pinned), 0), count(*), min(captured_at)
		FROM picture WHERE state = 'stored'`).Scan(&u.Bytes, &u.PinnedBytes, &u.Pictures, &oldest)
	if err != nil {
		return media.Usage{}, fmt.Errorf("sum up pictures: %w", sqlite.Translate(err))
	}
	u.OldestAt = timeOf(oldest)
	return u, nil
}

// Inflow implements media.Store.
func (s *Store) Inflow(ctx context.Context, since time.Time) (bytes int64, first time.Time, err error) {
	var at sql.NullInt64
	err = s.db.Read.QueryRowContext(ctx, `
		SELECT coalesce(sum(bytes), 0), min(captured_at) FROM (
			SELECT bytes, captured_at FROM picture WHERE state = 'stored' AND captured_at >= ?1
			UNION ALL
			SELECT bytes, captured_at FROM deletion WHERE captured_at >= ?1
		)`, since).Scan(&bytes, &at)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("sum up inflow: %w", sqlite.Translate(err))
	}
	return bytes, timeOf(at), nil
}

func timeOf(micros sql.NullInt64) time.Time {
	if !micros.Valid {
		return time.Time{}
	}
	return time.UnixMicro(micros.Int64).UTC()
}

// Devices implements media.Store.
func (s *Store) Devices(ctx context.Context) ([]string, error) {
	devices, err := collect(ctx, s.db.Read, func(rows *sql.Rows) (string, error) {
		var id string
		err := rows.Scan(&id)
		return id, err
	}, `SELECT DISTINCT device_id FROM picture WHERE state = 'stored' ORDER BY device_id`)
	if err != nil {
		return nil, fmt.Errorf("list devices with pictures: %w", sqlite.Translate(err))
	}
	return devices, nil
}
