-- The key by which the programs of a session speak Ravi's REST shape: only its SHA-256 is kept, and it goes with the
-- end of the session.

CREATE TABLE session_keys (
    session_id  TEXT  NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    hash        BYTEA NOT NULL UNIQUE
);
