//! The desktop notifications at the end of a session and of a question, shown by a real notification server, and clicked.

use crate::desktop::{self, furnish, on_path};
use crate::window;
use serde_json::json;
use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;
use tests::server::Reply;
use tests::{DEADLINE, Daemon, World, run, text};

const PROGRAMS: &[&str] = &["dunst", "dunstctl", "gdbus"];

fn possible() -> bool {
    desktop::possible() && PROGRAMS.iter().all(|name| on_path(name))
}

/// A notification server that tells what it shows.
struct Server<'w> {
    world: &'w World,
    lines: Receiver<String>,
}

impl<'w> Server<'w> {
    #[track_caller]
    fn start(world: &'w World) -> Self {
        // Its menu is a program that picks the line that the test has chosen.
        let (menu, choice) = (world.path("menu"), world.path("choice"));
        let script = format!("#!/bin/sh\nexec grep -F \"$(cat {})\"\n", choice.display());
        std::fs::write(&menu, script).expect("its menu");
        std::fs::set_permissions(&menu, Permissions::from_mode(0o700)).expect("its menu runs");
        let settings =
            format!("[global]\nenable_posix_regex = false\nmarkup = full\ndmenu = {}\n", menu.display());
        std::fs::write(world.path("dunstrc"), settings).expect("its settings");
        let mut dunst = world.command("dunst");
        dunst.arg("-conf").arg(world.path("dunstrc")).arg("-print");
        let child = dunst.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let output = child.expect("dunst starts").stdout.take().expect("its output is ours");
        let (heard, lines) = channel();
        std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| heard.send(line))
        });
        let mut ready = world.command("gdbus");
        ready.args(["wait", "--session", "--timeout", "30", "org.freedesktop.Notifications"]);
        run(ready, b"", DEADLINE).ok();
        Self { world, lines }
    }

    /// Waits until something that holds this text is shown, and gives all that was shown until then.
    #[track_caller]
    fn shows(&self, text: &str) -> String {
        let mut shown = String::new();
        while !shown.contains(text) {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) => shown.push_str(&format!("{line}\n")),
                Err(_) => panic!("nothing shows {text:?}, only:\n{shown}"),
            }
        }
        shown
    }

    /// Clicks on one of the answers below the notification.
    #[track_caller]
    fn choose(&self, answer: &str) {
        self.displays(1);
        std::fs::write(self.world.path("choice"), answer).expect("the choice is written");
        let mut menu = self.world.command("dunstctl");
        menu.arg("context");
        run(menu, b"", DEADLINE).ok();
    }

    /// Waits until so many notifications are shown.
    #[track_caller]
    fn displays(&self, wanted: usize) {
        let until = Instant::now() + DEADLINE;
        loop {
            let mut count = self.world.command("dunstctl");
            count.args(["count", "displayed"]);
            let shown = run(count, b"", DEADLINE).ok();
            if shown.trim() == wanted.to_string() {
                return;
            }
            assert!(Instant::now() < until, "{} are shown, not {wanted}", shown.trim());
        }
    }

    /// Clicks on the notification that is shown.
    #[track_caller]
    fn click(&self) {
        // It is told of before it is shown, and a click in between would hit nothing.
        self.displays(1);
        let mut click = self.world.command("dunstctl");
        click.arg("action");
        run(click, b"", DEADLINE).ok();
    }
}

/// Runs a test in a world whose daemon tells on a desktop, where this machine can show notifications.
#[track_caller]
fn told(test: impl FnOnce(&World, &Server, &Daemon)) {
    if !possible() {
        return;
    }
    let mut world = World::new();
    furnish(&mut world);
    let server = Server::start(&world);
    let daemon = world.daemon();
    test(&world, &server, &daemon);
}

