package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/registry"
)

// CreateOperator implements registry.OperatorStore.
func (s *Store) CreateOperator(ctx context.Context, o registry.Operator, e registry.Entry) (created bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		ct, err := tx.Exec(ctx, `INSERT INTO operator (name, password_hash, created_at, password_changed_at)
			VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, o.Name, o.PasswordHash, at(o.CreatedAt), at(o.PasswordChangedAt))
		if created = ct.RowsAffected() == 1; err != nil || !created {
			return err
		}
		return record(ctx, tx, e)
	})
	return created, failed(err, "create operator %s", o.Name)
}

// Operator implements registry.OperatorStore.
func (s *Store) Operator(ctx context.Context, name string) (registry.Operator, error) {
	o, err := one(ctx, s.db, func(r pgx.CollectableRow) (o registry.Operator, err error) {
		return o, r.Scan(&o.Name, &o.PasswordHash, moment{&o.CreatedAt}, moment{&o.PasswordChangedAt})
	}, "SELECT name, password_hash, created_at, password_changed_at FROM operator WHERE name = $1", name)
	return o, failed(err, "read operator")
}

// SetPassword implements registry.OperatorStore.
func (s *Store) SetPassword(ctx context.Context, name, passwordHash, keep string, e registry.Entry) (ended []string, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		ct, err := tx.Exec(ctx, "UPDATE operator SET password_hash = $1, password_changed_at = $2 WHERE name = $3", passwordHash, at(e.At), name)
		if err != nil {
			return err
		}
		if ct.RowsAffected() == 0 {
			return pgx.ErrNoRows
		}
		ended, err = rows(ctx, tx, pgx.RowTo[string],
			"DELETE FROM credential WHERE operator = $1 AND kind = 'session' AND credential_id <> $2 RETURNING hash", name, keep)
		if err != nil {
			return err
		}
		return record(ctx, tx, e)
	})
	return ended, failed(err, "set password of %s", name)
}

const credentialColumns = "credential_id, kind, hash, operator, name, created_at, expires_at, last_used_at" //nolint:gosec // names of columns

func scanCredential(r pgx.CollectableRow) (registry.Credential, error) {
	var c registry.Credential
	err := r.Scan(&c.ID, &c.Kind, &c.Hash, &c.Operator, &c.Name, moment{&c.CreatedAt}, moment{&c.ExpiresAt}, moment{&c.LastUsedAt})
	return c, err
}

// CreateCredential implements registry.OperatorStore.
func (s *Store) CreateCredential(ctx context.Context, c registry.Credential, e registry.Entry) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO credential ("+credentialColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			c.ID, c.Kind, c.Hash, c.Operator, c.Name, at(c.CreatedAt), at(c.ExpiresAt), at(c.LastUsedAt))
		if err != nil {
			return err
		}
		return record(ctx, tx, e)
	})
	return failed(err, "create credential %s", c.ID)
}

// DeleteCredential implements registry.OperatorStore.
func (s *Store) DeleteCredential(ctx context.Context, id string, k registry.CredentialKind, e registry.Entry) (c registry.Credential, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		deleted, err := rows(ctx, tx, scanCredential,
			"DELETE FROM credential WHERE credential_id = $1 AND kind = $2 RETURNING "+credentialColumns, id, k)
		if err != nil {
			return err
		}
		if len(deleted) == 0 {
			return pgx.ErrNoRows
		}
		c = deleted[0]
		return record(ctx, tx, e)
	})
	return c, failed(err, "delete credential %s", id)
}

// CredentialByHash implements registry.OperatorStore.
func (s *Store) CredentialByHash(ctx context.Context, hash string) (registry.Credential, error) {
	c, err := one(ctx, s.db, scanCredential, "SELECT "+credentialColumns+" FROM credential WHERE hash = $1", hash)
	return c, failed(err, "read credential")
}

// Credential implements registry.OperatorStore.
func (s *Store) Credential(ctx context.Context, id string) (registry.Credential, error) {
	c, err := one(ctx, s.db, scanCredential, "SELECT "+credentialColumns+" FROM credential WHERE credential_id = $1", id)
	return c, failed(err, "read credential %s", id)
}

// Credentials implements registry.OperatorStore.
func (s *Store) Credentials(ctx context.Context, k registry.CredentialKind, now time.Time) ([]registry.Credential, error) {
	list, err := all(ctx, s.db, scanCredential, `SELECT `+credentialColumns+` FROM credential
		WHERE ($1 = '' OR kind = $1) AND (expires_at IS NULL OR expires_at > $2) ORDER BY credential_id DESC`, k, now)
	return list, failed(err, "list credentials")
}

// TouchCredentials implements registry.OperatorStore.
func (s *Store) TouchCredentials(ctx context.Context, used map[string]time.Time) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		b := &pgx.Batch{}
		for id, when := range used {
			b.Queue("UPDATE credential SET last_used_at = $1 WHERE credential_id = $2 AND (last_used_at IS NULL OR last_used_at < $1)", when, id)
		}
		return tx.SendBatch(ctx, b).Close()
	})
	return failed(err, "note the use of credentials")
}
