//! A real mail server beside the test, and the letters that it gets.

use crate::beside::{CERTIFICATE, start_telling};
use crate::{Beside, DEADLINE, World};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;

const SERVER: &str = include_str!("mail.js");

/// A mail server; it ends when it is dropped.
pub struct MailServer {
    _beside: Beside,
    /// Its port on 127.0.0.1.
    pub port: u16,
    lines: Receiver<String>,
}

impl World {
    /// A certificate for this machine with its key, in one file, which nobody trusts by itself.
    pub fn certificate(&self) -> PathBuf {
        let path = self.path("loopback.pem");
        std::fs::write(&path, CERTIFICATE).expect("the certificate is written");
        path
    }

    /// A mail server that speaks `plain`, `starttls` or `tls`, and wants this password, if any. What it shows is the
    /// certificate in the world's `loopback.pem`.
    #[track_caller]
    pub fn mail_server(&self, how: &str, password: Option<&str>) -> MailServer {
        let (script, certificate) = (self.path("mail.js"), self.certificate());
        std::fs::write(&script, SERVER).expect("the server is written");
        let mut node = self.command("node");
        node.env("NODE_PATH", crate::beside::servers().join("node_modules"));
        node.arg(script).arg(how).arg(certificate).args(password);
        let (child, port, lines) = start_telling(node, "listening on ");
        let port = port.trim().parse().expect("it says its port");
        MailServer { _beside: Beside { child, url: format!("smtp://127.0.0.1:{port}") }, port, lines }
    }
}

impl MailServer {
    /// Waits for the next letter.
    #[track_caller]
    pub fn letter(&self) -> Value {
        loop {
            let line = self.lines.recv_timeout(DEADLINE).expect("a letter comes");
            if let Some(letter) = line.strip_prefix("letter ") {
                return serde_json::from_str(letter).expect("a letter is told as JSON");
            }
        }
    }
}
