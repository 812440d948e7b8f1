//! `cargo xtask soak`: kills the daemon at random moments while tokens come and go, and then looks at their issuer.

use crate::bench::door::Door;
use crate::daemon::Daemon;
use crate::host::Host;
use crate::shell::{run, say};
use anyhow::{Context, Result, bail};
use api::SecretText;
use api::identities::CreateIdentity;
use api::issuers::{AddIssuer, Kind};
use api::secrets::Policy;
use api::tokens::{ListTokens, ReadToken, RefreshToken, RequestToken, RevokeToken, State, Token};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// How many kills where nobody says.
pub const KILLS: u32 = 200;
/// How many clients ask at once.
const CLIENTS: u64 = 3;
/// The longest time between two kills, in milliseconds.
const LIFE_MAX: u64 = 2_000;
/// How long everything may take to settle at the end.
const SETTLING: Duration = Duration::from_secs(120);
/// The counterpart that the tests use as well.
const PROGRAM: &str = include_str!("../../tests/world/issuer.py");

/// The place of one soak.
struct Soak<'a> {
    host: &'a Host,
    folder: TempDir,
    random: Random,
}

/// What the clients got done.
#[derive(Default)]
struct Done {
    issued: AtomicU64,
    refreshed: AtomicU64,
    revoked: AtomicU64,
    cut_short: AtomicU64,
}

/// Kills the daemon so many times, and prints the figures. A token that is alive and not known is a failure.
pub fn soak(host: &Host, kills: u32) -> Result<()> {
    say("building the programs");
    run(&mut host.cargo(&["build", "--package=backend", "--package=cli"]))?;
    let folder = tempfile::Builder::new().prefix("lanyard-").tempdir().context("making a folder")?;
    let soak = Soak { host, folder, random: Random::of_now() };
    let (began, done) = (Instant::now(), Done::default());
    soak.set_up()?;
    for kill in 1..=kills {
        soak.live_and_die(&done)?;
        if kill % 25 == 0 {
            say(format!("{kill} kills"));
        }
    }
    soak.look(kills, began, &done)
}

