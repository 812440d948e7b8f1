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

-- A secret may be for one worktree alone, and may be shared: each identity has a row of its own, sealed with
-- its own key, and the rows of a group rise in version together.

CREATE TABLE secrets_anew (
    id           TEXT   NOT NULL PRIMARY KEY,
    identity_id  TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    worktree_id  TEXT   REFERENCES worktrees (id) ON DELETE CASCADE,
    group_id     TEXT,
    key          TEXT   NOT NULL,
    policy       TEXT   NOT NULL,
    notes        TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    set_by       TEXT   NOT NULL,
    sealed       BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    UNIQUE (identity_id, key, worktree_id)
);
INSERT INTO secrets_anew (id, identity_id, key, policy, notes, version, set_by, sealed, created_at, updated_at)
    SELECT id, identity_id, key, policy, notes, version, set_by, sealed, created_at, updated_at FROM secrets;
DROP TABLE secrets;
ALTER TABLE secrets_anew RENAME TO secrets;
-- A UNIQUE takes two rows without a worktree for different ones.
CREATE UNIQUE INDEX secrets_everywhere ON secrets (identity_id, key) WHERE worktree_id IS NULL;
CREATE INDEX secrets_by_group ON secrets (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX secrets_by_worktree ON secrets (worktree_id) WHERE worktree_id IS NOT NULL;

-- Who set each value of a secret, when and why. The values themselves are gone.
CREATE TABLE secret_versions (
    secret_id  TEXT   NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
    version    BIGINT NOT NULL,
    set_by     TEXT   NOT NULL,
    session    TEXT,
    slot       BIGINT,
    because    TEXT,
    set_at     BIGINT NOT NULL,
    PRIMARY KEY (secret_id, version)
);
INSERT INTO secret_versions (secret_id, version, set_by, set_at)
    SELECT id, version, set_by, updated_at FROM secrets;

-- What was put into a session's environment at its start. A secret that is gone is still held.
CREATE TABLE session_secrets (
    session_id  TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    key         TEXT   NOT NULL,
    secret_id   TEXT   NOT NULL,
    version     BIGINT NOT NULL,
    PRIMARY KEY (session_id, key)
);
