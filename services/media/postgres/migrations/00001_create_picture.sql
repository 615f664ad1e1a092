-- The index of the pictures. The bytes are elsewhere (folder or S3); `state` says how far the two agree.

-- +goose Up
CREATE TABLE picture (
    picture_id  uuid        PRIMARY KEY,
    device_id   text        NOT NULL,
    event_id    text,
    captured_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    bytes       bigint      NOT NULL CONSTRAINT picture_bytes_positive CHECK (bytes > 0),
    sha256      bytea       NOT NULL CONSTRAINT picture_sha256_length CHECK (octet_length(sha256) = 32),
    width       integer     NOT NULL,
    height      integer     NOT NULL,
    pinned      boolean     NOT NULL DEFAULT false,
    state       text        NOT NULL CONSTRAINT picture_state_known CHECK (state IN ('writing', 'stored', 'deleting'))
);
COMMENT ON TABLE picture IS 'One JPEG of a camera. Rows of pictures that are gone are erased; table deletion remembers them.';
COMMENT ON COLUMN picture.picture_id IS 'UUIDv7 of the hub; also the name of the bytes.';
COMMENT ON COLUMN picture.device_id IS 'Canonical MAC address.';
COMMENT ON COLUMN picture.event_id IS 'Motion event that the device named; null when none.';
COMMENT ON COLUMN picture.captured_at IS 'Receipt less the age that the device gave the frame.';
COMMENT ON COLUMN picture.state IS 'writing: bytes may be missing. stored: bytes are durable. deleting: bytes may be gone.';

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
