package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/registry"
)

// Update implements registry.DeviceStore. Updates of one device take turns at an
// advisory lock, not at the row: most of those that ask to be let in have none.
// The lock and all reads are one round trip. Each statement sees what was
// committed before it began, so those after the lock see the last update whole.
func (s *Store) Update(ctx context.Context, id string, decide func(registry.Standing) (registry.Change, error)) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		st, err := standingIn(ctx, tx, id)
		if err != nil {
			return failed(err, "read device %s", id)
		}
		ch, err := decide(st)
		if err != nil || ch.Empty() {
			return err
		}
		return failed(save(ctx, tx, ch), "save device %s", id)
	})
}

func standingIn(ctx context.Context, tx pgx.Tx, id string) (st registry.Standing, err error) {
	b := &pgx.Batch{}
	b.Queue("SELECT pg_advisory_xact_lock(hashtextextended('registry device ' || $1, 0))", id)
	queueStanding(b, id, &st)
	b.Queue("SELECT count(*) FROM enrolment_request").QueryRow(func(r pgx.Row) error { return r.Scan(&st.Waiting) })
	// FOR UPDATE because the sweeper takes no device's lock.
	b.Queue("SELECT "+commandColumns+" FROM command WHERE device_id = $1 AND finished_at IS NULL ORDER BY command_id FOR UPDATE", id).
		Query(func(r pgx.Rows) (err error) {
			st.Commands, err = pgx.CollectRows(r, scanCommand)
			return err
		})
	return st, tx.SendBatch(ctx, b).Close()
}

// save writes a change, devices before the commands that refer to them.
func save(ctx context.Context, tx pgx.Tx, ch registry.Change) error {
	b := &pgx.Batch{}
	if ch.Device != nil {
		saveDevice(b, *ch.Device)
	}
	for _, id := range ch.DropRequests {
		b.Queue("DELETE FROM enrolment_request WHERE request_id = $1", id)
	}
	if ch.Request != nil {
		saveRequest(b, *ch.Request)
	}
	for _, c := range ch.Commands {
		saveCommand(b, c)
	}
	for _, e := range ch.Audit {
		insertEntry(b, e)
	}
	return tx.SendBatch(ctx, b).Close()
}
