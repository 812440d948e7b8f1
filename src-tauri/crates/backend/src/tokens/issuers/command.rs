//! A program of the owner's as an issuer: JSON on its standard input, JSON on its standard output.
//!
//! ```text
//! → {"do":"issue","name":…,"repositories":[…],"permissions":{…},"ttl":SECONDS|null,"secret":…|null,"settings":{…}}
//! ← {"value":…,"id":…,"expires_in":SECONDS}        or "expires_at" in milliseconds since 1970; both may be missing
//! → {"do":"revoke","name":…,"id":…|null,"value":…|null,"secret":…|null,"settings":{…}}
//! → {"do":"find","name":…,"secret":…|null,"settings":{…}}
//! ← {"id":…}                                       or null where nothing of that name was issued
//! ```
//!
//! Status 0 is yes. 64 says that it does not know what to do, 75 that its counterpart cannot be reached, any
//! other that it refuses; then the first line of its standard error says why, and `{"retry_after":SECONDS}` on
//! its standard output when to ask again. A refusal to issue means that nothing was issued.

use crate::tokens::issuer::{
    BoxFuture, Failure, Found, Held, Issuer, Limits, Login, Minted, Order, Setup, lent, taken,
};
use crate::wiped;
use api::{Millis, SecretText};
use rustix::process::{Pid, Signal, kill_process_group, set_parent_process_death_signal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use vault::Secret;
use zeroize::Zeroizing;

/// How much of its output is read; the rest is read past.
const OUTPUT_MAX: usize = 64 * 1024;
/// How long it may take where the setting `timeout` does not say, in seconds.
const PATIENCE: u64 = 60;
const PATIENCE_MAX: u64 = 300;
/// Its exit statuses with a meaning of their own, as sysexits.h names them.
const EX_USAGE: i32 = 64;
const EX_TEMPFAIL: i32 = 75;
/// What it must not inherit of the daemon's environment.
const KEPT_BACK: [&str; 1] = ["LANYARD_PASSPHRASE_FILE"];

/// The issuer.
pub struct CommandIssuer {
    words: Vec<String>,
    settings: BTreeMap<String, String>,
    secret: Option<Secret>,
    limits: Limits,
    patience: Duration,
}

#[derive(Serialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Task<'a> {
    Issue {
        name: &'a str,
        repositories: &'a [String],
        permissions: &'a BTreeMap<String, String>,
        ttl: Option<u64>,
    },
    Revoke {
        name: &'a str,
        id: Option<&'a str>,
        value: Option<SecretText>,
    },
    Find {
        name: &'a str,
    },
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    task: Task<'a>,
    secret: Option<SecretText>,
    settings: &'a BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Answer {
    value: SecretText,
    id: Option<String>,
    expires_in: Option<u64>,
    expires_at: Option<Millis>,
    repositories: Option<Vec<String>>,
    permissions: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Whereabouts {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Rest {
    retry_after: u64,
}

impl CommandIssuer {
    /// Reads the settings: `command` (a path, or a JSON array of words), and where wanted `timeout`, `shortest`,
    /// `longest`, `undoable`, `host` and `username`. All of them are passed on to the program.
    pub fn new(setup: Setup) -> Result<Self, Failure> {
        let words = words(setup.need("command")?)?;
        let number = |name: &str| match setup.settings.get(name) {
            None => Ok(None),
            Some(text) => text
                .parse::<u64>()
                .map(Some)
                .map_err(|_| Failure::Invalid(format!("the setting {name} is a number of seconds"))),
        };
        let patience = number("timeout")?.unwrap_or(PATIENCE);
        if !(1..=PATIENCE_MAX).contains(&patience) {
            return Err(Failure::Invalid(format!("the setting timeout is 1 to {PATIENCE_MAX} seconds")));
        }
        let limits = Limits {
            shortest: number("shortest")?.map(Duration::from_secs),
            longest: number("longest")?.map(Duration::from_secs),
            undoable: setup.settings.get("undoable").is_none_or(|text| text != "no"),
            repositories: true,
        };
        let patience = Duration::from_secs(patience);
        Ok(Self { words, settings: setup.settings, secret: setup.secret, limits, patience })
    }

    async fn ask<T: DeserializeOwned>(&self, task: Task<'_>) -> Result<T, Failure> {
        let output = self.run(task).await?;
        // What it printed may be a secret, and is not quoted.
        serde_json::from_slice(&output).map_err(|e| {
            Failure::Broken(match output.is_empty() {
                true => "it printed nothing".into(),
                false => format!("what it printed does not fit, at line {} column {}", e.line(), e.column()),
            })
        })
    }

    async fn run(&self, task: Task<'_>) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let secret = self.secret.as_ref().map(lent).transpose()?;
        let told = Told { task, secret, settings: &self.settings };
        let told = wiped::json(&told).map_err(|e| Failure::Invalid(e.to_string()))?;
        let mut child = self.spawn()?;
        let group = Group(child.id());
        let ended = tokio::time::timeout(self.patience, talk(&mut child, &told)).await;
        let Ok(ended) = ended else {
            drop(group);
            let _ = child.wait().await;
            return Err(Failure::Broken(format!("it did not end within {} s", self.patience.as_secs())));
        };
        std::mem::forget(group);
        let (output, complaint, code) = ended.map_err(|e| Failure::Broken(e.to_string()))?;
        match code {
            Some(0) if output.len() > OUTPUT_MAX => {
                Err(Failure::Broken(format!("it printed more than {OUTPUT_MAX} bytes")))
            }
            Some(0) => Ok(output),
            Some(code) => Err(self.refusal(code, &output, &complaint)),
            None => Err(Failure::Broken("a signal ended it".into())),
        }
    }

    fn spawn(&self) -> Result<Child, Failure> {
        let mut command = Command::new(&self.words[0]);
        command
            .args(&self.words[1..])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        KEPT_BACK.iter().for_each(|name| {
            command.env_remove(name);
        });
        // SAFETY: the closure makes one system call, which is safe between fork and exec.
        unsafe {
            command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
        }
        command.spawn().map_err(|e| Failure::Unreachable(format!("{} does not start: {e}", self.words[0])))
    }

    fn refusal(&self, code: i32, output: &[u8], complaint: &[u8]) -> Failure {
        if let Ok(Rest { retry_after }) = serde_json::from_slice(output) {
            return Failure::RateLimited { after: Some(Duration::from_secs(retry_after)) };
        }
        let message = self.first_line(complaint);
        match code {
            EX_TEMPFAIL => Failure::Unreachable(message),
            code => Failure::Refused { status: u16::try_from(code).unwrap_or(1), message },
        }
    }

    /// What it complained first, short, without control characters and without its own secret.
    fn first_line(&self, complaint: &[u8]) -> String {
        let text = String::from_utf8_lossy(complaint);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it did not say why");
        // EXPOSE: the secret is looked for, to keep it out of an error.
        let hidden =
            match self.secret.as_ref().and_then(|secret| secret.expose_str()).filter(|s| !s.is_empty()) {
                Some(secret) => line.replace(secret, "••••"),
                None => line.to_string(),
            };
        hidden.chars().filter(|c| !c.is_control()).take(300).collect()
    }
}

impl Issuer for CommandIssuer {
    fn mint<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Minted, Failure>> {
        Box::pin(async move {
            let (repositories, permissions) = (&order.repositories, &order.permissions);
            let ttl = order.ttl.map(|ttl| ttl.as_secs());
            let answer: Answer =
                self.ask(Task::Issue { name: &order.name, repositories, permissions, ttl }).await?;
            let value = taken(&answer.value);
            if value.is_empty() {
                return Err(Failure::Broken("its value is empty".into()));
            }
            let lasts = |seconds: u64| order.now.saturating_add_unsigned(seconds.saturating_mul(1000));
            Ok(Minted {
                value,
                upstream_id: answer.id,
                expires_at: answer.expires_at.or_else(|| answer.expires_in.map(lasts)),
                repositories: answer.repositories.unwrap_or_else(|| repositories.clone()),
                permissions: answer.permissions.unwrap_or_else(|| permissions.clone()),
            })
        })
    }

    fn revoke<'a>(&'a self, held: &'a Held) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let value = held.value.as_ref().map(lent).transpose()?;
            self.run(Task::Revoke { name: &held.name, id: held.upstream_id.as_deref(), value })
                .await
                .map(|_| ())
        })
    }

    fn find<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Found, Failure>> {
        Box::pin(async move {
            match self.ask::<Whereabouts>(Task::Find { name }).await {
                Ok(Whereabouts { id: Some(id) }) => Ok(Found::Is(id)),
                Ok(Whereabouts { id: None }) => Ok(Found::None),
                Err(Failure::Refused { status, .. }) if i32::from(status) == EX_USAGE => {
                    Ok(Found::CannotTell)
                }
                Err(failure) => Err(failure),
            }
        })
    }

    fn limits(&self) -> Limits {
        self.limits.clone()
    }

    fn login(&self) -> Option<Login> {
        let setting = |name: &str| self.settings.get(name).filter(|value| !value.is_empty()).cloned();
        let username = setting("username").unwrap_or_else(|| "x-access-token".into());
        Some(Login { host: setting("host")?, username })
    }
}

