//! Secrets: set, read, listed, limited, and kept from agents where the owner says so.

use serde_json::Value;
use tests::{World, text};

fn world() -> World {
    let world = World::new();
    world.identity("ada");
    world.lanyard(&["identity", "use", "ada"]).ok();
    world
}

#[test]
fn get_prints_the_bare_value_and_a_newline() {
    let world = world();
    world.lanyard(&["secrets", "set", "GITHUB_TOKEN", "ghp_one"]).ok();
    assert_eq!(world.lanyard(&["secrets", "get", "GITHUB_TOKEN"]).ok(), "ghp_one\n");
}

#[test]
fn a_value_given_as_a_dash_is_read_from_standard_input() {
    let world = world();
    world.lanyard_with(&["secrets", "set", "ONE", "-"], "from-a-pipe\n").ok();
    assert_eq!(world.lanyard(&["secrets", "get", "ONE"]).ok(), "from-a-pipe\n");
    let key = "-----BEGIN KEY-----\nMC4CAQ\n-----END KEY-----";
    world.lanyard_with(&["secrets", "set", "TWO", "-"], key).ok();
    assert_eq!(world.lanyard(&["secrets", "get", "TWO"]).ok(), format!("{key}\n"));
    world.lanyard(&["secrets", "set", "THREE", "-starts-with-a-dash"]).ok();
    assert_eq!(world.lanyard(&["secrets", "get", "THREE"]).ok(), "-starts-with-a-dash\n");
}

#[test]
fn json_has_exactly_the_promised_fields() {
    let world = world();
    world.lanyard(&["secrets", "set", "KEY", "väl\"ue", "--notes", "for tests"]).ok();
    let secret = world.json(&["secrets", "get", "KEY"]);
    let mut fields: Vec<&str> = secret.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["created_dt", "identity", "key", "notes", "updated_dt", "uuid", "value"]);
    assert_eq!(text(&secret, "value"), "väl\"ue");
    assert_eq!(text(&secret, "identity"), "ada");
    assert_eq!(text(&secret, "notes"), "for tests");
    assert!(text(&secret, "created_dt").contains('T'), "{secret}");
}

#[test]
fn a_list_names_the_secrets_and_never_shows_a_value() {
    let world = world();
    world.lanyard(&["secrets", "set", "ONE", "value-one"]).ok();
    world.lanyard(&["secrets", "set", "TWO", "value-two", "--policy", "deny"]).ok();
    let list = world.lanyard(&["secrets", "list"]).ok();
    assert!(list.contains("ONE") && list.contains("TWO") && list.contains("deny"), "{list}");
    let json = world.lanyard(&["secrets", "list", "--json"]).ok();
    assert!(!format!("{list}{json}").contains("value-"), "{list}{json}");
}

#[test]
fn setting_again_replaces_the_value_and_keeps_its_id() {
    let world = world();
    let first = world.json(&["secrets", "set", "KEY", "one"]);
    let second = world.json(&["secrets", "set", "KEY", "two"]);
    assert_eq!(first["uuid"], second["uuid"]);
    assert_eq!(world.lanyard(&["secrets", "get", "KEY"]).ok(), "two\n");
    assert_eq!(world.json(&["secrets", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_deleted_secret_is_gone() {
    let world = world();
    world.lanyard(&["secrets", "set", "KEY", "one"]).ok();
    world.lanyard(&["secrets", "delete", "KEY"]).ok();
    world.lanyard(&["secrets", "get", "KEY"]).fails(1);
    world.lanyard(&["secrets", "delete", "KEY"]).fails(1);
}

#[test]
fn sixty_four_kib_is_the_limit_and_empty_is_refused() {
    let world = world();
    let largest = "x".repeat(64 * 1024);
    world.lanyard_with(&["secrets", "set", "KEY", "-"], &largest).ok();
    assert_eq!(world.lanyard(&["secrets", "get", "KEY"]).ok(), format!("{largest}\n"));
    for too_large in [64 * 1024 + 1, 1024 * 1024] {
        let told = world.lanyard_with(&["secrets", "set", "KEY", "-"], &"y".repeat(too_large)).fails(1);
        assert!(told.contains("64 KiB"), "{told}");
    }
    for args in [["secrets", "set", "KEY", ""], ["secrets", "set", "KEY", "-"]] {
        let told = world.lanyard(&args).fails(1);
        assert!(told.contains("empty"), "{told}");
    }
    assert_eq!(world.lanyard(&["secrets", "get", "KEY"]).ok(), format!("{largest}\n"));
}

#[test]
fn an_agent_reads_its_own_secrets_by_the_same_command() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "GITHUB_TOKEN", "ghp_ada");
    let script = "echo \"$(lanyard secrets get GITHUB_TOKEN)\"; lanyard secrets get GITHUB_TOKEN --json";
    let said = world.as_agent(1, "one", script).ok();
    let (bare, json) = said.split_once('\n').unwrap();
    assert_eq!(bare, "ghp_ada");
    let json: Value = serde_json::from_str(json).unwrap();
    assert_eq!(text(&json, "value"), "ghp_ada");
}

#[test]
fn a_denied_secret_is_neither_injected_nor_read_by_an_agent() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "OPEN", "open-value");
    world
        .lanyard(&["secrets", "set", "CLOSED", "closed-value", "--identity", "ada", "--policy", "deny"])
        .ok();
    let outcome = world.as_agent(1, "one", "env; lanyard secrets list; lanyard secrets get CLOSED");
    let told = outcome.clone().fails(1);
    assert!(told.contains("CLOSED"), "{told}");
    assert!(outcome.stdout.contains("open-value"));
    assert!(!format!("{}{}", outcome.stdout, outcome.stderr).contains("closed-value"));
}

#[test]
fn an_agent_may_keep_a_secret_but_not_touch_the_owners() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "OWNERS", "owners-value");
    world.as_agent(1, "one", "lanyard secrets set MINE made-by-agent && lanyard secrets get MINE").ok();
    assert_eq!(world.lanyard(&["secrets", "get", "MINE", "--identity", "ada"]).ok(), "made-by-agent\n");
    world.as_agent(1, "two", "lanyard secrets set OWNERS forged").fails(1);
    world.as_agent(1, "three", "lanyard secrets delete OWNERS").fails(1);
    assert_eq!(world.lanyard(&["secrets", "get", "OWNERS", "--identity", "ada"]).ok(), "owners-value\n");
}
