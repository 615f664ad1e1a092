-- People, and what they prove themselves with. Of a secret only the hash is here.

-- +goose Up
CREATE TABLE operator (
    name text PRIMARY KEY,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    password_changed_at timestamptz NOT NULL
);

COMMENT ON TABLE operator IS 'People who may change things.';
COMMENT ON COLUMN operator.name IS 'What they log in as.';
COMMENT ON COLUMN operator.password_hash IS 'argon2id in PHC format.';
COMMENT ON COLUMN operator.created_at IS 'First start of the hub for "admin".';
COMMENT ON COLUMN operator.password_changed_at IS 'Last change or reset.';

CREATE TABLE credential (
    credential_id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('session', 'token')),
    hash text NOT NULL UNIQUE CHECK (length(hash) = 64),
    operator text NOT NULL REFERENCES operator (name),
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz
);

CREATE INDEX credential_expires ON credential (expires_at) WHERE expires_at IS NOT NULL;

COMMENT ON TABLE credential IS 'Sessions of browsers and API tokens of scripts.';
COMMENT ON COLUMN credential.credential_id IS 'UUIDv7.';
COMMENT ON COLUMN credential.kind IS 'session or token.';
COMMENT ON COLUMN credential.hash IS 'SHA-256 in hex. A slow hash would protect nothing: 256 random bits cannot be guessed.';
COMMENT ON COLUMN credential.operator IS 'Whose it is.';
COMMENT ON COLUMN credential.name IS 'What an API token is for; empty for a session.';
COMMENT ON COLUMN credential.created_at IS 'When it was made.';
COMMENT ON COLUMN credential.expires_at IS 'From when it is refused; null: never.';
COMMENT ON COLUMN credential.last_used_at IS 'To the minute, API tokens only, as far as the registry itself saw it.';

-- +goose Down
DROP TABLE credential;
DROP TABLE operator;
