//! The mail server on this machine: what it takes and for whom, and what nobody gets by it.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tests::{DEADLINE, World, text};

/// A client that says what it likes.
struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    fn of(world: &World) -> Self {
        Self::at(&address(world))
    }

    fn at(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut client = Self { reader: BufReader::new(stream) };
        assert_eq!(client.code(), "220");
        client
    }

    fn write(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).expect("it hears");
    }

    fn say(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n").as_bytes());
        self.code()
    }

    /// The code of the next reply; nothing if the connection is closed.
    fn code(&mut self) -> String {
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).unwrap_or(0) == 0 {
                return String::new();
            }
            if line.as_bytes().get(3) == Some(&b' ') {
                return line[..3].to_string();
            }
        }
    }

    fn greeted(world: &World) -> Self {
        let mut client = Self::of(world);
        assert_eq!(client.say("EHLO client.example"), "250");
        client
    }

    /// Sends a mail as far as the dot.
    fn mail(&mut self, to: &str, letter: &str) -> String {
        assert_eq!(self.say("MAIL FROM:<app@example.com>"), "250");
        let code = self.say(&format!("RCPT TO:<{to}>"));
        if code != "250" {
            assert_eq!(self.say("RSET"), "250");
            return code;
        }
        assert_eq!(self.say("DATA"), "354");
        self.say(&format!("{}\r\n.", letter.replace('\n', "\r\n")))
    }
}

fn address(world: &World) -> String {
    text(&world.json(&["status"]), "smtp").to_string()
}

fn list(world: &World, identity: &str) -> Vec<Value> {
    let listed = world.json(&["email", "list", "--identity", identity]);
    listed["messages"].as_array().expect("messages").clone()
}

fn subjects(world: &World, identity: &str) -> Vec<String> {
    list(world, identity).iter().map(|one| text(one, "subject").to_string()).collect()
}

#[test]
fn swaks_sends_to_an_identity_and_is_told_who_is_not_here() {
    let world = World::new();
    world.identity("ada");
    let swaks = |to: &str, more: &[&str]| {
        let mut command = world.command("swaks");
        command.args(["--server", &address(&world), "--from", "app@example.com", "--to", to]);
        command.args(["--header", "Subject: Welcome", "--body", "Your code is 493817."]).args(more);
        tests::run(command, b"", DEADLINE)
    };
    swaks("ada@lanyard.localhost", &[]).ok();
    swaks("ada+signup@lanyard.localhost", &["--pipeline"]).ok();
    assert_ne!(swaks("nobody@lanyard.localhost", &[]).status, Some(0));
    assert_ne!(swaks("ada@example.com", &[]).status, Some(0));
    let messages = list(&world, "ada");
    assert_eq!(messages.len(), 2, "{messages:?}");
    for message in &messages {
        assert_eq!((text(message, "subject"), text(message, "source")), ("Welcome", "local"));
        assert_eq!(message["found"]["codes"][0]["value"], "493817");
    }
    let local = &world.json(&["sources", "list"])[0];
    assert_eq!((text(local, "name"), text(&local["state"], "state")), ("local", "listening"));
    assert_eq!(local["messages"], 2);
}

#[test]
fn one_mail_for_several_is_each_ones_own_and_an_unknown_one_among_them_takes_nothing_away() {
    let world = World::new();
    world.identity("ada");
    world.identity("bob");
    let mut client = Client::greeted(&world);
    assert_eq!(client.say("MAIL FROM:<>"), "250");
    for (to, code) in [("ada", "250"), ("nobody", "550"), ("bob", "250"), ("ADA+x", "250")] {
        assert_eq!(client.say(&format!("RCPT TO:<{to}@lanyard.localhost>")), code, "{to}");
    }
    assert_eq!(client.say("DATA"), "354");
    assert_eq!(client.say("Subject: For both\r\n\r\nHello\r\n."), "250");
    assert_eq!(subjects(&world, "ada"), ["For both"]);
    assert_eq!(subjects(&world, "bob"), ["For both"]);
}

#[test]
fn a_mail_that_was_promised_is_there_after_the_daemon_was_killed() {
    let world = World::new();
    let daemon = world.daemon();
    world.identity("ada");
    let before = address(&world);
    let mut client = Client::greeted(&world);
    for number in 0..20 {
        let letter = format!("Subject: number {number}\nMessage-ID: <{number}@x>\n\nHello\n");
        assert_eq!(client.mail("ada@lanyard.localhost", &letter), "250");
    }
    daemon.kill();
    let _daemon = world.daemon();
    assert_eq!(subjects(&world, "ada").len(), 20);
    assert_eq!(address(&world), before, "the port stays");
}

