//! The audit as lines for other programs: page by page, so that its size does not matter.

use super::Filter;
use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output::{self, count};
use api::audit::{ListAudit, PAGE_MAX, Record};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a heading (RFC 4180)
    Csv,
}

const HEADING: &str = "seq,at,who,door,kind,action,subject,identity_id,identity,session,slot,worktree_id,worktree,\
                       outcome,detail,previous,hash\r\n";

/// Writes all records that fit, oldest first.
pub fn run(hand: &mut Hand, filter: &Filter, format: Format, out: Option<&Path>) -> Result<()> {
    let mut call = ListAudit { after: Some(i64::MIN), limit: Some(PAGE_MAX), ..filter.call(hand.out.now)? };
    let wrong = |path: &Path, e| Failure::system(&format!("writing {}", path.display()), e);
    let mut file = match out {
        Some(path) => Some((path, File::create(path).map_err(|e| wrong(path, e))?)),
        None => None,
    };
    let mut write = |text: &str| match &mut file {
        Some((path, file)) => file.write_all(text.as_bytes()).map_err(|e| wrong(path, e)),
        None => output::write(text.as_bytes()),
    };
    if format == Format::Csv {
        write(HEADING)?;
    }
    let mut exported = 0;
    loop {
        let records = hand.ask(&call)?;
        let mut text = String::new();
        for record in &records {
            text += &line(format, record)?;
        }
        write(&text)?;
        exported += records.len();
        match records.last() {
            Some(last) if records.len() == PAGE_MAX as usize => call.after = Some(last.seq),
            _ => break,
        }
    }
    match file {
        Some((path, file)) => {
            file.sync_all().map_err(|e| wrong(path, e))?;
            hand.out.done(&format!("Wrote {} to {}.", count(exported, "record"), path.display()))
        }
        None => Ok(()),
    }
}

fn line(format: Format, record: &Record) -> Result<String> {
    match format {
        Format::Jsonl => serde_json::to_string(record)
            .map(|json| json + "\n")
            .map_err(|e| Failure::system("writing JSON", e)),
        Format::Csv => Ok(csv(record)),
    }
}

fn csv(r: &Record) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = [
        r.seq.to_string(),
        r.at.to_string(),
        r.who.clone(),
        r.door.clone(),
        r.kind.clone(),
        r.action.clone(),
        r.subject.clone(),
        text(&r.identity_id),
        text(&r.identity),
        text(&r.session),
        r.slot.map(|slot| slot.to_string()).unwrap_or_default(),
        text(&r.worktree_id),
        text(&r.worktree),
        r.outcome.clone(),
        r.detail.clone(),
        r.previous.clone(),
        r.hash.clone(),
    ];
    fields.map(|field| cell(&field)).join(",") + "\r\n"
}

/// A cell that no spreadsheet takes for a formula: an apostrophe says that it is text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let number = text.parse::<i64>().is_ok();
    let mark = if formula && !number { "'" } else { "" };
    match text.contains([',', '"', '\r', '\n']) || !mark.is_empty() {
        true => format!("\"{mark}{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, shown) in [
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1+cmd", "\"'+1+cmd\""),
            ("-1+cmd", "\"'-1+cmd\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("-5", "-5"),
            ("KEY", "KEY"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), shown);
        }
    }

    #[test]
    fn a_line_has_as_many_cells_as_the_heading() {
        let record = Record {
            seq: 1,
            at: 2,
            who: "owner".into(),
            door: "owner".into(),
            kind: "secret".into(),
            action: "secrets.read".into(),
            subject: "=KEY".into(),
            identity_id: None,
            identity: None,
            session: None,
            slot: Some(3),
            worktree_id: None,
            worktree: None,
            outcome: "done".into(),
            detail: String::new(),
            previous: "00".into(),
            hash: "11".into(),
        };
        let line = csv(&record);
        assert_eq!(line.matches(',').count(), HEADING.matches(',').count());
        assert!(line.contains(",\"'=KEY\",") && line.ends_with(",done,,00,11\r\n"), "{line}");
    }
}
