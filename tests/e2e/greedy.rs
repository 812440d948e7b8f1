//! One slot that takes all it can get: connections, the daemon's time, the disk. Nobody else goes without for it.

use crate::bad_input::Disk;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use tests::{World, python, text};

/// Takes connections at every door until a line comes, and then says what the last one at its own socket was told.
const TAKING: &str = r#"
import os, socket, sys
open(sys.argv[3]).read()
held, told = [], ""
smtp, web = sys.argv[1].rsplit(":", 1), os.environ["RAVI_API_URL"].split("//")[1].rsplit(":", 1)
def own():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(os.environ["LANYARD_SOCKET"])
    return s
def take(many, connect):
    for _ in range(many):
        # Some are shut again at once, or find nobody who listens in time.
        try:
            held.append(connect())
        except OSError:
            pass
take(64, own)
for s in held:
    s.recv(4096)
late = own()
late.recv(4096)
late.sendall(b'{"id":1,"method":"status"}\n')
told = late.recv(4096).decode()
take(200, own)
for host, port in [smtp, web]:
    take(200, lambda: socket.create_connection((host, int(port)), timeout=5))
with open(sys.argv[2], "w") as out:
    out.write(told + "\n")
open(sys.argv[3]).read()
"#;

#[test]
fn a_session_that_takes_every_connection_keeps_nobody_else_out() {
    let Some(python) = python() else { return };
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "ada-value");
    world.seat(2, "bob", "KEY", "bob-value");
    let daemon = world.daemon_process();
    let (taken, end) = (world.path("taken"), world.path("end"));
    let made = std::process::Command::new("mkfifo").args([&taken, &end]).status().unwrap();
    assert!(made.success());
    std::fs::write(world.path("taking.py"), TAKING).unwrap();
    let status = world.json(&["status"]);
    let taking = format!(
        "ulimit -n 2000; {} {} {} {} {}",
        python.display(),
        world.path("taking.py").display(),
        text(&status, "smtp"),
        taken.display(),
        end.display()
    );
    let greedy = world.script(1, "greedy", &taking);
    // What the session itself may open was settled by its start.
    let files = Rlimit { current: Some(400), maximum: Some(400) };
    prlimit(Pid::from_raw(daemon.pid()), Resource::Nofile, files).expect("a test limits its own daemon");
    std::fs::write(&end, "go\n").unwrap();
    let told = std::fs::read_to_string(&taken).unwrap();
    assert!(told.contains("64 connections open already") && told.contains("refused"), "{told:?}");

    assert!(world.json(&["status"])["pid"].is_number());
    let rest = "python3 -c 'import os, urllib.request as u; r = u.Request(os.environ[\"RAVI_API_URL\"] + \"/api/identities/\", \
                headers={\"Authorization\": \"Bearer \" + os.environ[\"RAVI_API_KEY\"]}); print(u.urlopen(r).status)'";
    let others = world.as_agent(2, "other", &format!("lanyard secrets get KEY; {rest}")).ok();
    assert_eq!(others, "bob-value\n200\n");
    world.deliver("bob@lanyard.localhost", "Hello", "there");
    assert_eq!(world.daemon_process().pid(), daemon.pid());
    std::fs::write(&end, "\n").unwrap();
    greedy.outcome().ok();
}

/// Sends mails to an identity until one is not taken, and gives what the server said to that; none if all were.
fn flood(address: &str, to: &str, mails: impl IntoIterator<Item = String>) -> Option<String> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(tests::DEADLINE)).unwrap();
    let mut lines = BufReader::new(stream);
    let mut answer = |say: &str| -> String {
        lines.get_mut().write_all(say.as_bytes()).unwrap();
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            if line.is_empty() || line.as_bytes().get(3) == Some(&b' ') {
                return line;
            }
        }
    };
    answer("");
    answer("HELO flood\r\n");
    mails.into_iter().find_map(|mail| {
        answer("MAIL FROM:<flood@example.com>\r\n");
        answer(&format!("RCPT TO:<{to}>\r\n"));
        answer("DATA\r\n");
        Some(answer(&format!("{mail}\r\n.\r\n"))).filter(|said| !said.starts_with("250"))
    })
}

