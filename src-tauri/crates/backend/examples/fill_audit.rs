//! `fill_audit DATABASE COUNT`: records as many facts as the bench wants, by the way that every record goes.

use anyhow::{Context, Result};
use api::audit::Kind;
use backend::audit::{Audit, By, Fact};
use backend::bus::Bus;
use backend::clock::Clock;
use backend::store::Store;
use std::path::Path;
use tokio::task::JoinSet;

/// How many ask at once, and how many facts each asks to be recorded.
const AT_ONCE: usize = 64;
const EACH: usize = 16;

#[tokio::main]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, path, count] = &args[..] else { anyhow::bail!("usage: fill_audit DATABASE COUNT") };
    let count: usize = count.parse().context("reading COUNT")?;
    let store = Store::open(Path::new(path)).await?;
    let audit = Audit::open(store.clone(), Bus::default(), Clock::of_the_machine()).await?;
    let mut asking = JoinSet::new();
    for from in (0..count).step_by(EACH) {
        if asking.len() == AT_ONCE {
            asking.join_next().await.context("nobody asks")???;
        }
        let (audit, facts) = (audit.clone(), (from..count.min(from + EACH)).map(fact).collect());
        asking.spawn(async move { audit.note_all(By::Daemon, facts).await });
    }
    while let Some(asked) = asking.join_next().await {
        asked??;
    }
    audit.close().await;
    store.close().await;
    Ok(())
}

/// Facts of every kind and slot; one in sixteen is about one of three identities.
fn fact(number: usize) -> Fact {
    let kind = Kind::ALL[number % Kind::ALL.len()];
    Fact {
        slot: u32::try_from(number % 12 + 1).ok(),
        identity_id: number.is_multiple_of(EACH).then(|| format!("identity-{}", number / EACH % 3)),
        detail: "recorded by the bench".into(),
        ..Fact::done(kind, "bench.filled", format!("SUBJECT_{number}"))
    }
}
