//! What is asked of Ravi's server. Its answers are read leniently: lists come bare or in pages, numbers as text too.

use super::super::source::{Failure, Outgoing, Setup};
use super::rest::Rest;
use crate::http::{self, Answer, Ask, Http};
use crate::inbox::Reply;
use crate::ravi::HOME;
use crate::tokens::SlotKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use vault::Secret;

/// What the key of one identity begins with.
const OF_ONE: &[u8] = b"ravi_id_";
/// How many events are asked for at once.
const EVENTS: &str = "200";
/// How many pages of a list are read at most.
const PAGES_MAX: usize = 50;
/// How long an account that refuses us, or has nothing left, is left alone.
const RESTING: Duration = Duration::from_secs(3600);

/// An account at a server.
pub struct Account {
    http: Http,
    key: Secret,
    rest: Rest,
}

/// One of Ravi's identities; nothing at all where the key itself says which.
#[derive(Clone, Default)]
pub struct Seat {
    /// Ravi's id of it.
    pub uuid: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub inbox: String,
    /// Its number, or nothing.
    pub phone: String,
    /// Whether its owner has linked it here.
    pub is_linked: bool,
    /// The key of the slot in which it sits here, which opens it alone.
    pub key: Option<Arc<SlotKey>>,
}

impl Seat {
    fn of(one: &Value) -> Self {
        let [uuid, name, inbox, phone] = ["uuid", "name", "inbox", "phone"].map(|field| text(one, field));
        Self { uuid, name, inbox, phone, ..Self::default() }
    }

    /// Notes that Ravi does not take its key any more, if that is so.
    fn note(&self, failure: &http::Failure) {
        if let (Some(key), http::Failure::Refused { status: 401, .. }) = (&self.key, failure) {
            key.refuse();
        }
    }
}

/// Something that has happened.
pub struct Event {
    /// Its number, which rises.
    pub seq: i64,
    /// What sort it is.
    pub kind: String,
    /// More of it.
    pub data: Value,
}

