-- Issuers and the tokens that they made. Each row has a key of its own, wrapped by the master key, so that a
-- token can be revoked when the identity that it was for is long deleted.

CREATE TABLE issuers (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL UNIQUE,
    kind         TEXT   NOT NULL,
    base_url     TEXT,
    settings     TEXT   NOT NULL,
    policy       TEXT   NOT NULL,
    wrapped_key  BYTEA  NOT NULL,
    sealed       BYTEA,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);

CREATE TABLE tokens (
    id            TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    issuer_id     TEXT    NOT NULL REFERENCES issuers (id) ON DELETE CASCADE,
    identity_id   TEXT    NOT NULL,
    identity      TEXT    NOT NULL,
    worktree_id   TEXT,
    worktree      TEXT,
    session       TEXT,
    slot          BIGINT,
    state         TEXT    NOT NULL,
    repositories  TEXT    NOT NULL,
    permissions   TEXT    NOT NULL,
    ttl_ms        BIGINT,
    reason        TEXT,
    undoable      BOOLEAN NOT NULL,
    replaces      TEXT,
    replaced_by   TEXT,
    wrapped_key   BYTEA,
    sealed        BYTEA,
    upstream_id   TEXT,
    requested_at  BIGINT  NOT NULL,
    intent_at     BIGINT,
    issued_at     BIGINT,
    issued_boot   TEXT,
    issued_up     BIGINT,
    expires_at    BIGINT,
    revoked_at    BIGINT,
    refreshed_at  BIGINT,
    attempts      BIGINT  NOT NULL,
    next_try_at   BIGINT,
    last_error    TEXT
);
CREATE INDEX tokens_by_state ON tokens (state);
CREATE INDEX tokens_by_worktree ON tokens (worktree_id);
