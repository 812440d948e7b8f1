-- Logins to websites. What is secret of a login (password, notes, the secret of its codes) is sealed as one.

CREATE TABLE passwords (
    id           TEXT    NOT NULL PRIMARY KEY,
    identity_id  TEXT    NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    domain       TEXT    NOT NULL,
    username     TEXT    NOT NULL,
    policy       TEXT    NOT NULL,
    has_code     BOOLEAN NOT NULL,
    version      BIGINT  NOT NULL,
    set_by       TEXT    NOT NULL,
    sealed       BYTEA   NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    UNIQUE (identity_id, domain, username)
);
