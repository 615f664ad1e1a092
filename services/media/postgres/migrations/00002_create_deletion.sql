-- The ledger: which pictures are gone and why. Written in the transaction that condemns a picture.

-- +goose Up
CREATE TABLE deletion (
    picture_id  uuid        PRIMARY KEY,
    device_id   text        NOT NULL,
    captured_at timestamptz NOT NULL,
    bytes       bigint      NOT NULL,
    reason      text        NOT NULL CONSTRAINT deletion_reason_known
                CHECK (reason IN ('quota', 'age', 'operator', 'device_deleted', 'lost')),
    deleted_at  timestamptz NOT NULL,
    deleted_by  text
);
COMMENT ON TABLE deletion IS 'Pictures that are gone. Entries older than a year are dropped.';
COMMENT ON COLUMN deletion.reason IS 'lost: the index had the picture, the folder did not.';
COMMENT ON COLUMN deletion.deleted_by IS 'Name of the operator; null: the hub itself.';

CREATE INDEX deletion_deleted ON deletion (deleted_at, picture_id);
-- The forecast adds up what came in lately, also what is gone again.
CREATE INDEX deletion_captured ON deletion (captured_at);

-- +goose Down
DROP TABLE deletion;
