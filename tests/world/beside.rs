//! Other people's servers, which `cargo xtask setup` installs: Prism with GitHub's own description, and Verdaccio.

use crate::{DEADLINE, Outcome, World, program, python};
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

/// What we ask of GitHub; only this much of its description is served, so that Prism is up in a second.
const PATHS: [&str; 8] = [
    "/app/installations",
    "/app/installations/{installation_id}",
    "/app/installations/{installation_id}/access_tokens",
    "/installation/token",
    "/installation/repositories",
    "/app-manifests/{code}/conversions",
    "/credentials/revoke",
    "/user",
];

/// Takes from the description what it says of some paths, with everything that they refer to. The whole is 13 MB.
const CUT: &str = r#"
const fs = require("fs"), [whole, cut, ...paths] = process.argv.slice(1);
const all = JSON.parse(fs.readFileSync(whole)), components = {};
const follow = (value) => {
  if (value === null || typeof value !== "object") return;
  const [, , kind, name] = (typeof value.$ref === "string" ? value.$ref : "").split("/");
  if (name && !(components[kind] ??= {})[name]) follow(components[kind][name] = all.components[kind][name]);
  Object.values(value).forEach(follow);
};
const kept = Object.fromEntries(paths.map((path) => [path, all.paths[path]]));
follow(kept);
const { openapi, info, servers } = all;
fs.writeFileSync(cut, JSON.stringify({ openapi, info, servers, paths: kept, components }));
"#;

const VERDACCIO: &str = r#"storage: ./verdaccio
auth: { htpasswd: { file: ./verdaccio.users, max_users: 9 } }
uplinks: {}
packages: { "**": { access: $authenticated, publish: $authenticated } }
log: { type: stdout, format: json, level: warn }
"#;

/// Refuses everything, over TLS.
const HTTPS: &str = r#"
import http.server, ssl, sys
class Refusing(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_POST = do_GET
    def log_message(self, *words): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Refusing)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
server.socket = context.wrap_socket(server.socket, server_side=True)
print("listening on https://127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
"#;

/// The certificate that such a server shows, which no machine trusts by itself, and its key.
pub(crate) const CERTIFICATE: &str = include_str!("loopback.pem");

/// A server beside the test; it ends when it is dropped.
pub struct Beside {
    pub(crate) child: Child,
    /// Where it is.
    pub url: String,
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl World {
    /// Prism as GitHub: it answers what the description gives as examples, and refuses what does not fit it. Some
    /// of those examples do not fit it either, so that the answers are not checked here.
    pub fn prism(&self) -> Beside {
        self.prism_with(&["mock"], &[])
    }

    /// Prism in front of another server: what is asked and what is answered must both fit the description.
    pub fn prism_before(&self, url: &str) -> Beside {
        self.prism_with(&["proxy", "--errors"], &[url])
    }

    fn prism_with(&self, mode: &[&str], last: &[&str]) -> Beside {
        let description = self.path("github.json");
        let mut cut = self.command("node");
        cut.args(["-e", CUT]).arg(servers().join("api.github.com.json")).arg(&description).args(PATHS);
        crate::run(cut, b"", DEADLINE).ok();
        let mut prism = self.node("@stoplight/prism-cli/dist/index.js");
        prism.args(mode).args(["--host", "127.0.0.1", "--port", "0"]).arg(description).args(last);
        let (child, line) = start(prism, "Prism is listening on ");
        Beside { child, url: line.trim().to_string() }
    }

    /// A real registry, empty, that anybody can make an account at.
    pub fn verdaccio(&self) -> Beside {
        fs::write(self.path("verdaccio.yaml"), VERDACCIO).expect("its configuration is written");
        // It does not say which port it took, so it is given one that was free a moment ago.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a port is free").port();
        let mut verdaccio = self.node("verdaccio/bin/verdaccio");
        verdaccio.args(["--config", "verdaccio.yaml", "--listen", &format!("127.0.0.1:{port}")]);
        let (child, _) = start(verdaccio, "http address");
        Beside { child, url: format!("http://127.0.0.1:{port}") }
    }

    /// A server that refuses everything over TLS, and the file of the certificate that it shows.
    pub fn refusing(&self) -> (Beside, PathBuf) {
        let certificate = self.path("loopback.pem");
        fs::write(&certificate, CERTIFICATE).expect("the certificate is written");
        let mut command = self.command(python().expect("Python is needed"));
        command.args(["-c", HTTPS]).arg(&certificate);
        let (child, line) = start(command, "listening on ");
        (Beside { child, url: line.trim().to_string() }, certificate)
    }

    /// Runs a script of node's that may use other people's packages, with this input, and gives how it ended.
    pub fn node_says(&self, script: &str, input: &str) -> Outcome {
        let mut command = self.command("node");
        command.env("NODE_PATH", servers().join("node_modules")).args(["-e", script]);
        crate::run(command, input.as_bytes(), DEADLINE)
    }

    fn node(&self, script: &str) -> Command {
        let mut command = self.command("node");
        command.arg(servers().join("node_modules").join(script));
        command
    }
}

/// Where they are installed.
pub(crate) fn servers() -> PathBuf {
    let lanyard = program("lanyard");
    let target = lanyard.ancestors().nth(2).expect("a program lies in target/debug");
    let folder = target.join("tools/servers");
    assert!(folder.is_dir(), "{} is missing: run `cargo xtask test`, which installs it", folder.display());
    folder
}

/// Starts a server, waits for a line with this text, and gives what stands behind it.
fn start(command: Command, ready: &'static str) -> (Child, String) {
    let (child, rest, _) = start_telling(command, ready);
    (child, rest)
}

/// The same, with the lines that it says from then on.
pub(crate) fn start_telling(
    mut command: Command,
    ready: &'static str,
) -> (Child, String, mpsc::Receiver<String>) {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
    let out = child.stdout.take().expect("its output is a pipe");
    let (tell, lines) = mpsc::channel();
    std::thread::spawn(move || {
        // It goes on reading when nobody listens, since a full pipe would stop the server.
        BufReader::new(out).lines().map_while(Result::ok).for_each(|line| drop(tell.send(line)));
    });
    let (until, mut said) = (Instant::now() + DEADLINE, VecDeque::new());
    loop {
        match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => match line.split_once(ready) {
                Some((_, rest)) => return (child, rest.to_string(), lines),
                None => said.push_front(line),
            },
            Err(mpsc::RecvTimeoutError::Disconnected) => panic!("{command:?} ended: {said:?}"),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let _gone = child.kill();
                panic!("{command:?} is not ready within {DEADLINE:?}")
            }
        }
        said.truncate(50);
    }
}
