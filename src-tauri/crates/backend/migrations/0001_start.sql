-- The first shape of the store. Ids are UUID v7 text, times integer milliseconds UTC. SQLite and
-- PostgreSQL both take these statements as they stand.

CREATE TABLE vault (
    id          TEXT   NOT NULL PRIMARY KEY,
    header      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE settings (
    name   TEXT NOT NULL PRIMARY KEY,
    value  TEXT NOT NULL
);

CREATE TABLE identities (
    id            TEXT   NOT NULL PRIMARY KEY,
    name          TEXT   NOT NULL UNIQUE,
    email         TEXT   NOT NULL UNIQUE,
    phone         TEXT,
    author_name   TEXT   NOT NULL,
    author_email  TEXT   NOT NULL,
    wrapped_key   BYTEA  NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);

CREATE TABLE slots (
    number       BIGINT NOT NULL PRIMARY KEY,
    identity_id  TEXT   REFERENCES identities (id) ON DELETE SET NULL,
    agent        TEXT   NOT NULL,
    hue          BIGINT NOT NULL
);

CREATE TABLE projects (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL UNIQUE,
    path         TEXT   NOT NULL UNIQUE,
    allowed_env  TEXT   NOT NULL,
    created_at   BIGINT NOT NULL
);

CREATE TABLE worktrees (
    id           TEXT   NOT NULL PRIMARY KEY,
    project_id   TEXT   NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name         TEXT   NOT NULL,
    branch       TEXT   NOT NULL,
    base         TEXT,
    path         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    archived_at  BIGINT
);
CREATE UNIQUE INDEX worktrees_live ON worktrees (project_id, name) WHERE archived_at IS NULL;

CREATE TABLE secrets (
    id           TEXT   NOT NULL PRIMARY KEY,
    identity_id  TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    key          TEXT   NOT NULL,
    policy       TEXT   NOT NULL,
    notes        TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    set_by       TEXT   NOT NULL,
    sealed       BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    UNIQUE (identity_id, key)
);

CREATE TABLE sessions (
    id           TEXT   NOT NULL PRIMARY KEY,
    slot         BIGINT NOT NULL,
    identity_id  TEXT   NOT NULL,
    identity     TEXT   NOT NULL,
    project      TEXT   NOT NULL,
    worktree_id  TEXT   NOT NULL,
    worktree     TEXT   NOT NULL,
    branch       TEXT   NOT NULL,
    path         TEXT   NOT NULL,
    agent        TEXT   NOT NULL,
    command      TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    reason       TEXT,
    exit         TEXT,
    keeper_pid   BIGINT,
    started_at   BIGINT NOT NULL,
    ended_at     BIGINT
);
CREATE INDEX sessions_by_slot ON sessions (slot, started_at);
CREATE INDEX sessions_by_state ON sessions (state);
