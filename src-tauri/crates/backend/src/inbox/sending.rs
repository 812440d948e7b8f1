//! Sending: checked, written, asked of the owner where that is wanted, and put on its way.

use super::elsewhere::Reply;
use super::outgoing::{ASKED, FAILED, QUEUED};
use super::receiving::{mail_hash, new_message, people, preview, thread};
use super::sealing::{Body, Head, Said, Seals};
use super::{Inbox, asked};
use crate::approvals::Wanted;
use crate::caller::Caller;
use crate::store::{self, IdentityRow, MessageRow};
use crate::telling::told;
use anyhow::{Context, Result, bail};
use api::approvals::{Action, RECIPIENTS};
use api::inbox::{BODY_MAX, Direction, Medium, Message, RECIPIENTS_MAX, SMS_MAX, SendMessage};
use api::names::shown;
use api::secrets::Policy;
use api::{Code, Error, Millis};
use std::time::Duration;

/// The longest subject, in characters.
const SUBJECT_MAX: usize = 500;
/// The longest address, in bytes.
const ADDRESS_MAX: usize = 254;
/// The most ids of a conversation that an answer names.
const REFERENCES_MAX: usize = 20;
/// How many messages the agents of one identity send in an hour.
const HOURLY: i64 = 120;
const HOUR_MS: Millis = 3600 * 1000;

/// A message that was understood, and may be sent.
struct Draft {
    head: Head,
    body: Body,
    thread: Option<String>,
}

impl Inbox {
    /// Whom a call would send to: those whom it names, and those whom the answered message names.
    pub async fn recipients(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        call: &SendMessage,
    ) -> Result<Vec<String>> {
        Ok(everybody(&self.draft(caller, identity, call).await?))
    }

    /// Sends a message: it is on its way when this returns.
    pub async fn send(&self, caller: &Caller, identity: &IdentityRow, call: SendMessage) -> Result<Message> {
        let settings = self.settings(identity).await?;
        if caller.is_agent() && settings.sending == Policy::Deny {
            bail!(
                Error::refused(format!("the owner lets no agent of {} send", identity.name))
                    .hint("go on without it, or ask the owner")
            );
        }
        let mut draft = self.draft(caller, identity, &call).await?;
        let asks = caller.is_agent() && settings.sending == Policy::Ask;
        if asks {
            asked::make_plain(&mut draft.head, &mut draft.body);
        }
        let everybody = everybody(&draft);
        let row = self.write(caller, identity, call.medium, draft, asks).await?;
        if asks {
            let wanted = Wanted {
                action: Action::SendMessage,
                subject: asked::subject(&everybody),
                identity: identity.clone(),
                reason: call.reason,
                wait: call.wait_ms.map(Duration::from_millis),
                // What it says stands in no event: whoever is asked reads it in the inbox.
                details: vec![
                    (RECIPIENTS.into(), everybody.join(", ")),
                    ("medium".into(), call.medium.name().into()),
                    ("message".into(), row.number.to_string()),
                ],
            };
            if let Err(e) = self.parts.approvals.permit(caller, wanted).await {
                self.refuse(identity, row, told(&e).message).await?;
                return Err(e);
            }
            let row =
                MessageRow { sending: Some(QUEUED.into()), due_at: Some(self.parts.clock.now()), ..row };
            self.parts.store.put_sending(&row).await?;
            self.changed(&identity.id);
            self.queue.notify_one();
            return self.seen_one(&row).await;
        }
        self.queue.notify_one();
        self.seen_one(&row).await
    }

    async fn refuse(&self, identity: &IdentityRow, row: MessageRow, reason: String) -> Result<()> {
        let said = Said { reason: Some(reason), ..Said::default() };
        let said = self.seals(identity)?.seal(&row.id, "said", &said)?;
        let row = MessageRow { sending: Some(FAILED.into()), due_at: None, said: Some(said), ..row };
        self.parts.store.put_sending(&row).await?;
        self.changed(&identity.id);
        Ok(())
    }

