-- Events are never changed after they were stored; they are removed when they reach the age of retention or when
-- their device is deleted. Every index is written at every motion event and wears the card, so there is one for each
-- question that a request asks and none for what background work asks.

-- +goose Up
CREATE TABLE event (
    id             uuid             NOT NULL,
    device_id      text             NOT NULL,
    event_id       text             NOT NULL,
    kind           text             NOT NULL,
    occurred_at    timestamptz      NOT NULL,
    received_at    timestamptz      NOT NULL,
    clock          text             NOT NULL,
    boot_id        text,
    monotonic_ms   bigint,
    motion_score   double precision,
    camera_enabled boolean,
    detail         jsonb,
    CONSTRAINT event_pkey PRIMARY KEY (id),
    CONSTRAINT event_device_event_key UNIQUE (device_id, event_id),
    CONSTRAINT event_kind_check CHECK (kind IN ('motion', 'presence', 'boot', 'queue_overflow')),
    CONSTRAINT event_clock_check CHECK (clock IN ('synced', 'computed', 'corrected', 'received')),
    CONSTRAINT event_monotonic_check CHECK (monotonic_ms IS NULL OR boot_id IS NOT NULL)
);

-- The list of all events and retention.
CREATE INDEX event_occurred_idx ON event (occurred_at, id);
-- The list of one device's events, the motion limit by wall clock, and the purge of a device.
CREATE INDEX event_device_occurred_idx ON event (device_id, occurred_at, id);
-- The motion limit by the camera's own clock.
CREATE INDEX event_motion_boot_idx ON event (device_id, boot_id, monotonic_ms)
    WHERE kind = 'motion' AND monotonic_ms IS NOT NULL;

COMMENT ON TABLE event IS 'What happened to a device: motion that it reported; presence, boots and lost events that the sweeper found.';
COMMENT ON COLUMN event.id IS 'UUIDv7 made by the hub; with occurred_at the order of the list.';
COMMENT ON COLUMN event.device_id IS 'MAC address as AA:BB:CC:DD:EE:FF.';
COMMENT ON COLUMN event.event_id IS 'Unique per device: made by the camera, so that a repeat is recognised, or else the same as id.';
COMMENT ON COLUMN event.kind IS 'motion, presence, boot or queue_overflow.';
COMMENT ON COLUMN event.occurred_at IS 'When it happened, to the millisecond; see clock.';
COMMENT ON COLUMN event.received_at IS 'When the hub learned of it, by the hub''s clock.';
COMMENT ON COLUMN event.clock IS 'Where occurred_at comes from: synced, computed, corrected or received.';
COMMENT ON COLUMN event.boot_id IS 'The run of firmware in which it happened.';
COMMENT ON COLUMN event.monotonic_ms IS 'Milliseconds since that boot when it happened.';
COMMENT ON COLUMN event.motion_score IS 'How much moved, 0 to 100; motion only.';
COMMENT ON COLUMN event.camera_enabled IS 'What the camera said of itself; motion only.';
COMMENT ON COLUMN event.detail IS 'What only this kind has; null when nothing.';

-- +goose Down
DROP TABLE event;
