-- Devices that ask to be let in. A table of its own and not a state of device: a request waits beside the live
-- credential and must not be able to disturb it. No foreign key: most requests are of devices that are not known.

-- +goose Up
CREATE TABLE enrolment_request (
    request_id text PRIMARY KEY,
    device_id text NOT NULL CHECK (device_id ~ '^[0-9A-F]{2}(:[0-9A-F]{2}){5}$'),
    secret_hash bytea CHECK (octet_length(secret_hash) = 32),
    device_type text NOT NULL,
    firmware_version text NOT NULL,
    capabilities text[] NOT NULL,
    reported_ip_address text NOT NULL,
    ip_address text NOT NULL,
    requested_at timestamptz NOT NULL,
    last_asked_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX enrolment_request_device_secret ON enrolment_request (device_id, coalesce(secret_hash, ''::bytea));

COMMENT ON TABLE enrolment_request IS 'Devices that wait for an operator; one request per device and secret.';
COMMENT ON COLUMN enrolment_request.request_id IS 'UUIDv7.';
COMMENT ON COLUMN enrolment_request.device_id IS 'MAC address; the id may be that of a live device.';
COMMENT ON COLUMN enrolment_request.secret_hash IS 'SHA-256 of the secret that approval would make the device''s own; null: it sent none.';
COMMENT ON COLUMN enrolment_request.device_type IS 'As the device said; so are firmware_version, capabilities and reported_ip_address.';
COMMENT ON COLUMN enrolment_request.firmware_version IS 'See device_type.';
COMMENT ON COLUMN enrolment_request.capabilities IS 'See device_type.';
COMMENT ON COLUMN enrolment_request.reported_ip_address IS 'See device_type.';
COMMENT ON COLUMN enrolment_request.ip_address IS 'Where the request came from.';
COMMENT ON COLUMN enrolment_request.requested_at IS 'First time.';
COMMENT ON COLUMN enrolment_request.last_asked_at IS 'Last time, to ten minutes; a day without asking deletes the request.';

-- +goose Down
DROP TABLE enrolment_request;
