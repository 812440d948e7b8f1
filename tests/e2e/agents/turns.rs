//! Whole turns of an agent, from its first question to its crash.

use super::{Watching, ask, first_of, keeper_of};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::model::{Model, REFUSAL};
use tests::{World, text};

/// What an agent does its own way.
pub struct Ways {
    /// What the screen shows when it asks.
    pub asks: &'static str,
    /// How a person says yes there.
    pub yes: &'static str,
    /// The names of its own signals: it asks, it is done.
    pub signals: [&'static str; 2],
    /// How it names the tool that says who it is.
    pub tool: &'static str,
    /// When it signalled that it has failed.
    pub failed_at: fn(&World) -> Duration,
}

/// The task of the first turn: its agent's shell uses the injected token.
pub const TASK: &str = "please run: touch used-$GH_TOKEN";

/// The file in which the agent's own signal is noted, as a time.
pub fn signal(world: &World, name: &str) -> PathBuf {
    world.path(&format!("signal-{name}"))
}

/// Whole turns in slot 1: a question, a finish, a failure, a killed daemon, a killed keeper, a crash. The session
/// was started with `TASK`.
pub fn lives_through_it(mut watching: Watching, model: &Model, session: &Value, ways: &Ways) {
    let (world, id) = (watching.world, text(session, "id"));
    let [asked, finished] = ways.signals.map(|name| signal(world, name));
    let asks = watching.wait_in_time("waiting", &asked);
    assert_eq!((&asks["waiting"], &asks["from_terminal"]), (&json!("permission"), &json!(false)), "{asks}");
    assert!(text(&asks, "wants").contains("touch used-$GH_TOKEN"), "{asks}");
    let mut terminal = world.terminal(id);
    terminal.wait_for_screen(ways.asks);
    terminal.type_until(ways.yes, |screen| !screen.contains(ways.asks));
    let done = watching.wait_in_time("done", &finished);
    assert!(text(&done, "message").contains("The tool gave"), "{done}");
    assert!(Path::new(text(session, "path")).join("used-token-of-ada").exists(), "the token is not there");

    ask(world, id, "please fail");
    let failure = watching.wait_in_time_of("failed", || (ways.failed_at)(world));
    assert!(text(&failure, "reason").contains(REFUSAL), "{failure}");
    assert!(failure["ended_at"].is_null(), "{failure}");

    world.daemon_process().kill();
    let again = world.json(&["sessions", "show", "1"]);
    assert_eq!((text(&again, "id"), text(&again, "state")), (id, "failed"));
    let mut watching = Watching::slot(world, 1);
    ask(world, id, "please answer: are you there?");
    let done = watching.wait_in_time("done", &finished);
    assert_eq!(text(&done, "message"), "All is well.");

    ask(world, id, &format!("please call: {} {{}};", ways.tool));
    let told = watching.wait_in_time("done", &finished);
    assert!(text(&told, "message").contains("ada@lanyard.localhost"), "{told}");

    keeper_of(world).kill();
    assert_eq!(watching.wait_for("failed")["exit"], "lost");
    let resumed = world.json(&["sessions", "restart", "1"]);
    world.wait_for_screen("1", "are you there?");
    ask(world, "1", "do you know me?");
    let again = watching.wait_in_time("done", &finished);
    assert_eq!(again["conversation"], done["conversation"]);
    assert!(model.turn("do you know me?").contains("are you there?"));

    first_of(&resumed).kill();
    let crashed = watching.wait_for("failed");
    assert_eq!(crashed["exit"], json!({ "signal": 9 }), "{crashed}");
    // Of the one turn of its own: what the conversation had used up before is the former session's.
    let usage = json!({ "input": 1, "output": 1, "cached": 0, "cost_micros": null });
    assert_eq!(world.json(&["sessions", "show", text(&crashed, "id")])["usage"], usage);
}
