//! One conversation with a client that brings mail: which words it may say, and what it is answered. Pure: bytes go
//! in, replies and questions come out, so that it can be tested and fuzzed without a socket.

use super::body::{Body, Read};
use api::names::clean;
use smtp_proto::{Error, MAIL_BODY_BINARYMIME, MAIL_REQUIRETLS, Request};

/// The largest mail, in bytes.
pub const SIZE_MAX: usize = 35_000_000;
/// The longest line of a command, in bytes; RFC 5321 wants 512, and its extensions some more.
const LINE_MAX: usize = 2048;
/// The most recipients of one mail.
const RECIPIENTS_MAX: usize = 100;
/// After so many mistakes a client is sent away.
const MISTAKES_MAX: u32 = 10;
/// How many commands may pass between two mails.
const COMMANDS_MAX: u32 = 500;

/// A conversation. `T` is what a recipient is to those who answer for it.
pub struct Session<T> {
    domain: String,
    offers_tls: bool,
    is_secure: bool,
    input: Vec<u8>,
    /// How much of the input is used up.
    at: usize,
    replies: String,
    client: Option<String>,
    sender: Option<String>,
    recipients: Vec<T>,
    body: Option<Body>,
    mistakes: u32,
    commands: u32,
    is_over: bool,
}

/// What has to be done before the conversation goes on.
#[derive(Debug, PartialEq, Eq)]
pub enum Ask<T> {
    /// Whose is this address? Answered by [`Session::recipient`].
    Recipient(String),
    /// Keep this mail. Answered by [`Session::kept`].
    Keep(Letter<T>),
    /// From now on by TLS; what came in clear is forgotten.
    StartTls,
    /// The replies are to be sent, and nothing more is read.
    End,
}

/// A mail with its envelope.
#[derive(Debug, PartialEq, Eq)]
pub struct Letter<T> {
    /// What the client calls itself.
    pub client: String,
    /// Where the client wants to hear of trouble; empty for nowhere.
    pub sender: String,
    /// For whom it is.
    pub recipients: Vec<T>,
    /// Its text.
    pub text: Vec<u8>,
}

/// Whether an address is known.
#[derive(Debug, PartialEq, Eq)]
pub enum Recipient<T> {
    /// It is this one's.
    Known(T),
    /// It is nobody's here.
    Unknown,
    /// That cannot be said now.
    Later,
}

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// It is on the disk.
    Yes,
    /// It may be kept later, not now.
    Later(String),
    /// It is never kept.
    Never(String),
}

impl<T> Session<T> {
    /// A conversation of the server for this domain.
    pub fn new(domain: &str, offers_tls: bool) -> Self {
        Self {
            domain: domain.to_string(),
            offers_tls,
            is_secure: false,
            input: Vec::new(),
            at: 0,
            replies: format!("220 {domain} ESMTP Lanyard\r\n"),
            client: None,
            sender: None,
            recipients: Vec::new(),
            body: None,
            mistakes: 0,
            commands: 0,
            is_over: false,
        }
    }

    /// The same conversation, once it is encrypted: it begins anew.
    pub fn secured(&mut self) {
        self.forget_mail();
        self.input.clear();
        (self.at, self.client, self.is_secure) = (0, None, true);
    }

    /// What the client has sent.
    pub fn hear(&mut self, bytes: &[u8]) {
        if self.at == self.input.len() {
            self.input.clear();
        } else {
            self.input.drain(..self.at);
        }
        self.at = 0;
        self.input.extend_from_slice(bytes);
    }

    /// What is to be sent, since this was last asked.
    pub fn replies(&mut self) -> String {
        std::mem::take(&mut self.replies)
    }

    /// How many bytes of a mail it holds.
    pub fn held(&self) -> usize {
        self.body.as_ref().map_or(0, Body::held)
    }

    /// Whether it is encrypted.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whether a mail is being read.
    pub fn is_reading_mail(&self) -> bool {
        self.body.is_some()
    }

