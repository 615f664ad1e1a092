package sqlite

import (
	"context"
	"database/sql"
	"time"

	"home.arpa/nestbox/services/registry"
)

const entryColumns = "entry_id, at, actor, credential_id, action, subject, detail"

func insertEntry(ctx context.Context, tx querier, e registry.Entry) error {
	detail := e.Detail
	if detail == nil {
		detail = map[string]any{}
	}
	text, err := encode(detail)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO audit_entry ("+entryColumns+") VALUES (?, ?, ?, ?, ?, ?, ?)",
		e.ID, at(e.At), e.Actor, e.CredentialID, e.Action, e.Subject, text)
	return err
}

func scanEntry(r row) (registry.Entry, error) {
	var e registry.Entry
	err := r.Scan(&e.ID, micros{&e.At}, &e.Actor, &e.CredentialID, &e.Action, &e.Subject, text[map[string]any]{&e.Detail})
	return e, err
}

// Entries implements registry.Store.
func (s *Store) Entries(ctx context.Context, p registry.Page) ([]registry.Entry, error) {
	all, err := collect(ctx, s.db.Read, scanEntry, `SELECT `+entryColumns+` FROM audit_entry
		WHERE ?1 = '' OR entry_id < ?1 ORDER BY entry_id DESC LIMIT ?2`, p.Before, p.Limit)
	return all, failed(err, "list the record of changes")
}

// Purge implements registry.Store.
func (s *Store) Purge(ctx context.Context, before registry.PurgeBefore) error {
	for _, d := range []struct {
		statement string
		before    time.Time
	}{
		{"DELETE FROM enrolment_request WHERE last_asked_at < ?", before.RequestsAsked},
		{"DELETE FROM command WHERE finished_at < ?", before.CommandsFinished},
		{"DELETE FROM credential WHERE expires_at < ?", before.CredentialsExpire},
		{"DELETE FROM audit_entry WHERE at < ?", before.Entries},
	} {
		if d.before.IsZero() {
			continue
		}
		err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, d.statement, at(d.before))
			return err
		})
		if err != nil {
			return failed(err, "purge")
		}
	}
	return nil
}
