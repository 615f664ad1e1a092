-- Whether each device is there. Only the sweeper writes it, and only when something changes: heartbeats stay in the beat store.

-- +goose Up
CREATE TABLE presence (
    device_id       text        NOT NULL,
    state           text        NOT NULL,
    since           timestamptz NOT NULL,
    last_seen_at    timestamptz NOT NULL,
    last_beat       jsonb       NOT NULL,
    dropped_boot_id text        NOT NULL DEFAULT '',
    dropped         bigint      NOT NULL DEFAULT 0,
    CONSTRAINT presence_pkey PRIMARY KEY (device_id),
    CONSTRAINT presence_state_check CHECK (state IN ('online', 'late', 'offline', 'asleep'))
);

COMMENT ON TABLE presence IS 'The state of every device that ever sent a heartbeat; one writer, the sweeper.';
COMMENT ON COLUMN presence.device_id IS 'MAC address as AA:BB:CC:DD:EE:FF.';
COMMENT ON COLUMN presence.state IS 'online, late, offline or asleep.';
COMMENT ON COLUMN presence.since IS 'When the device took this state.';
COMMENT ON COLUMN presence.last_seen_at IS 'When the heartbeat in last_beat arrived; the beat store may know a later one.';
COMMENT ON COLUMN presence.last_beat IS 'The last heartbeat before the change, and its interval.';
COMMENT ON COLUMN presence.dropped_boot_id IS 'The boot in which the camera counted dropped.';
COMMENT ON COLUMN presence.dropped IS 'The camera''s count of lost motion events that queue_overflow events account for.';

-- +goose Down
DROP TABLE presence;
