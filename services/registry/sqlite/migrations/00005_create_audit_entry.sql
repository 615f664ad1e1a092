-- Who changed what and when, written in the transaction of the change. Rows are never altered and stay for 400 days.
-- No foreign keys: the record outlives what it speaks of.

-- +goose Up
CREATE TABLE audit_entry (
    -- UUIDv7: sorts by time.
    entry_id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    -- The session or API token that was used; empty: none.
    credential_id TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL CHECK (json_type(detail) = 'object')
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_entry_at ON audit_entry (at);

-- +goose StatementBegin
CREATE TRIGGER audit_entry_is_final BEFORE UPDATE ON audit_entry
BEGIN
    SELECT raise(ABORT, 'the record is not altered');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE audit_entry;
