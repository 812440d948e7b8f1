-- Identities that Ravi provides: which of Ravi's each is, and the source by which it is reached. A source of Ravi's is
-- an issuer as well, which has its id and name, and whose address and secret are read from the source.

CREATE TABLE links (
    identity_id  TEXT   NOT NULL PRIMARY KEY REFERENCES identities (id) ON DELETE CASCADE,
    source_id    TEXT   NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    -- Its id and its name at Ravi.
    uuid         TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    UNIQUE (source_id, uuid)
);

INSERT INTO issuers (id, name, kind, base_url, settings, policy, wrapped_key, sealed, created_at, updated_at)
    SELECT id, name, 'ravi', NULL, '{}', 'ask', wrapped_key, NULL, created_at, updated_at FROM sources
    WHERE kind = 'ravi' AND name NOT IN (SELECT name FROM issuers);
