//! New values for secrets, who set the old ones, who shares them, and which sessions still hold old ones.

use super::{Which, Whose};
use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Output, ago, clean};
use crate::prompt;
use crate::table::Table;
use api::SecretText;
use api::secrets::{
    ListVersions, RotateSecret, SecretEntry, SecretVersion, ShareSecret, UnshareSecret, VALUE_MAX,
};
use std::io::IsTerminal;

/// A secret to give a new value.
#[derive(Debug, clap::Args)]
pub struct Rotate {
    /// Its key
    key: String,
    /// The new value; `-` reads standard input, and without one it is asked for
    #[arg(allow_hyphen_values = true)]
    value: Option<String>,
    /// Why; it is kept with the version
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
    /// The one for this worktree alone
    #[arg(long, value_name = "NAME")]
    worktree: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

/// A secret that several identities hold.
#[derive(Debug, clap::Args)]
pub struct Share {
    /// Its key
    key: String,
    /// The other identities, by name or id
    #[arg(long, value_name = "NAME", num_args = 1.., required = true)]
    with: Vec<String>,
    #[command(flatten)]
    whose: Whose,
}

impl Rotate {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        let value = match self.value.as_deref() {
            Some(value) if value != "-" => SecretText::new(value.into()),
            None if std::io::stdin().is_terminal() => {
                prompt::hidden(&format!("New value of {}: ", clean(&self.key)))?
            }
            _ => prompt::piped(VALUE_MAX)?,
        };
        let Rotate { key, because, worktree, whose, .. } = self;
        let entry = hand.ask(&RotateSecret { identity: whose.identity, key, worktree, value, because })?;
        hand.out.show(&entry, || told("Rotated", &entry))
    }
}

impl Share {
    /// Lets others have it.
    pub fn share(self, hand: &mut Hand) -> Result<()> {
        let entry =
            hand.ask(&ShareSecret { identity: self.whose.identity, key: self.key, with: self.with })?;
        hand.out.show(&entry, || told("Shared", &entry))
    }

    /// Takes it away from them.
    pub fn unshare(self, hand: &mut Hand) -> Result<()> {
        let entry =
            hand.ask(&UnshareSecret { identity: self.whose.identity, key: self.key, with: self.with })?;
        hand.out.show(&entry, || told("Unshared", &entry))
    }
}

/// Who set each value.
pub fn versions(hand: &mut Hand, which: Which) -> Result<()> {
    let Which { key, whose, worktree } = which;
    let versions = hand.ask(&ListVersions { identity: whose.identity, key, worktree })?;
    hand.out.show(&versions, || table(&hand.out, &versions))
}

fn table(out: &Output, versions: &[SecretVersion]) -> String {
    let mut table = Table::new(["VERSION", "SET", "BY", "BECAUSE"]);
    for version in versions {
        let slot = version.slot.map(|slot| format!(" in slot {slot}")).unwrap_or_default();
        table.row([
            version.version.to_string().into(),
            ago(out.now, version.set_at).into(),
            format!("{}{slot}", version.by).into(),
            version.because.as_deref().unwrap_or_default().into(),
        ]);
    }
    table.shown(out)
}

/// What was done to a secret, who has it now, and who still holds an old value.
pub fn told(done: &str, entry: &SecretEntry) -> String {
    let alone = entry.worktree.as_ref().map(|name| format!(" for {name} alone")).unwrap_or_default();
    let shared = match entry.shared_with.is_empty() {
        true => String::new(),
        false => format!(", shared with {}", entry.shared_with.join(", ")),
    };
    let text = format!(
        "{done} {} of {}{alone} ({}, version {}{shared}).",
        entry.key,
        entry.identity,
        entry.policy.name(),
        entry.version
    );
    format!("{}\n{}", clean(&text), stale_text(entry))
}

/// One line for each running session that still holds an old value.
pub fn stale_text(entry: &SecretEntry) -> String {
    let line = |held: &api::secrets::StaleSession| {
        let text = format!(
            "Slot {} ({}, {}) still holds an old {}: lanyard sessions restart {}",
            held.slot, held.identity, held.worktree, entry.key, held.slot
        );
        format!("{}\n", clean(&text))
    };
    entry.stale.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::secrets::{Policy, StaleSession};

    #[test]
    fn what_is_told_names_who_shares_it_and_who_has_to_be_restarted() {
        let held = |slot, identity: &str| StaleSession {
            session: "id".into(),
            slot,
            identity: identity.into(),
            worktree: "fix".into(),
            version: 1,
        };
        let entry = SecretEntry {
            uuid: "id".into(),
            identity: "ada".into(),
            key: "KEY".into(),
            policy: Policy::Auto,
            worktree_id: None,
            worktree: None,
            shared_with: vec!["bob".into(), "eve".into()],
            stale: vec![held(1, "ada"), held(2, "bob")],
            notes: String::new(),
            version: 2,
            created_dt: String::new(),
            updated_dt: String::new(),
            updated_at: 0,
        };
        let told = told("Rotated", &entry);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], "Rotated KEY of ada (auto, version 2, shared with bob, eve).");
        assert_eq!(lines[2], "Slot 2 (bob, fix) still holds an old KEY: lanyard sessions restart 2");
    }
}
