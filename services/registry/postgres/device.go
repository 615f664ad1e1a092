package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/registry"
)

const deviceColumns = `device_id, name, device_type, firmware_version, ip_address, capabilities, status, secret_hash, epoch,
	heartbeat_interval_seconds, privacy_locked, privacy_generation, privacy_changed_at, privacy_changed_by,
	privacy_acknowledged_generation, privacy_acknowledged_at, enrolled_at, last_registered_at, created_at, deleted_at`

func scanDevice(r pgx.CollectableRow) (registry.Device, error) {
	var d registry.Device
	var interval *int32
	err := r.Scan(&d.ID, &d.Name, &d.Type, &d.FirmwareVersion, &d.IPAddress, &d.Capabilities, &d.Status,
		&d.SecretHash, &d.Epoch, &interval, &d.Privacy.Locked, &d.Privacy.Generation, moment{&d.Privacy.ChangedAt},
		&d.Privacy.ChangedBy, &d.Privacy.AcknowledgedGeneration, moment{&d.Privacy.AcknowledgedAt},
		moment{&d.EnrolledAt}, moment{&d.LastRegisteredAt}, moment{&d.CreatedAt}, moment{&d.DeletedAt})
	if interval != nil {
		d.HeartbeatInterval = time.Duration(*interval) * time.Second
	}
	return d, err
}

func saveDevice(b *pgx.Batch, d registry.Device) {
	var interval *int32
	if d.HeartbeatInterval != 0 {
		seconds := int32(d.HeartbeatInterval / time.Second)
		interval = &seconds
	}
	b.Queue(`INSERT INTO device (`+deviceColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		ON CONFLICT (device_id) DO UPDATE SET name = excluded.name, device_type = excluded.device_type,
			firmware_version = excluded.firmware_version, ip_address = excluded.ip_address, capabilities = excluded.capabilities,
			status = excluded.status, secret_hash = excluded.secret_hash, epoch = excluded.epoch,
			heartbeat_interval_seconds = excluded.heartbeat_interval_seconds, privacy_locked = excluded.privacy_locked,
			privacy_generation = excluded.privacy_generation, privacy_changed_at = excluded.privacy_changed_at,
			privacy_changed_by = excluded.privacy_changed_by,
			privacy_acknowledged_generation = excluded.privacy_acknowledged_generation,
			privacy_acknowledged_at = excluded.privacy_acknowledged_at, enrolled_at = excluded.enrolled_at,
			last_registered_at = excluded.last_registered_at, created_at = excluded.created_at, deleted_at = excluded.deleted_at`,
		d.ID, d.Name, d.Type, d.FirmwareVersion, d.IPAddress, notNil(d.Capabilities), d.Status, d.SecretHash, d.Epoch, interval,
		d.Privacy.Locked, d.Privacy.Generation, at(d.Privacy.ChangedAt), d.Privacy.ChangedBy,
		d.Privacy.AcknowledgedGeneration, at(d.Privacy.AcknowledgedAt),
		at(d.EnrolledAt), at(d.LastRegisteredAt), at(d.CreatedAt), at(d.DeletedAt))
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

const requestColumns = `request_id, device_id, secret_hash, device_type, firmware_version, capabilities,
	reported_ip_address, ip_address, requested_at, last_asked_at`

func scanRequest(r pgx.CollectableRow) (registry.Request, error) {
	var q registry.Request
	err := r.Scan(&q.ID, &q.DeviceID, &q.SecretHash, &q.Type, &q.FirmwareVersion, &q.Capabilities,
		&q.ReportedIPAddress, &q.IPAddress, moment{&q.RequestedAt}, moment{&q.LastAskedAt})
	return q, err
}

func saveRequest(b *pgx.Batch, q registry.Request) {
	b.Queue(`INSERT INTO enrolment_request (`+requestColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (request_id) DO UPDATE SET device_type = excluded.device_type, firmware_version = excluded.firmware_version,
			capabilities = excluded.capabilities, reported_ip_address = excluded.reported_ip_address,
			ip_address = excluded.ip_address, last_asked_at = excluded.last_asked_at`,
		q.ID, q.DeviceID, q.SecretHash, q.Type, q.FirmwareVersion, notNil(q.Capabilities),
		q.ReportedIPAddress, q.IPAddress, at(q.RequestedAt), at(q.LastAskedAt))
}

// queueStanding reads a device and its requests into st.
func queueStanding(b *pgx.Batch, id string, st *registry.Standing) {
	b.Queue("SELECT "+deviceColumns+" FROM device WHERE device_id = $1", id).Query(func(r pgx.Rows) error {
		d, err := pgx.CollectExactlyOneRow(r, scanDevice)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		st.Device = &d
		return err
	})
	b.Queue("SELECT "+requestColumns+" FROM enrolment_request WHERE device_id = $1 ORDER BY request_id", id).Query(func(r pgx.Rows) (err error) {
		st.Requests, err = pgx.CollectRows(r, scanRequest)
		return err
	})
}

// Standing implements registry.DeviceStore.
func (s *Store) Standing(ctx context.Context, id string) (st registry.Standing, err error) {
	err = s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
		b := &pgx.Batch{}
		queueStanding(b, id, &st)
		return q.SendBatch(ctx, b).Close()
	})
	return st, failed(err, "read device %s", id)
}

// Standings implements registry.DeviceStore.
func (s *Store) Standings(ctx context.Context) ([]registry.Standing, error) {
	// COLLATE "C": the order of Go's strings, whatever the database's own is.
	devices, err := all(ctx, s.db, scanDevice,
		"SELECT "+deviceColumns+` FROM device WHERE status <> 'deleted' ORDER BY device_id COLLATE "C"`)
	if err != nil {
		return nil, failed(err, "list devices")
	}
	requests, err := all(ctx, s.db, scanRequest,
		"SELECT "+requestColumns+` FROM enrolment_request ORDER BY device_id COLLATE "C", request_id COLLATE "C"`)
	if err != nil {
		return nil, failed(err, "list enrolment requests")
	}
	return registry.Join(devices, requests), nil
}

const stateQuery = `SELECT device_id, epoch, status, privacy_locked, privacy_generation,
		coalesce(heartbeat_interval_seconds, 0), coalesce(floor(extract(epoch FROM deleted_at) * 1000), 0)::bigint,
		(SELECT count(*) FROM command c WHERE c.device_id = device.device_id AND c.finished_at IS NULL AND c.expires_at > $1)
	FROM device`

func scanState(r pgx.CollectableRow) (registry.DeviceState, error) {
	var st registry.DeviceState
	err := r.Scan(&st.DeviceID, &st.Epoch, &st.Status, &st.PrivacyLocked, &st.PrivacyGeneration,
		&st.HeartbeatIntervalSeconds, &st.DeletedAtMs, &st.PendingCommands)
	return st, err
}

// DeviceState implements registry.DeviceStore.
func (s *Store) DeviceState(ctx context.Context, id string, now time.Time) (registry.DeviceState, error) {
	st, err := one(ctx, s.db, scanState, stateQuery+" WHERE device_id = $2", now, id)
	return st, failed(err, "read state of device %s", id)
}

// DeviceStates implements registry.DeviceStore.
func (s *Store) DeviceStates(ctx context.Context, now time.Time) ([]registry.DeviceState, error) {
	list, err := all(ctx, s.db, scanState, stateQuery+" ORDER BY device_id", now)
	return list, failed(err, "read states of devices")
}
