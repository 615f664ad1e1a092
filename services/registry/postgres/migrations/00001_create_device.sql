-- Devices that were admitted at least once. A deleted device stays as a row: its epoch must go on growing, or tokens of
-- its former life would be good again, and the time of the deletion tells telemetry and media what to purge.

-- +goose Up
CREATE TABLE device (
    device_id text PRIMARY KEY CHECK (device_id ~ '^[0-9A-F]{2}(:[0-9A-F]{2}){5}$'),
    name text NOT NULL,
    device_type text NOT NULL,
    firmware_version text NOT NULL,
    ip_address text NOT NULL,
    capabilities text[] NOT NULL,
    status text NOT NULL CHECK (status IN ('approved', 'revoked', 'deleted')),
    secret_hash bytea CHECK (octet_length(secret_hash) = 32),
    epoch bigint NOT NULL CHECK (epoch >= 1),
    heartbeat_interval_seconds integer CHECK (heartbeat_interval_seconds BETWEEN 10 AND 3600),
    privacy_locked boolean NOT NULL,
    privacy_generation bigint NOT NULL CHECK (privacy_generation >= 0),
    privacy_changed_at timestamptz,
    privacy_changed_by text NOT NULL,
    privacy_acknowledged_generation bigint NOT NULL CHECK (privacy_acknowledged_generation BETWEEN 0 AND privacy_generation),
    privacy_acknowledged_at timestamptz,
    enrolled_at timestamptz,
    last_registered_at timestamptz,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz
);

COMMENT ON TABLE device IS 'Cameras that were admitted at least once; deleted ones stay for their epoch.';
COMMENT ON COLUMN device.device_id IS 'MAC address, AA:BB:CC:DD:EE:FF.';
COMMENT ON COLUMN device.name IS 'Given by an operator; empty: none.';
COMMENT ON COLUMN device.device_type IS 'As the device said when it last registered; so are firmware_version, ip_address and capabilities.';
COMMENT ON COLUMN device.firmware_version IS 'See device_type.';
COMMENT ON COLUMN device.ip_address IS 'See device_type. Shown, never trusted.';
COMMENT ON COLUMN device.capabilities IS 'See device_type.';
COMMENT ON COLUMN device.status IS 'approved, revoked or deleted.';
COMMENT ON COLUMN device.secret_hash IS 'SHA-256 of the device''s own secret; null: admitted in mode open without one.';
COMMENT ON COLUMN device.epoch IS 'Grows with each revocation and new credential; tokens of a smaller epoch are refused.';
COMMENT ON COLUMN device.heartbeat_interval_seconds IS 'Null: the hub''s default.';
COMMENT ON COLUMN device.privacy_locked IS 'Desired: the camera takes no picture and the hub stores none.';
COMMENT ON COLUMN device.privacy_generation IS 'Names the desired state; grows with each change.';
COMMENT ON COLUMN device.privacy_changed_at IS 'Null: never changed.';
COMMENT ON COLUMN device.privacy_changed_by IS 'Name of an operator or API token, or "device" for the camera''s own switch.';
COMMENT ON COLUMN device.privacy_acknowledged_generation IS 'Newest generation that the camera is known to act on.';
COMMENT ON COLUMN device.privacy_acknowledged_at IS 'When the camera said so.';
COMMENT ON COLUMN device.enrolled_at IS 'When the present credential was admitted.';
COMMENT ON COLUMN device.last_registered_at IS 'When the device last proved its credential.';
COMMENT ON COLUMN device.created_at IS 'When it was first heard of.';
COMMENT ON COLUMN device.deleted_at IS 'Last deletion; stays when the device comes back. Older data belongs to the former life.';

-- +goose Down
DROP TABLE device;
