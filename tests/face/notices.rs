//! The desktop notifications at the end of a session and of a question, shown by a real notification server, and clicked.

use crate::desktop::{self, furnish, on_path};
use crate::window;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use tests::{DEADLINE, World, run};

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
        std::fs::write(world.path("dunstrc"), "[global]\nenable_posix_regex = false\n")
            .expect("its settings");
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

    /// Clicks on the notification that is shown.
    #[track_caller]
    fn click(&self) {
        let mut click = self.world.command("dunstctl");
        click.arg("action");
        run(click, b"", DEADLINE).ok();
    }
}

#[test]
fn a_click_on_the_notification_of_an_ended_session_opens_its_slot() {
    if !possible() {
        return;
    }
    let mut world = World::new();
    furnish(&mut world);
    let server = Server::start(&world);
    let _daemon = world.daemon();
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
}

#[test]
fn a_failure_is_told_as_one_and_a_stop_by_the_owner_not_at_all() {
    if !possible() {
        return;
    }
    let mut world = World::new();
    furnish(&mut world);
    let server = Server::start(&world);
    let _daemon = world.daemon();
    world.seat(1, "ada", "GITHUB_TOKEN", "token-of-ada");
    world.project("work");
    world.start(1, "asked", &["sleep", "1000"]);
    world.lanyard(&["sessions", "stop", "1"]).ok();
    world.start(1, "broken", &["sh", "-c", "exit 3"]);
    let shown = server.shows("after");
    assert!(shown.contains("failed"), "{shown}");
    assert!(!shown.contains("asked"), "{shown}");
}

#[test]
fn a_question_is_told_until_it_is_answered() {
    if !possible() {
        return;
    }
    let mut world = World::new();
    furnish(&mut world);
    let server = Server::start(&world);
    let _daemon = world.daemon();
    world.seat(4, "ada", "KEY", "token-of-ada");
    world.lanyard(&["secrets", "set", "KEY", "--policy", "ask", "--notes", "x", "--identity", "ada"]).ok();
    world.project("work");
    let agent = world.script(4, "asking", "lanyard secrets get KEY --reason 'a <b>reason</b>'");
    let shown = server.shows("reason");
    for part in ["Slot 4", "ada asks", "the secret KEY", "&lt;b&gt;"] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    let open = world.json(&["approvals", "list"]);
    world.lanyard(&["approvals", "deny", open[0]["id"].as_str().expect("it is open")]).ok();
    agent.outcome().fails(1);
    let displayed = || {
        let mut count = world.command("dunstctl");
        count.args(["count", "displayed"]);
        run(count, b"", DEADLINE).ok()
    };
    let until = std::time::Instant::now() + DEADLINE;
    // The end of the session is told as well; the question must not stand beside it.
    while displayed().trim() != "1" {
        assert!(std::time::Instant::now() < until, "the question is still shown");
    }
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