    /// Ends it, in words for the client.
    pub fn end(&mut self, words: &str) {
        self.is_over = true;
        self.forget_mail();
        self.say(&format!("421 4.3.2 {words}"));
    }

    /// Goes on with what has been heard, up to a question. None: more must be heard.
    pub fn go_on(&mut self) -> Option<Ask<T>> {
        loop {
            if self.is_over {
                return Some(Ask::End);
            }
            if let Some(body) = &mut self.body {
                let (taken, read) = body.take(&self.input[self.at..]);
                self.at += taken;
                match read {
                    Read::More => return None,
                    read => {
                        if let Some(ask) = self.read_mail(read) {
                            return Some(ask);
                        }
                    }
                }
                continue;
            }
            let rest = &self.input[self.at..];
            let Some(end) = memchr::memchr(b'\n', &rest[..rest.len().min(LINE_MAX)]) else {
                if rest.len() < LINE_MAX {
                    return None;
                }
                self.say("500 5.5.6 That line is too long");
                self.is_over = true;
                continue;
            };
            let line = rest[..=end].to_vec();
            self.at += line.len();
            if let Some(ask) = self.command(&line) {
                return Some(ask);
            }
        }
    }

    /// The answer to [`Ask::Recipient`].
    pub fn recipient(&mut self, recipient: Recipient<T>) {
        match recipient {
            Recipient::Known(known) => {
                self.recipients.push(known);
                self.say("250 2.1.5 Yes");
            }
            Recipient::Unknown => self.mistake("550 5.1.1 Nobody here has that address"),
            Recipient::Later => self.say("451 4.3.0 Try again later"),
        }
    }

    /// The answer to [`Ask::Keep`].
    pub fn kept(&mut self, kept: Kept) {
        match kept {
            Kept::Yes => {
                self.commands = 0;
                self.say("250 2.0.0 It is kept");
            }
            Kept::Later(why) => self.say(&format!("451 4.3.0 {}", clean(&why))),
            Kept::Never(why) => self.say(&format!("554 5.6.0 {}", clean(&why))),
        }
    }

    fn command(&mut self, line: &[u8]) -> Option<Ask<T>> {
        self.commands += 1;
        if self.commands > COMMANDS_MAX {
            self.end("Too much is said and no mail brought");
            return None;
        }
        if !line.ends_with(b"\r\n") {
            // Whoever ends lines otherwise may mean something else by what comes next.
            self.say("500 5.5.2 A line ends with CR LF");
            self.is_over = true;
            return None;
        }
        if line.len() == 2 || line[..line.len() - 2].contains(&b'\r') || line.contains(&0) {
            self.mistake("500 5.5.2 That is no command");
            return None;
        }
        match Request::parse(&mut line.iter()) {
            Ok(request) => self.obey(request.into_owned()),
            Err(error) => {
                self.mistake(&complaint(&error));
                None
            }
        }
    }

