//! Ravi's REST shape: PyPI's `ravi-sdk` talks to it from a slot, and nobody else does with a slot's key.

use super::messages::write_to_ada;
use super::world;
use serde_json::Value;
use std::path::PathBuf;
use tests::{World, client, program, python};

/// Where `cargo xtask setup` puts Ravi's own library.
fn sdk() -> PathBuf {
    let lanyard = program("lanyard");
    let folder = lanyard.ancestors().nth(2).expect("a program lies in target/debug").join("tools/ravi-sdk");
    assert!(folder.join("ravi").is_dir(), "ravi-sdk is not there: run `cargo xtask test`, which installs it");
    folder
}

const BY_THE_SDK: &str = r#"
import os, ravi
from ravi import Ravi, AuthenticationError, AuthorizationError, NotFoundError
sdk = Ravi(api_key=os.environ["RAVI_API_KEY"])
me, = sdk.identities.list()
assert (me.name, me.inbox, me.phone) == ("ada", "ada@lanyard.localhost", "+15550100001"), me
assert sdk.identities.get(me.uuid) == me and sdk.email.list_inboxes()[0].email == me.inbox
assert sdk.phones.list()[0].phone_number == me.phone and sdk.domains.list()[0].domain == "lanyard.localhost"

thread, = sdk.email.threads.list(has_unread=True)
mail, = sdk.email.list(is_read=False)
assert mail.subject == thread.subject == "Verify your email" and not mail.is_read
assert sdk.email.threads.get(thread.thread_id)["messages"][0]["id"] == mail.id == sdk.email.get(mail.id).id
assert sdk.email.update(mail.id, is_read=True).is_read and sdk.email.list(is_read=False) == []
sent = sdk.email.compose(to_email="eve@lanyard.localhost", subject="hi", html_content="<p>a &amp; b</p>")
assert sent.direction == "outgoing" and sdk.email.get(sent.id).text_content == "a & b"
assert sdk.email.get(sdk.email.reply(mail.id, text_content="thanks").id).subject == "Re: Verify your email"
passed_on = sdk.email.forward(mail.id, to_email="eve@lanyard.localhost", text_content="look")
assert "551234" in sdk.email.get(passed_on.id).text_content
assert len(sdk.email.list(direction="outgoing")) == 3 and len(sdk.email.list(page=2)) == 0

talk, = sdk.sms.conversations.list()
assert sdk.sms.conversations.get(talk.conversation_id)["messages"][0]["body"] == "Your code is 847291"
assert sdk.sms.get(sdk.sms.send(to_number="+15550100002", body="on my way").id).body == "on my way"
seen = sdk.events.list(since=0)
assert [event.type for event in seen][:2] == ["email.message.received", "sms.message.received"], seen
assert [event.seq for event in seen] == sorted(event.seq for event in seen)
later = sdk.events.list(since=seen[0].seq, event_types=["email.message.sent"], limit=2)
assert len(later) == 2 and later[0].seq > seen[0].seq, later

secret = sdk.secrets.create(key="npm_token", value="npm_1", notes="mine")
assert (secret.key, secret.value) == ("NPM_TOKEN", "npm_1")
assert sdk.secrets.update(secret.uuid, value="npm_2").value == "npm_2" == sdk.secrets.get(secret.uuid).value
assert {s.key: s.value for s in sdk.secrets.list()} == {"GITHUB_TOKEN": "ghp_ada", "NPM_TOKEN": "npm_2"}
sdk.secrets.delete(secret.uuid)
login = sdk.passwords.create(domain="example.com", username="bot")
assert len(login.password) >= 16 and sdk.passwords.get(login.uuid).password == login.password
assert sdk.passwords.update(login.uuid, password="other-word").password == "other-word"
assert sdk.passwords.list()[0].password == "other-word"
sdk.passwords.delete(login.uuid)
assert len(sdk.passwords.generate()["password"]) == 16
assert sdk.contacts.search("eve")[0].email == "eve@lanyard.localhost"

def fails(error, attempt):
    try:
        attempt()
    except error as caught:
        return caught
    raise SystemExit(f"{attempt} did not fail")

owners, = [s for s in sdk.secrets.list() if s.key == "GITHUB_TOKEN"]
assert "was set by the owner" in fails(AuthorizationError, lambda: sdk.secrets.delete(owners.uuid)).message
fails(NotFoundError, lambda: sdk.identities.get("0199aa01-0000-7000-8000-000000000000"))
fails(AuthorizationError, lambda: sdk.identities.create(name="another"))
fails(AuthenticationError, lambda: Ravi(api_key="ravi_id_" + "x" * 43).identities.list())
assert fails(ravi.RaviError, lambda: sdk.calls.list()).status == 501
assert ravi.secrets_get("GITHUB_TOKEN") == "ghp_ada", "the functions of the slot stand beside the library's"
print("done")
"#;

#[test]
fn ravis_own_library_works_with_an_identity_of_lanyards() {
    let Some(python) = python() else { return };
    let world = world();
    write_to_ada(&world, "email", Some("Verify your email"), "Your code is 551234");
    write_to_ada(&world, "sms", None, "Your code is 847291");
    std::fs::write(world.path("sdk.py"), BY_THE_SDK).unwrap();
    let (sdk, file) = (sdk(), world.path("sdk.py"));
    let script = format!("PYTHONPATH=$PYTHONPATH:{} {} {}", sdk.display(), python.display(), file.display());
    assert_eq!(world.as_agent(1, "sdk", &script).ok(), "done\n");
}

