//! Secrets: by their keys or their ids, through the owner's approval where the owner wants to be asked.

use super::client::Client;
use super::refusal::Refusal;
use super::{Answer, REASON, WAIT_MS, Wanted, created, ok, read};
use api::ravi::{SecretEntry, key};
use api::secrets::{DeleteSecret, ListSecrets, Policy, ReadSecret, SetSecret};
use api::{Code, SecretText};
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;

#[derive(Deserialize)]
struct Create {
    key: String,
    #[serde(default)]
    value: Option<SecretText>,
    #[serde(default)]
    notes: Option<String>,
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    value: Option<SecretText>,
    #[serde(default)]
    notes: Option<String>,
}

/// All, or the one of a key. In a list the values stay empty that the owner wants to be asked for: it must not wait.
pub async fn list(client: Client, wanted: Wanted) -> Answer {
    let one = wanted.get("key").map(|wanted| key(wanted));
    let listed = client.ask(ListSecrets::default()).await?;
    if let Some(one) = one {
        return match listed.iter().any(|secret| secret.key == one) {
            true => ok(&[value(&client, &one).await?]),
            false => ok::<[SecretEntry; 0]>(&[]),
        };
    }
    // What is guarded for this worktree hides what is free for all: the one that would be read is what counts.
    let is_guarded = |secret: &&api::secrets::SecretEntry| secret.policy != Policy::Auto;
    let guarded: Vec<String> = listed.iter().filter(is_guarded).map(|secret| secret.key.clone()).collect();
    let mut shown: Vec<SecretEntry> = Vec::with_capacity(listed.len());
    for secret in listed {
        let read = match guarded.contains(&secret.key) {
            true => None,
            false => value(&client, &secret.key).await.ok(),
        };
        shown.push(read.filter(|read| read.uuid == secret.uuid).unwrap_or_else(|| secret.into()));
    }
    ok(&shown)
}

pub async fn show(client: Client, Path(uuid): Path<String>) -> Answer {
    let key = key_of(&client, &uuid).await?;
    ok(&value(&client, &key).await?)
}

pub async fn create(client: Client, body: Bytes) -> Answer {
    let create: Create = read(&body)?;
    let (key, listed) = (key(&create.key), client.ask(ListSecrets::default()).await?);
    if listed.iter().any(|secret| secret.key == key) {
        return Err(Refusal::new(Code::Invalid, "a secret of that key is there already: change it"));
    }
    client.ask(set(&key, create.value, create.notes)).await?;
    created(&value(&client, &key).await?)
}

pub async fn change(client: Client, Path(uuid): Path<String>, body: Bytes) -> Answer {
    let (change, kept): (Change, _) = (read(&body)?, key_of(&client, &uuid).await?);
    if change.key.is_some_and(|wanted| key(&wanted) != kept) {
        return Err(Refusal::new(
            Code::Invalid,
            "a secret keeps its key: create another, and delete this one",
        ));
    }
    client.ask(set(&kept, change.value, change.notes)).await?;
    ok(&value(&client, &kept).await?)
}

pub async fn delete(client: Client, Path(uuid): Path<String>) -> Answer {
    let key = key_of(&client, &uuid).await?;
    client.ask(DeleteSecret { key, ..DeleteSecret::default() }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn value(client: &Client, key: &str) -> Result<SecretEntry, Refusal> {
    let (reason, wait_ms) = (Some(REASON.into()), Some(WAIT_MS));
    Ok(client.ask(ReadSecret { key: key.into(), reason, wait_ms, ..ReadSecret::default() }).await?.into())
}

async fn key_of(client: &Client, uuid: &str) -> Result<String, Refusal> {
    let listed = client.ask(ListSecrets::default()).await?;
    let known = listed.into_iter().find(|secret| secret.uuid == uuid);
    Ok(known.ok_or_else(|| Refusal::new(Code::NotFound, "Not found."))?.key)
}

fn set(key: &str, value: Option<SecretText>, notes: Option<String>) -> SetSecret {
    SetSecret { key: key.into(), value, notes, ..SetSecret::default() }
}
