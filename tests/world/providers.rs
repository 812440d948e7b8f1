//! Stand-ins for GitLab, Cloudflare and Vercel, which keep what tokens live. Their shapes are taken from the
//! providers' documents and client libraries, not from a description that could be checked by a program.

use crate::server::{Fault, Reply, Request, Server};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard};

/// The secret that each of them wants of an issuer.
pub const SEED: &str = "seed-of-the-issuer";

/// A stand-in.
pub struct Provider {
    server: Server,
    tokens: Arc<Mutex<Tokens>>,
}

/// Which one.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// GitLab, with one project, `shop/front`, and one group, `shop`.
    Gitlab,
    /// Cloudflare, with tokens of the user.
    Cloudflare,
    /// Vercel, with tokens of the user.
    Vercel,
}

#[derive(Default)]
struct Tokens {
    made: usize,
    living: Vec<Token>,
}

#[derive(Clone)]
struct Token {
    id: String,
    name: String,
    value: String,
}

impl Provider {
    /// A stand-in that has made no tokens yet.
    pub fn new(kind: Kind) -> Self {
        let tokens: Arc<Mutex<Tokens>> = Arc::default();
        let kept = tokens.clone();
        let server = Server::start(move |request| {
            let mut tokens = lock(&kept);
            match kind {
                Kind::Gitlab => gitlab(&mut tokens, request),
                Kind::Cloudflare => cloudflare(&mut tokens, request),
                Kind::Vercel => vercel(&mut tokens, request),
            }
        });
        Self { server, tokens }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The values of the tokens that live.
    pub fn living(&self) -> Vec<String> {
        lock(&self.tokens).living.iter().map(|token| token.value.clone()).collect()
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

fn lock(tokens: &Mutex<Tokens>) -> MutexGuard<'_, Tokens> {
    tokens.lock().unwrap_or_else(|e| e.into_inner())
}

impl Tokens {
    fn make(&mut self, body: &Value, before: &str) -> Token {
        self.made += 1;
        let token = Token {
            id: (100 + self.made).to_string(),
            name: body["name"].as_str().unwrap_or_default().to_string(),
            value: format!("{before}{:08}", self.made),
        };
        self.living.push(token.clone());
        token
    }

    fn end(&mut self, id: &str) -> bool {
        let before = self.living.len();
        self.living.retain(|token| token.id != id);
        before > self.living.len()
    }
}

fn gitlab(tokens: &mut Tokens, request: &Request) -> Reply {
    if request.header("private-token") != SEED {
        return Reply::json(401, &json!({ "message": "401 Unauthorized" }));
    }
    let (method, path) = request.line.split_once(' ').unwrap_or_default();
    let Some(rest) = ["/projects/shop%2Ffront/access_tokens", "/groups/shop/access_tokens"]
        .iter()
        .find_map(|place| path.strip_prefix(place))
    else {
        return Reply::json(404, &json!({ "message": "404 Project Not Found" }));
    };
    let seen = |token: &Token| {
        let id: u64 = token.id.parse().unwrap_or(0);
        json!({ "id": id, "name": token.name, "revoked": false, "active": true })
    };
    match (method, rest) {
        ("POST", "") => {
            let body = request.json();
            // A date, and nothing finer.
            if body["expires_at"].as_str().is_none_or(|date| date.len() != 10) {
                return Reply::json(400, &json!({ "message": { "expires_at": ["is invalid"] } }));
            }
            let token = tokens.make(&body, "glpat-");
            let mut made = seen(&token);
            made["token"] = json!(token.value);
            Reply::json(201, &made)
        }
        ("GET", "") => Reply::json(200, &tokens.living.iter().map(seen).collect()),
        ("DELETE", id) if tokens.end(id.trim_start_matches('/')) => Reply::bare(204),
        _ => Reply::json(404, &json!({ "message": "404 Not Found" })),
    }
}

fn cloudflare(tokens: &mut Tokens, request: &Request) -> Reply {
    let no = |status, message: &str| {
        let errors = json!([{ "code": 1000, "message": message }]);
        Reply::json(status, &json!({ "success": false, "errors": errors, "messages": [], "result": null }))
    };
    let yes = |result: Value| {
        Reply::json(200, &json!({ "success": true, "errors": [], "messages": [], "result": result }))
    };
    if request.bearer() != SEED {
        return no(401, "Invalid API Token");
    }
    let (method, path) = request.line.split_once(' ').unwrap_or_default();
    match (method, path.strip_prefix("/user/tokens")) {
        ("POST", Some("")) => {
            let token = tokens.make(&request.json(), "cf-");
            yes(json!({ "id": token.id, "name": token.name, "status": "active", "value": token.value }))
        }
        ("GET", Some("")) => {
            let seen = |token: &Token| json!({ "id": token.id, "name": token.name, "status": "active" });
            yes(tokens.living.iter().map(seen).collect())
        }
        ("DELETE", Some(id)) if tokens.end(id.trim_start_matches('/')) => yes(json!({ "id": &id[1..] })),
        _ => no(404, "Not found"),
    }
}

fn vercel(tokens: &mut Tokens, request: &Request) -> Reply {
    let no = |status, message: &str| {
        Reply::json(status, &json!({ "error": { "code": "not_found", "message": message } }))
    };
    if request.bearer() != SEED {
        return no(403, "Not authorized");
    }
    let seen = |token: &Token| json!({ "id": token.id, "name": token.name, "scopes": [], "createdAt": 1 });
    let (method, path) = request.line.split_once(' ').unwrap_or_default();
    match (method, path.strip_prefix("/v3/user/tokens"), path) {
        ("POST", Some(""), _) => {
            let body = request.json();
            let token = tokens.make(&body, "vercel-");
            let mut made = seen(&token);
            made["expiresAt"] = body["expiresAt"].clone();
            Reply::json(200, &json!({ "bearerToken": token.value, "token": made }))
        }
        ("GET", _, "/v6/user/tokens") => {
            let all: Vec<Value> = tokens.living.iter().map(seen).collect();
            Reply::json(200, &json!({ "tokens": all, "pagination": { "count": all.len(), "next": null } }))
        }
        ("DELETE", Some(id), _) if tokens.end(id.trim_start_matches('/')) => {
            Reply::json(200, &json!({ "tokenId": &id[1..] }))
        }
        _ => no(404, "Not found"),
    }
}
