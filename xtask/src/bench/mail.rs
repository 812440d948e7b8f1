//! Mail by the server on this machine: how long until a waiting agent goes on, and how many mails come in a second.

use super::table::{Row, median, millis};
use super::world::{IDENTITY, World};
use anyhow::{Context, Result, bail};
use api::status::GetStatus;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const WAITS: usize = 30;
/// A waiting command is up and waits after so long.
const SETTLING: Duration = Duration::from_millis(60);
const GOAL: Duration = Duration::from_millis(50);
/// How many mails one client sends, and each of several.
const MAILS: usize = 400;
const CLIENTS: usize = 8;
const EACH: usize = 200;
const SERVER: &str = include_str!("mail.js");

/// Measures both.
pub fn measure(world: &World) -> Result<Vec<Row>> {
    let address = world.door()?.call(&GetStatus {})?.smtp.context("the mail server does not listen")?;
    let mut rows = vec![waiting(world, &address)?];
    let peer = Peer::start(world)?;
    for (clients, mails) in [(1, MAILS), (CLIENTS, EACH)] {
        // In turns, so that whatever else the machine does meets both.
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..3 {
            ours.push(per_second(&address, clients, mails, &format!("{clients}.{round}"))?);
            if let Some(peer) = &peer {
                theirs.push(per_second(&peer.address, clients, mails, &format!("{clients}.{round}"))?);
            }
        }
        let ours = median(&ours);
        let what = match clients {
            1 => "mails received and durable, one client".to_string(),
            n => format!("mails received and durable, {n} clients"),
        };
        let measured = format!("{ours:.0} mails/s");
        rows.push(match theirs.is_empty() {
            true => Row::missing(&what, "smtp-server"),
            false => {
                let theirs = median(&theirs);
                let times = ours / theirs;
                let beside =
                    format!("{times:.2} × `smtp-server` with a synced file each ({theirs:.0} mails/s)");
                Row::plain(&what, measured, beside)
            }
        });
    }
    Ok(rows)
}

/// From a client's first byte to the end of the command that waited for its mail.
fn waiting(world: &World, address: &str) -> Result<Row> {
    let mut taken = Vec::new();
    for number in 0..WAITS {
        let subject = format!("wait {number}");
        let args = ["email", "wait", "--identity", IDENTITY, "--subject", &subject, "--json"];
        let mut waiting = world.lanyard(&args).stdout(Stdio::null()).spawn().context("waiting for mail")?;
        sleep(SETTLING);
        let begin = Instant::now();
        Client::of(address)?.mail(&subject, "wait")?;
        if !waiting.wait()?.success() {
            bail!("the command that waited for mail failed");
        }
        taken.push(begin.elapsed());
    }
    let slowest = taken.iter().max().copied().unwrap_or(Duration::ZERO);
    let (middle, beside) = (median(&taken), format!("{WAITS} mails, the slowest {}", millis(slowest)));
    Ok(Row::new("mail sent to unblocked agent", millis(middle), beside, "≤ 50 ms", middle <= GOAL))
}

fn per_second(address: &str, clients: usize, mails: usize, round: &str) -> Result<f64> {
    let begin = Instant::now();
    let sent: Result<Vec<()>> = scope(|scope| {
        let send = |client: usize| {
            let mut connection = Client::of(address)?;
            for number in 0..mails {
                connection.mail(&format!("mail {number}"), &format!("{round}.{client}.{number}"))?;
            }
            Ok(())
        };
        let threads: Vec<_> = (0..clients).map(|client| scope.spawn(move || send(client))).collect();
        let ended = |thread: std::thread::ScopedJoinHandle<'_, Result<()>>| {
            thread.join().unwrap_or_else(|_| bail!("a client of the bench broke"))
        };
        threads.into_iter().map(ended).collect()
    });
    sent?;
    Ok((clients * mails) as f64 / begin.elapsed().as_secs_f64())
}

/// One client, which says all that it may at once.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn of(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).context("connecting to a mail server")?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream: BufReader::new(stream) };
        client.heard("220")?;
        client.say("EHLO bench.example\r\n", &["250"])?;
        Ok(client)
    }

    fn mail(&mut self, subject: &str, id: &str) -> Result<()> {
        let envelope =
            format!("MAIL FROM:<app@example.com>\r\nRCPT TO:<{IDENTITY}@lanyard.localhost>\r\nDATA\r\n");
        self.say(&envelope, &["250", "250", "354"])?;
        let filler = "This is a line of a usual mail, as services send them after a sign-up.\r\n".repeat(20);
        let letter = format!(
            "From: Example <app@example.com>\r\nTo: {IDENTITY}@lanyard.localhost\r\nSubject: {subject}\r\n\
             Message-ID: <{id}@example.com>\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\nYour code is 493817.\r\n{filler}.\r\n"
        );
        self.say(&letter, &["250"])
    }

    fn say(&mut self, words: &str, codes: &[&str]) -> Result<()> {
        self.stream.get_mut().write_all(words.as_bytes())?;
        codes.iter().try_for_each(|code| self.heard(code))
    }

    fn heard(&mut self, code: &str) -> Result<()> {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            if !line.starts_with(code) {
                bail!("a mail server said {line:?} and not {code}");
            }
            if line.as_bytes().get(3) == Some(&b' ') {
                return Ok(());
            }
        }
    }
}

/// The server beside ours; it ends when it is dropped.
struct Peer {
    child: Child,
    address: String,
}

impl Peer {
    fn start(world: &World) -> Result<Option<Self>> {
        let modules = world.host.target.join("tools/servers/node_modules");
        if !modules.join("smtp-server").is_dir() {
            return Ok(None);
        }
        let (script, folder) = (world.path("mail.js"), world.path("mails"));
        fs::write(&script, SERVER)?;
        fs::create_dir(&folder)?;
        let mut node = world.host.command("node");
        node.env("NODE_PATH", modules).arg(script).arg(folder).stdout(Stdio::piped());
        let mut child = node.spawn().context("starting the other mail server")?;
        let mut port = String::new();
        let said = child.stdout.take().context("its output")?;
        BufReader::new(said).read_line(&mut port)?;
        Ok(Some(Self { child, address: format!("127.0.0.1:{}", port.trim()) }))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
