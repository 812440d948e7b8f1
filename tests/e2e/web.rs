//! The web door: a one-time code, a token, and nobody from another place.

use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use tests::{DEADLINE, World, client, text};

struct Web {
    client: Client,
    origin: String,
    code: String,
}

impl Web {
    fn open(world: &World) -> Self {
        let address = world.lanyard(&["web"]).ok();
        let (page, code) = address.trim().split_once("/#code=").expect("the address carries a code");
        assert!(page.starts_with("http://127.0.0.1:"), "{page}");
        // The door closes a connection whose body was too large: no later request may be sent on it.
        let client = client().pool_max_idle_per_host(0).build().expect("a client");
        Self { client, origin: page.to_string(), code: code.to_string() }
    }

    fn exchange(&self, code: &str) -> Response {
        let url = format!("{}/session", self.origin);
        self.client.post(url).json(&json!({ "code": code })).send().expect("it answers")
    }

    fn token(&self) -> String {
        let answer = self.exchange(&self.code);
        assert_eq!(answer.status(), 200);
        assert!(answer.headers().get("set-cookie").is_none(), "there are no cookies here");
        text(&answer.json::<Value>().unwrap(), "token").to_string()
    }

    fn call(&self, token: &str, method: &str, params: Value) -> Response {
        let body = json!({ "id": 1, "method": method, "params": params });
        let call = self.client.post(format!("{}/call", self.origin)).bearer_auth(token).json(&body);
        call.send().expect("it answers")
    }

    fn port(&self) -> u16 {
        self.origin.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Asks for a WebSocket with these headers and gives the status line.
    fn handshake(&self, path: &str, host: &str, origin: Option<&str>) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\n{origin}Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    }
}

#[test]
fn a_code_becomes_a_token_once() {
    let world = World::new();
    world.identity("ada");
    let web = Web::open(&world);
    assert_eq!(web.exchange("wrong-code").status(), 403);
    let token = web.token();
    assert_eq!(web.exchange(&web.code).status(), 403, "the code was taken twice");
    let answer: Value = web.call(&token, "identities.list", json!({})).json().unwrap();
    let answer = answer.get("answer").unwrap_or(&answer);
    assert_eq!(answer["id"], 1);
    assert_eq!(text(&answer["result"]["Ok"][0], "name"), "ada");
    let log = world.log();
    assert!(!log.contains(&token) && !log.contains(&web.code), "the log holds a credential");
}

#[test]
fn without_a_token_nothing_is_answered() {
    let world = World::new();
    let web = Web::open(&world);
    for token in ["", "x", &web.code] {
        assert_eq!(web.call(token, "slots.list", json!({})).status(), 401);
    }
    let bare = web.client.post(format!("{}/call", web.origin)).json(&json!({"id": 1, "method": "status"}));
    assert_eq!(bare.send().unwrap().status(), 401);
    let get = web.client.get(format!("{}/call", web.origin)).send().unwrap();
    assert_eq!(get.status(), 405);
}

/// A free port that the system gives to nobody else meanwhile: it is below those that it gives out itself.
fn lasting_port() -> u16 {
    let start = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (start..32_000).find(free).expect("a port is free")
}

#[test]
fn a_new_daemon_knows_no_token_of_the_former_one() {
    let world = World::new();
    std::fs::create_dir(world.home()).unwrap();
    let port = lasting_port();
    std::fs::write(world.home().join("settings.toml"), format!("web_port = {port}\n")).unwrap();
    let web = Web::open(&world);
    assert_eq!(web.port(), port);
    let token = web.token();
    world.lanyard(&["daemon", "stop"]).ok();
    let again = Web::open(&world);
    assert_eq!(again.call(&token, "slots.list", json!({})).status(), 401);
}

#[test]
fn another_host_or_origin_is_refused_even_with_the_token() {
    let world = World::new();
    let web = Web::open(&world);
    let token = web.token();
    let body = json!({ "id": 1, "method": "slots.list", "params": {} });
    let post = || web.client.post(format!("{}/call", web.origin)).bearer_auth(&token).json(&body);
    let port = web.port();
    for host in [
        "evil.test".to_string(),
        format!("evil.test:{port}"),
        format!("127.0.0.1.evil.test:{port}"),
        "127.0.0.1:1".into(),
    ] {
        assert_eq!(post().header("Host", &host).send().unwrap().status(), 403, "Host: {host}");
    }
    for origin in ["http://evil.test", "null", "https://evil.test", "http://127.0.0.1:1"] {
        assert_eq!(post().header("Origin", origin).send().unwrap().status(), 403, "Origin: {origin}");
    }
    assert_eq!(post().header("Origin", &web.origin).send().unwrap().status(), 200);
    assert_eq!(post().send().unwrap().status(), 200);
}

