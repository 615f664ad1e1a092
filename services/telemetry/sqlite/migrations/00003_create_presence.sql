-- Whether each device is there. Only the sweeper writes it, and only when something changes: heartbeats stay in the beat store.

-- +goose Up
-- The state of every device that ever sent a heartbeat; one writer, the sweeper.
CREATE TABLE presence (
    device_id TEXT NOT NULL, -- MAC address as AA:BB:CC:DD:EE:FF.
    state TEXT NOT NULL, -- online, late, offline or asleep.
    since TIMESTAMP NOT NULL, -- When the device took this state.
    last_seen_at TIMESTAMP NOT NULL, -- When the heartbeat in last_beat arrived; the beat store may know a later one.
    last_beat TEXT NOT NULL, -- The last heartbeat before the change, and its interval.
    dropped_boot_id TEXT NOT NULL DEFAULT '', -- The boot in which the camera counted dropped.
    dropped INTEGER NOT NULL DEFAULT 0, -- The camera's count of lost motion events that queue_overflow events account for.
    CONSTRAINT presence_pkey PRIMARY KEY (device_id),
    CONSTRAINT presence_state_check CHECK (state IN ('online', 'late', 'offline', 'asleep'))
) WITHOUT ROWID;

-- +goose Down
DROP TABLE presence;