    async fn write(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        medium: Medium,
        draft: Draft,
        asks: bool,
    ) -> Result<MessageRow> {
        let _sending = self.sending.lock().await;
        let now = self.parts.clock.now();
        if caller.is_agent() && self.parts.store.sent_since(&identity.id, now - HOUR_MS).await? >= HOURLY {
            bail!(
                Error::refused(format!("{} has sent {HOURLY} messages within an hour", identity.name))
                    .hint("wait, or ask the owner to send it")
            );
        }
        let seals = self.seals(identity)?;
        let Draft { head, body, thread: answered } = draft;
        let others = match medium {
            Medium::Email => people(medium, &head),
            Medium::Sms => head.to.clone(),
        };
        let row = MessageRow {
            number: 0,
            id: store::new_id(),
            identity_id: identity.id.clone(),
            medium,
            direction: Direction::Outgoing,
            thread: answered.unwrap_or_else(|| thread(&seals, medium, &head.subject, others)),
            unread: false,
            source: String::new(),
            at: now,
            key_hash: None,
            same_hash: None,
            mail_hash: body.message_id.as_ref().map(|mail| mail_hash(&seals, mail)),
            head: Vec::new(),
            sending: Some(if asks { ASKED } else { QUEUED }.into()),
            tries: 0,
            due_at: Some(now),
            said: None,
        };
        let message = new_message(&seals, row, &head, &body, &[])?;
        self.parts.store.add_messages(std::slice::from_ref(&message)).await?;
        self.changed(&identity.id);
        let written = self.parts.store.messages_named(&message.row.id, None).await?.pop();
        written.context("a message was written")
    }

    async fn draft(&self, caller: &Caller, identity: &IdentityRow, call: &SendMessage) -> Result<Draft> {
        let answered = match &call.answers {
            Some(wanted) => Some(self.answered(caller, identity, wanted, call.medium).await?),
            None => None,
        };
        let mut draft = match call.medium {
            Medium::Email => mail(identity, call)?,
            Medium::Sms => text(identity, call)?,
        };
        if let Some((row, head, body)) = answered {
            answer(&mut draft, identity, call, &row, head, body);
        }
        check_recipients(call.medium, &draft)?;
        Ok(draft)
    }

    /// The message that is answered, which is the identity's own.
    async fn answered(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        wanted: &str,
        medium: Medium,
    ) -> Result<(MessageRow, Head, Body)> {
        let (whose, row) = self.find(caller, wanted).await?;
        if whose.id != identity.id {
            bail!(
                Error::conflict(format!("that message is not {}'s", identity.name))
                    .hint(format!("answer it as {}", whose.name))
            );
        }
        if row.medium != medium {
            bail!(Error::invalid("a mail is answered by a mail, and a text message by a text message"));
        }
        let seals: Seals = self.seals(identity)?;
        let (head, body) = (seals.head(&row)?, self.body(&seals, &row).await?);
        Ok((row, head, body))
    }
}

fn everybody(draft: &Draft) -> Vec<String> {
    let mut all: Vec<String> =
        [&draft.head.to, &draft.head.cc, &draft.body.bcc].into_iter().flatten().cloned().collect();
    all.sort();
    all.dedup();
    all
}

fn mail(identity: &IdentityRow, call: &SendMessage) -> Result<Draft> {
    let subject = call.subject.clone().unwrap_or_default();
    if subject.chars().any(char::is_control) {
        bail!(Error::invalid("a subject is one line, without control characters"));
    }
    if subject.chars().count() > SUBJECT_MAX {
        bail!(Error::new(Code::TooLarge, format!("a subject has at most {SUBJECT_MAX} characters")));
    }
    // EXPOSE: the text and the HTML go into the message, which is sealed.
    let (text, html) =
        (call.text.expose().to_string(), call.html.as_ref().map(|html| html.expose().to_string()));
    let text = match &html {
        Some(html) if text.is_empty() => mail_parser::decoders::html::html_to_text(html),
        _ => text,
    };
    if text.len() + html.as_ref().map_or(0, String::len) > BODY_MAX {
        let message = format!("a mail's text has at most {} KiB", BODY_MAX / 1024);
        bail!(Error::new(Code::TooLarge, message).hint("put the rest where a link leads to it"));
    }
    let domain = identity.email.rsplit('@').next().unwrap_or("localhost");
    let head = Head {
        from_name: Some(identity.author_name.clone()),
        from: identity.email.clone(),
        to: addresses(&call.to)?,
        cc: addresses(&call.cc)?,
        subject,
        preview: preview(&text),
        ..Head::default()
    };
    let body = Body {
        text,
        html,
        message_id: Some(format!("{}@{domain}", store::new_id())),
        bcc: addresses(&call.bcc)?,
        ..Body::default()
    };
    Ok(Draft { head, body, thread: None })
}

