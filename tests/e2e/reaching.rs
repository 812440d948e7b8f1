//! What an agent reaches of another's by the table, Ravi's REST shape, MCP and the commands: nothing. Calls, their
//! fields, paths and tools are not listed here but read from what there is, so that a new one cannot be forgotten.

use api::{METHODS, Request, Role};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tests::{World, python, text};

/// Stands in all that bob has.
const CANARY: &str = "bobs-canary-7731";
/// The paths of Ravi's REST shape.
const ROUTES: &str = include_str!("../../src-tauri/crates/backend/src/serve/ravi/mod.rs");

/// Ada attacks from slot 1; bob sits in slot 2 and has something of every kind.
struct Pair {
    world: World,
    ada: Value,
    bob: Value,
    mail: Value,
    sms: Value,
    secret: String,
    login: String,
    session: Value,
}

impl Pair {
    fn new() -> Self {
        let world = World::new();
        world.project("work");
        for (slot, name, phone) in [("1", "ada", "+15550100001"), ("2", "bob", "+15550100002")] {
            world.lanyard(&["identity", "create", "--name", name, "--phone", phone]).ok();
            world.lanyard(&["slot", "set", slot, "--identity", name]).ok();
        }
        let value = format!("secret {CANARY}");
        world.lanyard_with(&["secrets", "set", "BOBS_KEY", "-", "--identity", "bob"], &value).ok();
        let mut door = world.door();
        let mut made = |method: &str, params: Value| {
            let answer = door.ask(method, params);
            assert!(answer["Ok"].is_object() || answer["Ok"].is_array(), "{method}: {answer}");
            answer["Ok"].clone()
        };
        let password = format!("pass {CANARY}");
        let login =
            json!({"identity": "bob", "domain": "bank.example", "username": "bob", "password": password});
        let login = text(&made("passwords.create", login), "uuid").to_string();
        let secrets = made("secrets.list", json!({"identity": "bob"}));
        let secret = text(&secrets[0], "uuid").to_string();
        let mut written = |medium: &str, to: &str, subject: Option<&str>| {
            let body = format!("Your code is 551234. https://shop.example/verify?token={CANARY}");
            let mail =
                json!({"identity": "bob", "medium": medium, "to": [to], "subject": subject, "text": body});
            made("inbox.send", mail);
            made("inbox.wait", json!({"identity": "bob", "medium": medium, "timeout_ms": 30000}))
        };
        let subject = format!("Verify {CANARY}");
        let mail = written("email", "bob@lanyard.localhost", Some(&subject));
        let sms = written("sms", "+15550100002", None);
        let identity = |name| world.json(&["identity", "show", name]);
        let (ada, bob) = (identity("ada"), identity("bob"));
        let session = world.start(2, "bobs", &["sh", "-c", &format!("echo {CANARY}; cat")]);
        world.wait_for_screen(text(&session, "id"), CANARY);
        Self { world, ada, bob, mail, sms, secret, login, session }
    }

    /// What a field could hold that is aimed at bob, or that it needs; none of it is a guess at a value of his.
    fn aimed(&self, field: &str) -> Vec<Value> {
        let message = [&self.mail["number"], &self.sms["number"]].map(Value::to_string);
        let ids = [&self.mail, &self.sms].map(|one| text(one, "id").to_string());
        let all = |texts: &[&str]| texts.iter().map(|one| json!(one)).collect::<Vec<Value>>();
        match field {
            "identity" | "identity_id" | "ravi" => all(&["bob", text(&self.bob, "id"), "bob "]),
            "message" | "answers" => {
                all(&[&message[0], &message[1], &ids[0], &ids[1], &ids[0][..20], &ids[0].to_uppercase()])
            }
            "thread" => all(&[text(&self.mail, "thread"), text(&self.sms, "thread")]),
            "worktree" => all(&["bobs", text(&self.session, "worktree_id")]),
            "session" => all(&["2", text(&self.session, "id")]),
            "key" => all(&["BOBS_KEY", &self.secret]),
            "search" | "subject" | "from" => all(&["verify", "7731"]),
            "token" | "grant" | "approval" | "task" | "route" | "source" | "issuer" | "id" => {
                all(&[&ids[0], "0199aa01", &message[0]])
            }
            _ => Vec::new(),
        }
    }

