//! `ravi`: Ravi's commands, the forms of its guides, and its Python module, for an agent and for the owner.

mod lanyards;
mod messages;
mod provided;
mod rest;
mod source;
mod threads;
mod vaults;

use serde_json::{Value, json};
use std::process::Command;
use tests::{Outcome, World, program, python, run, text};

const PHONE: &str = "+15550100001";

/// A world in which ada sits in slot 1 with a number of her own, and eve can write to her.
fn world() -> World {
    let world = World::new();
    world.project("work");
    world.lanyard(&["identity", "create", "--name", "ada", "--phone", PHONE]).ok();
    world.lanyard(&["identity", "create", "--name", "eve", "--phone", "+15550100002"]).ok();
    world.lanyard(&["slot", "set", "1", "--identity", "ada"]).ok();
    world.lanyard_with(&["secrets", "set", "GITHUB_TOKEN", "-", "--identity", "ada"], "ghp_ada").ok();
    world.lanyard_with(&["secrets", "set", "EVES", "-", "--identity", "eve"], "eves-value").ok();
    world
}

/// Runs `ravi` as the owner.
fn ravi(world: &World, args: &[&str]) -> Outcome {
    let link = world.path("ravi");
    if !link.exists() {
        std::os::unix::fs::symlink(program("lanyard"), &link).unwrap();
    }
    let mut command: Command = world.command(&link);
    command.args(args);
    run(command, b"", tests::DEADLINE)
}

/// What `ravi` prints is JSON with two blanks of indent, and an empty line.
#[track_caller]
fn printed(out: &str) -> Value {
    assert!(out.ends_with("\n\n") && !out.ends_with("\n\n\n"), "{out:?}");
    assert!(out.starts_with("{\n  ") || out.starts_with("[\n  ") || out.starts_with("[]"), "{out:?}");
    serde_json::from_str(out).unwrap_or_else(|e| panic!("{e}: {out}"))
}

#[test]
fn an_agent_finds_itself_in_ravis_shapes() {
    let world = world();
    let who = printed(&world.as_agent(1, "who", "ravi auth status").ok());
    assert_eq!((&who["authenticated"], &who["identity"]), (&json!(true), &json!("ada")));
    let list = printed(&world.as_agent(1, "list", "ravi identity list --json").ok());
    assert_eq!(list.as_array().unwrap().len(), 1, "an agent sees itself alone: {list}");
    let names = ["uuid", "name", "inbox", "phone", "created_dt", "updated_dt"];
    assert!(names.iter().all(|name| list[0][name].is_string()), "{list}");
    let email = printed(&world.as_agent(1, "email", "ravi get email").ok());
    assert_eq!((&email["id"], &email["email"]), (&json!(1), &json!("ada@lanyard.localhost")));
    assert_eq!(printed(&world.as_agent(1, "phone", "ravi get phone").ok())["phone_number"], PHONE);
    let version = printed(&world.as_agent(1, "version", "ravi version").ok());
    assert!(text(&version, "message").starts_with("ravi version v"), "{version}");
    let script = "ravi login && ravi identity create ada && ravi identity use ada";
    world.as_agent(1, "begin", script).ok();
}

#[test]
fn a_secret_is_bare_without_json_and_whole_with_it() {
    let world = world();
    let bare =
        "echo \"$(ravi secrets get GITHUB_TOKEN)\"; echo \"$(ravi secrets get github_token --raw --json)\"";
    assert_eq!(world.as_agent(1, "bare", bare).ok(), "ghp_ada\nghp_ada\n");
    let whole = printed(&world.as_agent(1, "whole", "ravi secrets get GITHUB_TOKEN --json").ok());
    assert_eq!((&whole["key"], &whole["value"]), (&json!("GITHUB_TOKEN"), &json!("ghp_ada")));
    let none = world.as_agent(1, "none", "ravi secrets get NOTHING");
    let told: Value = serde_json::from_str(&none.clone().fails(1)).unwrap();
    assert_eq!((told, none.stdout.as_str()), (json!({"error": "secret not found: NOTHING"}), ""));
}

#[test]
fn a_list_waits_for_nobody_and_a_read_waits_for_the_owner() {
    let world = world();
    world.lanyard(&["secrets", "set", "ASKED", "asked-value", "--identity", "ada", "--policy", "ask"]).ok();
    let list = printed(&world.as_agent(1, "list", "ravi secrets list").ok());
    let value =
        |key: &str| list.as_array().unwrap().iter().find(|s| s["key"] == key).unwrap()["value"].clone();
    assert_eq!((value("ASKED"), value("GITHUB_TOKEN")), (json!(""), json!("ghp_ada")));
    let mut door = world.door();
    door.ask("events.subscribe", json!({}));
    let script = world.script(1, "read", "ravi secrets get ASKED");
    let asked = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
    let id = text(&asked["ApprovalChanged"]["approval"], "id").to_string();
    world.lanyard(&["approvals", "approve", &id]).ok();
    assert_eq!(script.outcome().ok(), "asked-value\n");
}

