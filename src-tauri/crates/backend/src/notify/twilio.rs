//! A route to a telephone: a text message by Twilio.

use super::notifier::{BoxFuture, Message, Notifier, Setup, Undelivered};
use crate::http::Failure;
use crate::twilio::{Account, is_number};

/// The longest text, in characters: a few parts of a text message.
const TEXT_MAX: usize = 450;

/// The route.
pub struct Twilio {
    account: Account,
    from: String,
    to: Vec<String>,
}

impl Twilio {
    /// Makes it out of its set-up.
    pub fn new(mut setup: Setup) -> Result<Self, String> {
        let to: Vec<String> = setup.need("to")?.split(',').map(|to| to.trim().to_string()).collect();
        if let Some(bad) = to.iter().find(|to| !is_number(to)) {
            return Err(format!("{} is no number like +15551234567", api::names::shown(bad)));
        }
        Ok(Self { from: setup.need("from")?, account: Account::of(&mut setup)?, to })
    }

    async fn text(&self, to: &str, text: &str) -> Result<String, Failure> {
        let taken = self.account.send(&self.from, to, text).await?;
        let shown = api::names::shown;
        Ok(format!("it is {} as {}", shown(&taken.status), shown(&taken.sid)))
    }
}

impl Notifier for Twilio {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Undelivered>> {
        Box::pin(async move {
            let text: String =
                format!("{}\n{}", message.title, message.text).chars().take(TEXT_MAX).collect();
            let mut said = String::new();
            for (at, to) in self.to.iter().enumerate() {
                match self.text(to, &text).await {
                    Ok(words) => said = words,
                    // Those before have it already: another try would send it to them again.
                    Err(failure) if at > 0 => {
                        let said = format!("only the first {at} have it: {failure}");
                        return Err(Undelivered { again: false, said, after: None });
                    }
                    Err(failure) => return Err(failure.into()),
                }
            }
            Ok(said)
        })
    }
}
