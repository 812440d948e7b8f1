//! Going through the whole chain: the first record that was altered, taken out, moved or replaced is named.

use super::Audit;
use super::chain::{self, Hash, START, hex};
use crate::store::{AuditRow, Store};
use anyhow::{Result, bail};
use api::audit::{ANCHORS_MAX, Anchor, Break, Fault, Verified, VerifyAudit};
use api::{Error, Millis};
use std::collections::HashMap;

/// How many rows are read at once. No read is held open for longer, and the memory is bounded.
const ROWS: i64 = 2000;
/// How far beyond the last row the true number of a moved row is looked for: others may have been taken out.
const MOVED: i64 = 1000;

impl Audit {
    /// Verifies every record, and that what was anchored is still there. One at a time.
    pub async fn verify(&self, call: VerifyAudit) -> Result<Verified> {
        let mut walk = Walk::new(call.anchors)?;
        let _alone = self.verifying.lock().await;
        loop {
            let rows = self.store.audit_from(walk.from(), ROWS).await?;
            let last = (rows.len() as i64) < ROWS;
            // Hashing thousands of rows is work; the daemon's other tasks go on meanwhile.
            let (back, broken) = tokio::task::spawn_blocking(move || {
                let broken = rows.iter().find_map(|row| walk.step(row));
                (walk, broken)
            })
            .await?;
            walk = back;
            if let Some((seq, suspect)) = broken {
                let broken = name(&self.store, &walk, seq, suspect).await?;
                return Ok(walk.verified(Some(broken)));
            }
            if last {
                let broken = walk.cut();
                return Ok(walk.verified(broken));
            }
        }
    }
}

/// How far the chain was followed.
struct Walk {
    seq: i64,
    hash: Hash,
    high: Millis,
    anchors: HashMap<i64, String>,
    fitted: u32,
}

/// What does not fit at a number.
enum Suspect {
    /// The row that stands there has another number.
    Gap,
    /// Its hash does not come from what it says.
    Hash(Box<AuditRow>),
    /// Its hash does, but it does not follow the row before.
    Link,
    /// It follows, but it is not the one that was anchored.
    Anchor,
}

impl Walk {
    fn new(anchors: Vec<Anchor>) -> Result<Self> {
        if anchors.len() > ANCHORS_MAX {
            bail!(Error::invalid(format!("more than {ANCHORS_MAX} anchors")).hint("give the newest of them"));
        }
        let anchors: HashMap<i64, String> = anchors
            .into_iter()
            .filter(|anchor| anchor.seq > 0)
            .map(|anchor| (anchor.seq, anchor.hash.to_ascii_lowercase()))
            .collect();
        Ok(Self { seq: 0, hash: START, high: Millis::MIN, anchors, fitted: 0 })
    }

    fn from(&self) -> i64 {
        // Rows below the first number do not belong there, and are looked at first.
        if self.seq == 0 { i64::MIN } else { self.seq + 1 }
    }

    /// Takes one row; gives the number at which the chain breaks, and why.
    fn step(&mut self, row: &AuditRow) -> Option<(i64, Suspect)> {
        let seq = self.seq + 1;
        if row.seq != seq {
            return Some((seq.min(row.seq), Suspect::Gap));
        }
        let high = self.high.max(row.at);
        if row.hash != chain::hash(row) || row.high != high {
            return Some((seq, Suspect::Hash(Box::new(row.clone()))));
        }
        if row.previous != self.hash {
            // The row before says what its hash says, so it was written anew after this one.
            return Some((self.seq.max(1), Suspect::Link));
        }
        if let Some(anchored) = self.anchors.remove(&seq) {
            if anchored != hex(&row.hash) {
                return Some((seq, Suspect::Anchor));
            }
            self.fitted += 1;
        }
        self.hash.copy_from_slice(&row.hash);
        (self.seq, self.high) = (seq, high);
        None
    }

    /// Where the chain ends before something that was anchored.
    fn cut(&self) -> Option<Break> {
        let anchored = self.anchors.keys().max()?;
        let seq = self.seq + 1;
        let words = match seq == *anchored {
            true => format!("record {seq} is missing: it was anchored, and the audit ends before it"),
            false => format!("records {seq} to {anchored} are missing: the last of them was anchored"),
        };
        Some(Break { seq, fault: Fault::Missing, words })
    }

    fn verified(self, broken: Option<Break>) -> Verified {
        let head = Anchor { seq: self.seq, hash: hex(&self.hash) };
        Verified { records: self.seq, head, anchors: self.fitted, broken }
    }
}

/// Says what is wrong at a number.
async fn name(store: &Store, walk: &Walk, seq: i64, suspect: Suspect) -> Result<Break> {
    let (fault, words) = match suspect {
        Suspect::Gap if seq <= walk.seq || seq < 1 => {
            (Fault::Altered, format!("record {seq} was put in: records are numbered from 1"))
        }
        Suspect::Gap => (Fault::Missing, format!("record {seq} is missing")),
        Suspect::Hash(row) => {
            let last = store.audit_head().await?.map_or(0, |head| head.seq);
            match tokio::task::spawn_blocking(move || true_number(&row, last)).await? {
                Some(other) => (
                    Fault::Reordered,
                    format!("record {seq} is not in its place: record {other} stands there"),
                ),
                None => (Fault::Altered, format!("record {seq} was altered after it was written")),
            }
        }
        Suspect::Link => (Fault::Altered, format!("record {seq} was altered and its hash made anew")),
        Suspect::Anchor => {
            (Fault::Replaced, format!("record {seq} is not the one that was anchored: it was written anew"))
        }
    };
    Ok(Break { seq, fault, words })
}

/// The number with which a row's hash fits, if it was only moved.
fn true_number(row: &AuditRow, last: i64) -> Option<i64> {
    let mut moved = row.clone();
    (1..=last + MOVED).find(|seq| {
        moved.seq = *seq;
        *seq != row.seq && chain::hash(&moved) == row.hash.as_slice()
    })
}
