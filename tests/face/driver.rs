//! A small WebDriver client: starts a driver program, opens a session, and sends it commands.

use reqwest::blocking::Client;
use serde_json::{Value, json};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tests::{DEADLINE, Process};

/// How long one command may take; the first one starts a browser.
const COMMAND_DEADLINE: Duration = Duration::from_secs(90);

/// An open WebDriver session and the driver program behind it.
pub struct Driver {
    http: Client,
    session: String,
    program: Child,
}

impl Driver {
    /// Starts the driver `program`, waits for its ports, and opens a session at the first of them.
    #[track_caller]
    pub fn open(mut program: Command, ports: &[u16], capabilities: Value) -> Self {
        let mut program = program
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the WebDriver program starts");
        ports.iter().for_each(|port| wait_for_door(&mut program, *port));
        let http = tests::client().timeout(COMMAND_DEADLINE).build().expect("an HTTP client");
        let mut driver = Self { http, session: format!("http://127.0.0.1:{}/session", ports[0]), program };
        let opened = driver.post("", &json!({ "capabilities": { "alwaysMatch": capabilities } }));
        let opened = opened.unwrap_or_else(|told| panic!("no WebDriver session: {told}"));
        let id = opened["sessionId"].as_str().expect("a session has an id");
        driver.session = format!("{}/{id}", driver.session);
        let script = u64::try_from(DEADLINE.as_millis()).expect("a deadline of some seconds");
        driver.command("/timeouts", &json!({ "script": script + 5000 }));
        driver
    }

    /// Sends a command that must succeed.
    #[track_caller]
    pub fn command(&self, path: &str, body: &Value) -> Value {
        self.post(path, body).unwrap_or_else(|told| panic!("{path}: {told}"))
    }

    /// Sends a command; a failure is told as `error: message`.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        answer(self.http.post(format!("{}{path}", self.session)).json(body).send())
    }

    /// Asks for something.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        answer(self.http.get(format!("{}{path}", self.session)).send())
            .unwrap_or_else(|told| panic!("{path}: {told}"))
    }

    /// Ends the session: a browser closes, a window is asked to.
    pub fn quit(mut self) {
        let _closed = answer(self.http.delete(&self.session).send());
        Process::of(self.program.id() as i32).inspect(Process::kill);
        let _ended = self.program.wait();
    }
}

fn answer(sent: reqwest::Result<reqwest::blocking::Response>) -> Result<Value, String> {
    let mut answer: Value = sent.and_then(|answer| answer.json()).map_err(|e| e.to_string())?;
    let value = answer["value"].take();
    match value["error"].as_str() {
        Some(error) => Err(format!("{error}: {}", value["message"].as_str().unwrap_or_default())),
        None => Ok(value),
    }
}

/// A port of the loopback that nobody has.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a listener has an address").port()
}

#[track_caller]
fn wait_for_door(program: &mut Child, port: u16) {
    let until = Instant::now() + DEADLINE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(program.try_wait().expect("it is our child").is_none(), "the WebDriver program ended");
        assert!(Instant::now() < until, "the WebDriver program does not listen");
        // Its end is all that can be waited for; a short wait for that is the pause between two tries.
        tests::wait_for_end(&*program, Duration::from_millis(20));
    }
}
