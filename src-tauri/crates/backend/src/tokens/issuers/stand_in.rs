//! A server on loopback that says to each request what a test has told it to say, well-formed or not.

use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The server.
pub struct StandIn {
    /// Where it is.
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// What it was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method and the path, for example `GET /user`.
    pub line: String,
    /// The head, in lower case.
    pub head: String,
    /// The body, where it was JSON.
    pub body: Value,
}

/// A whole answer.
pub fn says(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A whole answer of JSON.
pub fn json(status: u16, body: Value) -> String {
    says(status, "Content-Type: application/json\r\n", &body.to_string())
}

impl StandIn {
    /// Answers one request with each of these; after the last it listens no more.
    pub async fn saying(answers: impl IntoIterator<Item = String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (seen, answers) = (asked.clone(), answers.into_iter().collect::<Vec<_>>());
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = request(&mut stream).await;
                seen.lock().unwrap().push(request);
                // Who asked may be gone already; the test looks at what it was told.
                let _gone = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, asked }
    }

    /// All that it was asked.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The methods and paths that it was asked, in their order.
    pub fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

async fn request(stream: &mut TcpStream) -> Asked {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "a request was cut off");
    };
    let whole = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let head = whole.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head_end + length {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "a request was cut off");
    }
    let line = whole.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_string();
    Asked { line, head, body: serde_json::from_slice(&bytes[head_end..]).unwrap_or_default() }
}
