-- The line of tasks, and what ended sessions came to.
--
-- A task's `session` is written, with the state `starting`, before that session is started: whoever finds it
-- after a crash sees by the session's row whether anything ran.

CREATE TABLE tasks (
    id           TEXT   NOT NULL PRIMARY KEY,
    rank         BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    reason       TEXT,
    project_id   TEXT   NOT NULL,
    project      TEXT   NOT NULL,
    branch       TEXT   NOT NULL,
    base         TEXT,
    agent        TEXT,
    command      TEXT   NOT NULL,
    slot         BIGINT,
    identity_id  TEXT,
    identity     TEXT,
    prompt       TEXT,
    when_done    TEXT   NOT NULL,
    session      TEXT,
    added_at     BIGINT NOT NULL,
    left_at      BIGINT
);
CREATE INDEX tasks_by_state ON tasks (state, rank);
CREATE INDEX tasks_by_session ON tasks (session) WHERE session IS NOT NULL;

-- The worktree of a session may be archived, and its approvals forgotten: what they said is kept as JSON.
CREATE TABLE summaries (
    session  TEXT   NOT NULL PRIMARY KEY,
    summary  TEXT   NOT NULL,
    made_at  BIGINT NOT NULL
);
