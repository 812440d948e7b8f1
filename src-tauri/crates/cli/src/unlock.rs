//! `lanyard unlock`: opens the vault with its passphrase, or makes it where there is none yet.

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::prompt;
use crate::status::vault_text;
use api::status::{GetStatus, UnlockVault, VaultState};
use api::{Code, Error, SecretText};

/// How often a wrong passphrase may be given.
const TRIES: u32 = 3;
/// The longest passphrase that is read from a pipe, in bytes.
const PASSPHRASE_MAX: usize = 4096;

/// Opens the vault: by asking, or with what standard input holds.
pub fn run(hand: &mut Hand) -> Result<()> {
    let vault = hand.ask_once(&GetStatus {})?.vault;
    let vault = match vault {
        VaultState::Open { .. } => vault,
        VaultState::Broken { reason, hint } => {
            return Err(Error::new(Code::Locked, reason).hint(hint).into());
        }
        _ if hand.has_person() => open(hand, &vault)?,
        _ => hand.ask_once(&UnlockVault { passphrase: prompt::piped(PASSPHRASE_MAX)? })?,
    };
    hand.out.show(&vault, || format!("The vault is {}.", vault_text(&vault)))
}

/// Opens the vault in the middle of another command, which failed with `error` because it is locked.
pub fn with_person(hand: &mut Hand, error: Error) -> Result<()> {
    match hand.ask_once(&GetStatus {})?.vault {
        VaultState::Broken { .. } => Err(error.into()),
        VaultState::Open { .. } => Ok(()),
        vault => open(hand, &vault).map(|_| ()),
    }
}

fn open(hand: &mut Hand, vault: &VaultState) -> Result<VaultState> {
    for _ in 1..TRIES {
        let passphrase = ask_passphrase(vault)?;
        match hand.ask_once(&UnlockVault { passphrase }) {
            Err(failure @ Failure::Refused(_)) => prompt::say(&told(&failure))?,
            answer => return answer,
        }
    }
    hand.ask_once(&UnlockVault { passphrase: ask_passphrase(vault)? })
}

fn told(failure: &Failure) -> String {
    failure.told(false).map(|told| format!("{told}\n")).unwrap_or_default()
}

fn ask_passphrase(vault: &VaultState) -> Result<SecretText> {
    if *vault != VaultState::New {
        return prompt::hidden("Passphrase of the vault: ");
    }
    prompt::say(
        "No keychain answers, so the vault gets a passphrase. It cannot be recovered: keep it well.\n",
    )?;
    let first = prompt::hidden("New passphrase (at least 8 characters): ")?;
    match prompt::hidden("The same again: ")? == first {
        true => Ok(first),
        false => Err(Error::invalid("the two passphrases differ").hint("nothing was done; try again").into()),
    }
}
