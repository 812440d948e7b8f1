//! Letters that strangers send to an identity, by the mail server on this machine.

use crate::{DEADLINE, World, run, text};

/// Sends what stands on standard input.
const SEND: &str = "import smtplib, sys
host, port, to = sys.argv[1].split(':') + sys.argv[2:]
with smtplib.SMTP(host, int(port)) as server:
    server.sendmail('app@example.com', [to], b'\\r\\n'.join(sys.stdin.buffer.read().splitlines()))
";

impl World {
    /// Delivers a letter of a few words, which is there when this returns.
    #[track_caller]
    pub fn deliver(&self, to: &str, subject: &str, words: &str) {
        self.deliver_letter(
            to,
            &format!("From: App <app@example.com>\nTo: {to}\nSubject: {subject}\n\n{words}\n"),
        );
    }

    /// Delivers a letter with its head, as it stands.
    #[track_caller]
    pub fn deliver_letter(&self, to: &str, letter: &str) {
        let status = self.json(&["status"]);
        let mut python = self.command("python3");
        python.args(["-c", SEND, text(&status, "smtp"), to]);
        run(python, letter.as_bytes(), DEADLINE).ok();
    }
}
