//! Ravi's REST shape on the web door: `/api/…`, for the programs of a session, by its key, and for nobody else.
//!
//! A key is fenced to the identity of its session, and to the processes of that session: whoever carries it off has
//! nothing. Each request becomes a row of the table, sent as that session's agent.

mod client;
mod contacts;
mod events;
mod identities;
mod mail;
mod paging;
mod passwords;
mod refusal;
mod secrets;
mod texts;

use crate::backend::Backend;
use crate::serve::remote::json;
use api::Code;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, get, post};
use client::Client;
use refusal::Refusal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// How long a call waits for the owner: Ravi's clients give up after 30 seconds.
const WAIT_MS: u64 = 25_000;
/// What the owner reads who is asked.
const REASON: &str = "by its key, over HTTP";

/// What a path answers.
type Answer = Result<Response, Refusal>;
/// What stands behind the question mark.
type Wanted = Query<BTreeMap<String, String>>;

/// Its paths, below `/api`.
pub fn router() -> Router<Backend> {
    let missing = any(async |_: Client| -> Answer {
        Err(Refusal::new(Code::Unsupported, "Lanyard has none of these"))
    });
    Router::new()
        .route("/identities/", get(identities::list).post(identities::create))
        .route("/identities/{uuid}/", get(identities::show).patch(identities::change))
        .route("/identities/{uuid}/provision-phone/", missing.clone())
        .route("/identities/{uuid}/voice-agent/", any(unknown))
        .route("/email/", get(identities::inboxes).post(identities::no_inbox))
        .route("/email/{id}/", get(identities::inbox))
        .route("/phone/", get(identities::phones))
        .route("/phone/{id}/", get(identities::phone))
        .route("/master/", get(identities::owner))
        .route("/domains/", get(identities::domains))
        .route("/email-inbox/", get(mail::threads))
        .route("/email-inbox/{thread}/", get(mail::thread))
        .route("/email-messages/", get(mail::list))
        .route("/email-messages/compose/", post(mail::compose))
        .route("/email-messages/{id}/", get(mail::show).patch(mail::mark))
        .route("/email-messages/{id}/reply/", post(mail::reply))
        .route("/email-messages/{id}/reply-all/", post(mail::reply_all))
        .route("/email-messages/{id}/forward/", post(mail::forward))
        .route("/sms-inbox/", get(texts::conversations))
        .route("/sms-inbox/{id}/", get(texts::conversation))
        .route("/messages/", get(texts::list))
        .route("/messages/send/", post(texts::send))
        .route("/messages/{id}/", get(texts::show).patch(texts::mark))
        .route("/secrets/", get(secrets::list).post(secrets::create))
        .route("/secrets/{uuid}/", get(secrets::show).patch(secrets::change).delete(secrets::delete))
        .route("/passwords/", get(passwords::list).post(passwords::create))
        .route("/passwords/generate-password/", get(passwords::generate))
        .route("/passwords/{uuid}/", get(passwords::show).patch(passwords::change).delete(passwords::delete))
        .route("/contacts/", get(contacts::list).post(contacts::create))
        .route("/contacts/search/", get(contacts::search))
        .route("/contacts/find/", get(contacts::find))
        .route("/contacts/{uuid}/", get(contacts::show))
        .route("/events/", get(events::list))
        .route("/sso/token/", missing.clone())
        .route("/calls/", missing.clone())
        .route("/calls/{*rest}", missing.clone())
        .route("/webhook-subscriptions/", missing.clone())
        .route("/webhook-subscriptions/{*rest}", missing.clone())
        .route("/auth/device/", post(refusal::no_login))
        .route("/auth/device/token/", post(refusal::no_login))
        .route("/auth/keys/{*rest}", any(identities::no_keys))
        .fallback(unknown)
}

/// Whoever has no key is told that first.
async fn unknown(_: Client) -> Answer {
    Err(Refusal::new(Code::NotFound, "Not found."))
}

fn ok<T: Serialize>(value: &T) -> Answer {
    Ok(json(StatusCode::OK, value))
}

fn created<T: Serialize>(value: &T) -> Answer {
    Ok(json(StatusCode::CREATED, value))
}

/// Reads a body. What it holds is never told back.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| {
        Refusal::new(Code::Invalid, "the body is no JSON object with the fields that belong there")
    })
}

/// What a word of the address says, if it is there: `true`, `True` and `1` are a yes.
fn flag(wanted: &Wanted, name: &str) -> Option<bool> {
    wanted.get(name).map(|value| value.eq_ignore_ascii_case("true") || value == "1")
}
