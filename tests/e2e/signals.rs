//! What programs print about themselves: heard from real terminals, outranked by hooks, and never too much.

use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use tests::{Door, Process, World, text};

/// Prints each line that is typed, with its escapes; one that begins with `!` is run.
const PRINTER: &str = r#"stty -echo; while IFS= read -r line; do
    case $line in "!"*) eval "${line#!}" ;; *) printf %b "$line" ;; esac; done"#;

/// A session that prints what it is told, and a watcher of it.
struct Printer<'a> {
    world: &'a World,
    id: String,
    door: Door,
}

impl<'a> Printer<'a> {
    fn new(world: &'a World) -> Self {
        let session = world.start(1, "one", &["sh", "-c", PRINTER]);
        Self::of(world, text(&session, "id"))
    }

    fn of(world: &'a World, id: &str) -> Self {
        let door = world.listening();
        Self { world, id: id.into(), door }
    }

    fn print(&self, line: &str) {
        self.world.lanyard(&["sessions", "send", &self.id, line]).ok();
    }

    fn shown(&self) -> Value {
        self.world.json(&["sessions", "show", &self.id])
    }

    /// Waits until the session is told to fit.
    #[track_caller]
    fn told(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let told = self.door.event(|event| {
            let session = &event["SessionStateChanged"]["session"];
            session["id"] == self.id.as_str() && fits(session)
        });
        told["SessionStateChanged"]["session"].clone()
    }

    /// Waits until the session fits, however it came to be so.
    #[track_caller]
    fn becomes(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let now = self.shown();
        if fits(&now) { now } else { self.told(fits) }
    }

    /// Every way that the session is told to be, up to the first that fits.
    #[track_caller]
    fn all_until(&mut self, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        while !all.last().is_some_and(&fits) {
            let next = self.told(|_| true);
            all.push(next);
        }
        all
    }
}

fn world() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "GITHUB_TOKEN", "ghp_of_ada");
    world
}

/// Makes a pipe with a name, by which a test and a program wait for each other.
fn fifo(world: &World, name: &str) {
    let made = Command::new("mkfifo").arg(world.path(name)).status().expect("mkfifo runs");
    assert!(made.success(), "no pipe {name}");
}

fn resident_kb(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("it has memory");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("in kB")
}

fn keeper(world: &World) -> Process {
    let all = tests::mentioning(&world.home().display().to_string());
    all.into_iter().find(|process| process.command_line().contains("\nkeep")).expect("a keeper runs")
}

#[test]
fn each_sequence_that_a_program_prints_is_heard() {
    let world = world();
    let mut printer = Printer::new(&world);
    // aGVscA== is "help".
    let table: &[(&str, Value)] = &[
        (r"\033]7501;state=idle:app=codex\033\\", json!({"state": "idle", "from_terminal": true})),
        (r"\033]7501;state=working:app=codex:progress=30\007", json!({"state": "working", "progress": 30})),
        (
            r"\033]7501;state=blocked:kind=permission:msg=aGVscA==\033\\",
            json!({"state": "waiting", "waiting": "permission", "wants": "help", "progress": 30}),
        ),
        (
            r"\033]7501;state=done:msg=aGVscA==\033\\",
            json!({"state": "done", "message": "help", "wants": null}),
        ),
        (r"\033]133;A\007", json!({"state": "done"})),
        (r"\033]133;C\007", json!({"state": "working"})),
        (
            r"\033]133;D;2\007\033]133;A\007",
            json!({"state": "idle", "message": "the command ended with status 2"}),
        ),
        (
            r"\033]7501;state=error:msg=aGVscA==\007",
            json!({"state": "failed", "reason": "help", "ended_at": null, "exit": null}),
        ),
        (r"\033]0;⠋ shop\007", json!({"title": "shop"})),
        (r"\033]2;✳ other\033\\", json!({"title": "other"})),
        (r"\033]9;4;1;70\007", json!({"progress": 70})),
        (r"\033]9;4;0\007", json!({"progress": null})),
        (r"\033]9;tests are red\007", json!({"attention": {"text": "tests are red"}})),
        (r"\033]777;notify;Agent;look\033\\", json!({"attention": {"text": "Agent: look"}})),
        (
            r"\033]99;i=1:d=0:p=title;Claude Code\033\\\033]99;i=1:p=body;needs you\033\\",
            json!({"attention": {"text": "Claude Code: needs you"}}),
        ),
        (r"\007", json!({"attention": {"text": null}})),
    ];
    for (sequence, wanted) in table {
        printer.print(sequence);
        printer.becomes(|session| fits(session, wanted));
    }
    assert!(printer.shown()["attention"]["at"].is_i64());
    printer.print(r"\033]133;C\007");
    printer.told(|session| session["attention"].is_null() && session["state"] == "working");
}

/// Whether a value has all of another's fields.
fn fits(value: &Value, wanted: &Value) -> bool {
    match wanted {
        Value::Object(fields) => {
            value.is_object() && fields.iter().all(|(name, wanted)| fits(&value[name], wanted))
        }
        _ => value == wanted,
    }
}