impl Soak<'_> {
    fn set_up(&self) -> Result<()> {
        let (python, program) =
            (self.host.find("python3").context("python3 is missing")?, self.counterpart("program"));
        fs::create_dir_all(self.counterpart("live"))?;
        fs::write(&program, PROGRAM.replace("PYTHON", &python.display().to_string()))?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700))?;
        fs::write(self.folder.path().join("passphrase"), "a passphrase for the soak alone\n")?;
        let _daemon = self.daemon()?;
        self.first_answer()?;
        let mut door = self.door()?;
        door.call(&CreateIdentity { name: "ada".into(), ..Default::default() })?;
        door.call(&AddIssuer {
            name: "mint".into(),
            kind: Kind::Command,
            base_url: None,
            settings: BTreeMap::from([("command".to_string(), program.display().to_string())]),
            secret: Some(SecretText::new("a secret for the soak alone".into())),
            policy: Some(Policy::Auto),
        })?;
        Ok(())
    }

    /// One daemon's life: clients ask for whatever comes to their minds, until it is killed.
    fn live_and_die(&self, done: &Done) -> Result<()> {
        let daemon = self.daemon()?;
        self.first_answer()?;
        let pid = Pid::from_raw(i32::try_from(daemon.pid())?).context("a process without a number")?;
        let (life, seeds) = (self.random.below(LIFE_MAX), (0..CLIENTS).map(|_| self.random.next()));
        let seeds: Vec<u64> = seeds.collect();
        std::thread::scope(|scope| {
            for seed in seeds {
                scope.spawn(move || self.ask_about(&Random::from(seed), done));
            }
            // How long it lives is what is drawn by lot.
            std::thread::sleep(Duration::from_millis(life));
            kill_process(pid, Signal::KILL)
        })?;
        Ok(())
    }

    /// A daemon listens before its vault is open: its life begins with the first answer. A process that the
    /// former one was just starting holds the former socket for a moment, and answers nothing.
    fn first_answer(&self) -> Result<()> {
        let until = Instant::now() + SETTLING;
        loop {
            match self.door().and_then(|mut door| door.call(&ListTokens::default())) {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > until => return Err(error),
                // A daemon that starts tells nobody when it listens.
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn ask_about(&self, random: &Random, done: &Done) {
        let Ok(mut door) = self.door() else { return };
        loop {
            let asked = ask_one(&mut door, random, done);
            // A refusal is an answer; a connection that ends is the kill.
            if asked.is_err_and(|error| {
                error.chain().any(|cause| cause.is::<std::io::Error>() || cause.is::<serde_json::Error>())
            }) {
                done.cut_short.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
    }

    /// After the last kill: one more daemon, time to settle, and a look at the issuer.
    fn look(&self, kills: u32, began: Instant, done: &Done) -> Result<()> {
        let _daemon = self.daemon()?;
        self.first_answer()?;
        let mut door = self.door()?;
        let until = Instant::now() + SETTLING;
        let tokens = loop {
            let tokens = door.call(&ListTokens::default())?;
            if tokens.iter().all(|token| token.state == State::Active) {
                break tokens;
            }
            if Instant::now() > until {
                bail!("it does not settle: {tokens:?}");
            }
            // It may take a minute, and nothing is measured: a look now and then will do.
            std::thread::sleep(Duration::from_millis(100));
        };
        let known = self.values(&mut door, &tokens)?;
        let alive = self.alive()?;
        let calls = fs::read_to_string(self.counterpart("calls"))?;
        let count = |what: &str| calls.lines().filter(|line| line.starts_with(what)).count();
        let figure = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        println!("kills                              {kills}");
        println!("seconds                            {}", began.elapsed().as_secs());
        println!(
            "answers: issued, replaced, revoked {}, {}, {}",
            figure(&done.issued),
            figure(&done.refreshed),
            figure(&done.revoked)
        );
        println!("questions that a kill cut short    {}", figure(&done.cut_short));
        println!(
            "calls of the issuer                {} issue, {} revoke, {} find",
            count("issue"),
            count("revoke"),
            count("find")
        );
        println!("alive at the issuer, and known     {}, {}", alive.len(), known.len());
        println!("alive and not known                {}", alive.difference(&known).count());
        println!("known as active and not alive      {}", known.difference(&alive).count());
        match alive == known {
            true => Ok(()),
            false => bail!("what is alive at the issuer is not what Lanyard knows"),
        }
    }

    fn values(&self, door: &mut Door, tokens: &[Token]) -> Result<BTreeSet<String>> {
        let value = |token: &Token| -> Result<String> {
            let read = door.call(&ReadToken { token: token.id.clone() })?;
            // EXPOSE: what is known is compared with what is alive.
            Ok(read.value.expose().to_string())
        };
        tokens.iter().map(value).collect()
    }

    fn alive(&self) -> Result<BTreeSet<String>> {
        let mut alive = BTreeSet::new();
        for entry in
            fs::read_dir(self.counterpart("live"))?.flatten().filter(|e| e.path().extension().is_none())
        {
            let token: serde_json::Value = serde_json::from_slice(&fs::read(entry.path())?)?;
            alive.insert(token["value"].as_str().unwrap_or_default().to_string());
        }
        Ok(alive)
    }

    fn daemon(&self) -> Result<Daemon> {
        let mut lanyardd = self.host.command(self.host.target.join("debug/lanyardd"));
        lanyardd.env("LANYARD_HOME", self.folder.path().join("home"));
        lanyardd.env("LANYARD_PASSPHRASE_FILE", self.folder.path().join("passphrase"));
        let log = File::options().create(true).append(true).open(self.folder.path().join("daemon.log"))?;
        Daemon::start(lanyardd.stdout(log), &self.socket())
    }

    fn door(&self) -> Result<Door> {
        Door::open(&self.socket())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("home/run/owner.sock")
    }

    fn counterpart(&self, name: &str) -> PathBuf {
        self.folder.path().join("issuer").join(name)
    }
}

fn ask_one(door: &mut Door, random: &Random, done: &Done) -> Result<()> {
    let tokens = door.call(&ListTokens::default())?;
    let any =
        tokens.get(usize::try_from(random.below(tokens.len().max(1) as u64))?).map(|token| token.id.clone());
    let counter = match (random.below(4), any) {
        (0, Some(token)) => {
            door.call(&RefreshToken { token })?;
            &done.refreshed
        }
        (1 | 2, Some(token)) => {
            door.call(&RevokeToken { token, force: false, wait_ms: Some(random.below(200)) })?;
            &done.revoked
        }
        _ => {
            let identity = Some("ada".to_string());
            door.call(&RequestToken { issuer: "mint".into(), identity, ..Default::default() })?;
            &done.issued
        }
    };
    counter.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Numbers that are random enough for this: xorshift.
struct Random(AtomicU64);

impl Random {
    fn of_now() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seed = u64::try_from(now.as_nanos() & u128::from(u64::MAX)).unwrap_or(1) | 1;
        say(format!("the seed is {seed}"));
        Self::from(seed)
    }

    fn next(&self) -> u64 {
        let mut x = self.0.load(Ordering::Relaxed);
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.store(x, Ordering::Relaxed);
        x
    }

    fn below(&self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}

impl From<u64> for Random {
    fn from(seed: u64) -> Self {
        Self(AtomicU64::new(seed | 1))
    }
}
