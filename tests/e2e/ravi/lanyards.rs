//! One Lanyard's source of the kind Ravi has another Lanyard's REST shape as its server.

use serde_json::{Value, json};
use tests::{Door, World, program};

fn ask(door: &mut Door, method: &str, params: Value) -> Value {
    let mut answer = door.ask(method, params);
    assert!(answer.get("Ok").is_some(), "{method}: {answer}");
    answer["Ok"].take()
}

fn has(world: &World, key: &str, value: &str) -> bool {
    world.lanyard(&["secrets", "get", key, "--identity", "ada"]).stdout.trim_end() == value
}

const BELOW: &str = r#"
until_so() {
  below watch --json | while read -r _; do if "$@"; then break; fi; done
}
is() { [ "$(below secrets get "$1" --identity ada 2>/dev/null)" = "$2" ]; }
is_there() { below sources sync above >/dev/null; is "$@"; }
refused() { below sources show above --json | grep -q 'GITHUB_TOKEN.*403'; }
below identity create --name ada
printf %s "$RAVI_API_KEY" | below sources add above --kind ravi --url "$RAVI_API_URL" --identity ada \
  --set poll=3 --set push=yes --secret -
until_so is GITHUB_TOKEN ghp_ada
below email code --identity ada --subject "Your code"
printf one | below secrets set MADE_BELOW - --identity ada
printf ghp_evil | below secrets set GITHUB_TOKEN - --identity ada
until_so refused
until_so is_there MADE_BELOW two
"#;

#[test]
fn two_lanyards_keep_an_identity_alike() {
    let (up, down) = (World::new(), World::new());
    up.project("work");
    up.seat(1, "ada", "GITHUB_TOKEN", "ghp_ada");
    up.identity("eve");
    let mut above = up.door();
    ask(&mut above, "events.subscribe", json!({}));
    let hello = json!({
        "identity": "eve", "medium": "email", "to": ["ada@lanyard.localhost"], "subject": "Your code",
        "text": "Your code is 551234",
    });
    ask(&mut above, "inbox.send", hello);
    // A session's key is good for the processes of that session alone: the second daemon, and all who talk to it, are
    // of them.
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let environment: Vec<String> =
        down.environment().iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    let (environment, lanyard) = (environment.join(" "), quoted(&program("lanyard").display().to_string()));
    let below = format!("below() {{ env -i {environment} {lanyard} \"$@\"; }}\n{BELOW}");
    let script = up.script(1, "below", &below);

    // What is made below is above, as an agent's; what the owner above has set only that owner changes.
    while !has(&up, "MADE_BELOW", "one") {
        above.event(|event| event["SecretChanged"].is_object());
    }
    up.lanyard_with(&["secrets", "set", "MADE_BELOW", "-", "--identity", "ada"], "two").ok();
    let out = script.outcome().ok();
    assert!(out.contains("551234"), "{out}");
    assert!(has(&up, "GITHUB_TOKEN", "ghp_ada"));
}
