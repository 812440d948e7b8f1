//! A stand-in for Ravi's server, modelled on what is known of it. It keeps what it is told, and says who asked.

use crate::DEADLINE;
use crate::server::{Fault, Reply, Request, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

/// The management key of the account.
pub const RAVI_KEY: &str = "ravi_mgmt_a-key-that-nobody-may-see";
/// Ravi's id of ada.
pub const RAVI_ADA: &str = "6f1c2c1e-0000-4000-8000-000000000001";

/// A stand-in.
pub struct Ravi {
    server: Server,
    shared: Arc<(Mutex<Account>, Condvar)>,
}

/// What the stand-in holds.
#[derive(Default)]
pub struct Account {
    /// Its messages: their events' numbers are their places, from 1 on.
    pub messages: Vec<Value>,
    /// What was sent: the path and the body.
    pub sent: Vec<(String, Value)>,
    /// From where on events were asked for.
    pub since: Vec<i64>,
    /// Whether it tells no events.
    pub is_silent: bool,
    /// How many requests are refused yet as too many, and for how many seconds.
    pub limits: u32,
    /// How many seconds of rest it asks for then.
    pub rest: u64,
    /// Its secrets.
    pub secrets: Vec<Value>,
    /// Its logins.
    pub passwords: Vec<Value>,
    /// Whether its lists come in pages of two.
    pub is_paged: bool,
    /// Its files, by the ends of their paths.
    pub files: BTreeMap<String, String>,
    /// Who asked for files, by the key that was sent along.
    pub fetched: Vec<String>,
    /// What was done to secrets and logins: `PATCH secrets` …
    pub changes: Vec<String>,
    made: usize,
}

impl Default for Ravi {
    fn default() -> Self {
        Self::new()
    }
}

impl Ravi {
    /// A stand-in with two identities, ada and a stranger.
    pub fn new() -> Self {
        let shared: Arc<(Mutex<Account>, Condvar)> = Arc::default();
        let kept = shared.clone();
        let server = Server::start(move |request| {
            let reply = lock(&kept.0).answer(request);
            kept.1.notify_all();
            reply
        });
        Self { server, shared }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// What it holds.
    pub fn account(&self) -> MutexGuard<'_, Account> {
        lock(&self.shared.0)
    }

    /// Waits until what it holds is so.
    #[track_caller]
    pub fn until(&self, what: &str, is_so: impl Fn(&Account) -> bool) {
        let (mut account, end) = (self.account(), Instant::now() + DEADLINE);
        while !is_so(&account) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never: {what}; {:?} {:?}", account.changes, self.asked());
            account = self.shared.1.wait_timeout(account, left).unwrap_or_else(|e| e.into_inner()).0;
        }
    }

    /// Every method and path that it was asked so far.
    pub fn asked(&self) -> Vec<String> {
        self.server.asked()
    }

    /// From now on requests that begin with `line` fail like this.
    pub fn fails(&self, line: &str, fault: Fault) {
        self.server.fails(line, fault);
    }

    /// From now on nothing fails any more.
    pub fn heals(&self) {
        self.server.heals();
    }
}

fn lock(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(|e| e.into_inner())
}

impl Account {
    /// A mail that has come.
    pub fn mail(&mut self, id: &str, subject: &str) -> &mut Value {
        self.messages.push(json!({
            "id": id, "from_email": "shop@x.test", "to_email": "ada@lanyard.localhost", "subject": subject,
            "text_content": "Your code is 551234", "direction": "incoming", "is_read": false,
            "message_id": format!("<{id}@x.test>"), "created_dt": "2026-11-20T10:00:00.5Z",
        }));
        self.messages.last_mut().expect("it was pushed")
    }

    /// A text that has come.
    pub fn text(&mut self, id: &str, to: &str) {
        self.messages.push(json!({
            "id": id, "from_number": "+15550100009", "to_number": to, "body": "Your code is 847291",
            "direction": "incoming", "is_read": false, "created_dt": "2026-11-20T10:00:01Z",
        }));
    }

    /// A secret; gives Ravi's id of it.
    pub fn secret(&mut self, key: &str, value: &str) -> String {
        let row = self.row(json!({ "key": key, "value": value }));
        let uuid = row["uuid"].as_str().unwrap_or_default().to_string();
        self.secrets.push(row);
        uuid
    }

    /// A login.
    pub fn password(&mut self, domain: &str, username: &str, password: &str) {
        let row = self.row(json!({ "domain": domain, "username": username, "password": password }));
        self.passwords.push(row);
    }

