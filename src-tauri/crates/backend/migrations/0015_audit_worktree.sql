-- The audit is also listed by worktree.
CREATE INDEX audit_by_worktree ON audit (worktree, seq) WHERE worktree IS NOT NULL;
