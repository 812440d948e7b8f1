//! What a login may be: its password, notes and user, and who may say what becomes of it.

use super::{USERNAME_MAX, generate};
use crate::caller::Caller;
use anyhow::{Result, bail};
use api::names::shown;
use api::passwords::PASSWORD_MAX;
use api::secrets::Policy;
use api::{Code, Error, SecretText};

/// The password that is given, or a new one of a length; none if neither is.
pub(super) fn new_password(given: Option<SecretText>, length: Option<u32>) -> Result<Option<SecretText>> {
    match (given, length) {
        (Some(password), _) => check_password(&password).map(|()| Some(password)),
        (None, Some(length)) => generate::password(length).map(Some),
        (None, None) => Ok(None),
    }
}

fn check_password(password: &SecretText) -> Result<()> {
    // EXPOSE: its length is checked, and that it is text.
    let bytes = password.expose().as_bytes();
    match bytes.len() {
        0 => bail!(Error::invalid("a password cannot be empty").hint("--generate makes a good one")),
        n if n > PASSWORD_MAX => bail!(too_large("password", n)),
        _ if bytes.contains(&0) => bail!(Error::invalid("a password cannot hold a zero byte")),
        _ => Ok(()),
    }
}

pub(super) fn check_notes(notes: &SecretText) -> Result<()> {
    // EXPOSE: only their length is looked at.
    match notes.expose().len() {
        n if n > PASSWORD_MAX => bail!(too_large("notes", n)),
        _ => Ok(()),
    }
}

fn too_large(what: &str, bytes: usize) -> Error {
    Error::new(Code::TooLarge, format!("the {what} has {bytes} bytes, {PASSWORD_MAX} is the limit"))
}

pub(super) fn check_username(name: &str) -> Result<()> {
    let good = name.len() <= USERNAME_MAX && !name.chars().any(char::is_control);
    match good {
        true => Ok(()),
        false => bail!(Error::invalid(format!("{} is no user's name", shown(name)))),
    }
}

pub(super) fn check_policy(caller: &Caller, policy: Option<Policy>) -> Result<()> {
    if caller.is_agent() && policy.is_some() {
        bail!(Error::refused("only the owner sets a policy").hint("leave --policy out"));
    }
    Ok(())
}