#[test]
fn a_websocket_from_another_page_is_not_opened() {
    let world = World::new();
    let web = Web::open(&world);
    let host = format!("127.0.0.1:{}", web.port());
    for path in ["/socket", "/attach"] {
        assert!(web.handshake(path, &host, Some(&web.origin)).contains("101"), "{path}");
        assert!(web.handshake(path, &host, Some("http://evil.test")).contains("403"), "{path}");
        assert!(web.handshake(path, "evil.test", Some(&web.origin)).contains("403"), "{path}");
        let bare = web.handshake(path, &host, None);
        assert!(bare.contains("101") || bare.contains("403"), "{path}: {bare}");
    }
}

#[test]
fn the_page_comes_with_a_strict_policy_and_nothing_beside_it_is_served() {
    let world = World::new();
    let web = Web::open(&world);
    let page = web.client.get(format!("{}/", web.origin)).send().unwrap();
    assert_eq!(page.status(), 200);
    let header =
        |name: &str| page.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_string();
    assert!(header("content-security-policy").contains("default-src"), "{:?}", page.headers());
    assert!(!header("content-security-policy").contains("'unsafe-eval'"), "{:?}", page.headers());
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("access-control-allow-origin").is_empty());
    std::fs::write(world.path("beside"), "not for browsers").unwrap();
    for path in ["/../beside", "/%2e%2e/beside", "/..%2fbeside", "//etc/passwd", "/lanyard.db"] {
        let mut stream = TcpStream::connect(("127.0.0.1", web.port())).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let host = format!("127.0.0.1:{}", web.port());
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let answer = std::io::read_to_string(stream).unwrap();
        assert!(!answer.contains("not for browsers") && !answer.contains("root:"), "{path}: {answer}");
    }
}

#[test]
fn an_oversized_or_broken_body_is_refused_and_the_door_stays_open() {
    let world = World::new();
    let web = Web::open(&world);
    let token = web.token();
    let send =
        |body: String| web.client.post(format!("{}/call", web.origin)).bearer_auth(&token).body(body).send();
    let large = send("x".repeat(2 * 1024 * 1024));
    assert!(large.map_or(true, |answer| answer.status().is_client_error()));
    let broken = send("{nonsense".into()).unwrap();
    assert!(!broken.text().unwrap().contains("\"Ok\""));
    assert_eq!(web.call(&token, "status", json!({})).status(), 200);
}

#[test]
fn a_browsers_socket_carries_frames_events_and_a_terminal() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "GITHUB_TOKEN", "ghp_of_ada");
    let web = Web::open(&world);
    let token = web.token();
    let open = |path: &str| {
        let stream = TcpStream::connect(("127.0.0.1", web.port())).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        tungstenite::client(format!("ws://127.0.0.1:{}{path}", web.port()), stream).expect("it opens").0
    };
    let mut socket = open("/socket");
    let say = |value: Value| tungstenite::Message::text(value.to_string());
    socket.send(say(json!({ "token": token }))).unwrap();
    let hello: Value = serde_json::from_str(socket.read().unwrap().to_text().unwrap()).unwrap();
    assert_eq!(hello["hello"]["version"], api::VERSION);
    socket.send(say(json!({ "id": 1, "method": "events.subscribe", "params": {} }))).unwrap();
    let answer: Value = serde_json::from_str(socket.read().unwrap().to_text().unwrap()).unwrap();
    assert!(answer["answer"]["result"]["Ok"].is_object(), "{answer}");
    let session = world.start(1, "one", &["sh", "-c", "read x; echo \"$x: $GITHUB_TOKEN\"; cat"]);
    loop {
        let event: Value = serde_json::from_str(socket.read().unwrap().to_text().unwrap()).unwrap();
        if event["event"]["SessionStateChanged"]["session"]["state"] == "working" {
            break;
        }
    }

    let mut terminal = open("/attach");
    let size = json!({ "rows": 24, "cols": 80 });
    let first = json!({ "token": token, "session": text(&session, "id"), "size": size, "scrollback": true });
    terminal.send(say(first)).unwrap();
    let answer: Value = serde_json::from_str(terminal.read().unwrap().to_text().unwrap()).unwrap();
    assert_eq!(answer["answer"]["result"]["Ok"]["id"], session["id"], "{answer}");
    terminal.send(tungstenite::Message::binary(b"ityped\n".to_vec())).unwrap();
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("typed: ghp_of_ada") {
        let message = terminal.read().expect("the terminal answers").into_data();
        assert!(!message.is_empty());
        shown.extend_from_slice(&message[1..]);
    }
}

#[test]
fn a_browser_with_a_wrong_token_is_shut_out_of_the_sockets() {
    let world = World::new();
    let web = Web::open(&world);
    for path in ["/socket", "/attach"] {
        let stream = TcpStream::connect(("127.0.0.1", web.port())).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let (mut socket, _) =
            tungstenite::client(format!("ws://127.0.0.1:{}{path}", web.port()), stream).unwrap();
        let first = json!({ "token": "wrong", "session": "1", "size": null, "scrollback": false });
        socket.send(tungstenite::Message::text(first.to_string())).unwrap();
        let mut said = String::new();
        while let Ok(message) = socket.read() {
            said.push_str(message.to_text().unwrap_or_default());
        }
        assert!(!said.contains("hello") && !said.contains("\"Ok\""), "{path}: {said}");
    }
}