/// Searches and waits without end, until a line comes, and tells what the last wait was told.
const ASKING: &str = r#"
import json, os, select, socket, sys
def own():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(os.environ["LANYARD_SOCKET"])
    s.recv(4096)
    return s
def line(method, params):
    return (json.dumps({"id": 1, "method": method, "params": params}) + "\n").encode()
search = line("inbox.list", {"search": "wordy", "limit": 200})
busy = [own() for _ in range(20)]
for s in busy:
    s.sendall(search * 30)
waits = [own() for _ in range(4)]
told = ""
for s in waits:
    s.sendall(line("inbox.wait", {"from": "nobody", "timeout_ms": 60000}) * 30)
while "Err" not in told:
    ready, _, _ = select.select(waits, [], [], 60)
    told = ready[0].recv(4096).decode()
with open(sys.argv[1], "w") as out:
    out.write(told.splitlines()[0] + "\n")
end = os.open(sys.argv[2], os.O_RDONLY | os.O_NONBLOCK)
while True:
    ready, _, _ = select.select(busy + [end], [], [])
    if end in ready and os.read(end, 1):
        break
    for s in ready:
        if s != end and b'"answer"' in s.recv(1 << 20):
            s.sendall(search)
"#;

#[test]
fn a_session_that_searches_and_waits_without_end_keeps_nobody_else_waiting() {
    let Some(python) = python() else { return };
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "ada-value");
    world.seat(2, "bob", "KEY", "bob-value");
    let status = world.json(&["status"]);
    let mail = |number: usize| {
        let words: Vec<String> =
            (0..300).map(|n| format!("word{}", (n * 7919 + number * 104_729) % 5000)).collect();
        let lines: Vec<String> = words.chunks(10).map(|line| line.join(" ")).collect();
        format!("Subject: {number}\r\n\r\n{}", lines.join("\r\n"))
    };
    assert_eq!(flood(text(&status, "smtp"), "ada@lanyard.localhost", (0..80).map(mail)), None);
    let (told, end) = (world.path("told"), world.path("end"));
    let made = std::process::Command::new("mkfifo").args([&told, &end]).status().unwrap();
    assert!(made.success());
    let script = world.path("asking.py");
    std::fs::write(&script, ASKING).unwrap();
    let asking = format!("{} {} {} {}", python.display(), script.display(), told.display(), end.display());
    let greedy = world.script(1, "greedy", &asking);
    let said = std::fs::read_to_string(&told).unwrap();
    assert!(said.contains("100 waits of this session are open already"), "{said}");
    for _ in 0..3 {
        world.json(&["status"]);
    }
    assert_eq!(
        world.as_agent(2, "other", "lanyard email list >&2; lanyard secrets get KEY").ok(),
        "bob-value\n"
    );
    std::fs::write(&end, "\n").unwrap();
    greedy.outcome().ok();
}

#[test]
fn mail_without_end_does_not_fill_the_disk() {
    let world = World::new();
    let Some(disk) = Disk::mount(world.home(), "120m") else { return };
    disk.fill_with(100 << 20);
    world.project("work");
    world.seat(1, "ada", "KEY", "before");
    let status = world.json(&["status"]);
    let body = format!("{}\r\n", "x".repeat(70)).repeat(700);
    let mails = (0..500).map(|number| format!("Subject: {number}\r\n\r\n{body}"));
    let said = flood(text(&status, "smtp"), "ada@lanyard.localhost", mails).expect("the disk has an end");
    assert!(said.starts_with("451") && said.contains("the disk is nearly full"), "{said}");
    // All else goes on.
    world.lanyard_with(&["secrets", "set", "KEY", "-", "--identity", "ada"], "after").ok();
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok(), "after\n");
    world.lanyard(&["audit", "verify"]).ok();
    let kept = world.door().ask("inbox.list", json!({"identity": "ada", "limit": 1}));
    assert_eq!(kept["Ok"]["messages"].as_array().map(Vec::len), Some(1), "{kept}");
}
