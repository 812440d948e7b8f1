//! Letters that strangers send to an identity, by the mail server on this machine.

use crate::{DEADLINE, World, run, text};

/// Sends what stands on standard input.
const SEND: &str = "import smtplib, sys
host, port, to = sys.argv[1].split(':') + sys.argv[2:]
with smtplib.SMTP(host, int(port)) as server:
    server.sendmail('app@example.com', [to], sys.stdin.read())
";

impl World {
    /// Delivers a letter, which is there when this returns.
    #[track_caller]
    pub fn deliver(&self, to: &str, subject: &str, words: &str) {
        let status = self.json(&["status"]);
        let mut python = self.command("python3");
        python.args(["-c", SEND, text(&status, "smtp"), to]);
        let letter = format!("From: App <app@example.com>\nTo: {to}\nSubject: {subject}\n\n{words}\n");
        run(python, letter.as_bytes(), DEADLINE).ok();
    }
}
