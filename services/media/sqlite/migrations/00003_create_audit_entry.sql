-- What operators changed. Written in the transaction of the change, never altered, never dropped.

-- +goose Up
CREATE TABLE audit_entry (
    entry_id      TEXT      NOT NULL PRIMARY KEY,
    at            TIMESTAMP NOT NULL,
    actor         TEXT      NOT NULL,
    credential_id TEXT      NOT NULL, -- session or API token that was used; the registry knows it
    action        TEXT      NOT NULL,
    subject       TEXT      NOT NULL, -- picture_id; no foreign key: the entry outlives the picture
    detail        TEXT      NOT NULL  -- JSON object
);

CREATE INDEX audit_entry_at ON audit_entry (at, entry_id);

-- +goose Down
DROP TABLE audit_entry;
