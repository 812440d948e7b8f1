//! `lanyard sms`: the text messages of an identity.

use crate::awaited::Wait;
use crate::email::{empty, send};
use crate::failure::Result;
use crate::hand::Hand;
use crate::inbox::{self, Filter, Read};
use crate::secrets::{Asking, Whose};
use api::SecretText;
use api::inbox::{Medium, SendMessage};

/// What stands below the help.
pub const EXAMPLES: &str = "\
Examples:
  lanyard sms code --timeout 2m                      # waits, then prints the bare code
  lanyard sms list --unread --json | jq -r '.messages[].preview'
  lanyard sms send --to +4915112345678 --body \"On my way\"";

/// What can be done with text messages.
#[derive(Debug, clap::Subcommand)]
pub enum SmsCommand {
    /// List text messages, newest first
    List(Filter),
    /// Show a text message and count it as read
    Read(Read),
    /// Send a text message
    Send(Send),
    /// Wait until a text message is there, and show it
    Wait(Wait),
    /// Wait for a text message with a one-time code, and print the bare code
    Code(Wait),
}

/// A text message to send.
#[derive(Debug, clap::Args)]
pub struct Send {
    #[command(flatten)]
    whose: Whose,
    /// The numbers that it goes to, like +4915112345678
    #[arg(long, required = true, value_delimiter = ',', value_name = "NUMBER")]
    to: Vec<String>,
    /// The text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    body: String,
    #[command(flatten)]
    asking: Asking,
}

impl SmsCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            SmsCommand::List(filter) => inbox::list(hand, filter, Some(Medium::Sms)),
            SmsCommand::Read(read) => inbox::read(hand, read),
            SmsCommand::Wait(wait) => wait.message(hand, Medium::Sms),
            SmsCommand::Code(wait) => wait.code(hand, Medium::Sms),
            SmsCommand::Send(call) => {
                let call = SendMessage {
                    identity: call.whose.identity,
                    to: call.to,
                    wait_ms: call.asking.wait_ms(),
                    reason: call.asking.reason,
                    ..empty(Medium::Sms, SecretText::new(call.body))
                };
                send(hand, &call)
            }
        }
    }
}
