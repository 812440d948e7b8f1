//! Phone numbers of Twilio's: texts that it posts to us or that we fetch, and texts that we send.

use super::door::{self, refused, unsigned};
use super::source::{
    Answer, BoxFuture, Brought, Content, Failure, Hears, Never, Outgoing, Post, Posted, Sends, Sent, Setup,
    Source,
};
use crate::http;
use crate::twilio::{Account, Listed, is_number};
use api::Millis;
use api::inbox::Medium;
use std::time::Duration;
use url::Url;

/// How often it is asked, in seconds, where nobody says: when nothing is posted to us, and when it is and only what
/// was lost on the way is to be found.
const ASKED: u64 = 15;
const ASKED_BESIDE: u64 = 300;
/// How many pages are read at once at most: some thousand messages.
const PAGES_MAX: usize = 50;
/// The first look takes over what came in these days.
const DAYS: i64 = 7;
const DAY_MS: Millis = 86_400_000;
/// Messages are listed by when they were sent, and may come to the list a little later.
const LATE_MS: Millis = 3_600_000;
/// How long an account that refuses us is left alone.
const RESTING: Duration = Duration::from_secs(3600);
/// What Twilio wants to hear: that there is nothing to answer.
const NOTHING: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#;

/// The source.
pub struct Twilio {
    account: Account,
    from: Option<String>,
    public: Option<Url>,
    /// The public address as it was given: it is signed letter by letter.
    signed_url: String,
    poll: Duration,
}

impl Twilio {
    /// Makes it out of its set-up.
    pub fn new(mut setup: Setup) -> Result<Self, String> {
        setup.check(&["account", "key", "from", "public", "poll"])?;
        let (public, from) = (door::public(&setup)?, setup.may("from"));
        if let Some(bad) = from.as_ref().filter(|from| !is_number(from) && !from.starts_with("MG")) {
            return Err(format!("{} is no number like +15551234567", api::names::shown(bad)));
        }
        let usual = if public.is_some() { ASKED_BESIDE } else { ASKED };
        let poll = match setup.may("poll") {
            Some(text) => text.parse().map_err(|_| "poll is a number of seconds".to_string())?,
            None => usual,
        };
        let signed_url = setup.may("public").unwrap_or_default();
        let account = Account::of(&mut setup)?;
        if public.is_some() && !account.signs() {
            return Err("what Twilio posts is signed by the account's own token: leave out `key`".into());
        }
        Ok(Self { account, from, public, signed_url, poll: Duration::from_secs(poll.clamp(5, 86_400)) })
    }

    async fn bring(&self, post: &Post) -> Result<Never, Failure> {
        loop {
            self.look(post).await?;
            post.listening();
            tokio::select! { () = tokio::time::sleep(self.poll) => {}, () = post.wanted() => {} }
        }
    }

    /// Fetches what came since the last time.
    async fn look(&self, post: &Post) -> Result<(), Failure> {
        let known = post.cursor().await?.and_then(|text| text.parse::<Millis>().ok());
        let since = known.map_or(post.now() - DAYS * DAY_MS, |newest| newest - LATE_MS);
        let (mut found, mut newest) = (Vec::new(), known.unwrap_or(since));
        let mut page = self.account.messages(since).await.map_err(failed)?;
        for _ in 0..PAGES_MAX {
            let messages = std::mem::take(&mut page.messages);
            let all_old = messages.iter().all(|one| one.at().is_some_and(|at| at < since));
            found.extend(messages);
            match page.next_page_uri.take().filter(|_| !all_old) {
                Some(uri) => page = self.account.next(&uri).await.map_err(failed)?,
                None => break,
            }
        }
        let mut brought = Vec::new();
        for message in found.into_iter().rev().filter(|one| one.direction == "inbound") {
            newest = newest.max(message.at().unwrap_or(newest).min(post.now()));
            brought.extend(self.brought(message, post).await?);
        }
        post.deliver(brought).await?;
        post.set_cursor(&newest.to_string()).await
    }

    async fn brought(&self, message: Listed, post: &Post) -> Result<Option<Brought>, Failure> {
        let at = message.at().unwrap_or_else(|| post.now());
        let (Some(from), Some(to)) = (message.from, message.to) else { return Ok(None) };
        let Some(identity) = post.owner_of(&to).await? else { return Ok(None) };
        let content = Content::Text { from, to, body: message.body.unwrap_or_default() };
        Ok(Some(Brought { identity, key: Some(message.sid), at, content }))
    }

    async fn take(&self, posted: &Posted, post: &Post) -> Result<Answer, Failure> {
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(&posted.body).into_owned().collect();
        let signature = posted.header("x-twilio-signature").unwrap_or_default();
        // The signature is looked at in any case, so that the time of an answer does not tell what was wrong.
        let signed = self.account.has_signed(&self.signed_url, &fields, signature);
        if !signed || self.public.is_none() || !door::is_for_us(posted, self.public.as_ref()) {
            return Ok(unsigned());
        }
        let field =
            |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        if field("AccountSid").as_deref() != Some(&self.account.sid) {
            return Ok(unsigned());
        }
        let (Some(sid), Some(from), Some(to)) = (field("MessageSid"), field("From"), field("To")) else {
            return Ok(refused(400, "it is no text message"));
        };
        let Some(identity) = post.owner_of(&to).await? else {
            return Ok(refused(422, "it is for nobody here"));
        };
        let content = Content::Text { from, to, body: field("Body").unwrap_or_default() };
        post.deliver(vec![Brought { identity, key: Some(sid), at: post.now(), content }]).await?;
        Ok(Answer { status: 200, content_type: "text/xml", body: NOTHING.into() })
    }
}

fn failed(failure: http::Failure) -> Failure {
    match failure {
        // A token may be changed back; until then nobody hammers.
        http::Failure::Refused { status: 401 | 403, .. } => {
            Failure { after: Some(RESTING), ..Failure::passing(failure.to_string()) }
        }
        failure => failure.into(),
    }
}

impl Source for Twilio {
    fn run<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<Never, Failure>> {
        Box::pin(self.bring(post))
    }
    fn sends(&self) -> Option<&dyn Sends> {
        Some(self)
    }
    fn hears(&self) -> Option<&dyn Hears> {
        Some(self)
    }
}

impl Sends for Twilio {
    fn takes(&self, medium: Medium) -> bool {
        medium == Medium::Sms
    }
    fn send<'a>(
        &'a self,
        outgoing: &'a Outgoing,
        away: &'a [String],
    ) -> BoxFuture<'a, Result<Sent, Failure>> {
        Box::pin(async move {
            let from = outgoing.identity.phone.as_ref().or(self.from.as_ref());
            let from = from.ok_or_else(|| Failure::lasting("the identity has no number to send from"))?;
            let mut sent = Sent::default();
            for (at, to) in away.iter().enumerate() {
                let taken = self.account.send(from, to, &outgoing.text).await;
                if !sent.note(&away[at..], taken.map(|taken| taken.sid).map_err(Failure::from)) {
                    break;
                }
            }
            Ok(sent)
        })
    }
}

impl Hears for Twilio {
    fn hear<'a>(&'a self, posted: &'a Posted, post: &'a Post) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.take(posted, post).await.unwrap_or_else(|failure| door::later(&failure)) })
    }
}
