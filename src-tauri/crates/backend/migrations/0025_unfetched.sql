-- Mails that are here without some of their files, which are fetched again.
CREATE TABLE unfetched (
    message_id  TEXT   NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    source_id   TEXT   NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    tries       BIGINT NOT NULL,
    due_at      BIGINT NOT NULL
);
CREATE INDEX unfetched_by_source ON unfetched (source_id, due_at);
