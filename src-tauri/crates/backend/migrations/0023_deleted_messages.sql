-- What was deleted here and its source still has, or may bring again: keyed hashes of the source's own key of it and of
-- what it says, as they stood in `messages`. They are forgotten at `until`, and with their identity.
CREATE TABLE deleted_messages (
    hash         TEXT   NOT NULL PRIMARY KEY,
    identity_id  TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    until        BIGINT NOT NULL
);
CREATE INDEX deleted_messages_by_identity ON deleted_messages (identity_id);
CREATE INDEX deleted_messages_by_age ON deleted_messages (until);
