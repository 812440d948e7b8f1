//! `fill_inbox DATABASE PASSPHRASE_FILE IDENTITY COUNT`: receives as many mails as the bench wants, by the way that
//! every mail goes; but that it asks for the disk once for a thousand.

use anyhow::{Context, Result};
use backend::approvals::Approvals;
use backend::audit::Audit;
use backend::bus::Bus;
use backend::clock::Clock;
use backend::failpoint::Failpoints;
use backend::grants::Grants;
use backend::inbox::{Arrived, Content, Inbox, Parts};
use backend::safe::Safe;
use backend::store::{IdentityRow, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use vault::OsKeychain;

/// How many mails are written at once.
const AT_ONCE: usize = 1000;
/// How many different words the senders know, and how many a mail has.
const VOCABULARY: usize = 4000;
const WORDS: usize = 70;

#[tokio::main]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, path, passphrase, name, count] = &args[..] else {
        anyhow::bail!("usage: fill_inbox DATABASE PASSPHRASE_FILE IDENTITY COUNT")
    };
    let count: usize = count.parse().context("reading COUNT")?;
    let (bus, clock, ending) = (Bus::default(), Clock::of_the_machine(), CancellationToken::new());
    let store = Store::open(Path::new(path)).await?;
    let keychain = Arc::new(OsKeychain);
    let passphrase = Some(PathBuf::from(passphrase));
    let safe = Safe::open(store.clone(), bus.clone(), clock, keychain, passphrase).await?;
    let audit = Audit::open(store.clone(), bus.clone(), clock).await?;
    let grants = Grants::new(store.clone(), bus.clone(), clock, audit.clone(), Failpoints::default());
    let approvals =
        Approvals::open(store.clone(), bus.clone(), clock, audit.clone(), grants, ending.clone()).await?;
    let domain = "lanyard.localhost".to_string();
    let data = Path::new(path).parent().context("the database lies in a folder")?.to_path_buf();
    let audit_of = audit.clone();
    let parts =
        Parts { store: store.clone(), bus, clock, safe, approvals, audit: audit_of, domain, data, ending };
    let inbox = Inbox::open(parts).await?;
    let identities = store.identities().await?;
    let identity =
        identities.into_iter().find(|row| row.name == *name).context("there is no such identity")?;
    for from in (0..count).step_by(AT_ONCE) {
        let mails = (from..count.min(from + AT_ONCE)).map(|number| arrived(&identity, number));
        inbox.receive_all(mails.collect()).await?;
    }
    audit.close().await;
    store.close().await;
    Ok(())
}

/// A mail of a shop. One in fifty of the first thousand speaks of a zeppelin, and no other.
fn arrived(identity: &IdentityRow, number: usize) -> Arrived {
    let text: Vec<String> = (0..WORDS).map(|at| word(spread(number * WORDS + at))).collect();
    let rare = if number < 1000 && number.is_multiple_of(50) { "zeppelin" } else { "" };
    let raw = format!(
        "From: Shop {shop} <hello@shop{shop}.example>\r\nTo: {to}\r\nSubject: Your order {number}, {subject}\r\n\
         Message-ID: <{number}.{at}@shop.example>\r\nContent-Type: text/plain\r\n\r\n\
         Thank you for your order. {rare} {text}\r\n",
        shop = number % 40,
        to = identity.email,
        subject = word(spread(number)),
        at = std::process::id(),
        text = text.join(" "),
    );
    Arrived {
        identity: identity.clone(),
        source: "bench".into(),
        key: None,
        at: 0,
        content: Content::Mail(raw.into_bytes()),
    }
}

/// A number of a word: the small ones are common, as words are.
fn spread(seed: usize) -> usize {
    let mixed = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    let part = (mixed % 10_000) as f64 / 10_000.0;
    ((part * part * part) * VOCABULARY as f64) as usize
}

/// The word of a number, of syllables.
fn word(mut number: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["ka", "lo", "mi", "ne", "ru", "sa", "to", "vi", "be", "du", "fo", "gi", "ha", "jo", "pe", "wu"];
    let mut word = String::new();
    for _ in 0..3 {
        word.push_str(SYLLABLES[number % SYLLABLES.len()]);
        number /= SYLLABLES.len();
    }
    word
}
