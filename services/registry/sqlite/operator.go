package sqlite

import (
	"context"
	"database/sql"
	"time"

	"home.arpa/nestbox/services/registry"
)

// CreateOperator implements registry.OperatorStore.
func (s *Store) CreateOperator(ctx context.Context, o registry.Operator, e registry.Entry) (created bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO operator (name, password_hash, created_at, password_changed_at)
			VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`, o.Name, o.PasswordHash, at(o.CreatedAt), at(o.PasswordChangedAt))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if created = n == 1; err != nil || !created {
			return err
		}
		return insertEntry(ctx, tx, e)
	})
	return created, failed(err, "create operator %s", o.Name)
}

// Operator implements registry.OperatorStore.
func (s *Store) Operator(ctx context.Context, name string) (o registry.Operator, err error) {
	err = s.db.Read.QueryRowContext(ctx, "SELECT name, password_hash, created_at, password_changed_at FROM operator WHERE name = ?", name).
		Scan(&o.Name, &o.PasswordHash, micros{&o.CreatedAt}, micros{&o.PasswordChangedAt})
	return o, failed(err, "read operator")
}

// SetPassword implements registry.OperatorStore.
func (s *Store) SetPassword(ctx context.Context, name, passwordHash, keep string, e registry.Entry) (ended []string, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE operator SET password_hash = ?, password_changed_at = ? WHERE name = ?", passwordHash, at(e.At), name)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			if err == nil {
				err = sql.ErrNoRows
			}
			return err
		}
		ended, err = collect(ctx, tx, scanString,
			"DELETE FROM credential WHERE operator = ? AND kind = 'session' AND credential_id <> ? RETURNING hash", name, keep)
		if err != nil {
			return err
		}
		return insertEntry(ctx, tx, e)
	})
	return ended, failed(err, "set password of %s", name)
}

func scanString(r row) (s string, err error) { return s, r.Scan(&s) }

const credentialColumns = "credential_id, kind, hash, operator, name, created_at, expires_at, last_used_at" //nolint:gosec // names of columns

func scanCredential(r row) (registry.Credential, error) {
	var c registry.Credential
	err := r.Scan(&c.ID, &c.Kind, &c.Hash, &c.Operator, &c.Name, micros{&c.CreatedAt}, micros{&c.ExpiresAt}, micros{&c.LastUsedAt})
	return c, err
}

// CreateCredential implements registry.OperatorStore.
func (s *Store) CreateCredential(ctx context.Context, c registry.Credential, e registry.Entry) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO credential ("+credentialColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			c.ID, c.Kind, c.Hash, c.Operator, c.Name, at(c.CreatedAt), at(c.ExpiresAt), at(c.LastUsedAt))
		if err != nil {
			return err
		}
		return insertEntry(ctx, tx, e)
	})
	return failed(err, "create credential %s", c.ID)
}

// DeleteCredential implements registry.OperatorStore.
func (s *Store) DeleteCredential(ctx context.Context, id string, k registry.CredentialKind, e registry.Entry) (c registry.Credential, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		c, err = scanCredential(tx.QueryRowContext(ctx,
			"DELETE FROM credential WHERE credential_id = ? AND kind = ? RETURNING "+credentialColumns, id, k))
		if err != nil {
			return err
		}
		return insertEntry(ctx, tx, e)
	})
	return c, failed(err, "delete credential %s", id)
}

// CredentialByHash implements registry.OperatorStore.
func (s *Store) CredentialByHash(ctx context.Context, hash string) (registry.Credential, error) {
	c, err := scanCredential(s.db.Read.QueryRowContext(ctx, "SELECT "+credentialColumns+" FROM credential WHERE hash = ?", hash))
	return c, failed(err, "read credential")
}

// Credential implements registry.OperatorStore.
func (s *Store) Credential(ctx context.Context, id string) (registry.Credential, error) {
	c, err := scanCredential(s.db.Read.QueryRowContext(ctx, "SELECT "+credentialColumns+" FROM credential WHERE credential_id = ?", id))
	return c, failed(err, "read credential %s", id)
}

// Credentials implements registry.OperatorStore.
func (s *Store) Credentials(ctx context.Context, k registry.CredentialKind, now time.Time) ([]registry.Credential, error) {
	all, err := collect(ctx, s.db.Read, scanCredential, `SELECT `+credentialColumns+` FROM credential
		WHERE (?1 = '' OR kind = ?1) AND (expires_at IS NULL OR expires_at > ?2) ORDER BY credential_id DESC`, string(k), at(now))
	return all, failed(err, "list credentials")
}

// TouchCredentials implements registry.OperatorStore.
func (s *Store) TouchCredentials(ctx context.Context, used map[string]time.Time) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for id, when := range used {
			if _, err := tx.ExecContext(ctx, `UPDATE credential SET last_used_at = ?1
				WHERE credential_id = ?2 AND (last_used_at IS NULL OR last_used_at < ?1)`, at(when), id); err != nil {
				return err
			}
		}
		return nil
	})
	return failed(err, "note the use of credentials")
}
