-- The ed25519 keys of identities. A public key outlives its identity, so that what it signed can still be
-- verified; the sealed private part does not.
CREATE TABLE identity_keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    identity_id  TEXT   NOT NULL,
    email        TEXT   NOT NULL,
    public_key   BYTEA  NOT NULL,
    sealed       BYTEA,
    policy       TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    retired_at   BIGINT
);
CREATE UNIQUE INDEX identity_keys_live ON identity_keys (identity_id) WHERE retired_at IS NULL;