    /// What a field needs to be read at all; a field that is not known here has to be thought about.
    fn filled(&self, method: &str, field: &str) -> Value {
        match field {
            "slot" => json!(2),
            "before" | "limit" | "wait_ms" | "timeout_ms" | "grace_ms" | "for_ms" => json!(1000),
            "after" | "since" | "index" | "offset" | "to_index" => json!(0),
            "to" if method == "tasks.move" => json!(1),
            "to" | "cc" | "bcc" => json!([]),
            "domain" => json!(self.login),
            "medium" => json!("email"),
            "policy" if method != "secrets.set" => json!("auto"),
            "unread" => json!(true),
            "with" | "names" => json!(["ada"]),
            "answer" => json!("once"),
            "kind" if method == "sources.add" => json!("webhook"),
            "kind" if method == "notify.add" => json!("ntfy"),
            "kind" => json!("command"),
            "value" | "passphrase" | "text" | "name" | "username" | "project" | "branch" | "path"
            | "question" | "protocol" | "host" | "agent" | "secret" | "url" => json!("x"),
            _ => self.aimed(field).into_iter().next().unwrap_or_else(|| {
                panic!("{method} needs {field}, which is new: say here how an attacker would fill it")
            }),
        }
    }

    /// Every way to aim a call at bob: with each field that can name something of his, in each of its forms.
    fn calls(&self, method: &str) -> Vec<Value> {
        let fields = fields(method);
        let whole = |mut params: Map<String, Value>| loop {
            let raw = RawValue::from_string(Value::Object(params.clone()).to_string()).unwrap();
            match Request::read(method, Some(&raw)) {
                Ok(_) => return Value::Object(params),
                Err(error) => match backquoted(&error.message).first() {
                    Some(field) if error.message.contains("missing field") => {
                        params.insert(field.clone(), self.filled(method, field));
                    }
                    _ => panic!("{method} with {params:?}: {error}"),
                },
            }
        };
        // A wait that nothing fits would last.
        let short = [("timeout_ms", 100), ("wait_ms", 1000)]
            .into_iter()
            .map(|(name, ms)| (name.to_string(), json!(ms)));
        let short = Map::from_iter(short.filter(|(name, _)| fields.contains(name)));
        let mut calls = vec![whole(short.clone())];
        for field in &fields {
            for value in self.aimed(field) {
                let mut params = short.clone();
                params.insert(field.clone(), value);
                calls.push(whole(params));
            }
        }
        calls
    }

    /// Runs a script of Python's as ada's agent, with `aims` in a file, and gives the lines of JSON that it wrote.
    fn pry(&self, branch: &str, script: &str, aims: &Value) -> Vec<Value> {
        let python = python().expect("Python is there");
        let (file, aim) =
            (self.world.path(&format!("{branch}.py")), self.world.path(&format!("{branch}.json")));
        std::fs::write(&file, script).unwrap();
        std::fs::write(&aim, aims.to_string()).unwrap();
        let command = format!("{} {} {}", python.display(), file.display(), aim.display());
        let out = self.world.as_agent(1, branch, &command).ok();
        assert!(!out.contains(CANARY), "something of bob's was reached: {out}");
        out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }

