package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/registry"
)

const entryColumns = "entry_id, at, actor, credential_id, action, subject, detail"

func insertEntry(b *pgx.Batch, e registry.Entry) {
	detail := e.Detail
	if detail == nil {
		detail = map[string]any{}
	}
	b.Queue("INSERT INTO audit_entry ("+entryColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7)",
		e.ID, at(e.At), e.Actor, e.CredentialID, e.Action, e.Subject, detail)
}

// record writes one entry in the transaction of what it records.
func record(ctx context.Context, tx pgx.Tx, e registry.Entry) error {
	b := &pgx.Batch{}
	insertEntry(b, e)
	return tx.SendBatch(ctx, b).Close()
}

// Entries implements registry.Store.
func (s *Store) Entries(ctx context.Context, p registry.Page) ([]registry.Entry, error) {
	list, err := all(ctx, s.db, func(r pgx.CollectableRow) (e registry.Entry, err error) {
		return e, r.Scan(&e.ID, moment{&e.At}, &e.Actor, &e.CredentialID, &e.Action, &e.Subject, &e.Detail)
	}, "SELECT "+entryColumns+" FROM audit_entry WHERE $1 = '' OR entry_id < $1 ORDER BY entry_id DESC LIMIT $2", p.Before, p.Limit)
	return list, failed(err, "list the record of changes")
}

// Purge implements registry.Store.
func (s *Store) Purge(ctx context.Context, before registry.PurgeBefore) error {
	for _, d := range []struct {
		statement string
		before    time.Time
	}{
		{"DELETE FROM enrolment_request WHERE last_asked_at < $1", before.RequestsAsked},
		{"DELETE FROM command WHERE finished_at < $1", before.CommandsFinished},
		{"DELETE FROM credential WHERE expires_at < $1", before.CredentialsExpire},
		{"DELETE FROM audit_entry WHERE at < $1", before.Entries},
	} {
		if d.before.IsZero() {
			continue
		}
		err := s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
			_, err := q.Exec(ctx, d.statement, d.before)
			return err
		})
		if err != nil {
			return failed(err, "purge")
		}
	}
	return nil
}
