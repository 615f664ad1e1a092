package sqlite

import (
	"context"
	"database/sql"
	"time"

	"home.arpa/nestbox/services/registry"
)

// Update implements registry.DeviceStore. The transaction takes the write lock
// of the file at its start, so updates run one after another.
func (s *Store) Update(ctx context.Context, id string, decide func(registry.Standing) (registry.Change, error)) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
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

func standingIn(ctx context.Context, tx querier, id string) (st registry.Standing, err error) {
	if st.Device, err = findDevice(ctx, tx, id); err != nil {
		return st, err
	}
	if st.Requests, err = requestsOf(ctx, tx, id); err != nil {
		return st, err
	}
	if err = tx.QueryRowContext(ctx, "SELECT count(*) FROM enrolment_request").Scan(&st.Waiting); err != nil {
		return st, err
	}
	st.Commands, err = collect(ctx, tx, scanCommand,
		"SELECT "+commandColumns+" FROM command WHERE device_id = ? AND finished_at IS NULL ORDER BY command_id", id)
	return st, err
}

// save writes a change, devices before the commands that refer to them.
func save(ctx context.Context, tx querier, ch registry.Change) error {
	if ch.Device != nil {
		if err := saveDevice(ctx, tx, *ch.Device); err != nil {
			return err
		}
	}
	for _, id := range ch.DropRequests {
		if _, err := tx.ExecContext(ctx, "DELETE FROM enrolment_request WHERE request_id = ?", id); err != nil {
			return err
		}
	}
	if ch.Request != nil {
		if err := saveRequest(ctx, tx, *ch.Request); err != nil {
			return err
		}
	}
	for _, c := range ch.Commands {
		if err := saveCommand(ctx, tx, c); err != nil {
			return err
		}
	}
	for _, e := range ch.Audit {
		if err := insertEntry(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

const stateQuery = `SELECT device_id, epoch, status, privacy_locked, privacy_generation,
		ifnull(heartbeat_interval_seconds, 0), ifnull(deleted_at / 1000, 0),
		(SELECT count(*) FROM command c WHERE c.device_id = device.device_id AND c.finished_at IS NULL AND c.expires_at > ?)
	FROM device`

func scanState(r row) (registry.DeviceState, error) {
	var st registry.DeviceState
	err := r.Scan(&st.DeviceID, &st.Epoch, &st.Status, &st.PrivacyLocked, &st.PrivacyGeneration,
		&st.HeartbeatIntervalSeconds, &st.DeletedAtMs, &st.PendingCommands)
	return st, err
}

// DeviceState implements registry.DeviceStore.
func (s *Store) DeviceState(ctx context.Context, id string, now time.Time) (registry.DeviceState, error) {
	st, err := scanState(s.db.Read.QueryRowContext(ctx, stateQuery+" WHERE device_id = ?", at(now), id))
	return st, failed(err, "read state of device %s", id)
}

// DeviceStates implements registry.DeviceStore.
func (s *Store) DeviceStates(ctx context.Context, now time.Time) ([]registry.DeviceState, error) {
	all, err := collect(ctx, s.db.Read, scanState, stateQuery+" ORDER BY device_id", at(now))
	return all, failed(err, "read states of devices")
}