/// One request in Python, with a key from the environment: prints the status and the body.
const ASK: &str = r#"
import os, sys, urllib.error, urllib.request
bearer = {"Authorization": "Bearer " + os.environ["KEY"]}
request = urllib.request.Request(os.environ["URL"] + sys.argv[1], headers=bearer)
try:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"#;

/// The command that asks for a path in a slot.
fn asking(world: &World, key: &str, url: &str, path: &str) -> String {
    std::fs::write(world.path("ask.py"), ASK).unwrap();
    let python = python().expect("Python is there");
    format!("URL={url} KEY={key} {} {} '{path}'", python.display(), world.path("ask.py").display())
}

/// Key, address and session of slot 1, which asks for its identity once it reads something from the fifo `end`.
fn holding(world: &World) -> (String, String, String) {
    let (seen, end) = (world.path("seen"), world.path("end"));
    let made = std::process::Command::new("mkfifo").args([&seen, &end]).status().unwrap();
    assert!(made.success());
    let again = asking(world, "$RAVI_API_KEY", "$RAVI_API_URL", "/api/identities/");
    let tell = format!("echo \"$RAVI_API_KEY $RAVI_API_URL\" >{}", seen.display());
    let session =
        world.script(1, "holding", &format!("{tell}; cat {} >/dev/null; {again}", end.display())).session;
    // It opens once the script has it open as well.
    let told = std::fs::read_to_string(&seen).unwrap();
    let (key, url) = told.trim().split_once(' ').expect("a session has a key and an address");
    (key.to_string(), url.to_string(), session)
}

#[test]
fn a_key_is_for_the_processes_of_its_session_and_ends_with_it() {
    let world = world();
    let (key, url, session) = holding(&world);
    assert!(key.starts_with("ravi_id_") && url.starts_with("http://127.0.0.1:"), "{key} {url}");
    let http = client().pool_max_idle_per_host(0).build().unwrap();
    let ask = |key: &str, path: &str| http.get(format!("{url}{path}")).bearer_auth(key).send().unwrap();
    let stranger = ask(&key, "/api/secrets/");
    assert_eq!(stranger.status(), 403);
    let told: Value = stranger.json().unwrap();
    assert_eq!(told["error"]["code"], "auth.forbidden");
    assert!(!told.to_string().contains("ghp_ada"), "{told}");
    assert_eq!(ask("", "/api/secrets/").status(), 401);
    assert_eq!(ask(&key[..key.len() - 1], "/api/secrets/").status(), 401);

    world.lanyard(&["identity", "create", "--name", "bob"]).ok();
    world.lanyard(&["slot", "set", "2", "--identity", "bob"]).ok();
    // In a file: what stands in a session's command is kept with it.
    std::fs::write(world.path("carried"), &key).unwrap();
    let carried = format!("$(cat {})", world.path("carried").display());
    let pried = world.as_agent(2, "pry", &asking(&world, &carried, &url, "/api/secrets/")).ok();
    assert!(pried.starts_with("403 ") && !pried.contains("ghp_ada"), "{pried}");
    let ada = world.json(&["identity", "show", "ada"]);
    let path = format!("/api/secrets/?identity={}", ada["id"].as_str().unwrap());
    let crossed = world.as_agent(2, "cross", &asking(&world, "$RAVI_API_KEY", "$RAVI_API_URL", &path)).ok();
    assert!(crossed.starts_with("403 "), "{crossed}");

    // Another daemon knows the key, at the same address.
    world.daemon_process().kill();
    world.lanyard(&["status"]).ok();
    std::fs::write(world.path("end"), "go on\n").unwrap();
    world.ended(&session);
    let after = std::fs::read_to_string(world.path("holding.out")).unwrap();
    assert!(after.starts_with("200 ") && after.contains("\"name\":\"ada\""), "{after}");
    assert_eq!(ask(&key, "/api/identities/").status(), 401, "the key has ended with its session");

    let refused = world.lanyard(&["audit", "list", "--json"]).ok();
    assert!(refused.contains("the key of a session, from a process that is not of it"), "{refused}");
    assert_eq!(world.files_with(&key), Vec::<PathBuf>::new());
}

#[test]
fn a_secret_that_the_owner_is_asked_for_waits_over_http_as_well() {
    let world = world();
    world.lanyard(&["secrets", "set", "ASKED", "asked-value", "--identity", "ada", "--policy", "ask"]).ok();
    let mut door = world.listening();
    let ask = asking(&world, "$RAVI_API_KEY", "$RAVI_API_URL", "/api/secrets/?key=asked");
    for (branch, answer, status) in [("yes", "approve", "200 "), ("no", "deny", "403 ")] {
        let script = world.script(1, branch, &ask);
        let asked = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
        let asked = &asked["ApprovalChanged"]["approval"];
        assert_eq!(asked["reason"], "by its key, over HTTP");
        world.lanyard(&["approvals", answer, asked["id"].as_str().unwrap()]).ok();
        let said = script.outcome().ok();
        assert!(said.starts_with(status) && said.contains("asked-value") == (answer == "approve"), "{said}");
    }
}
