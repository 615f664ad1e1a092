-- Events are never changed after they were stored; they are removed when they reach the age of retention or when
-- their device is deleted. Every index is written at every motion event and wears the card, so there is one for each
-- question that a request asks and none for what background work asks.

-- +goose Up
-- What happened to a device: motion that it reported; presence, boots and lost events that the sweeper found.
CREATE TABLE event (
    id TEXT NOT NULL, -- UUIDv7 made by the hub; with occurred_at the order of the list.
    device_id TEXT NOT NULL, -- MAC address as AA:BB:CC:DD:EE:FF.
    event_id TEXT NOT NULL, -- Unique per device: made by the camera, so that a repeat is recognised, or else the same as id.
    kind TEXT NOT NULL, -- motion, presence, boot or queue_overflow.
    occurred_at TIMESTAMP NOT NULL, -- When it happened, to the millisecond; see clock.
    received_at TIMESTAMP NOT NULL, -- When the hub learned of it, by the hub's clock.
    clock TEXT NOT NULL, -- Where occurred_at comes from: synced, computed, corrected or received.
    boot_id TEXT, -- The run of firmware in which it happened.
    monotonic_ms INTEGER, -- Milliseconds since that boot when it happened.
    motion_score REAL, -- How much moved, 0 to 100; motion only.
    camera_enabled BOOLEAN, -- What the camera said of itself; motion only.
    detail TEXT, -- What only this kind has; null when nothing.
    CONSTRAINT event_pkey PRIMARY KEY (id),
    CONSTRAINT event_device_event_key UNIQUE (device_id, event_id),
    CONSTRAINT event_kind_check CHECK (kind IN ('motion', 'presence', 'boot', 'queue_overflow')),
    CONSTRAINT event_clock_check CHECK (clock IN ('synced', 'computed', 'corrected', 'received')),
    CONSTRAINT event_monotonic_check CHECK (monotonic_ms IS NULL OR boot_id IS NOT NULL)
) WITHOUT ROWID;

-- The list of all events and retention.
CREATE INDEX event_occurred_idx ON event (occurred_at, id);
-- The list of one device's events, the motion limit by wall clock, and the purge of a device.
CREATE INDEX event_device_occurred_idx ON event (device_id, occurred_at, id);
-- The motion limit by the camera's own clock.
CREATE INDEX event_motion_boot_idx ON event (device_id, boot_id, monotonic_ms)
    WHERE kind = 'motion' AND monotonic_ms IS NOT NULL;

-- +goose Down
DROP TABLE event;