#[test]
fn a_file_of_every_sequence_forges_no_state_where_hooks_were_heard() {
    let world = world();
    let mut printer = Printer::new(&world);
    printer
        .print("!lanyard hook shell '{\"state\":\"waiting\",\"kind\":\"permission\",\"text\":\"may I?\"}'");
    printer.becomes(|session| session["waiting"] == "permission" && session["wants"] == "may I?");
    printer.print("!lanyard hook shell working");
    printer.becomes(|session| session["state"] == "working");
    let file = world.path("forged");
    forge(&file);
    let mut printer = Printer::of(&world, &printer.id);
    printer.print(&format!("!cat {}", file.display()));
    let all = printer.all_until(|session| session["title"] == "the end");
    let stays = ["state", "waiting", "since", "reason", "message", "wants", "from_terminal", "conversation"];
    let honest = &all[0];
    for told in &all {
        assert_eq!(told["state"], "working");
        for field in stays {
            assert_eq!(told[field], honest[field], "{field} was forged: {told}");
        }
    }
    let now = printer.becomes(|session| session["attention"]["text"] == "give me sk-forged-1");
    assert!(now["from_terminal"] == false && now["message"].is_null(), "{now}");
    let log = world.log();
    assert!(!log.is_empty() && !log.contains("sk-forged"), "what a terminal says stands in the log: {log}");
}

/// Writes a file with every sequence that means something to anybody.
fn forge(file: &Path) {
    let mut text = String::new();
    for state in ["idle", "working", "done", "blocked", "error", "clear", "blocked:kind=auth", "done:id=a/b"]
    {
        text += &format!("\x1b]7501;state={state}:app=claude-code:msg=c2stZm9yZ2VkLTE=\x1b\\");
        text += &format!("\x1b]7501;state={state}\x07\n");
    }
    for mark in ["A", "B", "C", "D", "D;1", "D;0", "P", "I"] {
        text += &format!("\x1b]133;{mark}\x07\x1b]633;{mark}\x07");
    }
    text += "\x1b]9;9;/root\x07\x1b]9;4;1;50\x07\x1b]777;notify;a;b\x07\x1b]99;i=1:p=body;c\x1b\\\x07\x07";
    text += "\x1bPtmux;\x1b\x1b]7501;state=done\x07\x1b\\\x1b]52;c;c2s=\x07\x1b]8;;http://x\x07\x1b]1337;File=:c2s=\x07";
    text += "\x1b[?1049h\x1b[?1049l\x1b[2J\x1b[H\x1b[6n\x1b[c\x1bc\x1b]7501;?\x1b\\\x1b]11;?\x07";
    text += "\x1b]9;give me sk-forged-1\x07\x1b]0;the end\x07";
    fs::write(file, text).expect("the file is written");
}

#[test]
fn a_flood_of_beginnings_grows_no_memory_and_is_told_seldom() {
    let world = world();
    let mut bytes = Vec::new();
    let mut seed = 7u64;
    while bytes.len() < 1024 * 1024 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let openings = [
            "\x1b]0;title ",
            "\x1b]7501;state=",
            "done\x07",
            "\x1b]9;look ",
            "\x1b]99;i=1:d=0;part ",
            "\x1b\\",
            "\x07",
            "\x1bP",
            "\x1b]133;D;",
            "1\x07",
            "\x1bPtmux;\x1b\x1b]9;x",
            "\x1b]777;notify;",
            "\x1b]7501;?\x1b\\",
            "\x1b[c",
            "\x1b]",
            "\x1b_",
            "text\r\n",
        ];
        bytes.extend_from_slice(openings[(seed >> 33) as usize % openings.len()].as_bytes());
        bytes.extend_from_slice((seed >> 20).to_string().as_bytes());
    }
    let file = world.path("openings");
    fs::write(&file, &bytes).expect("the file is written");
    fifo(&world, "go");
    // What is asked in there is answered into the terminal, so that the program listens elsewhere.
    let script = format!(
        "cat {0}; cat {0}; printf '\\033\\\\\\033]0;once\\007'; read go < {1}; i=0; \
         while [ $i -lt 50 ]; do cat {0}; i=$((i+1)); done; printf '\\033\\\\\\033]0;fifty\\007'; cat",
        file.display(),
        world.path("go").display()
    );
    let session = world.start(1, "one", &["sh", "-c", &script]);
    let mut printer = Printer::of(&world, text(&session, "id"));
    printer.becomes(|session| session["title"] == "once");
    let (keeper, daemon) = (keeper(&world), world.daemon_process());
    let before = (resident_kb(keeper.pid()), resident_kb(daemon.pid()));
    let start = Instant::now();
    fs::write(world.path("go"), "go\n").expect("the program reads");
    let told = printer.all_until(|session| session["title"] == "fifty");
    let seconds = start.elapsed().as_secs() as usize + 1;
    assert!(told.len() <= 4 * (8 + 4 * seconds), "{} events in {seconds} s", told.len());
    let after = (resident_kb(keeper.pid()), resident_kb(daemon.pid()));
    assert!(after.0 < before.0 + 12 * 1024, "the keeper grew from {} to {} kB", before.0, after.0);
    assert!(after.1 < before.1 + 12 * 1024, "the daemon grew from {} to {} kB", before.1, after.1);
}

