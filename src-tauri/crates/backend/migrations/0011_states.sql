-- What a session is doing, beyond that its process runs: since when, in whose words, and what it waits for.
-- `hooked` says that the agent's own hooks were heard, which outrank what its terminal prints.

ALTER TABLE sessions ADD COLUMN waiting       TEXT;
ALTER TABLE sessions ADD COLUMN since         BIGINT  NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN message       TEXT;
ALTER TABLE sessions ADD COLUMN wants         TEXT;
ALTER TABLE sessions ADD COLUMN from_terminal BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN hooked        BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN attention     TEXT;
ALTER TABLE sessions ADD COLUMN attention_at  BIGINT;
ALTER TABLE sessions ADD COLUMN title         TEXT;
ALTER TABLE sessions ADD COLUMN progress      BIGINT;
ALTER TABLE sessions ADD COLUMN conversation  TEXT;
ALTER TABLE sessions ADD COLUMN prompt        TEXT;

UPDATE sessions SET since = COALESCE(ended_at, started_at);

-- A session runs as long as it has not ended, whatever its state.
DROP INDEX sessions_by_state;
CREATE INDEX sessions_running ON sessions (slot, started_at) WHERE ended_at IS NULL;