#[test]
fn what_is_too_large_or_smuggled_is_not_taken_and_the_next_client_is_served() {
    let world = World::new();
    world.identity("ada");
    let mut client = Client::greeted(&world);
    assert_eq!(client.say("MAIL FROM:<a@b> SIZE=40000000"), "552");
    assert_eq!(client.say("MAIL FROM:<a@b>"), "250");
    assert_eq!(client.say("RCPT TO:<ada@lanyard.localhost>"), "250");
    assert_eq!(client.say("DATA"), "354");
    let line = [&b"x".repeat(998)[..], b"\r\n"].concat();
    let large = line.repeat(36_000);
    client.write(&large);
    assert_eq!(client.say("."), "552");
    let smuggled = "Subject: first\r\n\r\nfirst\n.\r\nMAIL FROM:<boss@lanyard.localhost>\r\n\
        RCPT TO:<ada@lanyard.localhost>\r\nDATA\r\nSubject: second\r\n\r\nsecond";
    assert_eq!(client.say("MAIL FROM:<a@b>"), "250");
    assert_eq!(client.say("RCPT TO:<ada@lanyard.localhost>"), "250");
    assert_eq!(client.say("DATA"), "354");
    assert_eq!(client.say(&format!("{smuggled}\r\n.")), "521");
    assert_eq!(client.say("NOOP"), "", "nothing behind it is heard");
    assert!(subjects(&world, "ada").is_empty());
    assert_eq!(Client::greeted(&world).mail("ada@lanyard.localhost", "Subject: fine\n\nHello\n"), "250");
    assert_eq!(subjects(&world, "ada"), ["fine"]);
}

#[test]
fn a_mail_of_thirty_megabytes_is_taken_whole() {
    let world = World::new();
    world.identity("ada");
    let line = format!("{}\n", "A".repeat(76));
    let letter = format!(
        "Subject: large\nContent-Type: application/octet-stream; name=\"a.bin\"\n\
         Content-Transfer-Encoding: base64\n\n{}",
        line.repeat(400_000)
    );
    assert!(letter.len() > 30_000_000);
    let mut client = Client::greeted(&world);
    // A program built for tests takes it apart slowly.
    client.reader.get_ref().set_read_timeout(Some(DEADLINE * 5)).unwrap();
    assert_eq!(client.mail("ada@lanyard.localhost", &letter), "250");
    let message = &list(&world, "ada")[0];
    assert_eq!(message["attachments"], 1, "{message}");
}

#[test]
fn clients_that_only_sit_there_keep_nobody_out() {
    let world = World::new();
    world.identity("ada");
    let address = address(&world);
    let greedy: Vec<TcpStream> = (0..300).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let mut client = Client::greeted(&world);
    assert_eq!(client.mail("ada@lanyard.localhost", "Subject: through\n\nHello\n"), "250");
    // Those who sat there longest have been sent away, in words.
    let mut first = greedy.first().unwrap();
    first.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut said = String::new();
    first.read_to_string(&mut said).unwrap();
    assert!(said.contains("421 4.3.2 Somebody else was waiting"), "{said}");
    assert_eq!(subjects(&world, "ada"), ["through"]);
}

#[test]
fn whoever_sends_a_byte_now_and_then_is_sent_away() {
    let world = World::new();
    std::fs::create_dir_all(world.home()).unwrap();
    std::fs::write(world.home().join("settings.toml"), "[inbox]\nsmtp_patience = 1\n").unwrap();
    world.identity("ada");
    let address = address(&world);
    let drip = |before: &[&str]| {
        let mut client = Client::at(&address);
        before.iter().for_each(|line| assert!(["250", "354"].contains(&client.say(line).as_str()), "{line}"));
        let (begun, mut said) = (Instant::now(), [0; 100]);
        let mut stream = client.reader.get_ref();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        loop {
            // Once it is sent away nobody hears it.
            let _gone = stream.write_all(b"N");
            match stream.read(&mut said) {
                Ok(count) => return (String::from_utf8_lossy(&said[..count]).into_owned(), begun.elapsed()),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => assert!(begun.elapsed() < DEADLINE),
                Err(e) => panic!("the connection was reset: {e}"),
            }
        }
    };
    let mail = ["EHLO x", "MAIL FROM:<a@b>", "RCPT TO:<ada@lanyard.localhost>", "DATA"];
    for before in [&[][..], &mail[..1], &mail] {
        let (said, took) = drip(before);
        assert!(said.starts_with("421 4.3.2 That took too long"), "{before:?}: {said}");
        assert!(took.as_millis() < 3000, "{before:?}: {took:?}");
    }
    assert_eq!(Client::greeted(&world).mail("ada@lanyard.localhost", "Subject: fine\n\nHello\n"), "250");
}

