//! `lanyard mcp` in a slot: what its tools give, to whom, and what the protocol's edges do to it.

use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use tests::{DEADLINE, Door, World, text};

/// All tools, in the order of their names.
const TOOLS: [&str; 12] = [
    "ask_owner",
    "get_code",
    "get_link",
    "list_messages",
    "list_secrets",
    "list_tokens",
    "read_message",
    "read_secret",
    "read_token",
    "request_token",
    "wait_for_message",
    "who_am_i",
];

/// A client that speaks the protocol to `lanyard mcp`, which runs as the agent of a slot.
struct Client {
    input: File,
    lines: Receiver<Value>,
    next: u64,
}

impl Client {
    #[track_caller]
    fn start(world: &World, slot: u32) -> Self {
        let (input, output) = (pipe(world, &format!("in-{slot}")), pipe(world, &format!("out-{slot}")));
        let serve = format!("exec lanyard mcp <'{}' >'{}'", input.display(), output.display());
        world.start(slot, &format!("tools-{slot}"), &["sh", "-c", &serve]);
        // Each waits for the other side to open it.
        let input = File::options().write(true).open(input).unwrap();
        let output = BufReader::new(File::open(output).unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("each line is JSON");
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let mut client = Self { input, lines, next: 1 };
        let hello = json!({
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        let answer = client.ask("initialize", hello);
        assert_eq!(answer["result"]["serverInfo"]["name"], "lanyard", "{answer}");
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.input, "{message}").expect("it hears");
    }

    /// Begins a request and gives its id.
    fn begin(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next;
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    fn begin_call(&mut self, tool: &str, arguments: Value) -> u64 {
        self.begin("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    #[track_caller]
    fn answer(&mut self, id: u64) -> Value {
        loop {
            let line = self.lines.recv_timeout(DEADLINE).expect("it answers in time");
            if line["id"] == id {
                return line;
            }
        }
    }

    #[track_caller]
    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id)
    }

    /// What a tool gives; whatever goes wrong fails the test.
    #[track_caller]
    fn call(&mut self, tool: &str, arguments: Value) -> String {
        let id = self.begin_call(tool, arguments);
        self.given(id)
    }

    #[track_caller]
    fn given(&mut self, id: u64) -> String {
        let answer = self.answer(id);
        assert_eq!(answer["result"]["isError"], false, "{answer}");
        words(&answer).to_string()
    }

    /// What a tool says that goes wrong.
    #[track_caller]
    fn fails(&mut self, tool: &str, arguments: Value) -> String {
        let id = self.begin_call(tool, arguments);
        self.failed(id)
    }

    #[track_caller]
    fn failed(&mut self, id: u64) -> String {
        let answer = self.answer(id);
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        words(&answer).to_string()
    }
}

#[track_caller]
fn words(answer: &Value) -> &str {
    text(&answer["result"]["content"][0], "text")
}

fn pipe(world: &World, name: &str) -> PathBuf {
    let path = world.path(name);
    tests::run(
        {
            let mut make = world.command("mkfifo");
            make.arg(&path);
            make
        },
        b"",
        DEADLINE,
    )
    .ok();
    path
}

fn world() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "GITHUB_TOKEN", "ghp_of_ada");
    world
}

/// Waits until somebody asks, and gives the approval.
#[track_caller]
fn asked(world: &World, door: &mut Door) -> Value {
    door.ask("events.subscribe", json!({}));
    loop {
        if let Some(open) = world.json(&["approvals", "list"]).as_array().and_then(|all| all.first()) {
            return open.clone();
        }
        door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
    }
}

/// No part of an id by chance.
const DEPLOY: &str = "value-of-the-deploy-key";

#[test]
fn the_tools_say_what_they_are_and_give_what_the_identity_holds() {
    let world = world();
    world
        .lanyard_with(&["secrets", "set", "DEPLOY_KEY", "-", "--identity", "ada", "--policy", "ask"], DEPLOY)
        .ok();
    let mut client = Client::start(&world, 1);
    let listed = client.ask("tools/list", json!({}))["result"]["tools"].take();
    let listed = listed.as_array().unwrap();
    let mut names: Vec<&str> = listed.iter().map(|tool| text(tool, "name")).collect();
    names.sort_unstable();
    assert_eq!(names, TOOLS);
    for tool in listed {
        assert!(text(tool, "description").len() > 40, "{tool}");
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        for (name, field) in tool["inputSchema"]["properties"].as_object().into_iter().flatten() {
            assert!(field["description"].is_string(), "{name} of {tool}");
        }
    }
    assert!(client.call("who_am_i", json!({})).contains("ada@lanyard.localhost"));
    let keys = client.call("list_secrets", json!({}));
    assert!(keys.contains("DEPLOY_KEY") && !keys.contains(DEPLOY) && !keys.contains("ghp_"), "{keys}");
    assert_eq!(client.call("read_secret", json!({ "key": "GITHUB_TOKEN" })), "ghp_of_ada");
    assert_eq!(client.call("list_tokens", json!({})), "[]");

    let mut door = world.door();
    for (answer, expected) in [("approve", Ok(DEPLOY)), ("deny", Err("denied"))] {
        let id = client.begin_call("read_secret", json!({ "key": "DEPLOY_KEY", "reason": "to deploy" }));
        let open = asked(&world, &mut door);
        assert_eq!((text(&open, "subject"), text(&open, "reason")), ("DEPLOY_KEY", "to deploy"));
        world.lanyard(&["approvals", answer, text(&open, "id")]).ok();
        match expected {
            Ok(value) => assert_eq!(client.given(id), value),
            Err(word) => assert!(client.failed(id).contains(word)),
        }
    }
    let told = client.fails("read_secret", json!({ "key": "NOT_THERE" }));
    assert!(told.contains("NOT_THERE"), "{told}");
    let told = client.fails("request_token", json!({ "issuer": "nobody" }));
    assert!(told.contains("nobody"), "{told}");
}

#[test]
fn a_token_is_given_once_the_owner_says_yes() {
    let world = world();
    let issuer = world.issuer("mint", "ask");
    let mut client = Client::start(&world, 1);
    let mut door = world.door();
    let asking = json!({ "issuer": "mint", "reason": "to push", "ttl_seconds": 3600 });
    let id = client.begin_call("request_token", asking.clone());
    let open = asked(&world, &mut door);
    assert_eq!((text(&open, "action"), text(&open, "reason")), ("request_token", "to push"));
    assert!(text(&open, "subject").starts_with("mint"), "{open}");
    assert!(issuer.live().is_empty(), "nothing is made before the answer");
    world.lanyard(&["approvals", "approve", text(&open, "id")]).ok();
    let token: Value = serde_json::from_str(&client.given(id)).unwrap();
    let value = text(&token, "value");
    assert!(issuer.live().contains(value), "{:?}", issuer.live());
    let again: Value =
        serde_json::from_str(&client.call("read_token", json!({ "id": token["id"] }))).unwrap();
    assert_eq!(text(&again, "value"), value);
    let listed = client.call("list_tokens", json!({}));
    assert!(listed.contains(text(&token, "id")) && !listed.contains(value), "{listed}");
    let id = client.begin_call("request_token", asking);
    let open = asked(&world, &mut door);
    world.lanyard(&["approvals", "deny", text(&open, "id"), "--because", "one is enough"]).ok();
    assert!(client.failed(id).contains("one is enough"));
    assert_eq!(issuer.live().len(), 1);
}

#[test]
fn a_question_is_answered_in_words_by_the_owner_alone_and_the_agent_alone_reads_them() {
    let world = world();
    let mut client = Client::start(&world, 1);
    let mut door = world.door();
    let id = client.begin_call("ask_owner", json!({ "question": "Which port\nshall it listen on?" }));
    let open = asked(&world, &mut door);
    assert_eq!((text(&open, "action"), text(&open, "subject")), ("ask", "Which port shall it listen on?"));
    let approval = text(&open, "id");
    let told = world.lanyard(&["approvals", "approve", approval]).fails(1);
    assert!(told.contains("in words") && told.contains("approvals answer"), "{told}");
    world.lanyard(&["approvals", "answer", approval, " "]).fails(1);
    world.lanyard_with(&["approvals", "answer", approval, "-"], &"x".repeat(10_001)).fails(1);
    world.lanyard_with(&["approvals", "answer", approval, "-"], "port 4711, please").ok();
    assert_eq!(client.given(id), "port 4711, please");
    world.lanyard(&["approvals", "answer", approval, "again"]).fails(1);
    assert_eq!(world.files_with("port 4711, please"), Vec::<PathBuf>::new(), "the answer was written down");
    let audit = world.lanyard(&["audit", "list"]).ok();
    assert!(audit.contains("Which port") && !audit.contains("4711"), "{audit}");

    // From the shell as well; an agent can ask and never answer.
    let shell =
        "lanyard approvals list && exit 9; lanyard approvals answer 0 yes && exit 9; lanyard ask 'And now?'";
    world.lanyard(&["slot", "set", "2", "--identity", "ada"]).ok();
    let script = world.script(2, "asking", shell);
    let open = asked(&world, &mut door);
    assert_eq!(text(&open, "subject"), "And now?");
    world.lanyard(&["approvals", "deny", text(&open, "id"), "--because", "later"]).ok();
    let outcome = script.outcome();
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(1), ""), "{outcome:?}");
    assert!(outcome.stderr.contains("the owner denied to answer: later"), "{outcome:?}");
}