    /// Nothing of bob's was changed, and nobody has read his messages.
    #[track_caller]
    fn is_untouched(&self) {
        let mut door = self.world.door();
        for one in [&self.mail, &self.sms] {
            let read = door.ask("inbox.read", json!({"message": one["id"], "peek": true}));
            assert_eq!(read["Ok"]["unread"], true, "{read}");
        }
        let value = self.world.lanyard(&["secrets", "get", "BOBS_KEY", "--identity", "bob"]).ok();
        assert_eq!(value, format!("secret {CANARY}\n"));
        let login = door.ask("passwords.read", json!({"identity": "bob", "domain": self.login}));
        assert!(login.to_string().contains(CANARY), "{login}");
        let sent = door.ask("inbox.list", json!({"identity": "bob", "direction": "outgoing"}));
        assert_eq!(sent["Ok"]["messages"].as_array().map(Vec::len), Some(2), "sent as bob: {sent}");
        let session = door.ask("sessions.show", json!({"session": self.session["id"]}));
        assert!(session["Ok"]["ended_at"].is_null(), "{session}");
    }
}

/// What stands between backquotes.
fn backquoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(String::from).collect()
}

/// The fields of a call, as it tells them itself to whoever gives it one that it does not have.
fn fields(method: &str) -> Vec<String> {
    let raw = RawValue::from_string(r#"{"\u0000":0}"#.into()).unwrap();
    let told = match Request::read(method, Some(&raw)) {
        Ok(_) => panic!("{method} takes any field: a misspelt one would say nothing"),
        Err(error) => error.message,
    };
    assert!(told.contains("unknown field"), "{method}: {told}");
    backquoted(&told).split_off(1)
}

const BY_THE_SOCKET: &str = r#"
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(30)
s.connect(os.environ["LANYARD_SOCKET"])
lines = s.makefile("rw")
lines.readline()
for number, (method, params) in enumerate(json.load(open(sys.argv[1])), 1):
    lines.write(json.dumps({"id": number, "method": method, "params": params}) + "\n")
    lines.flush()
    print(json.dumps([method, params, json.loads(lines.readline())["answer"]["result"]]))
"#;

#[test]
fn no_call_of_the_table_gives_an_agent_anything_of_anothers() {
    let pair = Pair::new();
    let calls: Vec<Value> = METHODS
        .iter()
        .flat_map(|row| pair.calls(row.name).into_iter().map(|params| json!([row.name, params])))
        .collect();
    let asked = calls.len();
    let said = pair.pry("table", BY_THE_SOCKET, &Value::Array(calls));
    assert_eq!(said.len(), asked);
    let names = |params: &Value, field: &str| !params[field].is_null();
    for one in &said {
        let (method, params, result) = (one[0].as_str().unwrap(), &one[1], &one[2]);
        let row = METHODS.iter().find(|row| row.name == method).unwrap();
        let code = result["Err"]["code"].as_str().unwrap_or("Ok");
        if !row.roles.contains(&Role::Agent) {
            assert_eq!(code, "refused", "{one}");
        } else if names(params, "identity") || names(params, "worktree") {
            assert!(["refused", "not_found"].contains(&code) || result["Ok"] == json!([]), "{one}");
        } else if names(params, "message") || names(params, "answers") || names(params, "token") {
            assert_eq!(code, "not_found", "{one}");
        } else if method == "inbox.list" {
            assert_eq!(result["Ok"]["messages"], json!([]), "{one}");
        }
    }
    pair.is_untouched();
}

const BY_HTTP: &str = r#"
import http.client, json, os, sys
address, key = os.environ["RAVI_API_URL"].split("//")[1], os.environ["RAVI_API_KEY"]
link = http.client.HTTPConnection(address, timeout=30)
for method, path, headers, body in json.load(open(sys.argv[1])):
    headers = {name: value.replace("KEY", key) for name, value in headers.items()}
    body = body and json.dumps(body).replace("KEY", key)
    for again in [True, False]:
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            break
        except (ConnectionError, http.client.HTTPException):
            link.close()
    said = answer.read().decode(errors="replace")
    print(json.dumps([method, path, headers.get("Authorization", "-").replace(key, "KEY"), answer.status, said[:3000]]))
"#;

/// The paths below `/api`, with bob's ids where they take one.
fn paths(pair: &Pair) -> Vec<String> {
    let routes: Vec<&str> =
        ROUTES.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(routes.len() > 30 && routes.iter().all(|route| route.starts_with('/')), "{routes:?}");
    let mut paths = Vec::new();
    for route in routes {
        let ids: Vec<String> = match route.split('/').nth(1).unwrap() {
            "identities" => vec![text(&pair.bob, "id").into()],
            "secrets" => vec![pair.secret.clone(), "BOBS_KEY".into()],
            "passwords" => vec![pair.login.clone(), "bank.example".into()],
            "email-inbox" => vec![text(&pair.mail, "thread").into(), "%25".into(), "".into()],
            "sms-inbox" => vec![text(&pair.sms, "thread").into(), "1_+15550100002".into()],
            _ => [&pair.mail, &pair.sms]
                .iter()
                .flat_map(|one| [one["number"].to_string(), text(one, "id").to_string()])
                .chain(["..%2F..%2Fcall".into(), "1%20OR%201=1".into()])
                .collect(),
        };
        match (route.find('{'), route.find('}')) {
            (Some(from), Some(to)) => {
                paths.extend(ids.iter().map(|id| format!("/api{}{id}{}", &route[..from], &route[to + 1..])));
            }
            _ => paths.push(format!("/api{route}")),
        }
    }
    paths
}

#[test]
fn no_path_of_ravis_shape_gives_an_agent_anything_of_anothers() {
    let pair = Pair::new();
    let (ada, bob, thread) = (text(&pair.ada, "id"), text(&pair.bob, "id"), text(&pair.mail, "thread"));
    let bearer = json!({"Authorization": "Bearer KEY", "X-Ravi-Identity": bob, "X-Identity": "bob",
        "X-HTTP-Method-Override": "GET", "X-Original-URL": "/call", "X-Forwarded-For": "127.0.0.1"});
    let queries = [
        String::new(),
        format!("?identity={bob}"),
        "?identity=bob".into(),
        format!("?identity={ada}&identity={bob}"),
        format!(
            "?search=7731&q=7731&thread_id={thread}&key=BOBS_KEY&since=0&limit=200&email=bob@lanyard.localhost"
        ),
    ];
    let body = json!({"identity": bob, "identity_uuid": bob, "from_email": "bob@lanyard.localhost",
        "from_number": "+15550100002", "is_read": true, "value": "x", "password": "x", "key": "OTHER", "name": "bob"});
    let mut asks = Vec::new();
    for path in paths(&pair) {
        asks.extend(queries.iter().map(|query| json!(["GET", format!("{path}{query}"), bearer, null])));
        for method in ["POST", "PATCH", "PUT", "DELETE", "OPTIONS"] {
            asks.push(json!([method, format!("{path}?identity={ada}&identity={bob}"), bearer, body]));
        }
    }
    let said = pair.pry("rest", BY_HTTP, &Value::Array(asks));
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    for one in &said {
        let (method, path, status) =
            (one[0].as_str().unwrap(), one[1].as_str().unwrap(), one[3].as_u64().unwrap());
        *seen.entry(status).or_default() += 1;
        let (_, query) = path.split_once('?').unwrap_or_default();
        if method == "GET" && (query.ends_with("=bob") || query == format!("identity={bob}")) {
            // The login of Ravi's command has no key yet, and none of it is answered.
            assert!([403, 405].contains(&status), "{one}");
        }
        let names_bobs = [text(&pair.mail, "id"), text(&pair.sms, "id"), &pair.secret, &pair.login, thread];
        if names_bobs.iter().any(|id| path.split('?').next().unwrap().contains(id)) {
            assert!([400, 403, 404, 405, 501].contains(&status), "{one}");
        }
    }
    assert!(seen.contains_key(&200) && seen.contains_key(&404), "nothing was reached at all: {seen:?}");
    pair.is_untouched();
}

#[test]
fn a_slots_key_opens_no_other_door_and_is_taken_in_one_form_alone() {
    let pair = Pair::new();
    let list = "/api/email-messages/";
    let call = json!({"id": 1, "method": "inbox.list", "params": {"identity": "bob"}});
    let forms =
        ["", "KEY", "bearer KEY", "Bearer  KEY", "Bearer KEY,", "Basic KEY", "Token KEY", "Bearer KEYx"];
    let mut asks: Vec<Value> =
        forms.iter().map(|form| json!(["GET", list, {"Authorization": form}, null])).collect();
    asks.push(json!(["GET", format!("{list}?api_key=KEY&token=KEY"), {"X-Api-Key": "KEY", "Cookie": "token=KEY"}, null]));
    asks.push(json!(["POST", "/call", {"Authorization": "Bearer KEY"}, call]));
    asks.push(json!(["POST", "/session", {}, {"code": "KEY"}]));
    asks.push(json!(["GET", list, {"Authorization": "Bearer KEY", "Host": "evil.example"}, null]));
    asks.push(json!(["GET", list, {"Authorization": "Bearer KEY", "Origin": "http://evil.example"}, null]));
    asks.push(json!(["POST", "/inbox/..%2f..%2fcall", {"Authorization": "Bearer KEY"}, call]));
    asks.push(
        json!(["POST", "/inbox/../call", {"Authorization": "Bearer KEY", "Host": "evil.example"}, call]),
    );
    asks.push(json!(["GET", list, {"Authorization": "Bearer KEY"}, null]));
    let said = pair.pry("forms", BY_HTTP, &Value::Array(asks));
    let statuses: Vec<u64> = said.iter().map(|one| one[3].as_u64().unwrap()).collect();
    let (own, others) = statuses.split_last().unwrap();
    assert_eq!(*own, 200, "{said:?}");
    assert!(others.iter().all(|status| [401, 403, 404, 405].contains(status)), "{said:?}");
    pair.is_untouched();
}

const BY_MCP: &str = r#"
import json, subprocess, sys
aims = json.load(open(sys.argv[1]))
mcp = subprocess.Popen(["lanyard", "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
count = 0
def ask(method, params):
    global count
    count += 1
    mcp.stdin.write(json.dumps({"jsonrpc": "2.0", "id": count, "method": method, "params": params}) + "\n")
    mcp.stdin.flush()
    while True:
        answer = json.loads(mcp.stdout.readline())
        if answer.get("id") == count:
            return answer
ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}})
mcp.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
for tool in ask("tools/list", {})["result"]["tools"]:
    schema = tool["inputSchema"]
    fields = schema.get("properties", {})
    unknown = [name for name in fields if name not in aims]
    if unknown:
        print(json.dumps([tool["name"], "UNKNOWN", unknown]))
        continue
    base = {name: aims[name][0] for name in schema.get("required", [])}
    base.update({name: aims[name][0] for name in fields if name in ("timeout_seconds", "wait_seconds")})
    tries = [base, {**base, "identity": "bob"}, {**base, "slot": 2, "session": "2"}]
    tries += [{**base, name: value} for name in fields for value in aims[name]]
    for arguments in tries:
        answer = ask("tools/call", {"name": tool["name"], "arguments": arguments})
        print(json.dumps([tool["name"], arguments, answer.get("result", answer)]))
