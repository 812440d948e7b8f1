//! Ravi's secrets and passwords in the vaults here: taken over, given back, and lost on neither side.

use serde_json::{Value, json};
use tests::ravi::{RAVI_KEY, Ravi};
use tests::server::Fault;
use tests::{World, text};

/// A world in which ada sits in slot 1, with a secret of her own.
fn world() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "OWN", "own-value");
    world
}

fn add(world: &World, ravi: &Ravi, settings: &[&str]) {
    let mut args = vec!["sources", "add", "ravi", "--kind", "ravi", "--url", ravi.url(), "--secret", "-"];
    args.extend(["--set", "poll=3"]);
    settings.iter().for_each(|setting| args.extend(["--set", setting]));
    world.lanyard_with(&args, RAVI_KEY).ok();
}

fn source(world: &World) -> Value {
    world.json(&["sources", "show", "ravi"])
}

fn get(world: &World, key: &str) -> String {
    world.lanyard(&["secrets", "get", key, "--identity", "ada"]).ok()
}

fn set(world: &World, key: &str, value: &str) {
    world.lanyard_with(&["secrets", "set", key, "-", "--identity", "ada"], value).ok();
}

/// Has the source look, and waits until what is known of it is so.
#[track_caller]
fn looks_until(world: &World, is_so: impl Fn(&World) -> bool) {
    let mut door = world.door();
    door.ask("events.subscribe", json!({}));
    world.lanyard(&["sources", "sync", "ravi"]).ok();
    while !is_so(world) {
        door.event(|event| {
            ["SourceChanged", "SecretChanged", "PasswordChanged"].iter().any(|what| event[what].is_object())
        });
    }
}

fn has(world: &World, key: &str, value: &str) -> bool {
    world.lanyard(&["secrets", "get", key, "--identity", "ada"]).stdout.trim_end() == value
}

fn notes(world: &World) -> String {
    source(world)["notes"].to_string()
}

#[test]
fn what_is_at_ravi_is_in_the_vault_here_and_nothing_that_was_set_here_is_lost() {
    let (world, ravi) = (world(), Ravi::new());
    set(&world, "BOTH", "set here");
    {
        let mut account = ravi.account();
        account.is_paged = true;
        account.secret("npm_token", "npm_1");
        account.secret("BOTH", "set at ravi");
        account.secret("OLD", "e2e::AAAA");
        account.secrets.push(json!({ "uuid": "x", "key": "HALF" }));
        account.secret("LD_PRELOAD", "/tmp/evil.so");
        account.password("GitHub.com", "bot", "pass-word-1");
    }
    add(&world, &ravi, &[]);
    looks_until(&world, |world| {
        has(world, "NPM_TOKEN", "npm_1") && !source(world)["notes"].to_string().eq("[]")
    });
    assert_eq!(get(&world, "BOTH"), "set here\n");
    let told = notes(&world);
    for word in ["BOTH", "OLD", "legacy-encrypted", "cannot be read", "LD_PRELOAD"] {
        assert!(told.contains(word), "{word} in {told}");
    }
    assert!(!told.contains("npm_1") && !told.contains("e2e::") && !told.contains("set at ravi"), "{told}");
    let login = world.json(&["passwords", "get", "github.com", "--identity", "ada"]);
    assert_eq!((text(&login, "username"), text(&login, "password")), ("bot", "pass-word-1"));

    // In a slot they are the identity's own; what nobody can read is given to nobody.
    let script = "echo \"$NPM_TOKEN ${OLD-none}\"; lanyard secrets get OLD || echo refused";
    assert_eq!(world.as_agent(1, "env", script).ok(), "npm_1 none\nrefused\n");
    assert!(
        world.lanyard(&["secrets", "get", "OLD", "--identity", "ada"]).fails(1).contains("legacy-encrypted")
    );
    let refused = world.as_agent(1, "set", "lanyard secrets set NPM_TOKEN evil").fails(1);
    assert!(refused.contains("set by the owner"), "{refused}");

    let audit = world.json(&["audit", "list", "--identity", "ada"]);
    let set = audit.as_array().unwrap().iter().find(|record| {
        record["who"] == "source" && record["action"] == "secrets.set" && record["subject"] == "NPM_TOKEN"
    });
    assert!(set.is_some_and(|set| text(set, "detail").contains("ravi")), "{audit}");
    assert!(ravi.account().changes.is_empty(), "nothing is written there: {:?}", ravi.account().changes);
}

