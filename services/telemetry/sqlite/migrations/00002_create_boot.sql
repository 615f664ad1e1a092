-- A camera whose clock was never set dates its motion by the time since its boot. The hub knows when that was from
-- the heartbeats of the boot and keeps it here, for events that arrive after the camera has restarted.

-- +goose Up
-- Runs of firmware that heartbeats told of.
CREATE TABLE boot (
    device_id TEXT NOT NULL, -- MAC address as AA:BB:CC:DD:EE:FF.
    boot_id TEXT NOT NULL, -- Made by the camera at each start.
    started_at TIMESTAMP, -- When it began, by the hub's clock less the time since boot; null when the camera did not say.
    received_at TIMESTAMP NOT NULL, -- When the first heartbeat of this boot that was seen arrived.
    reset_reason TEXT NOT NULL, -- The firmware's word for why it started; empty when it said none.
    CONSTRAINT boot_pkey PRIMARY KEY (device_id, boot_id)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE boot;
