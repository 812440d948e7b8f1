//! `lanyard audit`: who did what; list it, verify it, anchor it, export it.

mod anchors;
mod export;
mod when;

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output::{Look, Output};
use crate::table::{Cell, Table};
use anchors::Place;
use api::audit::{AnchorAudit, Kind, ListAudit, PAGE, PAGE_MAX, Record, Verified, VerifyAudit};
use api::{Code, Error};
use export::Format;
use std::path::PathBuf;

/// What can be done with the audit.
#[derive(Debug, clap::Subcommand)]
pub enum AuditCommand {
    /// List what happened, newest first
    List {
        #[command(flatten)]
        filter: Filter,
        /// How many records
        #[arg(long, value_name = "N", default_value_t = PAGE, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// Only records with a smaller number: the page after that one
        #[arg(long, value_name = "SEQ")]
        before: Option<i64>,
    },
    /// Go through the whole chain; the first record that was altered, taken out or moved is named
    Verify {
        /// Also check that what this file anchors is still there
        #[arg(long, value_name = "FILE")]
        anchor: Option<PathBuf>,
        /// Also check what git notes of this repository anchor
        #[arg(long, value_name = "REPO")]
        note: Option<PathBuf>,
    },
    /// Write the newest record's number and hash down elsewhere, so that a tail that is cut off is missed
    Anchor {
        /// Append it to this file
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Put it into a git note on this repository's HEAD
        #[arg(long, value_name = "REPO", conflicts_with = "file")]
        note: Option<PathBuf>,
    },
    /// Write all records out, oldest first
    Export {
        #[command(flatten)]
        filter: Filter,
        /// How they are written
        #[arg(long, value_enum, default_value_t = Format::Jsonl)]
        format: Format,
        /// The file to write; standard output if left out
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Which records.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Filter {
    /// Only those about this identity: its name or id, also if it is gone
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
    /// Only those of this slot
    #[arg(long, value_name = "N")]
    slot: Option<u32>,
    /// Only those from then on: 2h, 7d, 2026-11-21, or 2026-11-21T08:00:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only those until then
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Only those of the worktree of this name
    #[arg(long, value_name = "NAME")]
    worktree: Option<String>,
    /// Only those whose subject holds these words
    #[arg(long, value_name = "WORDS")]
    subject: Option<String>,
    /// Only those of this kind, for example secret, token, session, approval, door
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<Kind>,
}

fn kind(name: &str) -> std::result::Result<Kind, String> {
    let names = || Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
    let known = Kind::ALL.iter().find(|kind| kind.name() == name).copied();
    known.ok_or_else(|| format!("kinds are {}", names()))
}

impl Filter {
    fn call(&self, now: api::Millis) -> Result<ListAudit> {
        let read = |text: &Option<String>| {
            let read = text.as_deref().map(|text| when::read(text, now)).transpose();
            read.map_err(|e| Failure::Usage(Error::invalid(e)))
        };
        Ok(ListAudit {
            identity: self.identity.clone(),
            slot: self.slot,
            kind: self.kind,
            since: read(&self.since)?,
            until: read(&self.until)?,
            worktree: self.worktree.clone(),
            subject: self.subject.clone(),
            ..ListAudit::default()
        })
    }
}

impl AuditCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            AuditCommand::List { filter, limit, before } => list(hand, &filter, limit, before),
            AuditCommand::Verify { anchor, note } => {
                let mut anchors = Vec::new();
                for place in anchor.map(Place::File).into_iter().chain(note.map(Place::Note)) {
                    anchors.extend(place.read()?);
                }
                verify(hand, VerifyAudit { anchors: anchors::newest(anchors) })
            }
            AuditCommand::Anchor { file, note } => {
                anchor(hand, file.map(Place::File).or(note.map(Place::Note)))
            }
            AuditCommand::Export { filter, format, out } => {
                export::run(hand, &filter, format, out.as_deref())
            }
        }
    }
}

