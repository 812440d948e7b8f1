-- An identity that is gone is found by its name among what the audit says of identities.
CREATE INDEX audit_by_former_name ON audit (identity, seq) WHERE kind = 'identity';
