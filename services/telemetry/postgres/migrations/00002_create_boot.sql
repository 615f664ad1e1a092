-- A camera whose clock was never set dates its motion by the time since its boot. The hub knows when that was from
-- the heartbeats of the boot and keeps it here, for events that arrive after the camera has restarted.

-- +goose Up
CREATE TABLE boot (
    device_id    text        NOT NULL,
    boot_id      text        NOT NULL,
    started_at   timestamptz,
    received_at  timestamptz NOT NULL,
    reset_reason text        NOT NULL,
    CONSTRAINT boot_pkey PRIMARY KEY (device_id, boot_id)
);

COMMENT ON TABLE boot IS 'Runs of firmware that heartbeats told of.';
COMMENT ON COLUMN boot.device_id IS 'MAC address as AA:BB:CC:DD:EE:FF.';
COMMENT ON COLUMN boot.boot_id IS 'Made by the camera at each start.';
COMMENT ON COLUMN boot.started_at IS 'When it began, by the hub''s clock less the time since boot; null when the camera did not say.';
COMMENT ON COLUMN boot.received_at IS 'When the first heartbeat of this boot that was seen arrived.';
COMMENT ON COLUMN boot.reset_reason IS 'The firmware''s word for why it started; empty when it said none.';

-- +goose Down
DROP TABLE boot;
