//! A small HTTP server on loopback, or at a socket in a folder: one request a connection, and answers that may go wrong on purpose.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// How long a connection waits for the rest of a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its method and path, for example `GET /user`.
    pub line: String,
    /// What stands behind the path's question mark.
    pub query: String,
    /// Its headers: names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

impl Request {
    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The bearer's token, or nothing. GitHub takes either word before it.
    pub fn bearer(&self) -> &str {
        let told = self.header("authorization");
        told.strip_prefix("Bearer ").or_else(|| told.strip_prefix("token ")).unwrap_or_default()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers, but for type and length.
    pub headers: Vec<(String, String)>,
    /// Its body; of type JSON if it is.
    pub body: String,
}

impl Reply {
    /// JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string() }
    }

    /// Nothing but a status.
    pub fn bare(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// An error's usual body.
    pub fn error(status: u16, message: &str) -> Self {
        let body = serde_json::json!({ "message": message, "documentation_url": "https://docs.example" });
        Self::json(status, &body)
    }
}

/// How a server fails.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Refuses with this status.
    Status(u16),
    /// Refuses with 429, with this `Retry-After` if any.
    Limited(Option<String>),
    /// Shows a page to sign in at, as a portal between us and the network does.
    Page,
    /// Does nothing, and ends the connection.
    Nothing,
    /// Does what it is asked, and ends the connection before it answers.
    Lost,
    /// Does what it is asked, and ends the connection in the middle of its answer.
    Half,
}

/// A running server; it ends when it is dropped.
pub struct Server {
    url: String,
    port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    answer: Box<dyn Fn(&Request) -> Reply + Send + Sync>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    asked: Vec<String>,
    faults: Vec<(String, Fault)>,
    ended: bool,
}

impl Server {
    /// Starts a server that answers by this.
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(0, answer)
    }

    /// Starts a server at this port, where nobody listens.
    pub fn start_at(port: u16, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        let port = listener.local_addr().expect("it has an address").port();
        let inner = Arc::new(Inner { answer: Box::new(answer), seen: Mutex::default() });
        let serving = inner.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.seen().ended {
                    return;
                }
                let serving = serving.clone();
                stream.set_read_timeout(Some(PATIENCE)).expect("a connection waits for so long");
                // Whoever asked may be killed in the middle: that is what some tests are about.
                std::thread::spawn(move || drop(serving.serve(stream)));
            }
        });
        Self { url: format!("http://127.0.0.1:{port}"), port, inner }
    }

    /// Serves the same at a Unix socket as well.
    pub fn also_at(&self, path: &Path) {
        let listener = UnixListener::bind(path).expect("the path is free");
        let serving = self.inner.clone();
        std::thread::spawn(move || {
            let streams = listener.incoming().flatten().take_while(|_| !serving.seen().ended);
            streams.for_each(|stream: UnixStream| drop(serving.serve(stream)));
        });
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Every method and path that it was asked so far.
    pub fn asked(&self) -> Vec<String> {
        self.inner.seen().asked.clone()
    }

    /// From now on requests that begin with `line`, for example `POST /app` or just `DELETE`, fail like this.
    pub fn fails(&self, line: &str, fault: Fault) {
        self.inner.seen().faults.insert(0, (line.to_string(), fault));
    }

    /// From now on nothing fails any more.
    pub fn heals(&self) {
        self.inner.seen().faults.clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.inner.seen().ended = true;
        // It waits for a connection; this one makes it look up.
        let _last = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Inner {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn serve(&self, stream: impl Read + Write) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let Some(request) = read(&mut reader)? else { return Ok(()) };
        let fault = {
            let mut seen = self.seen();
            seen.asked.push(request.line.clone());
            let fits = |(line, _): &&(String, Fault)| request.line.starts_with(line.as_str());
            seen.faults.iter().find(fits).map(|(_, fault)| fault.clone())
        };
        let whole = match &fault {
            Some(Fault::Status(status)) => Reply::error(*status, "told to fail"),
            Some(Fault::Limited(after)) => Reply {
                headers: after.iter().map(|after| ("Retry-After".into(), after.clone())).collect(),
                ..Reply::error(429, "told to be slow")
            },
            Some(Fault::Page) => Reply { body: "<html>Sign in</html>".into(), ..Reply::bare(200) },
            Some(Fault::Nothing) => return Ok(()),
            Some(Fault::Lost | Fault::Half) | None => (self.answer)(&request),
        };
        let bytes = written(&whole);
        let length = match fault {
            Some(Fault::Lost) => 0,
            Some(Fault::Half) => bytes.len() - whole.body.len().max(2) / 2,
            _ => bytes.len(),
        };
        reader.get_mut().write_all(&bytes.as_bytes()[..length])
    }
}

fn read(reader: &mut BufReader<impl Read>) -> std::io::Result<Option<Request>> {
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut words = first.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_lowercase(), value.trim().to_string())),
            None => break,
        }
    }
    let (line, query) = (format!("{method} {path}"), query.to_string());
    let mut request = Request { line, query, headers, body: String::new() };
    let length = request.header("content-length").parse().unwrap_or(0);
    reader.take(length).read_to_string(&mut request.body)?;
    Ok(Some(request))
}

fn written(reply: &Reply) -> String {
    let typed = reply.headers.iter().any(|(name, _)| name == "Content-Type");
    let kind = match reply.body.as_bytes().first() {
        _ if typed => "",
        Some(b'{' | b'[') => "Content-Type: application/json; charset=utf-8\r\n",
        Some(_) => "Content-Type: text/html\r\n",
        None => "",
    };
    let headers: String = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    // An answer of 204 has no length.
    let length = match reply.status {
        204 => String::new(),
        _ => format!("Content-Length: {}\r\n", reply.body.len()),
    };
    let head = format!("HTTP/1.1 {} Said\r\n{kind}{headers}{length}Connection: close\r\n\r\n", reply.status);
    head + &reply.body
}
