//! `lanyardd mint FD`: calls an issuer for one token, in a process that outlives the daemon.
//!
//! The descriptor is the token's file in `mints/`, locked as long as this process lives. Its content says how
//! far it came: nothing, no call was made; one letter, a call was made; after that the answer, sealed with the
//! token's own key. Whoever finds the lock free knows by that what there is to do.

use super::issuer::{Failure, Minted, Order, Setup, lent, taken};
use crate::failpoint::Failpoints;
use crate::wiped;
use anyhow::{Context, Result, bail};
use api::issuers::Kind;
use api::{Millis, SecretText};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::process::ExitCode;
use std::time::Duration;
use vault::{Bound, DataKey, Secret};
use zeroize::Zeroizing;

/// What stands before the answer once the issuer is being called.
pub const CALLED: &[u8] = b"c";
/// How long a call may take, whatever the issuer's own patience is.
const PATIENCE: Duration = Duration::from_secs(310);
/// The longest errand, in bytes.
const ERRAND_MAX: u64 = 1024 * 1024;

/// What this process is told.
#[derive(Serialize, Deserialize)]
pub struct Errand {
    kind: Kind,
    base_url: Option<String>,
    settings: BTreeMap<String, String>,
    secret: Option<SecretText>,
    order: Order,
    key: SecretText,
}

/// What the issuer answered.
#[derive(Serialize, Deserialize)]
pub enum Answer {
    /// A token.
    Minted {
        /// Its value.
        value: SecretText,
        /// Its id at the issuer.
        upstream_id: Option<String>,
        /// When it ends, by the issuer's clock.
        expires_at: Option<Millis>,
        /// What it is limited to.
        repositories: Vec<String>,
        /// What it can do.
        permissions: BTreeMap<String, String>,
    },
    /// None.
    Failed(Failure),
}

impl Errand {
    /// An errand: how the issuer is set up, what it is asked for, and the key for its answer.
    pub fn new(setup: &Setup, order: Order, key: &DataKey) -> Result<Self, Failure> {
        // EXPOSE: the process that makes the call seals its answer with this key.
        let key = SecretText::new(BASE64_STANDARD.encode(key.lend().expose()));
        Ok(Self {
            kind: setup.kind,
            base_url: setup.base_url.clone(),
            settings: setup.settings.clone(),
            secret: setup.secret.as_ref().map(lent).transpose()?,
            order,
            key,
        })
    }

    fn setup(&mut self) -> Setup {
        Setup {
            kind: self.kind,
            base_url: self.base_url.take(),
            settings: std::mem::take(&mut self.settings),
            secret: self.secret.take().as_ref().map(taken),
        }
    }
}

/// Where an answer belongs, until the daemon has put the value itself under seal.
pub fn bound(id: &str) -> Bound<'_> {
    Bound { identity: id, name: "answer", version: 1 }
}

/// Does the errand that standard input tells. This process has no other threads yet.
pub fn mint(number: &str, failpoints: &Failpoints) -> ExitCode {
    match run(number, failpoints) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lanyardd: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(number: &str, failpoints: &Failpoints) -> Result<()> {
    let number: i32 =
        number.parse().ok().filter(|n| *n > 2).context("the descriptor is no number above 2")?;
    // SAFETY: the daemon passes this descriptor over; nothing in this process owns it.
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    // A program that the issuer starts must not hold the lock.
    rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC)?;
    let mut file = File::from(fd);
    let mut errand = read()?;
    let key = key(&errand.key)?;
    // From here on the token may exist.
    file.write_all(CALLED)?;
    file.sync_all()?;
    failpoints.at("mint.call.before");
    let answer = call(&mut errand)?;
    failpoints.at("mint.call.after");
    let mut answer = wiped::json(&answer)?;
    let sealed = key.seal(&Secret::new(std::mem::take(&mut *answer)), bound(&errand.order.id));
    file.write_all(&sealed)?;
    file.sync_all()?;
    failpoints.at("mint.answer.after");
    Ok(())
}

fn read() -> Result<Errand> {
    let mut told = Zeroizing::new(Vec::with_capacity(64 * 1024));
    std::io::stdin().lock().take(ERRAND_MAX).read_to_end(&mut told).context("reading the errand")?;
    // A daemon that was killed in the middle of it has told half an errand: nothing is called then.
    serde_json::from_slice(&told).map_err(|_| anyhow::anyhow!("the errand is not whole"))
}

fn key(text: &SecretText) -> Result<DataKey> {
    // EXPOSE: the text becomes a typed key again.
    let bytes = BASE64_STANDARD.decode(text.expose()).map(Secret::new);
    match bytes.ok().as_ref().and_then(DataKey::lent) {
        Some(key) => Ok(key),
        None => bail!("the key for the answer is no key"),
    }
}

fn call(errand: &mut Errand) -> Result<Answer> {
    let setup = errand.setup();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let minted = runtime.block_on(async {
        let issuer = super::issuers::open(setup)?;
        match tokio::time::timeout(PATIENCE, issuer.mint(&errand.order)).await {
            Ok(minted) => minted,
            Err(_) => Err(Failure::Broken(format!("nothing came within {} s", PATIENCE.as_secs()))),
        }
    });
    // What an issuer left running on other threads must not keep the answer from being written.
    runtime.shutdown_background();
    Ok(match minted.and_then(told) {
        Ok(answer) => answer,
        Err(failure) => Answer::Failed(failure),
    })
}

fn told(minted: Minted) -> Result<Answer, Failure> {
    let Minted { value, upstream_id, expires_at, repositories, permissions } = minted;
    let value = lent(&value).map_err(|_| Failure::Broken("its token is not text".into()))?;
    Ok(Answer::Minted { value, upstream_id, expires_at, repositories, permissions })
}
