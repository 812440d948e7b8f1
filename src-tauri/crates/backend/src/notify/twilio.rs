//! A route to a telephone: a text message by Twilio.

use super::notifier::{BoxFuture, Message, Notifier, Setup, Undelivered};
use crate::http::{Ask, Failure, Http};
use serde::Deserialize;
use vault::Secret;

const USUAL: &str = "https://api.twilio.com";
/// The longest text, in characters: a few parts of a text message.
const TEXT_MAX: usize = 450;

/// The route.
pub struct Twilio {
    http: Http,
    account: String,
    /// Who signs in: an API key, or the account itself.
    user: String,
    from: String,
    to: Vec<String>,
    token: Secret,
}

/// What Twilio says of a message that it has taken.
#[derive(Deserialize)]
struct Taken {
    sid: String,
    status: String,
}

impl Twilio {
    /// Makes it out of its set-up.
    pub fn new(mut setup: Setup) -> Result<Self, String> {
        let account = setup.need("account")?;
        if !account.starts_with("AC") || !account.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err("an account is its SID, which begins with AC".into());
        }
        let to: Vec<String> = setup.need("to")?.split(',').map(|to| to.trim().to_string()).collect();
        if let Some(bad) = to.iter().find(|to| !is_number(to)) {
            return Err(format!("{} is no number like +15551234567", api::names::shown(bad)));
        }
        Ok(Self {
            http: Http::new(setup.url.as_deref().unwrap_or(USUAL))?,
            user: setup.may("key").unwrap_or_else(|| account.clone()),
            from: setup.need("from")?,
            token: setup.need_secret()?,
            account,
            to,
        })
    }

    async fn text(&self, to: &str, text: &str) -> Result<String, Failure> {
        // A messaging service sends by a number of its own choice.
        let from = if self.from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let path = ["2010-04-01", "Accounts", &self.account, "Messages.json"];
        let fields = [("To", to), (from, &self.from), ("Body", text)];
        let ask = Ask::post(&path).form(&fields).basic(&self.user, &self.token);
        let taken: Taken = self.http.ask(ask).await?.json()?;
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

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (5..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit())
}
