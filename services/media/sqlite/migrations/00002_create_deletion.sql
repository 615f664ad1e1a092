-- The ledger: which pictures are gone and why. Written in the transaction that condemns a picture; entries older than a
-- year are dropped.

-- +goose Up
CREATE TABLE deletion (
    picture_id  TEXT      NOT NULL PRIMARY KEY,
    device_id   TEXT      NOT NULL,
    captured_at TIMESTAMP NOT NULL,
    bytes       INTEGER   NOT NULL,
    -- lost: the index had the picture, the folder did not
    reason      TEXT      NOT NULL CHECK (reason IN ('quota', 'age', 'operator', 'device_deleted', 'lost')),
    deleted_at  TIMESTAMP NOT NULL,
    deleted_by  TEXT      -- name of the operator; null: the hub itself
);

CREATE INDEX deletion_deleted ON deletion (deleted_at, picture_id);
-- The forecast adds up what came in lately, also what is gone again.
CREATE INDEX deletion_captured ON deletion (captured_at);

-- +goose Down
DROP TABLE deletion;