for method in ["resources/list", "resources/read", "prompts/list", "completion/complete", "logging/setLevel", "inbox.list"]:
    print(json.dumps([method, {}, ask(method, {"uri": "file:///", "identity": "bob"})]))
mcp.stdin.close()
mcp.wait()
"#;

#[test]
fn no_tool_gives_an_agent_anything_of_anothers() {
    let pair = Pair::new();
    let ids = [pair.aimed("message"), vec![json!(pair.login), json!(pair.secret)]].concat();
    let aims = json!({
        "id": ids, "key": pair.aimed("key"), "medium": ["email", "sms"], "search": ["7731"], "from": ["bob"],
        "subject": ["Verify"], "unread": [true], "limit": [20], "before": [1000], "issuer": ["bob"],
        "repositories": [["bob"]], "permissions": [{}], "ttl_seconds": [60], "reason": ["for bob"],
        "question": ["May I read what bob has?"], "timeout_seconds": [1], "wait_seconds": [1],
    });
    let said = pair.pry("tools", BY_MCP, &aims);
    assert!(said.iter().all(|one| one[1] != "UNKNOWN"), "a new field: aim it at bob as well: {said:?}");
    let tools: std::collections::BTreeSet<&str> = said.iter().filter_map(|one| one[0].as_str()).collect();
    assert!(tools.len() > 15, "{tools:?}");
    for one in said.iter().filter(|one| one[0] == "read_message") {
        assert_eq!(one[2]["isError"], true, "{one}");
    }
    pair.is_untouched();
}

