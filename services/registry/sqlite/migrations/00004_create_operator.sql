-- People, and what they prove themselves with. Of a secret only the hash is here.

-- +goose Up
CREATE TABLE operator (
    name TEXT NOT NULL PRIMARY KEY,
    -- argon2id in PHC format.
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    password_changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
    credential_id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('session', 'token')),
    -- SHA-256 in hex. A slow hash would protect nothing: 256 random bits cannot be guessed.
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64),
    operator TEXT NOT NULL REFERENCES operator (name),
    -- What an API token is for; empty for a session.
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- NULL: never.
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX credential_expires ON credential (expires_at) WHERE expires_at IS NOT NULL;

-- +goose Down
DROP TABLE credential;
DROP TABLE operator;
