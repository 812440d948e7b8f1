-- Open questions to the owner, and standing answers. Approvals tell their names as they were: what they
-- name may be gone. The machine's start that an hour was given on, and the time since then that it ends
-- at, stand beside the wall clock's, which can be set.

CREATE TABLE approvals (
    id           TEXT   NOT NULL PRIMARY KEY,
    action       TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    identity_id  TEXT   NOT NULL,
    identity     TEXT   NOT NULL,
    session      TEXT   NOT NULL,
    slot         BIGINT NOT NULL,
    agent        TEXT   NOT NULL,
    worktree_id  TEXT   NOT NULL,
    worktree     TEXT   NOT NULL,
    pid          BIGINT NOT NULL,
    command      TEXT   NOT NULL,
    reason       TEXT,
    details      TEXT   NOT NULL,
    asked_at     BIGINT NOT NULL,
    until        BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    answer       TEXT,
    because      TEXT,
    answered_at  BIGINT
);
CREATE INDEX approvals_open ON approvals (id) WHERE state = 'open';

CREATE TABLE grants (
    id           TEXT   NOT NULL PRIMARY KEY,
    action       TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    identity_id  TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    identity     TEXT   NOT NULL,
    extent       TEXT   NOT NULL,
    session      TEXT   NOT NULL,
    slot         BIGINT NOT NULL,
    worktree_id  TEXT   NOT NULL,
    worktree     TEXT   NOT NULL,
    approval     TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    until        BIGINT,
    boot         TEXT,
    boot_until   BIGINT,
    ended_at     BIGINT
);
CREATE INDEX grants_live ON grants (identity_id, action, subject) WHERE ended_at IS NULL;
