//! How good the finder is, measured over `tests/corpus`: messages as services write them, with the answer beside each.
//!
//! Two questions are asked of each message: what is its code, and where does its link lead. An answer is the first
//! that [`find`](super::find) gives, if it gives any. Right is an answer that is the expected one; wrong is any other,
//! one where none is expected among them. Precision is what part of the answers is right, recall what part of the
//! expected answers was given, of codes and links together. The messages were all written before the rules; one half,
//! chosen by a hash of the files' names, was looked at while the rules were made, the other was only counted. Those
//! whose names begin with `later-` came when the rules stood, were answered once to see how well the rules do with what
//! is new to them, and have been looked at since: they count as seen. README.md has the figures of that first time.

use super::find;
use crate::inbox::mail::read_mail;
use api::inbox::{Found, Medium};
use std::path::{Path, PathBuf};

const PRECISION: f64 = 0.98;
const RECALL: f64 = 0.97;

#[derive(serde::Deserialize)]
struct Expected {
    code: Option<String>,
    link: Option<String>,
}

#[derive(Debug, Default)]
struct Figures {
    messages: u32,
    right: u32,
    wrong: u32,
    missed: u32,
    /// What went wrong where; not kept of the half that is only counted.
    told: Vec<String>,
}

impl Figures {
    fn count(&mut self, name: &str, expected: Option<&str>, answer: Option<&str>) {
        match (expected, answer) {
            (Some(expected), Some(answer)) if expected == answer => self.right += 1,
            (None, None) => {}
            (expected, answer) => {
                self.wrong += u32::from(answer.is_some());
                self.missed += u32::from(expected.is_some());
                self.told.push(format!("{name}: {expected:?} is expected, {answer:?} is answered"));
            }
        }
    }

    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from(self.right + self.wrong)
    }

    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from(self.right + self.missed)
    }
}

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/corpus");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut messages: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_none_or(|e| e != "json")).collect();
    messages.sort();
    messages
}

/// FNV-1a, whose lowest bits say in which half a message is.
fn is_seen(name: &str) -> bool {
    if name.starts_with("later-") {
        return true;
    }
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 17) % 2 == 0
}

fn measured(seen: bool) -> Figures {
    let mut figures = Figures::default();
    for path in corpus() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if is_seen(&name) != seen {
            continue;
        }
        let raw = std::fs::read(&path).unwrap();
        let expected: Expected =
            serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap();
        let found: Found = match path.extension().is_some_and(|extension| extension == "eml") {
            true => read_mail(&raw).found,
            false => find("", &String::from_utf8(raw).unwrap(), None, Medium::Sms),
        };
        figures.messages += 1;
        figures.count(&name, expected.code.as_deref(), found.codes.first().map(|code| code.value.as_str()));
        figures.count(&name, expected.link.as_deref(), found.links.first().map(|link| link.url.as_str()));
    }
    figures
}

#[track_caller]
fn holds(figures: &Figures) {
    let (precision, recall) = (figures.precision(), figures.recall());
    println!(
        "{} messages, {} right, {} wrong, {} missed: precision {precision:.4}, recall {recall:.4}",
        figures.messages, figures.right, figures.wrong, figures.missed
    );
    assert!(precision >= PRECISION && recall >= RECALL, "precision {precision:.4}, recall {recall:.4}");
}

#[test]
fn the_half_that_was_looked_at_is_answered() {
    let figures = measured(true);
    println!("{}", figures.told.join("\n"));
    assert!(figures.messages >= 100, "{} messages", figures.messages);
    holds(&figures);
}

#[test]
fn the_half_that_was_out_of_sight_is_answered() {
    let figures = measured(false);
    assert!(figures.messages >= 100, "{} messages", figures.messages);
    holds(&figures);
}
