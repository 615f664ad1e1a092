-- Who changed what and when, written in the transaction of the change. Rows are never altered and stay for 400 days.
-- No foreign keys: the record outlives what it speaks of.

-- +goose Up
CREATE TABLE audit_entry (
    entry_id text PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    credential_id text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL CHECK (jsonb_typeof(detail) = 'object')
);

CREATE INDEX audit_entry_at ON audit_entry (at);

-- +goose StatementBegin
CREATE FUNCTION audit_entry_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record is not altered' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_entry_is_final BEFORE UPDATE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_is_final();

COMMENT ON TABLE audit_entry IS 'Who changed what and when.';
COMMENT ON COLUMN audit_entry.entry_id IS 'UUIDv7: sorts by time.';
COMMENT ON COLUMN audit_entry.at IS 'When.';
COMMENT ON COLUMN audit_entry.actor IS 'Name of an operator or API token, "device" for a camera''s own deed, "nestbox" for the program itself.';
COMMENT ON COLUMN audit_entry.credential_id IS 'The session or API token that was used; empty: none.';
COMMENT ON COLUMN audit_entry.action IS 'For example device.approve.';
COMMENT ON COLUMN audit_entry.subject IS 'Id of the device, command, credential or operator.';
COMMENT ON COLUMN audit_entry.detail IS 'The new values; never a secret.';

-- +goose Down
DROP TABLE audit_entry;
DROP FUNCTION audit_entry_is_final;
