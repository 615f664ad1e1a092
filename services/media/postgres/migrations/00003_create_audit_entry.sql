-- What operators changed. Written in the transaction of the change, never altered, never dropped.

-- +goose Up
CREATE TABLE audit_entry (
    entry_id      uuid        PRIMARY KEY,
    at            timestamptz NOT NULL,
    actor         text        NOT NULL,
    credential_id text        NOT NULL,
    action        text        NOT NULL,
    subject       text        NOT NULL,
    detail        jsonb       NOT NULL
);
COMMENT ON TABLE audit_entry IS 'Who pinned, unpinned or deleted which picture.';
COMMENT ON COLUMN audit_entry.credential_id IS 'Session or API token that was used; the registry knows it.';
COMMENT ON COLUMN audit_entry.subject IS 'picture_id. No foreign key: the entry outlives the picture.';

CREATE INDEX audit_entry_at ON audit_entry (at, entry_id);

-- +goose Down
DROP TABLE audit_entry;