    /// A secret's value.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.secrets.iter().find(|one| one["key"] == key)?["value"].as_str()
    }

    fn row(&mut self, mut row: Value) -> Value {
        self.made += 1;
        row["uuid"] = json!(format!("7a000000-0000-4000-8000-{:012}", self.made));
        row["identity"] = json!(7);
        if row["notes"].is_null() {
            row["notes"] = json!("");
        }
        row["created_dt"] = json!("2026-11-20T10:00:00Z");
        row["updated_dt"] = json!("2026-11-20T10:00:00Z");
        row
    }

    fn answer(&mut self, request: &Request) -> Reply {
        if let Some(name) = request.line.strip_prefix("GET /files/") {
            self.fetched.push(request.bearer().to_string());
            return match self.files.get(name) {
                Some(body) => Reply { body: body.clone(), ..Reply::bare(200) },
                None => Reply::bare(404),
            };
        }
        if request.bearer() != RAVI_KEY {
            return Reply::json(401, &json!({ "detail": "Invalid token." }));
        }
        if self.limits > 0 {
            self.limits -= 1;
            let after = self.rest.max(1);
            return Reply::json(
                429,
                &json!({ "detail": "Request was throttled.", "retry_after_seconds": after }),
            );
        }
        let asked = |name: &str| {
            let pairs = request.query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(known, _)| *known == name).map(|(_, value)| value.to_string()).next()
        };
        let parts: Vec<&str> = request.line.split(['/', ' ']).collect();
        assert_eq!(parts.last(), Some(&""), "a path without its slash: {}", request.line);
        let path = &parts[3..parts.len() - 1];
        if path[0] != "identities" && asked("identity").as_deref() != Some(RAVI_ADA) {
            return Reply::json(
                400,
                &json!({ "error": { "code": "validation.failed", "message": "whose?" } }),
            );
        }
        let offset = asked("offset").and_then(|offset| offset.parse().ok()).unwrap_or(0);
        match (parts[0], path) {
            ("GET", ["secrets"]) => self.page(&self.secrets, offset),
            ("GET", ["passwords"]) => self.page(&self.passwords, offset),
            (method, [place @ ("secrets" | "passwords"), rest @ ..]) => {
                self.keep(method, place, rest.first().copied(), request.json())
            }
            ("POST", path) => {
                let inbox = asked("inbox").map(|id| format!("?inbox={id}")).unwrap_or_default();
                self.sent.push((format!("{}{inbox}", path.join("/")), request.json()));
                Reply::json(201, &json!({ "id": 90, "direction": "outgoing" }))
            }
            ("GET", ["events"]) if !self.is_silent => {
                let since: i64 = asked("since").and_then(|since| since.parse().ok()).expect("a number");
                self.since.push(since);
                Reply::json(200, &json!({ "events": self.events(since) }))
            }
            ("GET", path) => self.show(path),
            _ => not_found(),
        }
    }

    fn show(&self, path: &[&str]) -> Reply {
        let ok = |value: Value| Reply::json(200, &value);
        match path {
            ["identities"] => {
                let ada = json!({ "uuid": RAVI_ADA, "name": "Ada L.", "inbox": "ADA@lanyard.localhost", "phone": null });
                let stranger =
                    json!({ "uuid": "other", "name": "nobody", "inbox": "x@ravi.test", "phone": "+1999" });
                ok(json!({ "count": 2, "next": null, "previous": null, "results": [ada, stranger] }))
            }
            ["email-messages" | "messages", id] => {
                let found = self.messages.iter().find(|message| message["id"] == **id);
                found.map_or_else(not_found, |message| ok(message.clone()))
            }
            ["email-inbox"] => ok(json!([{ "thread_id": "t1", "unread_count": 1 }])),
            ["email-inbox", "t1"] => ok(json!({ "thread_id": "t1", "messages": self.messages })),
            ["sms-inbox"] => ok(json!([])),
            ["email"] => ok(json!([{ "id": 7, "email": "ada@lanyard.localhost" }])),
            _ => not_found(),
        }
    }

    fn page(&self, all: &[Value], offset: usize) -> Reply {
        if !self.is_paged {
            return Reply::json(200, &json!(all));
        }
        let page: Vec<&Value> = all.iter().skip(offset).take(2).collect();
        let next = (offset + 2 < all.len()).then(|| format!("https://x.test/?offset={}", offset + 2));
        Reply::json(200, &json!({ "count": all.len(), "next": next, "previous": null, "results": page }))
    }

    fn keep(&mut self, method: &str, place: &str, id: Option<&str>, body: Value) -> Reply {
        if method != "GET" {
            self.changes.push(format!("{method} {place}"));
        }
        if let ("POST", None) = (method, id) {
            let rows = if place == "secrets" { &self.secrets } else { &self.passwords };
            if place == "secrets" && rows.iter().any(|row| row["key"] == body["key"]) {
                return Reply::json(400, &json!({ "key": ["This key is taken."] }));
            }
            let row = self.row(body);
            let rows = if place == "secrets" { &mut self.secrets } else { &mut self.passwords };
            rows.push(row.clone());
            return Reply::json(201, &row);
        }
        let rows = if place == "secrets" { &mut self.secrets } else { &mut self.passwords };
        let Some(at) = rows.iter().position(|row| Some(row["uuid"].as_str().unwrap_or("")) == id) else {
            return not_found();
        };
        match method {
            "GET" => Reply::json(200, &rows[at]),
            "DELETE" => {
                rows.remove(at);
                Reply::bare(204)
            }
            _ => {
                for (field, value) in body.as_object().into_iter().flatten() {
                    rows[at][field] = value.clone();
                }
                Reply::json(200, &rows[at])
            }
        }
    }

    fn events(&self, since: i64) -> Vec<Value> {
        let event = |(at, message): (usize, &Value)| {
            let kind =
                if message["body"].is_null() { "email.message.received" } else { "sms.message.received" };
            let seq = at + 1;
            json!({ "id": format!("e{seq}"), "seq": seq, "type": kind, "data": { "message_id": message["id"] } })
        };
        let all = self.messages.iter().enumerate().map(event);
        all.filter(|event| event["seq"].as_i64().is_some_and(|seq| seq > since)).collect()
    }
}

fn not_found() -> Reply {
    Reply::json(404, &json!({ "detail": "Not found." }))
}
