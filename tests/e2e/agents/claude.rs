//! Claude Code: whole turns, what it asks, how it fails and crashes, and how it goes on.

use super::{Watching, ask, asked_for, first_of, home, keeper_of, secret};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tests::model::{Model, REFUSAL};
use tests::{World, text};

/// What the identity's own hooks note the time of.
const NOTED: [&str; 3] = ["PermissionRequest", "Stop", "StopFailure"];

/// A world whose `ada` has been through Claude's first questions, and notes when it signals what.
pub(super) fn world(programs: &Path, model: &Model) -> World {
    let world = super::world("claude", programs);
    secret(&world, "ANTHROPIC_BASE_URL", model.url());
    secret(&world, "ANTHROPIC_AUTH_TOKEN", "nobody-looks");
    secret(&world, "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
    secret(&world, "DISABLE_AUTOUPDATER", "1");
    let place = home(&world).join(".claude");
    std::fs::create_dir_all(&place).unwrap();
    let trusted = json!({ world.path("work").display().to_string(): { "hasTrustDialogAccepted": true } });
    let known = json!({ "hasCompletedOnboarding": true, "theme": "dark", "projects": trusted });
    std::fs::write(place.join(".claude.json"), known.to_string()).unwrap();
    let note = |event: &&str| {
        let command = format!("date +%s%N >>'{}'", signal(&world, event).display());
        (event.to_string(), json!([{ "hooks": [{ "type": "command", "command": command }] }]))
    };
    let hooks: serde_json::Map<String, Value> = NOTED.iter().map(note).collect();
    let permissions = json!({ "defaultMode": "default", "disableAutoMode": "disable" });
    let settings = json!({ "permissions": permissions, "hooks": hooks });
    std::fs::write(place.join("settings.json"), settings.to_string()).unwrap();
    world
}

fn signal(world: &World, event: &str) -> PathBuf {
    world.path(&format!("signal-{event}"))
}

fn start(world: &World, slot: &str, branch: &str, prompt: &str) -> Value {
    world.json(&["start", "--slot", slot, "--project", "work", "--branch", branch, "--prompt", prompt])
}

#[test]
fn claude_asks_finishes_fails_and_outlives_the_daemon() {
    let Some(programs) = asked_for("claude") else { return };
    let model = Model::start();
    let world = world(&programs, &model);
    let mut watching = Watching::slot(&world, 1);
    let session = start(&world, "1", "one", "please run: echo used-$GH_TOKEN | tee made; then tell me");
    let id = text(&session, "id");

    let asks = watching.wait_in_time("waiting", &signal(&world, "PermissionRequest"));
    assert_eq!((&asks["waiting"], &asks["from_terminal"]), (&json!("permission"), &json!(false)), "{asks}");
    assert_eq!(text(&asks, "wants"), "Bash: echo used-$GH_TOKEN | tee made");
    // Claude signals first and asks then.
    world.wait_for_screen(id, "Do you want to proceed?");
    world.lanyard(&["sessions", "send", "1", "\r", "--raw"]).ok();
    watching.wait_for("working");
    let done = watching.wait_in_time("done", &signal(&world, "Stop"));
    assert!(text(&done, "message").contains("used-token-of-ada"), "{done}");
    let made = std::fs::read_to_string(Path::new(text(&session, "path")).join("made")).unwrap();
    assert_eq!(made, "used-token-of-ada\n");

    ask(&world, id, "please fail");
    watching.wait_for("working");
    let failed = watching.wait_in_time("failed", &signal(&world, "StopFailure"));
    assert!(text(&failed, "reason").contains(REFUSAL), "{failed}");
    assert!(failed["ended_at"].is_null(), "{failed}");

    world.daemon_process().kill();
    let again = world.json(&["sessions", "show", "1"]);
    assert_eq!((text(&again, "id"), text(&again, "state")), (id, "failed"));
    let mut watching = Watching::slot(&world, 1);
    ask(&world, id, "please answer: are you there?");
    let done = watching.wait_in_time("done", &signal(&world, "Stop"));
    assert_eq!(text(&done, "message"), "All is well.");
    assert_eq!(text(&done, "conversation"), id);
}

#[test]
fn claude_goes_on_with_its_own_conversation_after_its_keeper_and_itself_were_killed() {
    let Some(programs) = asked_for("claude") else { return };
    let model = Model::start();
    let world = world(&programs, &model);
    let mut watching = Watching::slot(&world, 1);
    let session = start(&world, "1", "one", "remember the word heron");
    watching.wait_for("done");
    keeper_of(&world).kill();
    let lost = watching.wait_for("failed");
    assert_eq!(lost["exit"], "lost", "{lost}");

    let resumed = world.json(&["sessions", "restart", "1"]);
    assert_ne!(resumed["id"], session["id"]);
    world.wait_for_screen("1", "heron");
    ask(&world, "1", "which word was it?");
    let done = watching.wait_for("done");
    assert_eq!(text(&done, "conversation"), text(&session, "id"));
    let asked = model.turn("which word was it?");
    assert!(asked.contains("remember the word heron"), "{asked}");

    first_of(&resumed).kill();
    let crashed = watching.wait_for("failed");
    assert_eq!(crashed["exit"], json!({ "signal": 9 }), "{crashed}");
    assert!(text(&crashed, "reason").contains("signal 9"), "{crashed}");
}

#[test]
fn each_slot_of_one_identity_resumes_its_own_conversation() {
    let Some(programs) = asked_for("claude") else { return };
    let model = Model::start();
    let world = world(&programs, &model);
    world.lanyard(&["slot", "set", "2", "--identity", "ada", "--agent", "claude"]).ok();
    for (slot, word) in [("1", "heron"), ("2", "otter")] {
        let mut watching = Watching::slot(&world, slot.parse().unwrap());
        start(&world, slot, word, &format!("remember the word {word}"));
        watching.wait_for("done");
        world.lanyard(&["sessions", "stop", slot]).ok();
    }
    for (slot, word, other) in [("1", "heron", "otter"), ("2", "otter", "heron")] {
        let mut watching = Watching::slot(&world, slot.parse().unwrap());
        world.lanyard(&["sessions", "restart", slot]).ok();
        world.wait_for_screen(slot, word);
        let question = format!("is it you in slot {slot}?");
        ask(&world, slot, &question);
        watching.wait_for("done");
        let asked = model.turn(&question);
        assert!(asked.contains(&format!("remember the word {word}")), "{asked}");
        assert!(!asked.contains(other), "{asked}");
    }
}
