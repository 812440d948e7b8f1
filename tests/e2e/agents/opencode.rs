//! OpenCode: whole turns, told by the plugin of its session.

use super::turns::{TASK, Ways, lives_through_it, signal};
use super::{Watching, asked_for, home, noted};
use serde_json::json;
use std::path::Path;
use tests::World;
use tests::model::Model;

/// A plugin of the identity's own, which notes when something happens.
const NOTES: &str = r#"
import { writeFileSync } from "node:fs";
const note = async ({ event }) => {
  if (SIGNALS.includes(event.type)) writeFileSync(PLACE + event.type, `${Date.now()}000000\n`);
};
export const Notes = async () => ({ event: note });
"#;

#[test]
fn opencode_asks_finishes_fails_and_goes_on_by_its_plugin() {
    let Some(programs) = asked_for("opencode") else { return };
    let model = Model::start();
    let world = world(&programs, &model);
    let watching = Watching::slot(&world, 1);
    let session =
        world.json(&["start", "--slot", "1", "--project", "work", "--branch", "one", "--prompt", TASK]);
    lives_through_it(watching, &model, &session, &WAYS);
}

/// Its signal that a turn has failed.
const FAILED: &str = "session.error";

const WAYS: Ways = Ways {
    asks: "Permission required",
    yes: "\r",
    tool: "lanyard_who_am_i",
    signals: ["permission.asked", "session.idle"],
    failed_at: |world| noted(&signal(world, FAILED)),
};

/// A world whose `ada` has set the stand-in, and notes when OpenCode signals what.
fn world(programs: &Path, model: &Model) -> World {
    let world = super::world("opencode", programs);
    let place = home(&world).join(".config/opencode");
    std::fs::create_dir_all(place.join("plugin")).unwrap();
    let server = json!({ "baseURL": format!("{}/v1", model.url()), "apiKey": "nobody-looks" });
    let settings = json!({
        "model": "m/m", "autoupdate": false, "permission": { "bash": "ask" },
        "provider": { "m": {
            "npm": "@ai-sdk/openai-compatible", "name": "m", "options": server, "models": { "m": { "name": "m" } },
        } },
    });
    std::fs::write(place.join("opencode.json"), settings.to_string()).unwrap();
    let (signals, file) = (json!([WAYS.signals[0], WAYS.signals[1], FAILED]), json!(signal(&world, "")));
    let notes = format!("const SIGNALS = {signals}, PLACE = {file};\n{NOTES}");
    std::fs::write(place.join("plugin/notes.js"), notes).unwrap();
    world
}
