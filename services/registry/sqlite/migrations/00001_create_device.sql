-- Devices that were admitted at least once. A deleted device stays as a row: its epoch must go on growing, or tokens of
-- its former life would be good again, and the time of the deletion tells telemetry and media what to purge.
-- Times are Unix microseconds, UTC.

-- +goose Up
CREATE TABLE device (
    device_id TEXT NOT NULL PRIMARY KEY CHECK (length(device_id) = 17),
    name TEXT NOT NULL,
    device_type TEXT NOT NULL,
    firmware_version TEXT NOT NULL,
    ip_address TEXT NOT NULL,
    capabilities TEXT NOT NULL CHECK (json_type(capabilities) = 'array'),
    status TEXT NOT NULL CHECK (status IN ('approved', 'revoked', 'deleted')),
    -- SHA-256 of the device's own secret; NULL: admitted in mode open without one.
    secret_hash BLOB CHECK (length(secret_hash) = 32),
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    -- NULL: the hub's default.
    heartbeat_interval_seconds INTEGER CHECK (heartbeat_interval_seconds BETWEEN 10 AND 3600),
    privacy_locked INTEGER NOT NULL CHECK (privacy_locked IN (0, 1)),
    privacy_generation INTEGER NOT NULL CHECK (privacy_generation >= 0),
    privacy_changed_at INTEGER,
    privacy_changed_by TEXT NOT NULL,
    privacy_acknowledged_generation INTEGER NOT NULL
        CHECK (privacy_acknowledged_generation BETWEEN 0 AND privacy_generation),
    privacy_acknowledged_at INTEGER,
    enrolled_at INTEGER,
    last_registered_at INTEGER,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE device;
