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

// Deletions implements media.Store.
func (s *Store) Deletions(ctx context.Context, page media.Page) ([]media.Deletion, error) {
	query, args := paged(`SELECT picture_id, device_id, captured_at, bytes, reason, deleted_at, deleted_by FROM deletion`,
		"deleted_at", "picture_id", page)
	found, err := collect(ctx, s.db.Read, func(rows *sql.Rows) (media.Deletion, error) {
		var d media.Deletion
		var by sql.NullString
		err := rows.Scan(&d.PictureID, &d.DeviceID, &d.CapturedAt, &d.Bytes, &d.Reason, &d.DeletedAt, &by)
		d.DeletedBy = by.String
		return d, err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list deletions: %w", sqlite.Translate(err))
	}
	return found, nil
}

// ForgetDeletions implements media.Store.
func (s *Store) ForgetDeletions(ctx context.Context, before time.Time) error {
	if _, err := s.write(ctx, `DELETE FROM deletion WHERE deleted_at < ?`, before); err != nil {
		return fmt.Errorf("forget deletions before %s: %w", before.Format(time.RFC3339), err)
	}
	return nil
}

// Audit implements media.Store.
func (s *Store) Audit(ctx context.Context, page media.Page) ([]media.AuditEntry, error) {
	query, args := paged(`SELECT entry_id, at, actor, credential_id, action, subject, detail FROM audit_entry`,
		"at", "entry_id", page)
	found, err := collect(ctx, s.db.Read, func(rows *sql.Rows) (media.AuditEntry, error) {
		var e media.AuditEntry
		var detail string
		if err := rows.Scan(&e.ID, &e.At, &e.By.Name, &e.By.CredentialID, &e.Action, &e.Subject, &detail); err != nil {
			return e, err
		}
		return e, json.Unmarshal([]byte(detail), &e.Detail)
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list audit entries: %w", sqlite.Translate(err))
	}
	return found, nil
}

func insertAudit(ctx context.Context, tx *sql.Tx, e media.AuditEntry) error {
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("encode audit entry: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO audit_entry (entry_id, at, actor, credential_id, action, subject, detail) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		e.ID, e.At, e.By.Name, e.By.CredentialID, e.Action, e.Subject, string(detail))
	if err != nil {
		return fmt.Errorf("insert audit entry for %s of %s: %w", e.Action, e.Subject, err)
	}
	return nil
}

// paged adds to a SELECT what reads one page, newest first by the columns at and id.
func paged(query, at, id string, page media.Page) (string, []any) {
	var args []any
	if !page.After.IsZero() {
		query += ` WHERE (` + at + `, ` + id + `) < (?, ?)`
		args = append(args, page.After.At, page.After.ID)
	}
	return query + ` ORDER BY ` + at + ` DESC, ` + id + ` DESC LIMIT ?`, append(args, page.Limit)
}
