-- The ways on which the owner is told besides the desktop, each with its secret sealed under a key of its own,
-- and the messages on them. A message outlives the daemon until it is taken or given up.

CREATE TABLE routes (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL UNIQUE,
    kind         TEXT   NOT NULL,
    url          TEXT,
    settings     TEXT   NOT NULL,
    rule         TEXT   NOT NULL,
    wrapped_key  BYTEA  NOT NULL,
    sealed       BYTEA,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);

CREATE TABLE deliveries (
    id          TEXT   NOT NULL PRIMARY KEY,
    route_id    TEXT   NOT NULL REFERENCES routes (id) ON DELETE CASCADE,
    -- What must still be so when the message is sent for the first time; none if it is sent in any case.
    cause       TEXT,
    notices     TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    tries       BIGINT NOT NULL,
    said        TEXT,
    due_at      BIGINT,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

CREATE INDEX deliveries_by_state ON deliveries (state, due_at);
CREATE INDEX deliveries_by_route ON deliveries (route_id, created_at);
