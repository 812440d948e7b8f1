//! The tools of a slot, called by agents that we did not write.

use super::{Watching, ask, asked_for};
use serde_json::json;
use tests::model::Model;
use tests::text;

#[test]
fn claude_reads_a_secret_with_its_owners_approval_and_a_code_of_its_own_mail_alone() {
    let Some(programs) = asked_for("claude") else { return };
    let model = Model::start();
    let world = super::claude::world(&programs, &model);
    let key = ["secrets", "set", "DEPLOY_KEY", "-", "--identity", "ada", "--policy", "ask"];
    world.lanyard_with(&key, "deploy-4711").ok();
    world.identity("bob");
    world.deliver("bob@lanyard.localhost", "For bob alone", "Your code is 771204.");
    let theirs = world.json(&["email", "list", "--identity", "bob"])["messages"][0]["id"].clone();
    let mut watching = Watching::slot(&world, 1);
    let mut door = world.listening();
    let task = r#"please call: mcp__lanyard__read_secret {"key":"DEPLOY_KEY","reason":"to deploy"};"#;
    world.json(&["start", "--slot", "1", "--project", "work", "--branch", "one", "--prompt", task]);
    let asks = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
    let asks = &asks["ApprovalChanged"]["approval"];
    assert_eq!((text(asks, "subject"), text(asks, "reason")), ("DEPLOY_KEY", "to deploy"));
    world.lanyard(&["approvals", "approve", text(asks, "id")]).ok();
    let done = watching.wait_for("done");
    assert!(text(&done, "message").contains("deploy-4711"), "{done}");
    // What it is told of its slot stands in what it tells its model.
    assert!(model.turn("DEPLOY_KEY").contains("You work in a slot of Lanyard"));

    world.deliver("ada@lanyard.localhost", "Your sign-in code", "Your verification code is 493817.");
    ask(&world, "1", "please call: mcp__lanyard__get_code {};");
    let done = watching.wait_for("done");
    assert!(text(&done, "message").contains("493817"), "{done}");

    ask(&world, "1", &format!("please call: mcp__lanyard__read_message {};", json!({ "id": theirs })));
    let done = watching.wait_for("done");
    let told = text(&done, "message");
    assert!(told.contains("there is no message") && !told.contains("771204"), "{done}");
}