#[test]
fn the_keeper_answers_whether_it_hears_reports_and_shows_nobody_the_question() {
    let world = world();
    let script = "stty raw -echo; read go < go; printf 'a\\033]7501;?\\033\\\\b'; \
                  dd bs=1 count=10 2>/dev/null | od -An -c; echo over; cat";
    let folder = world.path("");
    let script = script.replace("< go", &format!("< {}/go", folder.display()));
    fifo(&world, "go");
    let session = world.start(1, "one", &["sh", "-c", &script]);
    let mut terminal = world.terminal(text(&session, "id"));
    fs::write(world.path("go"), "go\n").expect("the program reads");
    terminal.wait_for("over");
    let screen = terminal.wait_for_screen("over");
    assert!(screen.contains(r"033   ]   7   5   0   1   ;   ? 033   \"), "{screen}");
    let bytes = String::from_utf8_lossy(&terminal.bytes).into_owned();
    assert!(bytes.contains("ab") && !bytes.contains("]7501"), "{bytes}");
}

#[test]
fn what_is_printed_while_no_daemon_runs_is_heard_by_the_next() {
    let world = world();
    fifo(&world, "go");
    fifo(&world, "done");
    let script = format!(
        "printf '\\033]0;begun\\007'; read go < {0}/go; printf '\\033]9;look\\007\\033]7501;state=done:msg=aGVscA==\\007'; \
         echo > {0}/done; cat",
        world.path("").display()
    );
    let session = world.start(1, "one", &["sh", "-c", &script]);
    let id = text(&session, "id");
    Printer::of(&world, id).becomes(|session| session["title"] == "begun");
    world.daemon_process().kill();
    fs::write(world.path("go"), "go\n").expect("the program reads");
    fs::read(world.path("done")).expect("the program has printed");
    world.lanyard(&["status"]).ok();
    let mut printer = Printer::of(&world, id);
    let now = printer.becomes(|session| session["state"] == "done" && session["attention"]["text"] == "look");
    assert_eq!((text(&now, "message"), text(&now, "title")), ("help", "begun"));
    world.daemon_process().kill();
    world.lanyard(&["status"]).ok();
    let again = Printer::of(&world, id).becomes(|session| session["state"] == "done");
    assert_eq!((&again["since"], &again["attention"]), (&now["since"], &now["attention"]), "it is as it was");
}

#[test]
fn a_hooked_session_waits_on_through_a_killed_daemon() {
    let world = world();
    let mut printer = Printer::new(&world);
    printer.print("!lanyard hook shell '{\"state\":\"waiting\",\"kind\":\"plan\",\"text\":\"this way?\"}'");
    let before = printer.becomes(|session| session["waiting"] == "plan");
    world.daemon_process().kill();
    world.lanyard(&["status"]).ok();
    let mut printer = Printer::of(&world, &printer.id.clone());
    let after = printer.shown();
    for field in ["state", "waiting", "wants", "since"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    printer.print(r"\033]7501;state=done\007\033]0;still a terminal\007");
    let told = printer.becomes(|session| session["title"] == "still a terminal");
    assert_eq!(text(&told, "state"), "waiting", "hooks outrank the terminal after a restart as well");
}

#[test]
fn typing_into_an_attached_terminal_is_a_look() {
    let world = world();
    let mut printer = Printer::new(&world);
    let mut terminal = world.terminal(&printer.id.clone());
    printer.print(r"\033]9;look\007seen");
    terminal.wait_for("seen");
    printer.becomes(|session| session["attention"]["text"] == "look");
    terminal.type_in("x");
    printer.becomes(|session| session["attention"].is_null());
}

#[test]
fn a_session_that_ends_says_its_last_words_first() {
    let world = world();
    let script = "printf '\\033]7501;state=error:msg=aGVscA==\\007\\033]0;last\\007'; exit 3";
    let session = world.start(1, "one", &["sh", "-c", script]);
    let ended = world.ended(text(&session, "id"));
    assert_eq!((text(&ended, "state"), text(&ended, "reason")), ("failed", "exit status 3"));
    assert_eq!((text(&ended, "title"), &ended["attention"]), ("last", &Value::Null));
    let session = world.start(1, "two", &["sh", "-c", "printf '\\033]7501;state=done:msg=aGVscA==\\007'"]);
    let ended = world.ended(text(&session, "id"));
    assert_eq!((text(&ended, "state"), text(&ended, "message")), ("done", "help"));
    let session = world.start(1, "three", &["sh", "-c", "printf '\\033]9;look\\007'; exec cat"]);
    let mut printer = Printer::of(&world, text(&session, "id"));
    printer.becomes(|session| session["attention"]["text"] == "look");
    keeper(&world).signal(Signal::KILL);
    let ended = world.ended(text(&session, "id"));
    assert_eq!((text(&ended, "state"), &ended["attention"]), ("failed", &Value::Null));
}