#[test]
fn a_question_that_is_taken_back_is_withdrawn_and_one_outlives_its_daemon() {
    let world = world();
    let mut client = Client::start(&world, 1);
    let mut door = world.door();
    let id = client.begin_call("ask_owner", json!({ "question": "Shall I?" }));
    let open = asked(&world, &mut door);
    let cancelled = json!({ "requestId": id, "reason": "no more" });
    client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled }));
    door.event(|event| {
        let told = &event["ApprovalChanged"]["approval"];
        told["id"] == open["id"] && told["state"] == "withdrawn"
    });
    let id = client.begin_call("ask_owner", json!({ "question": "Shall I now?" }));
    asked(&world, &mut door);
    world.daemon_process().kill();
    let mut door = world.door();
    let again = asked(&world, &mut door);
    assert_eq!(text(&again, "subject"), "Shall I now?");
    world.lanyard(&["approvals", "answer", text(&again, "id"), "Yes."]).ok();
    assert_eq!(client.given(id), "Yes.");
}

#[test]
fn what_no_client_should_say_is_answered_or_passed_over_and_the_tools_go_on() {
    let world = world();
    let mut client = Client::start(&world, 1);
    for nonsense in ["{", "no JSON", "[]", "{\"jsonrpc\":\"1.0\"}", "\u{0}", ""] {
        writeln!(client.input, "{nonsense}").unwrap();
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let huge = format!("{{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"{}\"}}", "x".repeat(8_000_000));
    for nonsense in [&b"\xff\xfe\x80"[..], deep.as_bytes(), huge.as_bytes()] {
        client.input.write_all(&[nonsense, b"\n"].concat()).unwrap();
    }
    for odd in [
        json!({ "jsonrpc": "2.0", "id": null, "method": "tools/list" }),
        json!({ "jsonrpc": "2.0", "id": 5 }),
        json!([{ "jsonrpc": "2.0", "id": 6, "method": "ping" }]),
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 12345 } }),
    ] {
        client.send(&odd);
    }
    let unknown = client.ask("tools/call", json!({ "name": "rm_rf", "arguments": {} }));
    assert!(unknown["error"].is_object() || unknown["result"]["isError"] == true, "{unknown}");
    let unknown = client.ask("tools/call", json!({ "name": "read_secret", "arguments": { "key": 3 } }));
    assert!(unknown["error"].is_object() || unknown["result"]["isError"] == true, "{unknown}");
    let extra = json!({ "name": "read_secret", "arguments": { "key": "GITHUB_TOKEN", "identity": "bob" } });
    let extra = client.ask("tools/call", extra);
    assert!(extra["error"].is_object() || extra["result"]["isError"] == true, "{extra}");
    let told = client.fails("read_secret", json!({ "key": "x".repeat(2 * 1024 * 1024) }));
    assert!(told.contains("1 MiB"), "{told}");
    let told = client.fails("ask_owner", json!({ "question": "x".repeat(501) }));
    assert!(told.contains("500"), "{told}");
    let told = client.fails("ask_owner", json!({ "question": " " }));
    assert!(told.contains("empty"), "{told}");
    let method = client.ask("no/such/method", json!({}));
    assert!(method["error"].is_object(), "{method}");
    assert_eq!(client.call("read_secret", json!({ "key": "GITHUB_TOKEN" })), "ghp_of_ada");
}