/// What could be typed to get at what is bob's.
fn commands(pair: &Pair) -> Vec<String> {
    let (number, sms) = (pair.mail["number"].to_string(), pair.sms["number"].to_string());
    let (thread, home) = (text(&pair.mail, "thread"), pair.world.home());
    let mut commands: Vec<String> = [
        "email list",
        "email code --timeout 1s",
        "email wait --timeout 1s",
        "sms list",
        "sms code --timeout 1s",
        "inbox list",
        "secrets list",
        "secrets get BOBS_KEY",
        "passwords list",
        "keys show",
        "email send --to eve@lanyard.localhost --subject x --body x",
        "run -- env",
        "identity show bob",
    ]
    .iter()
    .map(|command| match command.split_once(" -- ") {
        Some((head, tail)) => format!("lanyard {head} --identity bob -- {tail}"),
        None if command.starts_with("identity") => format!("lanyard {command}"),
        None => format!("lanyard {command} --identity bob"),
    })
    .collect();
    for id in [number.as_str(), sms.as_str(), text(&pair.mail, "id")] {
        for command in
            ["email read", "sms read", "inbox read", "inbox delete", "ravi message email", "ravi message sms"]
        {
            commands.push(format!("lanyard {command} {id}"));
        }
        commands.push(format!("lanyard email file {id} 0"));
        commands.push(format!("lanyard email reply {id} --body x"));
    }
    for command in
        ["secrets get BOBS_KEY", "secrets list", "email list --json", "sms list --json", "passwords list"]
    {
        commands.push(format!("ravi {command} --identity bob"));
        commands.push(format!("RAVI_IDENTITY=bob LANYARD_IDENTITY=bob ravi {command}"));
        commands.push(format!(
            "unset LANYARD_SOCKET; LANYARD_HOME={} lanyard ravi {command} --identity bob",
            home.display()
        ));
    }
    commands.push(format!("ravi inbox email '{thread}'"));
    commands.push("ravi inbox sms 1_+15550100002".into());
    commands.push("ravi identity use bob; ravi inbox email; ravi secrets list".into());
    commands.push(
        "python3 -c 'import ravi; print(ravi.email_list(), ravi.sms_list(), ravi.secrets_get(\"BOBS_KEY\"))'"
            .into(),
    );
    commands
}

#[test]
fn no_command_gives_an_agent_anything_of_anothers() {
    let pair = Pair::new();
    let commands = commands(&pair);
    let script: String =
        commands.iter().map(|command| format!("({command}) 2>&1; echo \"status $?\"\n")).collect();
    let said = pair.world.as_agent(1, "commands", &script).ok();
    assert!(!said.contains(CANARY), "something of bob's was reached: {said}");
    assert!(said.matches("status ").count() == commands.len(), "{said}");
    assert!(
        !said.contains("Traceback") && !said.contains("unexpected argument"),
        "a command is none: {said}"
    );
    pair.is_untouched();
}