fn text(identity: &IdentityRow, call: &SendMessage) -> Result<Draft> {
    let Some(from) = identity.phone.clone() else {
        bail!(
            Error::conflict(format!("{} has no phone number", identity.name))
                .hint("give it one: lanyard identity update NAME --phone +4915112345678")
        );
    };
    if !call.cc.is_empty() || !call.bcc.is_empty() || call.html.is_some() || call.subject.is_some() {
        bail!(Error::invalid("a text message has recipients and a text, and nothing else"));
    }
    // EXPOSE: the text goes into the message, which is sealed.
    let text = call.text.expose().to_string();
    match text.chars().count() {
        0 => bail!(Error::invalid("a text message cannot be empty")),
        n if n > SMS_MAX => {
            bail!(Error::new(Code::TooLarge, format!("a text message has at most {SMS_MAX} characters")))
        }
        _ => {}
    }
    let to = call.to.iter().map(|number| check_number(number)).collect::<Result<_>>()?;
    let head = Head { from, to, preview: preview(&text), ..Head::default() };
    Ok(Draft { head, body: Body { text, ..Body::default() }, thread: None })
}

/// Makes a draft the answer to a message.
fn answer(
    draft: &mut Draft,
    identity: &IdentityRow,
    call: &SendMessage,
    row: &MessageRow,
    head: Head,
    body: Body,
) {
    let is_own = row.direction == Direction::Outgoing;
    if draft.head.to.is_empty() {
        draft.head.to = match is_own {
            true => head.to.clone(),
            false => vec![body.reply_to.clone().unwrap_or_else(|| head.from.clone())],
        };
    }
    // Its server gives an answer subject and recipients by itself; where others are wanted, it is a mail like any other.
    if !is_own && call.to.is_empty() && call.subject.is_none() {
        let more = draft.head.cc.clone();
        draft.body.reply = body.theirs.map(|theirs| Reply { theirs, all: call.to_all, more });
    }
    if call.to_all {
        let named = |known: &[String], one: &str| known.iter().any(|other| other.eq_ignore_ascii_case(one));
        for other in head.to.iter().chain(&head.cc) {
            let is_me = other.eq_ignore_ascii_case(&identity.email);
            if !is_me && !named(&draft.head.to, other) && !named(&draft.head.cc, other) {
                draft.head.cc.push(other.clone());
            }
        }
    }
    if call.medium == Medium::Email && call.subject.is_none() {
        let is_marked = head.subject.get(..3).is_some_and(|mark| mark.eq_ignore_ascii_case("re:"));
        let subject: String =
            head.subject.chars().filter(|c| !c.is_control()).take(SUBJECT_MAX - 4).collect();
        draft.head.subject = if is_marked { subject } else { format!("Re: {subject}") };
    }
    let is_plain = |id: &String| {
        !id.is_empty()
            && id.len() <= ADDRESS_MAX
            && id.chars().all(|c| c.is_ascii_graphic() && !"<>".contains(c))
    };
    let mut references: Vec<String> =
        body.references.into_iter().chain(body.message_id.clone()).filter(is_plain).collect();
    let over = references.len().saturating_sub(REFERENCES_MAX);
    draft.body.references = references.split_off(over);
    draft.body.answers = body.message_id.filter(is_plain);
    draft.thread = Some(row.thread.clone());
}

fn check_recipients(medium: Medium, draft: &Draft) -> Result<()> {
    let all = everybody(draft);
    if all.is_empty() {
        bail!(Error::invalid("nobody is named whom it goes to").hint("name somebody with --to"));
    }
    if all.len() > RECIPIENTS_MAX {
        bail!(Error::new(Code::TooLarge, format!("a message goes to at most {RECIPIENTS_MAX} addresses")));
    }
    // Those of the answered message are its sender's word, and no better than others.
    all.iter().try_for_each(|one| match medium {
        Medium::Email => check_address(one).map(drop),
        Medium::Sms => check_number(one).map(drop),
    })
}

fn addresses(all: &[String]) -> Result<Vec<String>> {
    all.iter().map(|one| check_address(one)).collect()
}

/// A plain address. Nothing in it can end a header or begin another recipient.
fn check_address(text: &str) -> Result<String> {
    let address = text.trim_matches(' ');
    let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let good = address.len() <= ADDRESS_MAX
        && address.rsplit_once('@').is_some_and(|(local, domain)| {
            let domain_is_good =
                !domain.is_empty() && domain.chars().all(|c| c.is_alphanumeric() || "-.".contains(c));
            !local.is_empty() && local.chars().all(plain) && domain_is_good
        });
    match good {
        true => Ok(address.to_string()),
        false => bail!(
            Error::invalid(format!("{} is no e-mail address", shown(text)))
                .hint("write it like ada@example.com")
        ),
    }
}

fn check_number(text: &str) -> Result<String> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let good = (7..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    match good {
        true => Ok(text.to_string()),
        false => {
            bail!(
                Error::invalid(format!("{} is no phone number", shown(text)))
                    .hint("write it like +4915112345678")
            )
        }
    }
}