#[test]
fn a_click_on_the_notification_of_an_ended_session_opens_its_slot() {
    told(|world, server, _daemon| {
        world.seat(3, "ada", "GITHUB_TOKEN", "token-of-ada");
        world.project("work");
        let mut door = world.door();
        assert!(door.ask("events.subscribe", json!({}))["Ok"].is_object());
        world.start(3, "told", &["sh", "-c", "exit 0"]);
        let shown = server.shows("after");
        for part in ["Slot 3", "ada", "done", "told"] {
            assert!(shown.contains(part), "no {part} in {shown}");
        }
        assert!(!shown.contains("token-of-ada"));
        server.click();
        let opened = door.event(|event| event["SlotOpened"].is_object());
        assert_eq!(opened["SlotOpened"]["slot"], 3);
    });
}

#[test]
fn a_failure_is_told_as_one_and_a_stop_by_the_owner_not_at_all() {
    told(|world, server, _daemon| {
        world.seat(1, "ada", "GITHUB_TOKEN", "token-of-ada");
        world.project("work");
        world.start(1, "asked", &["sleep", "1000"]);
        world.lanyard(&["sessions", "stop", "1"]).ok();
        world.start(1, "broken", &["sh", "-c", "exit 3"]);
        let shown = server.shows("after");
        assert!(shown.contains("failed"), "{shown}");
        assert!(!shown.contains("asked"), "{shown}");
    });
}

#[test]
fn a_question_is_told_until_it_is_answered() {
    told(|world, server, _daemon| {
        world.seat(4, "ada", "KEY", "token-of-ada");
        world
            .lanyard(&["secrets", "set", "KEY", "--policy", "ask", "--notes", "x", "--identity", "ada"])
            .ok();
        world.project("work");
        let agent = world.script(4, "asking", "lanyard secrets get KEY --reason 'a <b>reason</b>'");
        let shown = server.shows("reason");
        for part in ["Slot 4", "ada asks", "the secret KEY", "&lt;b&gt;"] {
            assert!(shown.contains(part), "no {part} in {shown}");
        }
        let open = world.json(&["approvals", "list"]);
        world.lanyard(&["approvals", "deny", open[0]["id"].as_str().expect("it is open")]).ok();
        agent.outcome().fails(1);
        // The end of the session is told as well; the question must not stand beside it.
        server.displays(1);
    });
}

/// Seats ada and has her agent wait for the owner, who is told.
fn asking(world: &World) -> tests::Script<'_> {
    world.seat(4, "ada", "KEY", "token-of-ada");
    world.lanyard(&["secrets", "set", "KEY", "--policy", "ask", "--notes", "x", "--identity", "ada"]).ok();
    world.project("work");
    world.script(4, "asking", "lanyard secrets get KEY --reason 'to deploy'")
}

/// Checks that the approval was answered like this, through the door of notifications.
#[track_caller]
fn was_answered(world: &World, how: &str) {
    let records = world.json(&["audit", "list", "--kind", "approval"]);
    let all = records.as_array().expect("there are records");
    let answer = all.iter().find(|one| one["action"] == "approvals.answer").expect("the answer is recorded");
    assert_eq!((text(answer, "who"), text(answer, "door")), ("owner", "notification"));
    assert!(text(answer, "detail").ends_with(how), "{answer}");
}

#[test]
fn a_click_on_approve_lets_the_waiting_agent_go_on() {
    told(|world, server, _daemon| {
        let agent = asking(world);
        server.shows("to deploy");
        server.choose("Approve once");
        assert_eq!(agent.outcome().ok().trim(), "token-of-ada");
        was_answered(world, "approved once");
        assert_eq!(world.json(&["grants", "list"]), json!([]));
    });
}

#[test]
fn a_click_on_deny_refuses_the_waiting_agent() {
    told(|world, server, _daemon| {
        let agent = asking(world);
        server.shows("to deploy");
        server.choose("Deny");
        agent.outcome().fails(1);
        was_answered(world, "denied");
    });
}

