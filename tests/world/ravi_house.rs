//! A stand-in for Ravi's accounts: identities, the keys that open one each, and what is refused to whom. Its shapes are
//! those of the contract, with lists in pages, fields that nobody knows and three sorts of errors.

use crate::server::{Fault, Reply, Request, Server};
use crate::{DEADLINE, World};
use serde_json::{Value, json};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

/// Its management key.
pub const MANAGEMENT: &str = "ravi_mgmt_a-key-that-nobody-may-see";

/// An account at Ravi's.
pub struct RaviHouse {
    server: Server,
    shared: Arc<(Mutex<Account>, Condvar)>,
}

/// What it holds.
#[derive(Default)]
pub struct Account {
    /// Its identities.
    pub identities: Vec<Value>,
    /// The keys that live: each with its `uuid`, `label`, `key` and `identity`.
    pub keys: Vec<Value>,
    /// What is answered instead of making an identity, as a status and a body.
    pub refusal: Option<(u16, Value)>,
    /// Messages, each with the identity that it came for, the event's number being its place.
    pub messages: Vec<(String, Value)>,
    /// Whose events were asked for with which key.
    pub asked: Vec<(String, String)>,
    made: usize,
}

impl Default for RaviHouse {
    fn default() -> Self {
        Self::new()
    }
}

impl RaviHouse {
    /// One with an identity of its owner's that nobody has linked.
    pub fn new() -> Self {
        let shared: Arc<(Mutex<Account>, Condvar)> = Arc::default();
        let of_server = shared.clone();
        let server = Server::start(move |request| {
            let reply = lock(&of_server).answer(request);
            of_server.1.notify_all();
            reply
        });
        let house = Self { server, shared };
        house.account().make(&json!({ "name": "older", "email": "older", "provision_phone": true }));
        house
    }

    /// What it holds now.
    pub fn account(&self) -> MutexGuard<'_, Account> {
        lock(&self.shared)
    }

    /// Waits until it is so.
    #[track_caller]
    pub fn wait(&self, what: &str, is_so: impl Fn(&Account) -> bool) -> MutexGuard<'_, Account> {
        let until = Instant::now() + DEADLINE;
        let mut account = self.account();
        while !is_so(&account) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "in vain for {what}: {:?} {:?}", account.keys, self.server.asked());
            account = self.shared.1.wait_timeout(account, left).unwrap_or_else(|e| e.into_inner()).0;
        }
        account
    }

    /// From now on what begins so fails like this.
    pub fn fails(&self, line: &str, fault: Fault) {
        self.server.fails(line, fault);
    }

    /// From now on nothing fails any more.
    pub fn heals(&self) {
        self.server.heals();
    }

    /// Makes it the source `ravi` of a world.
    pub fn add(&self, world: &World) {
        let args =
            ["sources", "add", "ravi", "--kind", "ravi", "--url", self.server.url(), "--set", "poll=3"];
        world.lanyard_with(&[&args[..], &["--secret", "-"]].concat(), MANAGEMENT).ok();
    }
}

fn lock(shared: &(Mutex<Account>, Condvar)) -> MutexGuard<'_, Account> {
    shared.0.lock().unwrap_or_else(|e| e.into_inner())
}