fn list(hand: &mut Hand, filter: &Filter, limit: u32, before: Option<i64>) -> Result<()> {
    let mut call = ListAudit { before, ..filter.call(hand.out.now)? };
    let mut records = Vec::new();
    let left = |records: &Vec<Record>| limit.saturating_sub(u32::try_from(records.len()).unwrap_or(limit));
    while left(&records) > 0 {
        let page = left(&records).min(PAGE_MAX);
        call.limit = Some(page);
        let listed = hand.ask(&call)?;
        let last = listed.len() < page as usize;
        call.before = listed.last().map(|record| record.seq);
        records.extend(listed);
        if last {
            break;
        }
    }
    let more = left(&records) == 0;
    hand.out.show(&records, || table(&hand.out, &records, more))
}

fn table(out: &Output, records: &[Record], more: bool) -> String {
    if records.is_empty() {
        return "Nothing of that kind was recorded.\n".into();
    }
    let headings =
        ["SEQ", "WHEN (UTC)", "WHO", "WHAT", "ABOUT", "IDENTITY", "SLOT", "WORKTREE", "RESULT", ""];
    let mut table = Table::new(headings);
    for record in records {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let look = if record.outcome == "done" { Look::Plain } else { Look::Bad };
        table.row([
            record.seq.to_string().into(),
            when::shown(record.at).into(),
            (&record.who).into(),
            (&record.action).into(),
            (&record.subject).into(),
            text(&record.identity).into(),
            record.slot.map(|slot| slot.to_string()).unwrap_or_default().into(),
            text(&record.worktree).into(),
            Cell::looking(look, &record.outcome),
            (&record.detail).into(),
        ]);
    }
    let mut text = table.shown(out);
    if let Some(last) = records.last().filter(|last| more && last.seq > 1) {
        text += &format!("\nThere may be more: the next page is `--before {}`\n", last.seq);
    }
    text
}

fn verify(hand: &mut Hand, call: VerifyAudit) -> Result<()> {
    let verified = hand.ask(&call)?;
    let Some(broken) = &verified.broken else {
        return hand.out.show(&verified, || verified_text(&verified, call.anchors.len()));
    };
    if hand.out.json {
        hand.out.show(&verified, String::new)?;
    }
    let message = format!("the audit does not verify: {}", broken.words);
    let hint =
        format!("{} records before it are whole; keep a copy of the database as it is", verified.records);
    Err(Error::new(Code::Conflict, message).hint(hint).into())
}

fn verified_text(verified: &Verified, anchors: usize) -> String {
    let head = &verified.head;
    let mut text = match verified.records {
        0 => "There are no records yet.\n".to_string(),
        records => format!("All {records} records verify. The newest has the hash {}\n", head.hash),
    };
    text += &match anchors {
        0 => "Without an anchor nobody can tell whether newer ones were cut off: lanyard audit anchor --file FILE\n"
            .to_string(),
        _ => format!("What was anchored is there ({} of {anchors}).\n", verified.anchors),
    };
    text
}

fn anchor(hand: &mut Hand, place: Option<Place>) -> Result<()> {
    let head = hand.ask(&AnchorAudit {})?;
    if head.seq == 0 {
        return Err(Error::new(Code::NotFound, "there is no record to anchor yet").into());
    }
    let line = anchors::line(&head, hand.out.now);
    let Some(place) = place else { return hand.out.show(&head, || line) };
    place.write(&line)?;
    hand.out.show(&head, || format!("Anchored record {} in {place}.\n", head.seq))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_one_of_those_that_there_are() {
        assert_eq!(kind("secret"), Ok(Kind::Secret));
        assert!(kind("secrets").unwrap_err().contains("secret, grant"));
    }

    #[test]
    fn a_verification_without_an_anchor_says_what_it_cannot_know() {
        let head = api::audit::Anchor { seq: 3, hash: "ab".into() };
        let verified = Verified { records: 3, head, anchors: 0, broken: None };
        assert!(verified_text(&verified, 0).contains("cut off"));
        let anchored = Verified { anchors: 2, ..verified };
        assert!(verified_text(&anchored, 2).contains("2 of 2"));
    }
}
