package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"home.arpa/nestbox/services/registry"
)

const commandColumns = `command_id, device_id, kind, parameters, state, detail, created_at, created_by,
	delivered_at, handed_at, finished_at, expires_at`

func scanCommand(r pgx.CollectableRow) (registry.Command, error) {
	var c registry.Command
	err := r.Scan(&c.ID, &c.DeviceID, &c.Kind, &c.Parameters, &c.State, &c.Detail, moment{&c.CreatedAt}, &c.CreatedBy,
		moment{&c.DeliveredAt}, moment{&c.HandedAt}, moment{&c.FinishedAt}, moment{&c.ExpiresAt})
	return c, err
}

func saveCommand(b *pgx.Batch, c registry.Command) {
	b.Queue(`INSERT INTO command (`+commandColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (command_id) DO UPDATE SET state = excluded.state, detail = excluded.detail,
			delivered_at = excluded.delivered_at, handed_at = excluded.handed_at, finished_at = excluded.finished_at
		WHERE command.finished_at IS NULL`,
		c.ID, c.DeviceID, c.Kind, c.Parameters, c.State, c.Detail, at(c.CreatedAt), c.CreatedBy,
		at(c.DeliveredAt), at(c.HandedAt), at(c.FinishedAt), at(c.ExpiresAt),
	).Exec(func(ct pgconn.CommandTag) error {
		if ct.RowsAffected() != 1 {
			return errEnded
		}
		return nil
	})
}

// Poll implements registry.CommandStore.
func (s *Store) Poll(ctx context.Context, id string, now time.Time) (registry.Poll, error) {
	p, err := one(ctx, s.db, func(r pgx.CollectableRow) (p registry.Poll, err error) {
		return p, r.Scan(&p.Status, &p.Epoch, &p.Open, &p.Due)
	}, `SELECT status, epoch, count(c.command_id) > 0,
			count(c.command_id) FILTER (WHERE c.state = 'queued' OR c.handed_at <= $1) > 0
		FROM device LEFT JOIN command c ON c.device_id = device.device_id AND c.finished_at IS NULL AND c.expires_at > $2
		WHERE device.device_id = $3 GROUP BY device.device_id`, registry.RedeliverBefore(now), now, id)
	return p, failed(err, "look for commands of device %s", id)
}

// Command implements registry.CommandStore.
func (s *Store) Command(ctx context.Context, id string) (registry.Command, error) {
	c, err := one(ctx, s.db, scanCommand, "SELECT "+commandColumns+" FROM command WHERE command_id = $1", id)
	return c, failed(err, "read command %s", id)
}

// Commands implements registry.CommandStore. The state asked for is that of
// Command.At: an open command past its deadline counts as expired.
func (s *Store) Commands(ctx context.Context, f registry.CommandFilter, p registry.Page, now time.Time) ([]registry.Command, error) {
	list, err := all(ctx, s.db, scanCommand, `SELECT `+commandColumns+` FROM command
		WHERE ($1 = '' OR device_id = $1)
		  AND ($2 = '' OR $2 = CASE WHEN finished_at IS NULL AND expires_at <= $3 THEN 'expired' ELSE state END)
		  AND ($4 = '' OR command_id < $4)
		ORDER BY command_id DESC LIMIT $5`, f.DeviceID, f.State, now, p.Before, p.Limit)
	for i := range list {
		list[i] = list[i].At(now)
	}
	return list, failed(err, "list commands")
}

// ExpireCommands implements registry.CommandStore. It takes only rows that
// nobody else holds, so it waits for no device and no other sweeper.
func (s *Store) ExpireCommands(ctx context.Context, now time.Time, limit int) ([]registry.Command, error) {
	list, err := all(ctx, s.db, scanCommand, `UPDATE command SET state = 'expired', finished_at = expires_at
		WHERE command_id IN (SELECT command_id FROM command WHERE finished_at IS NULL AND expires_at <= $1
			ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)
		RETURNING `+commandColumns, now, limit)
	return list, failed(err, "expire commands")
}
