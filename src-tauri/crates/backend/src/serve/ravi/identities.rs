//! The one identity that a key is for: itself, its inbox, its phone, its domain. There is nothing to make or to change.

use super::client::Client;
use super::refusal::Refusal;
use super::{Answer, ok, read};
use api::Code;
use api::ravi::{Email, Owner, Phone, domains as domains_of};
use axum::body::Bytes;
use axum::extract::Path;
use serde::Deserialize;

#[derive(Deserialize)]
struct Create {
    #[serde(default)]
    name: Option<String>,
}

pub async fn list(client: Client) -> Answer {
    ok(&[client.me().await?])
}

/// A script that begins by making its identity gets the one that the session has; another one is never made.
pub async fn create(client: Client, body: Bytes) -> Answer {
    let (me, create): (_, Create) = (client.me().await?, read(&body)?);
    match create.name.as_ref() == Some(&me.name) {
        true => ok(&me),
        false => Err(Refusal::forbidden(format!(
            "this session has its identity: {}; an agent cannot make another",
            me.name
        ))),
    }
}

pub async fn show(client: Client, Path(uuid): Path<String>) -> Answer {
    let me = client.me().await?;
    match uuid == me.uuid {
        true => ok(&me),
        false => Err(not_found()),
    }
}

pub async fn change(_: Client) -> Answer {
    Err(Refusal::forbidden("only the owner changes an identity"))
}

pub async fn inboxes(client: Client) -> Answer {
    ok(&[Email::from(&client.me().await?)])
}

pub async fn inbox(client: Client, Path(id): Path<i64>) -> Answer {
    let inbox = Email::from(&client.me().await?);
    match id == inbox.id {
        true => ok(&inbox),
        false => Err(not_found()),
    }
}

pub async fn no_inbox(_: Client) -> Answer {
    Err(Refusal::forbidden("an identity has one inbox, and this one has it already"))
}

pub async fn phones(client: Client) -> Answer {
    ok(&Vec::from_iter(Phone::of(&client.me().await?)))
}

pub async fn phone(client: Client, Path(id): Path<i64>) -> Answer {
    match Phone::of(&client.me().await?).filter(|phone| phone.id == id) {
        Some(phone) => ok(&phone),
        None => Err(not_found()),
    }
}

pub async fn owner(_: Client) -> Answer {
    ok(&Owner::default())
}

pub async fn domains(client: Client) -> Answer {
    ok(&domains_of(&[client.me().await?]))
}

/// Lanyard makes the keys itself, and nobody else does.
pub async fn no_keys(_: Client) -> Answer {
    Err(Refusal::forbidden("Lanyard makes a key for each session itself, and takes it back at its end"))
}

fn not_found() -> Refusal {
    Refusal::new(Code::NotFound, "Not found.")
}