#[test]
fn before_a_command_runs_errors_are_plain_and_after_that_json() {
    let world = world();
    let told = |line: &str| ravi(&world, &line.split(' ').collect::<Vec<_>>()).fails(1);
    assert_eq!(told("nonsense"), "Error: unknown command \"nonsense\" for \"ravi\"\n");
    assert_eq!(told("identity list --wrong"), "Error: unknown flag: --wrong\n");
    assert_eq!(told("secrets get"), "Error: accepts 1 arg(s), received 0\n");
    let missing: Value = serde_json::from_str(&told("email compose --to a@b.test")).unwrap();
    assert_eq!(missing["error"], "required flag(s) \"body\", \"subject\" not set");
    for line in ["sso token", "feedback hello", "contacts create --email a@b", "call list"] {
        let told: Value = serde_json::from_str(&told(line)).unwrap();
        assert!(text(&told, "error").contains("Lanyard"), "{told}");
    }
    assert!(ravi(&world, &[]).ok().contains("Usage: ravi"));
}

#[test]
fn the_owner_speaks_for_any_identity() {
    let world = world();
    let made =
        printed(&ravi(&world, &["identity", "create", "--name", "build-1", "--email", "build-1"]).ok());
    assert_eq!(text(&made, "inbox"), "build-1@lanyard.localhost");
    printed(&ravi(&world, &["identity", "create", "build-2"]).ok());
    printed(&ravi(&world, &["secrets", "set", "npm_token", "npm_1", "--identity", "build-1"]).ok());
    let get = ["secrets", "get", "NPM_TOKEN", "--identity"];
    assert_eq!(ravi(&world, &[&get[..], &["build-1"]].concat()).ok(), "npm_1\n");
    ravi(&world, &[&get[..], &["build-2"]].concat()).fails(1);
    let used = printed(&ravi(&world, &["identity", "use", text(&made, "uuid")]).ok());
    assert_eq!(used, json!({"identity_name": "build-1", "identity_uuid": made["uuid"], "status": "active"}));
    let told = ravi(&world, &["identity", "use", "nobody"]).fails(1);
    assert!(told.contains("identity \\\"nobody\\\" not found"), "{told}");

    let create = ["passwords", "create", "--domain", "example.com", "--username", "bot"];
    let login = printed(&ravi(&world, &create).ok());
    assert_eq!((text(&login, "domain"), text(&login, "password").len()), ("example.com", 16));
    let uuid = text(&login, "uuid");
    let updated = printed(&ravi(&world, &["passwords", "update", uuid, "--password", "other-word"]).ok());
    assert_eq!(updated["password"], "other-word");
    let listed = printed(&ravi(&world, &["passwords", "list"]).ok());
    assert_eq!(listed[0]["password"], "other-word");
    assert!(ravi(&world, &["passwords", "update", uuid]).fails(1).contains("no fields specified to update"));
    assert_eq!(printed(&ravi(&world, &["passwords", "delete", uuid]).ok()), json!({"status": "deleted"}));
    let word = printed(&ravi(&world, &["passwords", "generate", "--length", "30", "--no-special"]).ok());
    let word = text(&word, "password");
    assert!(word.len() == 30 && word.chars().all(|c| c.is_ascii_alphanumeric()), "{word}");
    assert!(!ravi(&world, &["secrets", "list", "--human"]).ok().contains("npm_1"));
}

const LIFE_OF_A_TOKEN: &str = r#"
import ravi
worktree, token = "try-a", "tok-4711"
ravi.secrets_set("WORKTREE_TOKEN", token, notes=f"{worktree} {ravi.now_iso()}")
assert ravi.secrets_get("worktree_token") == token
sent = ravi.email_compose(to="eve@lanyard.localhost", subject=f"token of {worktree}", body="made")
assert sent["direction"] == "outgoing" and sent["to_email"] == "eve@lanyard.localhost", sent
ravi.sms_send(to="+15550100002", body="made")
assert any(mail["direction"] == "outgoing" for mail in ravi.email_list())
assert ravi.sms_list()[0]["body"] == "made" and ravi.sms_list(unread=True) == []
ravi.secrets_delete("WORKTREE_TOKEN")
assert ravi.secrets_get("WORKTREE_TOKEN") is None
try:
    ravi.secrets_delete("GITHUB_TOKEN")
except ravi.RaviCommandError as error:
    assert "was set by the owner" in str(error), error
else:
    raise SystemExit("the owner's secret was deleted")
print("done")
"#;

#[test]
fn a_tokens_life_in_python_runs_in_a_slot() {
    let Some(python) = python() else { return };
    let world = world();
    std::fs::write(world.path("life.py"), LIFE_OF_A_TOKEN).unwrap();
    let script = format!("{} {}", python.display(), world.path("life.py").display());
    assert_eq!(world.as_agent(1, "life", &script).ok(), "done\n");
    assert_eq!(world.lanyard(&["secrets", "get", "GITHUB_TOKEN", "--identity", "ada"]).ok(), "ghp_ada\n");
}
