//! A daemon for tests: it listens on a real socket, keeps what it is asked, and gives the answers it was told.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

/// A listening socket with a thread behind it that serves one connection after the other.
pub struct Fake {
    folder: tempfile::TempDir,
    asked: Receiver<Value>,
}

impl Fake {
    /// Says hello with our own version, then one of `answers` for each question, then closes.
    pub fn new(answers: &[&str]) -> Self {
        Self::with_version(api::VERSION, answers)
    }

    /// The same, as a daemon of another version.
    pub fn with_version(version: &str, answers: &[&str]) -> Self {
        Self::start(format!(r#"{{"hello":{{"version":"{version}"}}}}"#), answers)
    }

    /// Says one line and closes.
    pub fn with_first_line(line: &str) -> Self {
        Self::start(line.into(), &[])
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("run/owner.sock")
    }

    /// What `LANYARD_HOME` has to be to find it.
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// The next question that it was asked.
    pub fn asked(&self) -> Value {
        self.asked.recv_timeout(std::time::Duration::from_secs(10)).unwrap()
    }

    fn start(first: String, answers: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("run")).unwrap();
        let listener = UnixListener::bind(folder.path().join("run/owner.sock")).unwrap();
        let mut answers = answers.iter().map(|a| a.to_string()).collect::<Vec<_>>().into_iter();
        let (sender, asked) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that goes away in the middle is part of some tests.
                let _ =
                    serve(stream.unwrap(), &first, &mut answers, |question| sender.send(question).is_ok());
            }
        });
        Self { folder, asked }
    }
}

fn serve(
    mut stream: UnixStream,
    first: &str,
    answers: &mut impl Iterator<Item = String>,
    mut keep: impl FnMut(Value) -> bool,
) -> std::io::Result<()> {
    writeln!(stream, "{first}")?;
    for line in BufReader::new(stream.try_clone()?).lines() {
        keep(serde_json::from_str(&line?)?);
        match answers.next() {
            Some(answer) => writeln!(stream, "{answer}")?,
            None => return Ok(()),
        }
    }
    Ok(())
}
