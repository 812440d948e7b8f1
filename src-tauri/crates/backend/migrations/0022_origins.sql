-- What a vault here and one at a source's server have in common: a row for each secret and each login, with what both
-- held when they were last the same, sealed. What is owed to the server is told by this alone, and so outlives every
-- end of the daemon: a secret here is newer than its row, or gone.

CREATE TABLE origins (
    source_id    TEXT    NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    sort         TEXT    NOT NULL,
    -- The server's id of it, and whose seat there it belongs to.
    their_id     TEXT    NOT NULL,
    seat         TEXT    NOT NULL,
    identity_id  TEXT    NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    -- Refers to nothing: what was deleted here is still to be deleted there.
    held_id      TEXT    NOT NULL,
    -- How it was here then.
    version      BIGINT  NOT NULL,
    held_at      BIGINT  NOT NULL,
    -- Whether the identity's agents may change it.
    open         BOOLEAN NOT NULL,
    sealed       BYTEA   NOT NULL,
    PRIMARY KEY (source_id, sort, their_id)
);
CREATE INDEX origins_by_held ON origins (held_id);
CREATE INDEX origins_by_identity ON origins (identity_id);
