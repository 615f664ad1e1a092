-- Devices that ask to be let in. A table of its own and not a state of device: a request waits beside the live
-- credential and must not be able to disturb it. No foreign key: most requests are of devices that are not known.

-- +goose Up
CREATE TABLE enrolment_request (
    request_id TEXT NOT NULL PRIMARY KEY,
    device_id TEXT NOT NULL CHECK (length(device_id) = 17),
    -- The credential that approval would make the device's own; NULL: it sent none.
    secret_hash BLOB CHECK (length(secret_hash) = 32),
    device_type TEXT NOT NULL,
    firmware_version TEXT NOT NULL,
    capabilities TEXT NOT NULL CHECK (json_type(capabilities) = 'array'),
    -- What the device claims, and where the request came from.
    reported_ip_address TEXT NOT NULL,
    ip_address TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    last_asked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One request per device and secret.
CREATE UNIQUE INDEX enrolment_request_device_secret ON enrolment_request (device_id, ifnull(secret_hash, x''));

-- +goose Down
DROP TABLE enrolment_request;
