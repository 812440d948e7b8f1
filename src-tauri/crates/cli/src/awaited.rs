//! Waiting for a message, and for the code or the link in it.

use crate::duration::duration;
use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::inbox::timed_out;
use crate::output::clean;
use crate::secrets::Whose;
use api::inbox::{Awaited, MarkMessage, Medium, Message, WaitForMessage};
use api::{Code, Error, Millis, SecretText};
use serde::Serialize;
use std::time::Duration;

/// What to wait for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 it is there; 124 the time is over; 1 refused or failed; 3 no daemon.")]
pub struct Wait {
    #[command(flatten)]
    whose: Whose,
    /// A part of the sender's address, name or number
    #[arg(long, value_name = "TEXT")]
    from: Option<String>,
    /// How long to wait, for example 90s or 10m; 0 only looks at what is there
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    timeout: Duration,
    /// How old what is there already may be; for codes and links 15m if left out
    #[arg(long, value_name = "TIME", value_parser = duration)]
    max_age: Option<Duration>,
}

/// The same for mail, which has a subject.
#[derive(Debug, clap::Args)]
pub struct WaitForMail {
    #[command(flatten)]
    wait: Wait,
    /// A part of the subject
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
}

/// How old a code or a link that is there already may be.
const FRESH: Duration = Duration::from_secs(15 * 60);

/// What was found, with the message that it came in.
#[derive(Serialize)]
struct FoundIn<'a> {
    value: &'a str,
    confidence: f64,
    message: &'a Message,
}

impl Wait {
    /// Waits for a message and shows it.
    pub fn message(self, hand: &mut Hand, medium: Medium) -> Result<()> {
        let message = self.awaited(hand, medium, None, Awaited::Message)?;
        hand.out.show(&message, || told(&message))
    }

    /// Waits for a code and prints it bare.
    pub fn code(self, hand: &mut Hand, medium: Medium) -> Result<()> {
        self.code_with(hand, medium, None)
    }

    fn code_with(self, hand: &mut Hand, medium: Medium, subject: Option<String>) -> Result<()> {
        let message = self.awaited(hand, medium, subject, Awaited::Code)?;
        let code = message.found.codes.first().map(|code| (code.value.as_str(), code.confidence));
        reveal(hand, &message, code)
    }

    fn awaited(
        self,
        hand: &mut Hand,
        medium: Medium,
        subject: Option<String>,
        awaited: Awaited,
    ) -> Result<Message> {
        let fresh = (awaited != Awaited::Message).then_some(FRESH);
        let max_age = self.max_age.or(fresh);
        let after =
            max_age.map(|age| hand.out.now - Millis::try_from(age.as_millis()).unwrap_or(Millis::MAX));
        let wait = WaitForMessage {
            identity: self.whose.identity,
            medium: Some(medium),
            from: self.from,
            subject,
            awaited,
            after,
            unread: true,
            timeout_ms: None,
        };
        let call = |timeout_ms| WaitForMessage { timeout_ms, ..wait.clone() };
        hand.wait_patiently(self.timeout, call).map_err(timed_out)
    }
}

impl WaitForMail {
    /// Waits for a mail and shows it.
    pub fn message(self, hand: &mut Hand) -> Result<()> {
        let message = self.wait.awaited(hand, Medium::Email, self.subject, Awaited::Message)?;
        hand.out.show(&message, || told(&message))
    }

    /// Waits for a code and prints it bare.
    pub fn code(self, hand: &mut Hand) -> Result<()> {
        self.wait.code_with(hand, Medium::Email, self.subject)
    }

    /// Waits for a link and prints it bare.
    pub fn link(self, hand: &mut Hand) -> Result<()> {
        let message = self.wait.awaited(hand, Medium::Email, self.subject, Awaited::Link)?;
        let link = message.found.links.first().map(|link| (link.url.as_str(), link.confidence));
        reveal(hand, &message, link)
    }
}

/// Prints what was found. Its message counts as read then, so that the next one who waits gets the next.
fn reveal(hand: &mut Hand, message: &Message, found: Option<(&str, f64)>) -> Result<()> {
    let Some((value, confidence)) = found else {
        return Err(Failure::Refused(Error::new(Code::Internal, "the message holds nothing of the kind")));
    };
    // A sender chose this value: nothing in it may drive the terminal.
    let bare = if hand.out.terminal { clean(value).into_owned() } else { value.to_string() };
    hand.out.reveal(&FoundIn { value, confidence, message }, &SecretText::new(bare))?;
    hand.ask(&MarkMessage { message: message.id.clone(), unread: false })?;
    Ok(())
}

fn told(message: &Message) -> String {
    let title = if message.subject.is_empty() { &message.preview } else { &message.subject };
    format!("{}  {}  {}", message.number, clean(&message.from), clean(title))
}
