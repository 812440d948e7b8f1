//! `lanyard ask`: an agent asks its owner a question, and prints the answer.

use crate::duration::duration;
use crate::failure::Result;
use crate::hand::Hand;
use api::approvals::AskQuestion;
use std::time::Duration;

/// What to ask.
#[derive(Debug, clap::Args)]
pub struct AskCommand {
    /// The question, at most 500 characters
    question: String,
    /// How long to wait for the answer, for example 90s or 10m; 2m if left out
    #[arg(long, value_name = "TIME", value_parser = duration)]
    wait: Option<Duration>,
}

impl AskCommand {
    /// Asks, and prints what the owner says.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        let call = |wait_ms| AskQuestion { question: self.question.clone(), wait_ms };
        let words = hand.read_patiently(self.wait, call)?;
        // EXPOSE: whoever asked is given the answer.
        hand.out.show(&words, || words.answer.expose().to_string())
    }
}