/// Everything below the program ends when this is dropped.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let Some(leader) = leader {
            // It may have ended by itself in this moment.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

type Ended = (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>, Option<i32>);

/// Tells the program what to do and takes in what it says, both at once, to its end.
async fn talk(child: &mut Child, told: &[u8]) -> std::io::Result<Ended> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let tell = async move {
        if let Some(mut stdin) = stdin {
            // A program that does not read its input has closed it; its status says the rest.
            let _ = stdin.write_all(told).await;
        }
    };
    let ((), output, complaint, status) = tokio::join!(tell, bounded(stdout), bounded(stderr), child.wait());
    Ok((output?, complaint?, status?.code()))
}

/// Reads to the end and keeps the beginning, with one byte too many where there is more.
async fn bounded(source: Option<impl AsyncRead + Unpin>) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // The room is reserved at once: a buffer that grows would leave a secret behind.
    let mut kept = Zeroizing::new(Vec::with_capacity(OUTPUT_MAX + 1));
    let Some(mut source) = source else { return Ok(kept) };
    let mut piece = Zeroizing::new([0; 4096]);
    loop {
        let read = source.read(&mut *piece).await?;
        if read == 0 {
            return Ok(kept);
        }
        let room = (OUTPUT_MAX + 1).saturating_sub(kept.len()).min(read);
        kept.extend_from_slice(&piece[..room]);
    }
}

fn words(command: &str) -> Result<Vec<String>, Failure> {
    let words: Vec<String> = match command.starts_with('[') {
        true => serde_json::from_str(command)
            .map_err(|_| Failure::Invalid("the setting command is a path or a JSON array of words".into()))?,
        false => vec![command.to_string()],
    };
    match words.first().map(PathBuf::from) {
        Some(program) if program.is_absolute() => Ok(words),
        _ => Err(Failure::Invalid("the setting command begins with an absolute path".into())),
    }
}