#[test]
fn what_is_changed_here_is_changed_there_though_the_daemon_is_killed() {
    let (world, ravi) = (world(), Ravi::new());
    ravi.account().secret("TOKEN", "one");
    ravi.account().secret("GONE", "soon");
    ravi.account().password("example.com", "bot", "pass-word-1");
    add(&world, &ravi, &[]);
    looks_until(&world, |world| has(world, "GONE", "soon") && has(world, "TOKEN", "one"));
    ravi.fails("PATCH", Fault::Status(503));
    set(&world, "TOKEN", "two");
    ravi.until("it was tried", |_| ravi.asked().iter().any(|line| line.starts_with("PATCH /api/secrets/")));
    world.lanyard(&["secrets", "delete", "GONE", "--identity", "ada"]).ok();
    world.lanyard_with(&["passwords", "update", "example.com", "-", "--identity", "ada"], "pass-word-2").ok();
    world.daemon_process().kill();
    ravi.heals();
    world.lanyard(&["status"]).ok();
    ravi.until("all is there", |account| {
        account.value("TOKEN") == Some("two")
            && account.value("GONE").is_none()
            && account.passwords[0]["password"] == "pass-word-2"
    });
    // What was made here stays here.
    assert_eq!(ravi.account().value("OWN"), None);
    assert!(!world.log().contains(RAVI_KEY) && !world.log().contains("pass-word"), "{}", world.log());
}

#[test]
fn what_is_changed_there_is_changed_here_and_what_both_have_changed_stays_until_it_is_set_anew() {
    let (world, ravi) = (world(), Ravi::new());
    for key in ["A", "B", "C"] {
        ravi.account().secret(key, "one");
    }
    add(&world, &ravi, &[]);
    looks_until(&world, |world| ["A", "B", "C"].iter().all(|key| has(world, key, "one")));
    ravi.fails("GET /api/secrets", Fault::Status(503));
    set(&world, "C", "here");
    ravi.account().secrets[0]["value"] = json!("two");
    ravi.account().secrets[2]["value"] = json!("there");
    ravi.account().secrets.remove(1);
    ravi.heals();
    looks_until(&world, |world| {
        has(world, "A", "two")
            && world.lanyard(&["secrets", "get", "B", "--identity", "ada"]).status != Some(0)
            && notes(world).contains("changed here and at Ravi")
    });
    assert_eq!(get(&world, "C"), "here\n");
    assert_eq!(ravi.account().value("C"), Some("there"));
    set(&world, "C", "this one");
    ravi.until("the newer one is there", |account| account.value("C") == Some("this one"));
    looks_until(&world, |world| notes(world) == "[]");
}

#[test]
fn with_push_what_an_agent_makes_is_at_ravi_and_it_may_change_what_came_from_there() {
    let (world, ravi) = (world(), Ravi::new());
    world.lanyard(&["secrets", "set", "GUARDED", "asked", "--identity", "ada", "--policy", "ask"]).ok();
    ravi.account().secret("TOKEN", "one");
    add(&world, &ravi, &["push=yes"]);
    looks_until(&world, |world| has(world, "TOKEN", "one"));
    ravi.until("what is new here is there", |account| account.value("OWN") == Some("own-value"));
    world.as_agent(1, "set", "ravi secrets set TOKEN two && ravi secrets set made_here new").ok();
    ravi.until("both are there", |account| {
        account.value("TOKEN") == Some("two") && account.value("MADE_HERE") == Some("new")
    });
    world.as_agent(1, "python", "lanyard secrets delete MADE_HERE").ok();
    ravi.until("it is gone", |account| account.value("MADE_HERE").is_none());
    assert_eq!(ravi.account().value("GUARDED"), None, "what asks stays here");
}

#[test]
fn a_limit_of_one_request_rests_the_whole_account_and_says_until_when() {
    let (world, ravi) = (world(), Ravi::new());
    ravi.account().secret("TOKEN", "one");
    ravi.account().limits = 1;
    ravi.account().rest = 600;
    add(&world, &ravi, &[]);
    looks_until(&world, |world| source(world)["state"]["state"] == "failed");
    let asked = ravi.asked().len();
    let mail =
        json!({ "identity": "ada", "medium": "email", "to": ["one@x.test"], "subject": "hi", "text": "a" });
    let mut door = world.door();
    door.ask("events.subscribe", json!({}));
    door.ask("inbox.send", mail);
    // Neither a look that the owner wants nor a mail that goes out disturbs it.
    looks_until(&world, |world| {
        let state = &source(world)["state"];
        state["state"] == "failed"
            && state["again_at"].is_i64()
            && text(state, "reason").contains("asked too often")
    });
    assert_eq!(ravi.asked().len(), asked, "{:?}", ravi.asked());
}
