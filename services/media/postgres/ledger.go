package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/media"
)

// Deletions implements media.Store.
func (s *Store) Deletions(ctx context.Context, page media.Page) ([]media.Deletion, error) {
	found, err := list(ctx, s.db, page,
		`SELECT picture_id, device_id, captured_at, bytes, reason, deleted_at, deleted_by FROM deletion`, "deleted_at", "picture_id",
		func(row pgx.CollectableRow) (media.Deletion, error) {
			var d media.Deletion
			var by *string
			err := row.Scan(&d.PictureID, &d.DeviceID, &d.CapturedAt, &d.Bytes, &d.Reason, &d.DeletedAt, &by)
			if by != nil {
				d.DeletedBy = *by
			}
			return d, err
		})
	if err != nil {
		return nil, fmt.Errorf("list deletions: %w", err)
	}
	return found, nil
}

// ForgetDeletions implements media.Store.
func (s *Store) ForgetDeletions(ctx context.Context, before time.Time) error {
	err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		_, err := q.Exec(ctx, `DELETE FROM deletion WHERE deleted_at < $1`, before)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget deletions before %s: %w", before.Format(time.RFC3339), err)
	}
	return nil
}

// Audit implements media.Store.
func (s *Store) Audit(ctx context.Context, page media.Page) ([]media.AuditEntry, error) {
	found, err := list(ctx, s.db, page,
		`SELECT entry_id, at, actor, credential_id, action, subject, detail FROM audit_entry`, "at", "entry_id",
		func(row pgx.CollectableRow) (media.AuditEntry, error) {
			var e media.AuditEntry
			err := row.Scan(&e.ID, &e.At, &e.By.Name, &e.By.CredentialID, &e.Action, &e.Subject, &e.Detail)
			return e, err
		})
	if err != nil {
		return nil, fmt.Errorf("list audit entries: %w", err)
	}
	return found, nil
}

func insertAudit(ctx context.Context, q pg.Querier, e media.AuditEntry) error {
	_, err := q.Exec(ctx, `
		INSERT INTO audit_entry (entry_id, at, actor, credential_id, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.ID, e.At, e.By.Name, e.By.CredentialID, e.Action, e.Subject, e.Detail)
	if err != nil {
		return fmt.Errorf("insert audit entry for %s of %s: %w", e.Action, e.Subject, err)
	}
	return nil
}

// list reads one page of a table, newest first by the columns at and id.
func list[T any](ctx context.Context, db *pg.DB, page media.Page, sql, at, id string, scan pgx.RowToFunc[T]) (found []T, err error) {
	args := []any{page.Limit}
	if !page.After.IsZero() {
		sql += ` WHERE (` + at + `, ` + id + `) < ($2, $3)`
		args = append(args, page.After.At, page.After.ID)
	}
	sql += ` ORDER BY ` + at + ` DESC, ` + id + ` DESC LIMIT $1`
	err = db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		rows, err := q.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, scan)
		return err
	})
	return found, err
}
