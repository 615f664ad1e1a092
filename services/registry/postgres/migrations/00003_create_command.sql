-- What devices are told to do. Rows in a final state stay for 90 days.

-- +goose Up
CREATE TABLE command (
    command_id text PRIMARY KEY,
    device_id text NOT NULL REFERENCES device (device_id),
    kind text NOT NULL,
    parameters json NOT NULL CHECK (json_typeof(parameters) = 'object'),
    state text NOT NULL CHECK (state IN ('queued', 'delivered', 'succeeded', 'failed', 'expired', 'cancelled')),
    detail text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    delivered_at timestamptz,
    handed_at timestamptz,
    finished_at timestamptz,
    expires_at timestamptz NOT NULL,
    CHECK ((finished_at IS NULL) = (state IN ('queued', 'delivered')))
);

-- The open commands are few and looked for all the time: by device at each poll, by deadline every second.
CREATE INDEX command_open_by_device ON command (device_id, command_id) WHERE finished_at IS NULL;
CREATE INDEX command_open_by_deadline ON command (expires_at) WHERE finished_at IS NULL;
CREATE INDEX command_by_device ON command (device_id, command_id);
CREATE INDEX command_finished ON command (finished_at) WHERE finished_at IS NOT NULL;

-- A command ends once. The rules see to it; this is for the day they do not.
-- +goose StatementBegin
CREATE FUNCTION command_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a finished command does not change' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER command_ends_once BEFORE UPDATE ON command
    FOR EACH ROW WHEN (old.finished_at IS NOT NULL) EXECUTE FUNCTION command_ends_once();

COMMENT ON TABLE command IS 'Orders to devices. The state changes by what the device does, by the deadline or by cancelling.';
COMMENT ON COLUMN command.command_id IS 'UUIDv7: sorts by creation.';
COMMENT ON COLUMN command.device_id IS 'To whom.';
COMMENT ON COLUMN command.kind IS 'capture, set_privacy, set_config, identify or reboot; not checked here, so that a new kind needs no migration.';
COMMENT ON COLUMN command.parameters IS 'By kind. json and not jsonb: it is handed to the device as it was made.';
COMMENT ON COLUMN command.state IS 'queued, delivered; then for ever succeeded, failed, expired or cancelled.';
COMMENT ON COLUMN command.detail IS 'What the device said of its result, or why it was cancelled.';
COMMENT ON COLUMN command.created_at IS 'When it was ordered.';
COMMENT ON COLUMN command.created_by IS 'Name of an operator or API token, or "device".';
COMMENT ON COLUMN command.delivered_at IS 'First time that the device was handed it.';
COMMENT ON COLUMN command.handed_at IS 'Last time that the device was handed it.';
COMMENT ON COLUMN command.finished_at IS 'When it reached its final state.';
COMMENT ON COLUMN command.expires_at IS 'Its deadline.';

-- +goose Down
DROP TABLE command;
DROP FUNCTION command_ends_once;
