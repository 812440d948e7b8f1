-- Where mail and text messages come from, each with its secret sealed under a key of its own. The one that is always
-- there, the mail server on loopback, has its row for what it has brought and for the port it had.

CREATE TABLE sources (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL UNIQUE,
    kind         TEXT   NOT NULL,
    -- The one identity that it serves; none if it serves all.
    identity_id  TEXT   REFERENCES identities (id) ON DELETE CASCADE,
    url          TEXT,
    settings     TEXT   NOT NULL,
    wrapped_key  BYTEA  NOT NULL,
    sealed       BYTEA,
    -- How far it has come, in words of its kind's own.
    cursor       TEXT,
    messages     BIGINT NOT NULL,
    synced_at    BIGINT,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
