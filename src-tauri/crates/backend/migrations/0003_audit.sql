-- The audit. Rows are only ever added, by one writer, and each holds the hash of the one before.
--
-- No trigger refuses UPDATE and DELETE: SQLite and PostgreSQL write triggers differently, and whoever can
-- write to the database can drop a trigger first. What holds is the chain: `lanyard audit verify` names the
-- first row that was altered, taken out or moved, and an anchor kept elsewhere shows a tail that was cut.
--
-- No foreign keys: a record outlives the identity, session and worktree that it is about.
--
-- `high` is the latest time of all records up to this one. It never goes back, whatever the clock does, so
-- that the first record that can be of a given time or later is found without going through them all.

CREATE TABLE audit (
    seq          BIGINT NOT NULL PRIMARY KEY,
    at           BIGINT NOT NULL,
    high         BIGINT NOT NULL,
    who          TEXT   NOT NULL,
    door         TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    action       TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    identity_id  TEXT,
    identity     TEXT,
    session      TEXT,
    slot         BIGINT,
    worktree_id  TEXT,
    worktree     TEXT,
    outcome      TEXT   NOT NULL,
    detail       TEXT   NOT NULL,
    previous     BYTEA  NOT NULL,
    hash         BYTEA  NOT NULL
);
CREATE INDEX audit_by_identity ON audit (identity_id, seq) WHERE identity_id IS NOT NULL;
CREATE INDEX audit_by_slot ON audit (slot, seq) WHERE slot IS NOT NULL;
CREATE INDEX audit_by_kind ON audit (kind, seq);
CREATE INDEX audit_by_time ON audit (high, seq);
-- Two filters at once that seldom meet would else go through all rows of one of them.
CREATE INDEX audit_by_identity_and_kind ON audit (identity_id, kind, seq) WHERE identity_id IS NOT NULL;
CREATE INDEX audit_by_identity_and_slot ON audit (identity_id, slot, seq) WHERE identity_id IS NOT NULL;
CREATE INDEX audit_by_slot_and_kind ON audit (slot, kind, seq) WHERE slot IS NOT NULL;
