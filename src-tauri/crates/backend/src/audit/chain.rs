//! The chain: what exactly is hashed, so that anybody can check an export with a few lines of their own.
//!
//! The hash of a record is the SHA-256 of these bytes, one after another:
//!
//! ```text
//! 1 byte     the version of this encoding: 1
//! 32 bytes   the hash of the record before; for the first record, zeros
//! 8 bytes    seq, big-endian
//! 8 bytes    at, milliseconds since 1970-01-01 UTC, big-endian, two's complement
//! then, in this order: who, door, kind, action, subject, identity_id, identity, session, slot,
//! worktree_id, worktree, outcome, detail; each as
//!   1 byte   0 if there is none, and nothing follows; else 1, and then
//!   4 bytes  the length in bytes, big-endian
//!   n bytes  the text as UTF-8; the slot as decimal digits
//! ```
//!
//! Each length stands before its text, so that no two different records have the same bytes: nothing can be
//! moved from one field to the next. A later encoding gets the next version byte.

use crate::store::AuditRow;
use api::audit::{Anchor, Record};
use sha2::{Digest, Sha256};

/// The version of the encoding.
const VERSION: u8 = 1;

/// The hash of a record.
pub type Hash = [u8; 32];

/// What stands before the first record.
pub const START: Hash = [0; 32];

/// The hash of a row's own fields and of what it says the hash before was.
pub fn hash(row: &AuditRow) -> Hash {
    let mut sha = Sha256::new();
    sha.update([VERSION]);
    sha.update(&row.previous);
    sha.update(row.seq.to_be_bytes());
    sha.update(row.at.to_be_bytes());
    for text in [&row.who, &row.door, &row.kind, &row.action, &row.subject] {
        field(&mut sha, Some(text));
    }
    field(&mut sha, row.identity_id.as_deref());
    field(&mut sha, row.identity.as_deref());
    field(&mut sha, row.session.as_deref());
    field(&mut sha, row.slot.map(|slot| slot.to_string()).as_deref());
    field(&mut sha, row.worktree_id.as_deref());
    field(&mut sha, row.worktree.as_deref());
    field(&mut sha, Some(&row.outcome));
    field(&mut sha, Some(&row.detail));
    sha.finalize().into()
}

fn field(sha: &mut Sha256, text: Option<&str>) {
    let Some(text) = text else { return sha.update([0]) };
    // No text of a record is near 4 GiB; one that was forged to be cannot have a hash that fits.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    sha.update([1]);
    sha.update(length.to_be_bytes());
    sha.update(text);
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A row as callers see it.
pub fn seen(row: AuditRow) -> Record {
    Record {
        seq: row.seq,
        at: row.at,
        who: row.who,
        door: row.door,
        kind: row.kind,
        action: row.action,
        subject: row.subject,
        identity_id: row.identity_id,
        identity: row.identity,
        session: row.session,
        slot: row.slot.and_then(|slot| u32::try_from(slot).ok()),
        worktree_id: row.worktree_id,
        worktree: row.worktree,
        outcome: row.outcome,
        detail: row.detail,
        previous: hex(&row.previous),
        hash: hex(&row.hash),
    }
}

/// The anchor that a row is.
pub fn anchor(row: Option<&AuditRow>) -> Anchor {
    match row {
        Some(row) => Anchor { seq: row.seq, hash: hex(&row.hash) },
        None => Anchor { seq: 0, hash: hex(&START) },
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A row for tests, its hash made.
    pub fn row(seq: i64, previous: &[u8]) -> AuditRow {
        let text = |text: &str| text.to_string();
        let mut row = AuditRow {
            seq,
            at: 1000 + seq,
            high: 1000 + seq,
            who: text("agent"),
            door: text("session"),
            kind: text("secret"),
            action: text("secrets.read"),
            subject: text("KEY"),
            identity_id: Some(text("i")),
            identity: Some(text("ada")),
            session: Some(text("s")),
            slot: Some(3),
            worktree_id: None,
            worktree: None,
            outcome: text("done"),
            detail: text(""),
            previous: previous.to_vec(),
            hash: Vec::new(),
        };
        row.hash = hash(&row).to_vec();
        row
    }

    #[test]
    fn the_encoding_is_the_one_that_is_documented() {
        let row = row(7, &START);
        let mut bytes = vec![1];
        bytes.extend([0; 32]);
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 7]);
        bytes.extend([0, 0, 0, 0, 0, 0, 3, 239]);
        for text in ["agent", "session", "secret", "secrets.read", "KEY", "i", "ada", "s", "3"] {
            bytes.extend([1, 0, 0, 0, u8::try_from(text.len()).unwrap()]);
            bytes.extend(text.as_bytes());
        }
        bytes.extend([0, 0]);
        bytes.extend([1, 0, 0, 0, 4]);
        bytes.extend(b"done");
        bytes.extend([1, 0, 0, 0, 0]);
        assert_eq!(hex(&row.hash), hex(&Sha256::digest(&bytes)));
    }

    /// Small random numbers, the same in every run.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % limit
        }

        /// Short texts of few letters, so that moving text between fields often gives the same whole.
        fn text(&mut self) -> String {
            (0..self.below(4)).map(|_| ["a", "\0", "\u{1}", "é"][self.below(4) as usize]).collect()
        }

        fn maybe(&mut self) -> Option<String> {
            (self.below(3) > 0).then(|| self.text())
        }

        fn row(&mut self) -> AuditRow {
            let previous = if self.below(2) == 0 { START } else { [1; 32] };
            AuditRow {
                at: self.below(2) as i64,
                who: self.text(),
                door: self.text(),
                kind: self.text(),
                action: self.text(),
                subject: self.text(),
                identity_id: self.maybe(),
                identity: self.maybe(),
                session: self.maybe(),
                slot: (self.below(2) == 0).then(|| self.below(12) as i64),
                worktree_id: self.maybe(),
                worktree: self.maybe(),
                outcome: self.text(),
                detail: self.text(),
                ..row(1 + self.below(2) as i64, &previous)
            }
        }
    }

    #[test]
    fn two_records_have_one_hash_only_if_they_say_the_same() {
        let mut dice = Dice(1);
        let mut known = std::collections::HashMap::new();
        for _ in 0..20_000 {
            let row = AuditRow { high: 0, hash: Vec::new(), ..dice.row() };
            let before = known.insert(hash(&row), row.clone());
            assert!(before.is_none_or(|before| before == row), "two records, one hash");
        }
        assert!(known.len() > 15_000, "the dice gave the same records again and again: {}", known.len());
    }

    #[test]
    fn text_cannot_be_moved_from_one_field_to_the_next() {
        let one = row(1, &START);
        let moved = AuditRow { action: "secrets.readK".into(), subject: "EY".into(), ..one.clone() };
        assert_ne!(hash(&one), hash(&moved));
        let none = AuditRow { detail: String::new(), identity: None, ..one.clone() };
        assert_ne!(hash(&none), hash(&AuditRow { identity: Some(String::new()), ..none.clone() }));
    }
}