#[test]
fn an_agent_gets_codes_links_and_messages_of_its_own_and_of_nobody_else() {
    let world = world();
    world.seat(2, "bob", "GITHUB_TOKEN", "ghp_of_bob");
    world.deliver("bob@lanyard.localhost", "For bob alone", "Your code is 771204.");
    let mut client = Client::start(&world, 1);
    assert!(client.call("list_messages", json!({})).contains("\"messages\": []"));
    let waiting = client.begin_call("get_code", json!({ "timeout_seconds": 30 }));
    world.deliver("ada@lanyard.localhost", "Your sign-in code", "Your verification code is 493817.");
    let found: Value = serde_json::from_str(&client.given(waiting)).unwrap();
    assert_eq!(found["code"], "493817", "{found}");
    // It was read by that: the next call waits for the next one.
    let told = client.fails("get_code", json!({ "timeout_seconds": 0 }));
    assert!(told.contains("no message that fits"), "{told}");
    let link = "https://app.example.com/verify?token=abc123";
    world.deliver(
        "ada@lanyard.localhost",
        "Confirm your address",
        &format!("Please confirm your address:\n{link}"),
    );
    let found: Value = serde_json::from_str(&client.call("get_link", json!({}))).unwrap();
    assert_eq!(found["link"], link, "{found}");
    let message: Value =
        serde_json::from_str(&client.call("read_message", json!({ "id": found["message"]["id"] }))).unwrap();
    assert!(text(&message, "text").contains(link), "{message}");

    let theirs = world.json(&["email", "list", "--identity", "bob"])["messages"][0].clone();
    for id in [theirs["id"].clone(), json!(theirs["number"].to_string())] {
        let told = client.fails("read_message", json!({ "id": id }));
        assert!(told.contains("there is no message") && !told.contains("771204"), "{told}");
    }
    assert_eq!(world.json(&["email", "list", "--identity", "bob"])["messages"][0]["unread"], true);
}

#[test]
fn outside_a_slot_there_are_no_tools() {
    let told = World::new().lanyard(&["mcp"]).fails(1);
    assert!(told.contains("slot"), "{told}");
}

#[test]
fn what_agents_are_told_of_their_slot_names_only_what_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let skill = std::fs::read_to_string(root.join("src-tauri/crates/backend/src/agents/skill.md")).unwrap();
    let quoted: Vec<&str> = skill.split('`').skip(1).step_by(2).collect();
    let world = World::new();
    let commands: Vec<&str> = quoted.iter().filter_map(|words| words.strip_prefix("lanyard ")).collect();
    assert!(commands.len() > 4, "{quoted:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        world.lanyard(&words).ok();
    }
    let tools: Vec<&&str> = quoted.iter().filter(|word| word.contains('_')).collect();
    assert!(tools.len() > 6, "{quoted:?}");
    for tool in tools {
        assert!(TOOLS.contains(tool), "there is no tool {tool}");
    }
}