#[test]
fn while_the_vault_is_locked_a_mail_is_put_off_and_not_lost() {
    let mut world = World::new();
    let daemon = world.daemon();
    world.identity("ada");
    daemon.end();
    world.unset("LANYARD_PASSPHRASE_FILE");
    let _daemon = world.daemon();
    let mut client = Client::greeted(&world);
    assert_eq!(client.mail("ada@lanyard.localhost", "Subject: early\n\nHello\n"), "451");
    world.lanyard_with(&["unlock"], tests::PASSPHRASE).ok();
    assert_eq!(client.mail("ada@lanyard.localhost", "Subject: early\n\nHello\n"), "250");
    assert_eq!(subjects(&world, "ada"), ["early"]);
}

#[test]
fn the_daemon_ends_at_once_and_says_so_to_the_clients_that_sit_there() {
    let world = World::new();
    let daemon = world.daemon();
    world.identity("ada");
    let mut clients: Vec<Client> = (0..20).map(|_| Client::greeted(&world)).collect();
    // One is in the middle of its mail.
    let writing = &mut clients[7];
    assert_eq!(writing.say("MAIL FROM:<a@b>"), "250");
    assert_eq!(writing.say("RCPT TO:<ada@lanyard.localhost>"), "250");
    assert_eq!(writing.say("DATA"), "354");
    writing.write(b"Subject: half a mail\r\n");
    let begun = Instant::now();
    daemon.end();
    let took = begun.elapsed();
    eprintln!("the end of a daemon with {} clients: {took:?}", clients.len());
    assert!(took.as_millis() < 500, "{took:?}");
    for client in &mut clients {
        let mut said = String::new();
        client.reader.read_to_string(&mut said).expect("no connection is reset");
        assert_eq!(said, "421 4.3.2 The server ends\r\n");
    }
}

#[test]
fn an_agent_is_told_where_mail_is_taken_and_reaches_it_from_its_slot() {
    let Some(python) = tests::python() else { return };
    let world = World::new();
    world.seat(1, "ada", "KEY", "token-of-ada");
    world.identity("bob");
    world.project("work");
    let script = format!(
        r#"at=$(lanyard status --json | sed 's/.*"smtp":"\([^"]*\)".*/\1/')
        {} - "$at" <<'END'
import smtplib, sys
host, port = sys.argv[1].split(":")
with smtplib.SMTP(host, int(port)) as server:
    server.sendmail("app@work.test", ["ada@lanyard.localhost"], "Subject: From the app\r\n\r\nYour code is 118822.\r\n")
END
        lanyard email wait --subject "From the app" --timeout 20s --json"#,
        python.display()
    );
    let outcome = world.as_agent(1, "apps", &script);
    assert!(outcome.clone().ok().contains("118822"), "{outcome:?}");
    assert!(subjects(&world, "bob").is_empty());
}

#[test]
fn starttls_is_offered_with_a_certificate_and_swaks_uses_it() {
    let world = World::new();
    let certificate = world.certificate();
    let settings = format!("[inbox]\ntls_certificate = \"{0}\"\ntls_key = \"{0}\"\n", certificate.display());
    std::fs::create_dir_all(world.home()).unwrap();
    std::fs::write(world.home().join("settings.toml"), settings).unwrap();
    world.identity("ada");
    let mut command = world.command("swaks");
    command.args(["--server", &address(&world), "--to", "ada@lanyard.localhost", "--tls"]);
    let said = tests::run(command, b"", DEADLINE).ok();
    assert!(said.contains("TLS started"), "{said}");
    assert_eq!(list(&world, "ada").len(), 1);
}

#[test]
fn a_flood_of_mails_loses_none_and_does_not_bloat_the_daemon() {
    let world = World::new();
    world.identity("ada");
    let address = address(&world);
    let letter = format!("Subject: flood\n\n{}\n", "word ".repeat(4_000));
    std::thread::scope(|scope| {
        for client in 0..8 {
            let (letter, address) = (&letter, &address);
            scope.spawn(move || {
                let mut connection = Client::at(address);
                assert_eq!(connection.say("EHLO flood.example"), "250");
                for number in 0..25 {
                    let letter = format!("Message-ID: <{client}.{number}@x>\n{letter}");
                    assert_eq!(connection.mail("ada@lanyard.localhost", &letter), "250");
                }
            });
        }
    });
    let local = &world.json(&["sources", "show", "local"]);
    assert_eq!(local["messages"], 200);
    let status = std::fs::read_to_string(format!("/proc/{}/status", world.json(&["status"])["pid"])).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is told");
    let kilobytes: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 250_000, "{kilobytes} kB");
}
