-- The index of the pictures. The bytes are in a folder; `state` says how far the two agree. Times are Unix microseconds.

-- +goose Up
CREATE TABLE picture (
    picture_id  TEXT      NOT NULL PRIMARY KEY, -- UUIDv7 of the hub; also the name of the file
    device_id   TEXT      NOT NULL,             -- canonical MAC address
    event_id    TEXT,                           -- motion event that the device named; null when none
    captured_at TIMESTAMP NOT NULL,             -- receipt less the age that the device gave the frame
    received_at TIMESTAMP NOT NULL,
    bytes       INTEGER   NOT NULL CHECK (bytes > 0),
    sha256      BLOB      NOT NULL CHECK (length(sha256) = 32),
    width       INTEGER   NOT NULL,             -- pixels
    height      INTEGER   NOT NULL,             -- pixels
    pinned      INTEGER   NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
    -- writing: the file may be missing. stored: it is durable. deleting: it may be gone.
    state       TEXT      NOT NULL CHECK (state IN ('writing', 'stored', 'deleting'))
);

-- The same picture sent twice is one row, also when both arrive at once. A row that is being deleted does not count: the
-- picture may come again.
CREATE UNIQUE INDEX picture_same ON picture (device_id, coalesce(event_id, ''), sha256) WHERE state <> 'deleting';
-- Lists and retention, of all devices and of one.
CREATE INDEX picture_captured ON picture (captured_at, picture_id) WHERE state = 'stored';
CREATE INDEX picture_device_captured ON picture (device_id, captured_at, picture_id) WHERE state = 'stored';
-- Repair after a crash must not read the whole table.
CREATE INDEX picture_unfinished ON picture (picture_id) WHERE state <> 'stored';

-- +goose Down
DROP TABLE picture;
