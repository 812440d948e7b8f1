//! Reading one secret by a command, beside the other commands that read one.

use super::table::{Row, median, millis, ratio};
use super::world::{IDENTITY, KEY, World};
use crate::shell::{quietly, run};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 200;
const WHAT: &str = "`lanyard secrets get`";
const PASS_RUNS: usize = 40;
/// A bus that starts nothing by itself: the keyring on it is the one that is started here, unlocked.
const BUS: &str = r#"<busconfig><type>session</type><listen>ADDRESS</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#;

/// Measures whole processes, from their start to their end.
pub fn measure(world: &World) -> Result<Vec<Row>> {
    let mut lanyard = world.lanyard(&["secrets", "get", KEY, "--identity", IDENTITY]);
    let mut nothing = Command::new("/bin/true");
    // In turns, so that whatever else the machine does meets both.
    let (mut ours, mut least) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(time(&mut lanyard)?);
        least.push(time(&mut nothing)?);
    }
    let (ours, least) = (median(&ours), median(&least));
    let times = ratio(ours, least);
    let beside = format!("{times:.1} × `/bin/true` ({})", millis(least));
    let mut rows = vec![Row::new(WHAT, millis(ours), beside, "≤ 3 ×", times <= 3.0)];
    rows.push(peer("secret-tool lookup", ours, secret_tool(world)));
    rows.push(peer("pass show", ours, pass(world)));
    Ok(rows)
}

fn peer(name: &str, ours: Duration, theirs: Result<Option<Duration>>) -> Row {
    match theirs {
        Ok(Some(theirs)) => {
            let times = ratio(ours, theirs);
            let beside = format!("{times:.2} × `{name}` ({})", millis(theirs));
            Row::new(WHAT, millis(ours), beside, "< 1 ×", times < 1.0)
        }
        Ok(None) => Row::missing(WHAT, name),
        Err(error) => Row::failed(&format!("{WHAT} beside {name}"), &error),
    }
}

fn time(command: &mut Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let begin = Instant::now();
    let status = command.status()?;
    let took = begin.elapsed();
    if !status.success() {
        bail!("`{}` failed", crate::shell::line(command));
    }
    Ok(took)
}

fn times(command: &mut Command, runs: usize) -> Result<Duration> {
    let taken: Result<Vec<Duration>> = (0..runs).map(|_| time(command)).collect();
    Ok(median(&taken?))
}

/// `secret-tool` with a bus and a keyring of its own.
fn secret_tool(world: &World) -> Result<Option<Duration>> {
    let host = world.host;
    if !["secret-tool", "dbus-daemon", "gnome-keyring-daemon"].iter().all(|name| host.has(name)) {
        return Ok(None);
    }
    let home = world.path("keyring");
    std::fs::create_dir(&home)?;
    let settings = home.join("bus.conf");
    std::fs::write(&settings, BUS.replace("ADDRESS", &format!("unix:path={}", home.join("bus").display())))?;
    let mut bus = Ended(
        host.command("dbus-daemon")
            .args(["--nofork", "--print-address=1", "--config-file"])
            .arg(&settings)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("starting dbus-daemon")?,
    );
    let mut address = String::new();
    BufReader::new(bus.0.stdout.take().context("dbus-daemon has no output")?).read_line(&mut address)?;
    let on_bus = |program: &str| {
        let mut command = host.command(program);
        command
            .env("DBUS_SESSION_BUS_ADDRESS", address.trim())
            .env("HOME", &home)
            .env("XDG_RUNTIME_DIR", &home);
        command.env_remove("XDG_DATA_HOME").stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let unlock = ["--foreground", "--unlock", "--components=secrets"];
    let mut keyring = Ended(on_bus("gnome-keyring-daemon").args(unlock).stdin(Stdio::piped()).spawn()?);
    type_in(&mut keyring.0, b"a password for the bench alone")?;
    let what = ["service", "lanyard-bench"];
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let mut store = on_bus("secret-tool");
        let mut store = store.args(["store", "--label=bench"]).args(what).stdin(Stdio::piped()).spawn()?;
        type_in(&mut store, b"ghp_0123456789abcdefghijklmnopqrstuvwxyz")?;
        if store.wait()?.success() {
            break;
        }
        if Instant::now() > deadline {
            bail!("gnome-keyring does not take a secret");
        }
        // It tells nobody when it is ready.
        std::thread::sleep(Duration::from_millis(50));
    }
    times(on_bus("secret-tool").arg("lookup").args(what), RUNS).map(Some)
}

fn type_in(child: &mut Child, text: &[u8]) -> Result<()> {
    child.stdin.take().context("a program without input")?.write_all(text)?;
    Ok(())
}

/// `pass` with a key of its own.
fn pass(world: &World) -> Result<Option<Duration>> {
    let host = world.host;
    if !host.has("pass") || !host.has("gpg") {
        return Ok(None);
    }
    let home = world.path("gnupg");
    std::fs::create_dir(&home)?;
    run(Command::new("chmod").arg("700").arg(&home))?;
    let with_key = |program: &str, args: &[&str]| {
        let mut command = host.command(program);
        command.args(args).env("GNUPGHOME", &home).env("PASSWORD_STORE_DIR", world.path("pass"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let key = ["--batch", "--passphrase", "", "--quick-generate-key", "bench", "default", "default", "never"];
    run(&mut with_key("gpg", &key))?;
    run(&mut with_key("pass", &["init", "bench"]))?;
    let mut insert = with_key("pass", &["insert", "--multiline", "token"]).stdin(Stdio::piped()).spawn()?;
    type_in(&mut insert, b"ghp_0123456789abcdefghijklmnopqrstuvwxyz\n")?;
    if !insert.wait()?.success() {
        bail!("pass does not take a secret");
    }
    let taken = times(&mut with_key("pass", &["show", "token"]), PASS_RUNS);
    quietly(&mut with_key("gpgconf", &["--kill", "all"]));
    taken.map(Some)
}

/// A program that ends with this value.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