/// A field as text, whatever it is.
pub fn text(value: &Value, field: &str) -> String {
    match &value[field] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// A field as a number, whatever it is.
pub fn number(value: &Value, field: &str) -> i64 {
    value[field].as_i64().or_else(|| text(value, field).parse().ok()).unwrap_or(0)
}

/// What a failure means for a source. A key may be renewed and a plan paid; until then nobody hammers.
pub fn failed(failure: http::Failure) -> Failure {
    match &failure {
        http::Failure::Refused { status: 401..=403, .. } => {
            Failure { after: Some(RESTING), ..Failure::passing(failure.to_string()) }
        }
        _ => failure.into(),
    }
}

/// The same for what is sent: if it may have gone out, it does not go out again. One message may be forbidden where
/// others are not.
fn unsent(failure: http::Failure) -> Failure {
    match &failure {
        _ if failure.may_have_worked() => Failure::lasting(format!("it may have been sent: {failure}")),
        http::Failure::Refused { status: 403, .. } => Failure::passing(failure.to_string()),
        _ => failed(failure),
    }
}

impl Account {
    /// The account of a set-up; all who share the rest leave it alone together.
    pub fn of(setup: &mut Setup, rest: Rest) -> Result<Self, String> {
        let http = Http::new(setup.url.as_deref().unwrap_or(HOME))?;
        Ok(Self { http, key: setup.need_secret()?, rest })
    }

    /// Whether the key is fenced to one identity.
    pub fn is_of_one(&self) -> bool {
        // EXPOSE: its beginning says what sort it is.
        self.key.expose().starts_with(OF_ONE)
    }

    /// What tells the vault of a seat from every other: Ravi's id of it, or the key that is for it alone.
    pub fn mark(&self, seat: &Seat) -> String {
        match seat.uuid.is_empty() {
            // EXPOSE: a digest of it is taken.
            true => data_encoding::HEXLOWER.encode(&Sha256::digest(self.key.expose())[..16]),
            false => seat.uuid.clone(),
        }
    }

    /// All identities.
    pub async fn identities(&self) -> Result<Vec<Seat>, http::Failure> {
        let all = self.list(&Seat::default(), &["api", "identities"], &[]).await?;
        Ok(all.iter().map(Seat::of).filter(|seat| !seat.uuid.is_empty()).collect())
    }

    /// Makes an identity.
    pub async fn make(&self, body: &Value) -> Result<Seat, http::Failure> {
        let (path, nobody) = (["api", "identities"], Seat::default());
        let ask = self.about(Ask::post(&path), &nobody, &[]).json(body);
        let made = Seat::of(&self.ask(&nobody, ask).await?.json()?);
        match made.uuid.is_empty() {
            true => Err(http::Failure::Broken("it names no identity".into())),
            false => Ok(made),
        }
    }

    /// What has come for an identity since then, oldest first; none if this server tells no events.
    pub async fn events(&self, seat: &Seat, since: i64) -> Result<Option<Vec<Event>>, Failure> {
        let since = since.to_string();
        let query = [
            ("since", since.as_str()),
            ("limit", EVENTS),
            ("event_types", "email.message.received,sms.message.received"),
        ];
        let answer = match self.get(seat, &["api", "events"], &query).await {
            Err(http::Failure::NotFound(_) | http::Failure::Refused { status: 405 | 501, .. }) => {
                return Ok(None);
            }
            answer => answer.map_err(failed)?,
        };
        let event = |one: Value| Event {
            seq: number(&one, "seq"),
            kind: text(&one, "type"),
            data: one["data"].clone(),
        };
        let mut events: Vec<Event> = rows(answer).0.into_iter().map(event).collect();
        events.sort_by_key(|event| event.seq);
        Ok(Some(events))
    }

    /// A whole message.
    pub async fn message(&self, seat: &Seat, place: &str, id: &str) -> Result<Value, http::Failure> {
        self.get(seat, &["api", place, id], &[]).await
    }

    /// The unread messages of what is unread of an inbox that came in.
    pub async fn unread(&self, seat: &Seat, inbox: &str) -> Result<Vec<Value>, Failure> {
        let mut unread = Vec::new();
        for one in self.list(seat, &["api", inbox], &[("has_unread", "true")]).await.map_err(failed)? {
            let id = if inbox == "sms-inbox" { "conversation_id" } else { "thread_id" };
            let whole = self.get(seat, &["api", inbox, &text(&one, id)], &[]).await.map_err(failed)?;
            let Value::Array(messages) = &whole["messages"] else { continue };
            for message in messages {
                if text(message, "direction") == "incoming" && message["is_read"] != true {
                    let mut message = message.clone();
                    // A conversation says once whose numbers they are.
                    if message["from_number"].is_null() {
                        message["from_number"] = one["from_number"].clone();
                        message["to_number"] = one["phone_number"].clone();
                    }
                    unread.push(message);
                }
            }
        }
        Ok(unread)
    }

    /// Sends a mail to those who are away.
    pub async fn compose(&self, seat: &Seat, outgoing: &Outgoing, away: &[String]) -> Result<Value, Failure> {
        let inboxes = self.list(seat, &["api", "email"], &[]).await.map_err(failed)?;
        let inbox = inboxes.first().map(|inbox| text(inbox, "id")).unwrap_or_default();
        let among = |all: &[String]| -> Vec<&String> {
            away.iter().filter(|one| all.iter().any(|named| named.eq_ignore_ascii_case(one))).collect()
        };
        let (mut to, mut cc, bcc) = (among(&outgoing.to), among(&outgoing.cc), among(&outgoing.bcc));
        let Some(first) = to.first().or(cc.first()).or(bcc.first()).copied() else {
            return Err(Failure::lasting("there is nobody whom it goes to"));
        };
        to.retain(|one| *one != first);
        cc.retain(|one| *one != first);
        let copies: Vec<&String> = to.into_iter().chain(cc).collect();
        let blind: Vec<&String> = bcc.into_iter().filter(|one| *one != first).collect();
        let content = outgoing.html.clone().unwrap_or_else(|| escaped(&outgoing.text));
        let body = json!({ "to_email": first, "subject": outgoing.subject, "content": content, "cc": copies, "bcc": blind });
        let path = ["api", "email-messages", "compose"];
        self.post(seat, &path, &[("inbox", &inbox)], &body).await
    }

    /// Answers a mail that Ravi has, so that its thread stays one. None if the answer goes to others than Ravi would
    /// send it to, or it has that mail no more: then it is a mail like any other.
    pub async fn reply(
        &self,
        seat: &Seat,
        outgoing: &Outgoing,
        reply: &Reply,
        away: &[String],
    ) -> Result<Option<Value>, Failure> {
        let Some(id) = reply.theirs.split_once(' ').map(|(_, id)| id) else { return Ok(None) };
        let is_in = |all: &[String], one: &String| all.iter().any(|named| named.eq_ignore_ascii_case(one));
        let more = if reply.all { &reply.more } else { &outgoing.cc };
        let mut by_ravi = outgoing.to.iter().chain(outgoing.cc.iter().filter(|one| !is_in(more, one)));
        if !by_ravi.all(|one| is_in(away, one)) {
            return Ok(None);
        }
        let among = |all: &[String]| all.iter().filter(|one| is_in(away, one)).cloned().collect::<Vec<_>>();
        let content = outgoing.html.clone().unwrap_or_else(|| escaped(&outgoing.text));
        let body = json!({ "content": content, "cc": among(more), "bcc": among(&outgoing.bcc) });
        let path = ["api", "email-messages", id, if reply.all { "reply-all" } else { "reply" }];
        match self.ask(seat, self.about(Ask::post(&path), seat, &[]).json(&body)).await {
            Err(http::Failure::NotFound(_)) => Ok(None),
            answered => answered.and_then(|answer| answer.json()).map(Some).map_err(unsent),
        }
    }

    /// The key that a seat is asked for with: its slot's own, else the account's.
    fn key<'a>(&'a self, seat: &'a Seat) -> &'a Secret {
        seat.key.as_ref().map_or(&self.key, |key| &key.value)
    }

    /// Fetches a file.
    pub async fn file(&self, seat: &Seat, address: &str, most: usize) -> Result<Vec<u8>, http::Failure> {
        self.http.file(address, self.key(seat), most).await
    }

    /// Sends a text message.
    pub async fn text(&self, seat: &Seat, to: &str, body: &str) -> Result<Value, Failure> {
        let body = json!({ "to_number": to, "body": body });
        self.post(seat, &["api", "messages", "send"], &[], &body).await
    }

    /// All of a list, however it comes.
    pub(super) async fn list(
        &self,
        seat: &Seat,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<Value>, http::Failure> {
        let mut all = Vec::new();
        for _ in 0..PAGES_MAX {
            let offset = all.len().to_string();
            let mut query = query.to_vec();
            if !all.is_empty() {
                query.push(("offset", &offset));
            }
            let (page, more) = rows(self.get(seat, path, &query).await?);
            let none = page.is_empty();
            all.extend(page);
            if none || !more {
                break;
            }
        }
        Ok(all)
    }

    pub(super) async fn get(
        &self,
        seat: &Seat,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Value, http::Failure> {
        self.ask(seat, self.about(Ask::get(path), seat, query)).await?.json()
    }

    /// Asks about a seat, unless the account wants to be left alone.
    pub(super) async fn ask(&self, seat: &Seat, ask: Ask<'_>) -> Result<Answer, http::Failure> {
        if let Some(left) = self.rest.left() {
            return Err(http::Failure::RateLimited { after: Some(left) });
        }
        let answered = self.http.ask(ask).await.inspect_err(|failure| seat.note(failure));
        match answered {
            Err(http::Failure::RateLimited { after }) => {
                Err(http::Failure::RateLimited { after: Some(self.rest.begins(after)) })
            }
            answered => answered,
        }
    }

    async fn post(
        &self,
        seat: &Seat,
        path: &[&str],
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, Failure> {
        let asked = self.ask(seat, self.about(Ask::post(path), seat, query).json(body)).await;
        asked.and_then(|answer| answer.json()).map_err(unsent)
    }

    pub(super) fn about<'a>(&'a self, ask: Ask<'a>, seat: &'a Seat, query: &[(&'a str, &'a str)]) -> Ask<'a> {
        let ask = query
            .iter()
            .fold(ask.slash().bearer(self.key(seat)), |ask, (name, value)| ask.query(name, value));
        // A key of one identity says by itself which one.
        match seat.uuid.is_empty() || seat.key.is_some() {
            true => ask,
            false => ask.query("identity", &seat.uuid),
        }
    }
}

/// The rows of a list, and whether it has more pages.
fn rows(value: Value) -> (Vec<Value>, bool) {
    match value {
        Value::Array(all) => (all, false),
        Value::Object(mut fields) => {
            let more = fields.get("next").is_some_and(|next| !next.is_null());
            let all = fields.remove("results").or_else(|| fields.remove("events"));
            (all.and_then(|all| all.as_array().cloned()).unwrap_or_default(), more)
        }
        _ => (Vec::new(), false),
    }
}

/// Text as the HTML that Ravi takes for a mail's content.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace("\r\n", "\n").replace('\n', "<br>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_bare_in_pages_and_as_events() {
        assert_eq!(rows(json!([1, 2])), (vec![json!(1), json!(2)], false));
        assert_eq!(rows(json!({ "results": [1], "next": "https://x/?offset=1" })), (vec![json!(1)], true));
        assert_eq!(rows(json!({ "results": [1], "next": null })), (vec![json!(1)], false));
        assert_eq!(rows(json!({ "events": [] })), (vec![], false));
        assert_eq!(rows(json!("page")), (vec![], false));
    }

    #[test]
    fn a_field_is_read_whatever_it_is() {
        let value = json!({ "a": 7, "b": "7", "c": null });
        assert_eq!(["a", "b", "c", "d"].map(|field| text(&value, field)), ["7", "7", "", ""]);
        assert_eq!(["a", "b", "c", "d"].map(|field| number(&value, field)), [7, 7, 0, 0]);
    }

    #[test]
    fn a_key_that_is_worth_nothing_is_left_to_rest_and_what_may_have_gone_out_stays_out() {
        let refused = |status| http::Failure::Refused { status, message: "no".into() };
        assert_eq!(failed(refused(401)).after, Some(RESTING));
        assert_eq!(failed(refused(402)).after, Some(RESTING));
        assert!(!unsent(refused(502)).again);
        assert!(unsent(http::Failure::Unreachable("x".into())).again);
        assert!(unsent(refused(403)).again && unsent(refused(403)).after.is_none());
    }
}
