-- What devices are told to do. Rows in a final state stay for 90 days.

-- +goose Up
CREATE TABLE command (
    -- UUIDv7: sorts by creation.
    command_id TEXT NOT NULL PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (device_id),
    kind TEXT NOT NULL,
    parameters TEXT NOT NULL CHECK (json_type(parameters) = 'object'),
    state TEXT NOT NULL CHECK (state IN ('queued', 'delivered', 'succeeded', 'failed', 'expired', 'cancelled')),
    detail TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    -- First and last time that the device was handed the command.
    delivered_at INTEGER,
    handed_at INTEGER,
    finished_at INTEGER,
    expires_at INTEGER NOT NULL,
    CHECK ((finished_at IS NULL) = (state IN ('queued', 'delivered')))
) STRICT, WITHOUT ROWID;

-- The open commands are few and looked for all the time: by device at each poll, by deadline every second.
CREATE INDEX command_open_by_device ON command (device_id, command_id) WHERE finished_at IS NULL;
CREATE INDEX command_open_by_deadline ON command (expires_at) WHERE finished_at IS NULL;
CREATE INDEX command_by_device ON command (device_id, command_id);
CREATE INDEX command_finished ON command (finished_at) WHERE finished_at IS NOT NULL;

-- A command ends once. The rules see to it; this is for the day they do not.
-- +goose StatementBegin
CREATE TRIGGER command_ends_once BEFORE UPDATE ON command WHEN old.finished_at IS NOT NULL
BEGIN
    SELECT raise(ABORT, 'a finished command does not change');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE command;