impl Account {
    /// The id of the identity of this name.
    #[track_caller]
    pub fn uuid(&self, name: &str) -> String {
        let found = self.identities.iter().find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("nobody is called {name}"))["uuid"]
            .as_str()
            .expect("an id")
            .to_string()
    }

    /// The labels of the keys that live.
    pub fn labels(&self) -> Vec<String> {
        self.keys.iter().map(|key| key["label"].as_str().expect("a label").to_string()).collect()
    }

    /// A mail comes for an identity.
    pub fn mail(&mut self, name: &str, subject: &str) {
        let (uuid, id) = (self.uuid(name), self.messages.len() + 1);
        let mail = json!({
            "id": id, "from_email": "shop@x.test", "to_email": format!("{name}@in.ravi.test"), "subject": subject,
            "text_content": "Your code is 551234", "direction": "incoming", "is_read": false,
            "message_id": format!("<{id}@x.test>"), "created_dt": "2026-11-20T10:00:00.5Z",
        });
        self.messages.push((uuid, mail));
    }

    fn make(&mut self, body: &Value) -> Value {
        self.made += 1;
        let local = body["email_identifier"].as_str().or(body["email"].as_str()).or(body["name"].as_str());
        let phone = body["provision_phone"] == true;
        let made = json!({
            "uuid": format!("6f1c2c1e-0000-4000-8000-{:012}", self.made), "name": body["name"],
            "inbox": format!("{}@in.ravi.test", local.expect("a name")),
            "phone": if phone { json!(format!("+1555010{:04}", self.made)) } else { json!(null) },
            "created_dt": "2026-11-20T10:00:00Z", "a_field_of_tomorrow": [1, { "x": 2 }],
        });
        self.identities.push(made.clone());
        made
    }

    /// As newer servers do.
    fn make_with_a_key(&mut self, body: &Value) -> Value {
        let mut made = self.make(body);
        let key = format!("ravi_id_first-{}", self.made);
        self.keys.push(json!({
            "uuid": format!("first-{}", self.made), "key": key, "label": "default",
            "identity": made["uuid"], "is_active": true,
        }));
        made["api_key"] = json!(key);
        made
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let (method, path) = request.line.split_once(' ').unwrap_or_default();
        assert!(path.ends_with('/'), "a path without its slash: {path}");
        let parts: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
        if request.bearer() == MANAGEMENT {
            if let Some(reply) = self.managed(method, &parts, request) {
                return reply;
            }
        } else if self.of_key(request.bearer()).is_none() {
            return Reply::json(401, &json!({ "detail": "Invalid token." }));
        }
        let asked = request.query.split('&').find_map(|pair| pair.strip_prefix("identity="));
        let Some(whose) = self.of_key(request.bearer()).or_else(|| asked.map(String::from)) else {
            let error =
                json!({ "error": { "code": "validation.failed", "message": "whose?", "details": {} } });
            return Reply::json(400, &error);
        };
        self.asked.push((whose.clone(), request.bearer().to_string()));
        match (method, parts.as_slice()) {
            ("GET", ["events"]) => {
                let since = request.query.split('&').find_map(|pair| pair.strip_prefix("since="));
                let since: usize = since.and_then(|since| since.parse().ok()).expect("a number");
                let event = |(at, (_, mail)): (usize, &(String, Value))| {
                    let (seq, data) = (at + 1, json!({ "message_id": mail["id"] }));
                    json!({ "id": format!("e{seq}"), "seq": seq, "type": "email.message.received", "data": data })
                };
                let own =
                    self.messages.iter().enumerate().filter(|(at, (of, _))| *at >= since && *of == whose);
                Reply::json(200, &json!({ "events": own.map(event).collect::<Vec<_>>() }))
            }
            ("GET", ["secrets" | "passwords"]) => Reply::json(200, &json!([])),
            ("GET", ["email-messages", id]) => {
                match self
                    .messages
                    .iter()
                    .find(|(of, mail)| *of == whose && mail["id"].as_u64() == id.parse().ok())
                {
                    Some((_, mail)) => Reply::json(200, mail),
                    None => Reply::json(404, &json!({ "detail": "Not found." })),
                }
            }
            _ => Reply::json(404, &json!({ "detail": "Not found." })),
        }
    }

    /// What a management key opens.
    fn managed(&mut self, method: &str, parts: &[&str], request: &Request) -> Option<Reply> {
        Some(match (method, parts) {
            ("GET", ["identities"]) => {
                let page = json!({ "count": 1, "next": null, "previous": null, "results": self.identities });
                Reply::json(200, &page)
            }
            ("POST", ["identities"]) => match &self.refusal {
                Some((status, body)) => Reply::json(*status, body),
                None => Reply::json(201, &self.make_with_a_key(&request.json())),
            },
            ("GET", ["auth", "keys", "identity"]) => {
                let masked = |key: &Value| {
                    let mut key = key.clone();
                    key["key"] = json!("ravi_id_…");
                    key
                };
                Reply::json(200, &self.keys.iter().map(masked).collect())
            }
            ("POST", ["auth", "keys", "identity"]) => {
                let body = request.json();
                self.made += 1;
                let key = json!({
                    "uuid": format!("key-{}", self.made), "key": format!("ravi_id_{:08}", self.made),
                    "label": body["label"], "identity": body["identity_uuid"], "is_active": true,
                });
                self.keys.push(key.clone());
                Reply::json(201, &key)
            }
            ("DELETE", ["auth", "keys", "identity", uuid]) => {
                let before = self.keys.len();
                self.keys.retain(|key| key["uuid"] != **uuid);
                match before > self.keys.len() {
                    true => Reply::bare(204),
                    false => Reply::json(404, &json!({ "detail": "Not found." })),
                }
            }
            _ => return None,
        })
    }

    fn of_key(&self, bearer: &str) -> Option<String> {
        let key = self.keys.iter().find(|key| key["key"] == bearer)?;
        key["identity"].as_str().map(String::from)
    }
}
