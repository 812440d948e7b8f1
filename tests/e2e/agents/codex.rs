//! Codex: whole turns, by hooks that its owner has trusted in its own dialog.

use super::turns::{TASK, Ways, lives_through_it, signal};
use super::{Watching, asked_for, home, secret};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::model::Model;
use tests::{World, text};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const WAYS: Ways = Ways {
    asks: "Would you like to run the following command?",
    yes: "y",
    tool: "mcp__lanyard__who_am_i",
    signals: ["PermissionRequest", "Stop"],
    failed_at: |world| written_at(&log(&home(world).join(".codex/sessions"))),
};

/// The key.
const DOWN: &str = "\x1b[B";

#[test]
fn codex_asks_finishes_fails_and_goes_on_once_its_hooks_are_trusted() {
    let Some(programs) = asked_for("codex") else { return };
    let model = Model::start();
    let world = world(&programs, &model);
    let watching = Watching::slot(&world, 1);
    let session =
        world.json(&["start", "--slot", "1", "--project", "work", "--branch", "one", "--prompt", TASK]);

    // Codex asks its owner whether our hooks may run, once for the identity; nobody answers in the owner's place.
    let mut terminal = world.terminal("1");
    terminal.wait_for_screen("Hooks need review");
    terminal.type_until(DOWN, |screen| screen.contains("› 2. Trust all and continue"));
    terminal.type_until("\r", |screen| !screen.contains("Hooks need review"));
    lives_through_it(watching, &model, &session, &WAYS);
}

/// A world whose `ada` has set the stand-in, and notes when Codex signals what.
fn world(programs: &Path, model: &Model) -> World {
    let world = super::world("codex", programs);
    secret(&world, "STAND_IN_KEY", "nobody-looks");
    let place = home(&world).join(".codex");
    std::fs::create_dir_all(&place).unwrap();
    let note = |event: &str| {
        let command = format!("date +%s%N >'{}'", signal(&world, event).display());
        format!("[[hooks.{event}]]\n[[hooks.{event}.hooks]]\ntype = \"command\"\ncommand = \"{command}\"\n")
    };
    let settings = format!(
        "model = \"m\"\nmodel_provider = \"m\"\ncheck_for_update_on_startup = false\n\
         approval_policy = \"on-request\"\n\
         [model_providers.m]\nname = \"m\"\nbase_url = \"{}/v1\"\nwire_api = \"responses\"\n\
         env_key = \"STAND_IN_KEY\"\n[projects.\"{}\"]\ntrust_level = \"trusted\"\n{}{}",
        model.url(),
        world.path("work").display(),
        note("PermissionRequest"),
        note("Stop"),
    );
    std::fs::write(place.join("config.toml"), settings).unwrap();
    world
}

/// When the end of the last turn was written into this log: no hook tells of a failure.
fn written_at(log: &Path) -> Duration {
    let lines = std::fs::read_to_string(log).unwrap();
    let mut lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let end = lines.rfind(|line| line["payload"]["type"] == "task_complete").expect("a turn has ended");
    let at = OffsetDateTime::parse(text(&end, "timestamp"), &Rfc3339).unwrap();
    Duration::from_nanos(at.unix_timestamp_nanos().try_into().unwrap())
}

/// The log of the conversation, which lies in folders of year, month and day.
fn log(folder: &Path) -> PathBuf {
    let entry = std::fs::read_dir(folder).unwrap().next().expect("a conversation is kept").unwrap().path();
    if entry.is_dir() { log(&entry) } else { entry }
}
