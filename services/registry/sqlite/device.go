package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"home.arpa/nestbox/services/registry"
)

const deviceColumns = `device_id, name, device_type, firmware_version, ip_address, capabilities, status, secret_hash, epoch,
	heartbeat_interval_seconds, privacy_locked, privacy_generation, privacy_changed_at, privacy_changed_by,
	privacy_acknowledged_generation, privacy_acknowledged_at, enrolled_at, last_registered_at, created_at, deleted_at`

func scanDevice(r row) (registry.Device, error) {
	var d registry.Device
	var interval sql.NullInt64
	err := r.Scan(&d.ID, &d.Name, &d.Type, &d.FirmwareVersion, &d.IPAddress, text[[]string]{&d.Capabilities}, &d.Status,
		&d.SecretHash, &d.Epoch, &interval, &d.Privacy.Locked, &d.Privacy.Generation, micros{&d.Privacy.ChangedAt},
		&d.Privacy.ChangedBy, &d.Privacy.AcknowledgedGeneration, micros{&d.Privacy.AcknowledgedAt},
		micros{&d.EnrolledAt}, micros{&d.LastRegisteredAt}, micros{&d.CreatedAt}, micros{&d.DeletedAt})
	d.HeartbeatInterval = time.Duration(interval.Int64) * time.Second
	return d, err
}

func saveDevice(ctx context.Context, q querier, d registry.Device) error {
	capabilities, err := encode(notNil(d.Capabilities))
	if err != nil {
		return err
	}
	interval := sql.NullInt64{Int64: int64(d.HeartbeatInterval / time.Second), Valid: d.HeartbeatInterval != 0}
	_, err = q.ExecContext(ctx, `INSERT INTO device (`+deviceColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (device_id) DO UPDATE SET name = excluded.name, device_type = excluded.device_type,
			firmware_version = excluded.firmware_version, ip_address = excluded.ip_address, capabilities = excluded.capabilities,
			status = excluded.status, secret_hash = excluded.secret_hash, epoch = excluded.epoch,
			heartbeat_interval_seconds = excluded.heartbeat_interval_seconds, privacy_locked = excluded.privacy_locked,
			privacy_generation = excluded.privacy_generation, privacy_changed_at = excluded.privacy_changed_at,
			privacy_changed_by = excluded.privacy_changed_by,
			privacy_acknowledged_generation = excluded.privacy_acknowledged_generation,
			privacy_acknowledged_at = excluded.privacy_acknowledged_at, enrolled_at = excluded.enrolled_at,
			last_registered_at = excluded.last_registered_at, created_at = excluded.created_at, deleted_at = excluded.deleted_at`,
		d.ID, d.Name, d.Type, d.FirmwareVersion, d.IPAddress, capabilities, d.Status, hash(d.SecretHash), d.Epoch, interval,
		d.Privacy.Locked, d.Privacy.Generation, at(d.Privacy.ChangedAt), d.Privacy.ChangedBy,
		d.Privacy.AcknowledgedGeneration, at(d.Privacy.AcknowledgedAt),
		at(d.EnrolledAt), at(d.LastRegisteredAt), at(d.CreatedAt), at(d.DeletedAt))
	return err
}

// hash is the argument for a secret's hash; nil is NULL and not an empty blob.
func hash(h []byte) any {
	if h == nil {
		return nil
	}
	return h
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// findDevice returns nil for an unknown id.
func findDevice(ctx context.Context, q querier, id string) (*registry.Device, error) {
	d, err := scanDevice(q.QueryRowContext(ctx, "SELECT "+deviceColumns+" FROM device WHERE device_id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &d, err
}

const requestColumns = `request_id, device_id, secret_hash, device_type, firmware_version, capabilities,
	reported_ip_address, ip_address, requested_at, last_asked_at`

func scanRequest(r row) (registry.Request, error) {
	var q registry.Request
	err := r.Scan(&q.ID, &q.DeviceID, &q.SecretHash, &q.Type, &q.FirmwareVersion, text[[]string]{&q.Capabilities},
		&q.ReportedIPAddress, &q.IPAddress, micros{&q.RequestedAt}, micros{&q.LastAskedAt})
	return q, err
}

func saveRequest(ctx context.Context, tx querier, q registry.Request) error {
	capabilities, err := encode(notNil(q.Capabilities))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO enrolment_request (`+requestColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (request_id) DO UPDATE SET device_type = excluded.device_type, firmware_version = excluded.firmware_version,
			capabilities = excluded.capabilities, reported_ip_address = excluded.reported_ip_address,
			ip_address = excluded.ip_address, last_asked_at = excluded.last_asked_at`,
		q.ID, q.DeviceID, hash(q.SecretHash), q.Type, q.FirmwareVersion, capabilities,
		q.ReportedIPAddress, q.IPAddress, at(q.RequestedAt), at(q.LastAskedAt))
	return err
}

func requestsOf(ctx context.Context, q querier, id string) ([]registry.Request, error) {
	return collect(ctx, q, scanRequest, "SELECT "+requestColumns+" FROM enrolment_request WHERE device_id = ? ORDER BY request_id", id)
}

// Standing implements registry.DeviceStore.
func (s *Store) Standing(ctx context.Context, id string) (st registry.Standing, err error) {
	if st.Device, err = findDevice(ctx, s.db.Read, id); err == nil {
		st.Requests, err = requestsOf(ctx, s.db.Read, id)
	}
	return st, failed(err, "read device %s", id)
}

// Standings implements registry.DeviceStore.
func (s *Store) Standings(ctx context.Context) ([]registry.Standing, error) {
	devices, err := collect(ctx, s.db.Read, scanDevice, "SELECT "+deviceColumns+" FROM device WHERE status <> 'deleted' ORDER BY device_id")
	if err != nil {
		return nil, failed(err, "list devices")
	}
	requests, err := collect(ctx, s.db.Read, scanRequest, "SELECT "+requestColumns+" FROM enrolment_request ORDER BY device_id, request_id")
	if err != nil {
		return nil, failed(err, "list enrolment requests")
	}
	return registry.Join(devices, requests), nil
}