#[test]
fn a_notification_goes_when_its_slot_is_looked_at() {
    told(|world, server, _daemon| {
        world.seat(1, "ada", "KEY", "token-of-ada");
        world.project("work");
        world.start(1, "broken", &["sh", "-c", "exit 3"]);
        server.shows("broken");
        server.displays(1);
        let mut door = world.door();
        assert!(door.ask("slots.open", json!({ "slot": 1 }))["Ok"].is_object());
        server.displays(0);
    });
}

#[test]
fn an_agents_question_is_told_in_its_words_until_the_agent_goes_on() {
    told(|world, server, _daemon| {
        world.seat(2, "ada", "KEY", "token-of-ada");
        world.project("work");
        let gate = world.path("gate");
        let lock = std::fs::File::create(&gate).expect("the gate is made");
        lock.lock().expect("the gate is shut");
        let script = format!(
            "hook() {{ echo \"$1\" | lanyard hook claude; }}
             hook '{{\"hook_event_name\":\"PermissionRequest\",\"tool_name\":\"Bash\",\"tool_input\":{{\"command\":\"make <all>\"}}}}'
             flock -s {} true
             hook '{{\"hook_event_name\":\"PostToolUse\"}}'
             exec sleep 1000",
            gate.display()
        );
        world.start(2, "asks", &["sh", "-c", &script]);
        let shown = server.shows("make &lt;all&gt;");
        assert!(shown.contains("Slot 2 · ada waits for you"), "{shown}");
        server.displays(1);
        lock.unlock().expect("the gate is opened");
        server.displays(0);
    });
}

#[test]
fn what_happens_to_six_agents_at_once_is_one_notification() {
    told(|world, server, daemon| {
        world.project("work");
        let (gate, ends) = (world.path("gate"), world.path("ends"));
        let lock = std::fs::File::create(&gate).expect("the gate is made");
        lock.lock().expect("the gate is shut");
        let (tell, told) = channel();
        let hook = tests::server::Server::start(move |request| {
            tell.send(request.json()).ok();
            Reply::bare(200)
        });
        let add =
            ["notify", "route", "add", "hook", "--kind", "webhook", "--url", hook.url(), "--secret", "-"];
        world.lanyard_with(&add, "a key that is long enough").ok();
        let mut pipe = world.command("mkfifo");
        pipe.arg(&ends);
        run(pipe, b"", DEADLINE).ok();
        for slot in 1..=6 {
            world.seat(slot, &format!("agent{slot}"), "KEY", "token");
            let script = format!("flock -s {} true; echo over > {}; exit 3", gate.display(), ends.display());
            world.start(slot, &format!("try-{slot}"), &["sh", "-c", &script]);
        }
        // The daemon hears of all ends when it wakes up.
        daemon.process().signal(rustix::process::Signal::STOP);
        lock.unlock().expect("the gate is opened");
        let mut count = world.command("sh");
        count.args(["-c", "exec 3<>ends; for n in 1 2 3 4 5 6; do read over <&3; done"]);
        run(count, b"", DEADLINE).ok();
        daemon.process().signal(rustix::process::Signal::CONT);
        let shown = server.shows("6 agents need you");
        assert!(!shown.contains("token"), "{shown}");
        server.displays(1);
        let message = told.recv_timeout(DEADLINE).expect("the webhook is told");
        assert_eq!(message["data"]["notices"].as_array().map(Vec::len), Some(6), "{message}");
    });
}

#[test]
fn a_click_on_a_notification_shows_the_slot_in_the_window() {
    if !possible() || !window::possible() {
        return;
    }
    let mut world = World::new();
    furnish(&mut world);
    let server = Server::start(&world);
    let page = window::open(&world, &[]);
    page.see("first");
    world.seat(2, "ada", "GITHUB_TOKEN", "token-of-ada");
    world.project("work");
    world.start(2, "told", &["sh", "-c", "exit 0"]);
    server.shows("Slot 2");
    server.click();
    page.see("desk-2");
    page.driver.quit();
}
