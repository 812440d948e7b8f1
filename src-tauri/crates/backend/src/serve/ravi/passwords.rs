//! Logins to websites, through the owner's approval where the owner wants to be asked.

use super::client::Client;
use super::refusal::Refusal;
use super::{Answer, REASON, WAIT_MS, Wanted, created, flag, ok, read};
use api::passwords::{
    CreatePassword, DeletePassword, GeneratePassword, ListPasswords, ReadPassword, UpdatePassword,
};
use api::ravi::PasswordEntry;
use api::secrets::Policy;
use api::{Code, SecretText};
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    domain: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<SecretText>,
    #[serde(default)]
    notes: Option<SecretText>,
}

/// In a list the passwords stay empty that the owner wants to be asked for: it must not wait.
pub async fn list(client: Client) -> Answer {
    let mut shown: Vec<PasswordEntry> = Vec::new();
    for login in client.ask(ListPasswords::default()).await? {
        let read = match login.policy {
            Policy::Auto => value(&client, &login.uuid).await.ok(),
            Policy::Ask | Policy::Deny => None,
        };
        shown.push(read.unwrap_or_else(|| login.into()));
    }
    ok(&shown)
}

pub async fn show(client: Client, Path(uuid): Path<String>) -> Answer {
    ok(&value(&client, &uuid).await?)
}

pub async fn create(client: Client, body: Bytes) -> Answer {
    let Written { domain, username, password, notes } = read(&body)?;
    let Some(domain) = domain else { return Err(Refusal::new(Code::Invalid, "domain is wanted")) };
    // EXPOSE: only its being empty is looked at: then one is made.
    let password = password.filter(|password| !password.expose().is_empty());
    let username = username.unwrap_or_default();
    let made =
        client.ask(CreatePassword { domain, username, password, notes, ..CreatePassword::default() }).await?;
    created(&value(&client, &made.uuid).await?)
}

pub async fn change(client: Client, Path(uuid): Path<String>, body: Bytes) -> Answer {
    let (Written { domain, username, password, notes }, kept) = (read(&body)?, value(&client, &uuid).await?);
    if domain.is_some_and(|domain| domain != kept.domain)
        || username.is_some_and(|name| name != kept.username)
    {
        return Err(Refusal::new(Code::Invalid, "a login keeps its website and its user: create another"));
    }
    client
        .ask(UpdatePassword { domain: kept.uuid.clone(), password, notes, ..UpdatePassword::default() })
        .await?;
    ok(&value(&client, &uuid).await?)
}

pub async fn delete(client: Client, Path(uuid): Path<String>) -> Answer {
    client.ask(DeletePassword { domain: uuid, ..DeletePassword::default() }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub async fn generate(client: Client, wanted: Wanted) -> Answer {
    let length = match wanted.get("length").map(|length| length.parse()) {
        Some(Ok(length)) => length,
        Some(Err(_)) => return Err(Refusal::new(Code::Invalid, "length is a whole number")),
        None => 16,
    };
    let call = GeneratePassword {
        length: Some(length),
        special: flag(&wanted, "special").unwrap_or(true),
        digits: flag(&wanted, "digits").unwrap_or(true),
        exclude: wanted.get("exclude_chars").cloned().unwrap_or_default(),
    };
    ok(&client.ask(call).await?)
}

async fn value(client: &Client, uuid: &str) -> Result<PasswordEntry, Refusal> {
    let (reason, wait_ms) = (Some(REASON.into()), Some(WAIT_MS));
    Ok(client
        .ask(ReadPassword { domain: uuid.into(), reason, wait_ms, ..ReadPassword::default() })
        .await?
        .into())
}
