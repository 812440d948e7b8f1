-- The inbox. No word of a message stands here in clear: who wrote what to whom is sealed under the identity's key,
-- bound to the message's id, and what is looked for is found by keyed hashes of it, which tell whoever takes the
-- file no more than that two messages of one identity share a word, a thread or a sender's id.

-- How an identity's inbox is set, and what it holds: counting it anew would take longer with every message.
CREATE TABLE inboxes (
    identity_id  TEXT   NOT NULL PRIMARY KEY REFERENCES identities (id) ON DELETE CASCADE,
    keep_days    BIGINT,
    sending      TEXT   NOT NULL,
    messages     BIGINT NOT NULL,
    unread       BIGINT NOT NULL
);

-- The last number that a message got. A number is never given twice, though its message is deleted.
CREATE TABLE message_numbers (
    last  BIGINT NOT NULL
);
INSERT INTO message_numbers (last) VALUES (0);

CREATE TABLE messages (
    number       BIGINT  NOT NULL PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    identity_id  TEXT    NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    medium       TEXT    NOT NULL,
    direction    TEXT    NOT NULL,
    thread       TEXT    NOT NULL,
    unread       BOOLEAN NOT NULL,
    source       TEXT    NOT NULL,
    at           BIGINT  NOT NULL,
    -- Keyed hashes: the source's own key of it, what it says, and its Message-ID.
    key_hash     TEXT,
    same_hash    TEXT,
    mail_hash    TEXT,
    -- What a list shows of it.
    head         BYTEA   NOT NULL,
    -- Of one that goes out: asked, queued, sent or failed; how often it was tried, when it is tried next, and what
    -- was said of it, sealed.
    sending      TEXT,
    tries        BIGINT  NOT NULL,
    due_at       BIGINT,
    said         BYTEA
);

CREATE INDEX messages_by_identity ON messages (identity_id, number);
CREATE INDEX messages_by_identity_and_medium ON messages (identity_id, medium, number);
CREATE INDEX messages_by_identity_and_direction ON messages (identity_id, direction, number);
CREATE INDEX messages_by_medium ON messages (medium, number);
CREATE INDEX messages_by_direction ON messages (direction, number);
CREATE INDEX messages_unread ON messages (identity_id, number) WHERE unread = TRUE;
CREATE INDEX messages_by_thread ON messages (thread, number);
CREATE INDEX messages_by_age ON messages (identity_id, at);
CREATE INDEX messages_by_key ON messages (key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX messages_by_sameness ON messages (same_hash) WHERE same_hash IS NOT NULL;
CREATE INDEX messages_by_mail ON messages (mail_hash) WHERE mail_hash IS NOT NULL;
CREATE INDEX messages_on_their_way ON messages (sending, due_at) WHERE sending IS NOT NULL;

-- Part 0 is what reading it gives; the others are the mail as it came, in order.
CREATE TABLE message_parts (
    number  BIGINT NOT NULL REFERENCES messages (number) ON DELETE CASCADE,
    part    BIGINT NOT NULL,
    sealed  BYTEA  NOT NULL,
    PRIMARY KEY (number, part)
);

-- Keyed hashes of its words, and of the beginnings of the longer ones.
CREATE TABLE message_words (
    number  BIGINT NOT NULL REFERENCES messages (number) ON DELETE CASCADE,
    word    BIGINT NOT NULL
);
CREATE INDEX words_by_word ON message_words (word, number);
CREATE INDEX words_by_message ON message_words (number);
