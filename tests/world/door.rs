//! A bare connection to one of the daemon's sockets, to say things that no client of ours would say.

use crate::{DEADLINE, World};
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// One connection, after its hello.
pub struct Door {
    reader: BufReader<UnixStream>,
    next: u64,
}

impl Door {
    /// Connects and reads the first line, whatever it says.
    pub fn open(socket: &Path) -> io::Result<(Self, Value)> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        let mut door = Self { reader: BufReader::new(stream), next: 1 };
        let first = door.line()?;
        Ok((door, first))
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Reads one line as JSON.
    pub fn line(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(serde_json::from_str(&line)?),
        }
    }

    /// Asks and gives the result: `{"Ok": …}` or `{"Err": …}`. Events in between are passed over.
    #[track_caller]
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.next;
        self.next += 1;
        let question = json!({ "id": id, "method": method, "params": params });
        self.send(format!("{question}\n").as_bytes()).expect("the question is sent");
        loop {
            let mut line = self.line().expect("the daemon answers");
            if line["answer"]["id"] == id {
                return line["answer"]["result"].take();
            }
        }
    }

    /// Waits for the next event that fits.
    #[track_caller]
    pub fn event(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut line = self.line().expect("an event comes");
            let event = line["event"].take();
            if !event.is_null() && fits(&event) {
                return event;
            }
        }
    }

    /// Whether the other side has closed the connection; waits for it.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.reader.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(e) => e.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    /// The bytes from here on.
    pub(crate) fn into_reader(self) -> BufReader<UnixStream> {
        self.reader
    }
}

impl World {
    /// A connection to the owner's socket; `lanyard` starts a daemon if there is none.
    #[track_caller]
    pub fn door(&self) -> Door {
        self.lanyard(&["status"]).ok();
        let (door, hello) = Door::open(&self.owner_socket()).expect("the daemon answers");
        assert_eq!(hello["hello"]["version"], api::VERSION, "{hello}");
        door
    }

    /// The same for one that hears of all that happens from now on.
    #[track_caller]
    pub fn listening(&self) -> Door {
        let mut door = self.door();
        assert!(door.ask("events.subscribe", json!({}))["Ok"].is_object());
        door
    }
}