    fn obey(&mut self, request: Request<String>) -> Option<Ask<T>> {
        match request {
            Request::Ehlo { host } => self.greet(host, true),
            Request::Helo { host } => self.greet(host, false),
            Request::Mail { from } if self.client.is_some() && self.sender.is_none() => {
                if from.size > SIZE_MAX {
                    self.mistake("552 5.3.4 That is too large");
                } else if from.flags & (MAIL_BODY_BINARYMIME | MAIL_REQUIRETLS) != 0 {
                    self.mistake("555 5.5.4 That is not offered");
                } else {
                    self.sender = Some(from.address);
                    self.say("250 2.1.0 Yes");
                }
            }
            Request::Rcpt { to } if self.sender.is_some() => {
                if self.recipients.len() < RECIPIENTS_MAX {
                    return Some(Ask::Recipient(to.address));
                }
                self.mistake("452 4.5.3 Too many recipients");
            }
            Request::Data if self.sender.is_some() && !self.recipients.is_empty() => {
                self.body = Some(Body::new(SIZE_MAX));
                self.say("354 End it with a dot on a line of its own");
            }
            Request::Data if self.sender.is_some() => self.mistake("554 5.5.1 It has no recipient"),
            Request::Mail { .. } | Request::Rcpt { .. } | Request::Data => {
                self.mistake("503 5.5.1 Not at this point");
            }
            Request::StartTls if self.offers_tls && !self.is_secure => return self.start_tls(),
            Request::Rset => {
                self.forget_mail();
                self.say("250 2.0.0 Yes");
            }
            Request::Noop { .. } => self.say("250 2.0.0 Yes"),
            // Who is here is told only to those who bring a mail.
            Request::Vrfy { .. } => self.say("252 2.1.5 Send a mail and see"),
            Request::Help { .. } => self.say("214 2.0.0 EHLO MAIL RCPT DATA RSET NOOP QUIT"),
            Request::Quit => {
                self.is_over = true;
                self.say("221 2.0.0 Good-bye");
            }
            _ => self.mistake("502 5.5.1 That is not offered"),
        }
        None
    }

    fn greet(&mut self, host: String, extended: bool) {
        self.forget_mail();
        let mut lines = vec![format!("{} greets you", self.domain)];
        if extended {
            let size = format!("SIZE {SIZE_MAX}");
            lines.extend(
                ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", &size].map(String::from),
            );
            lines.extend((self.offers_tls && !self.is_secure).then(|| "STARTTLS".to_string()));
        }
        self.client = Some(host);
        let last = lines.len() - 1;
        for (at, line) in lines.iter().enumerate() {
            let dash = if at == last { ' ' } else { '-' };
            self.replies.push_str(&format!("250{dash}{line}\r\n"));
        }
    }

    fn start_tls(&mut self) -> Option<Ask<T>> {
        if self.at < self.input.len() {
            // Somebody in between could have put it there, to be taken for said in safety.
            self.end("Nothing may be said behind STARTTLS");
            return None;
        }
        self.say("220 2.0.0 Begin");
        Some(Ask::StartTls)
    }

    fn read_mail(&mut self, read: Read) -> Option<Ask<T>> {
        let recipients = std::mem::take(&mut self.recipients);
        let (client, sender) =
            (self.client.clone().unwrap_or_default(), self.sender.take().unwrap_or_default());
        self.forget_mail();
        match read {
            Read::Whole(text) => return Some(Ask::Keep(Letter { client, sender, recipients, text })),
            Read::TooLarge => self.mistake("552 5.3.4 That is too large"),
            Read::Endless => self.end("That has no end"),
            Read::Foul | Read::More => {
                // What follows may have been smuggled in with it: none of it is heard.
                self.say("521 5.5.2 A line ends with CR LF, and neither stands alone");
                self.is_over = true;
            }
        }
        None
    }

    fn forget_mail(&mut self) {
        (self.sender, self.body) = (None, None);
        self.recipients.clear();
    }

    fn say(&mut self, line: &str) {
        self.replies.push_str(line);
        self.replies.push_str("\r\n");
    }

    fn mistake(&mut self, line: &str) {
        self.say(line);
        self.mistakes += 1;
        if self.mistakes >= MISTAKES_MAX {
            self.end("Too many mistakes");
        }
    }
}

fn complaint(error: &Error) -> String {
    match error {
        Error::InvalidSenderAddress => "501 5.1.7 That is no address".into(),
        Error::InvalidRecipientAddress => "501 5.1.3 That is no address".into(),
        Error::SyntaxError { syntax } => format!("501 5.5.4 It is written {syntax}"),
        Error::InvalidParameter { param } => format!("501 5.5.4 {param} is not written like that"),
        Error::UnsupportedParameter { .. } => "555 5.5.4 There is no such parameter".into(),
        _ => "500 5.5.1 That is no command".into(),
    }
}

#[cfg(test)]
mod tests;
