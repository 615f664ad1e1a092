package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"home.arpa/nestbox/services/registry"
)

const commandColumns = `command_id, device_id, kind, parameters, state, detail, created_at, created_by,
	delivered_at, handed_at, finished_at, expires_at`

func scanCommand(r row) (registry.Command, error) {
	var c registry.Command
	var parameters string
	err := r.Scan(&c.ID, &c.DeviceID, &c.Kind, &parameters, &c.State, &c.Detail, micros{&c.CreatedAt}, &c.CreatedBy,
		micros{&c.DeliveredAt}, micros{&c.HandedAt}, micros{&c.FinishedAt}, micros{&c.ExpiresAt})
	c.Parameters = []byte(parameters)
	return c, err
}

var errEnded = errors.New("the command has ended and cannot change")

func saveCommand(ctx context.Context, tx querier, c registry.Command) error {
	res, err := tx.ExecContext(ctx, `INSERT INTO command (`+commandColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (command_id) DO UPDATE SET state = excluded.state, detail = excluded.detail,
			delivered_at = excluded.delivered_at, handed_at = excluded.handed_at, finished_at = excluded.finished_at
		WHERE command.finished_at IS NULL`,
		c.ID, c.DeviceID, c.Kind, string(c.Parameters), c.State, c.Detail, at(c.CreatedAt), c.CreatedBy,
		at(c.DeliveredAt), at(c.HandedAt), at(c.FinishedAt), at(c.ExpiresAt))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errEnded, err)
	}
	return nil
}

// Poll implements registry.CommandStore.
func (s *Store) Poll(ctx context.Context, id string, now time.Time) (p registry.Poll, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT status, epoch, count(c.command_id) > 0,
			count(c.command_id) FILTER (WHERE c.state = 'queued' OR c.handed_at <= ?) > 0
		FROM device LEFT JOIN command c ON c.device_id = device.device_id AND c.finished_at IS NULL AND c.expires_at > ?
		WHERE device.device_id = ? GROUP BY device.device_id`,
		at(registry.RedeliverBefore(now)), at(now), id).Scan(&p.Status, &p.Epoch, &p.Open, &p.Due)
	return p, failed(err, "look for commands of device %s", id)
}

// Command implements registry.CommandStore.
func (s *Store) Command(ctx context.Context, id string) (registry.Command, error) {
	c, err := scanCommand(s.db.Read.QueryRowContext(ctx, "SELECT "+commandColumns+" FROM command WHERE command_id = ?", id))
	return c, failed(err, "read command %s", id)
}

// Commands implements registry.CommandStore. The state asked for is that of
// Command.At: an open command past its deadline counts as expired.
func (s *Store) Commands(ctx context.Context, f registry.CommandFilter, p registry.Page, now time.Time) ([]registry.Command, error) {
	all, err := collect(ctx, s.db.Read, scanCommand, `SELECT `+commandColumns+` FROM command
		WHERE (?1 = '' OR device_id = ?1)
		  AND (?2 = '' OR ?2 = CASE WHEN finished_at IS NULL AND expires_at <= ?3 THEN 'expired' ELSE state END)
		  AND (?4 = '' OR command_id < ?4)
		ORDER BY command_id DESC LIMIT ?5`, f.DeviceID, string(f.State), at(now), p.Before, p.Limit)
	for i := range all {
		all[i] = all[i].At(now)
	}
	return all, failed(err, "list commands")
}

// ExpireCommands implements registry.CommandStore. It reads first: a sweep with
// nothing to do takes no lock and writes nothing.
func (s *Store) ExpireCommands(ctx context.Context, now time.Time, limit int) (expired []registry.Command, err error) {
	var due bool
	err = s.db.Read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM command WHERE finished_at IS NULL AND expires_at <= ?)", at(now)).Scan(&due)
	if err != nil || !due {
		return nil, failed(err, "look for expired commands")
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		expired, err = collect(ctx, tx, scanCommand, `UPDATE command SET state = 'expired', finished_at = expires_at
			WHERE command_id IN (SELECT command_id FROM command WHERE finished_at IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?)
			RETURNING `+commandColumns, at(now), limit)
		return err
	})
	return expired, failed(err, "expire commands")
}
