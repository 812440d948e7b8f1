//! Contacts: those with whom the identity has exchanged messages. None is kept by itself.

use super::client::Client;
use super::refusal::Refusal;
use super::{Answer, Wanted, ok};
use api::Code;
use api::inbox::ListMessages;
use api::ravi::{Contact, contacts};
use axum::extract::Path;

pub async fn list(client: Client, wanted: Wanted) -> Answer {
    ok(&fitting(&client, wanted.get("search")).await?)
}

pub async fn search(client: Client, wanted: Wanted) -> Answer {
    ok(&fitting(&client, wanted.get("q")).await?)
}

pub async fn find(client: Client, wanted: Wanted) -> Answer {
    let email = wanted.get("email").map(|email| email.to_lowercase()).filter(|email| !email.is_empty());
    let number = wanted.get("phone_number").cloned().filter(|number| !number.is_empty());
    let is_it = |contact: &Contact| {
        Some(&contact.email) == email.as_ref() || Some(&contact.phone_number) == number.as_ref()
    };
    one(fitting(&client, None).await?, is_it)
}

pub async fn show(client: Client, Path(uuid): Path<String>) -> Answer {
    one(fitting(&client, None).await?, |contact| contact.uuid == uuid)
}

pub async fn create(_: Client) -> Answer {
    let why = "Lanyard keeps no contacts by themselves: whoever the identity exchanges messages with is one";
    Err(Refusal::new(Code::Unsupported, why))
}

fn one(all: Vec<Contact>, is_it: impl Fn(&Contact) -> bool) -> Answer {
    match all.iter().find(|contact| is_it(contact)) {
        Some(contact) => ok(contact),
        None => Err(Refusal::new(Code::NotFound, "Not found.")),
    }
}

async fn fitting(client: &Client, words: Option<&String>) -> Result<Vec<Contact>, Refusal> {
    let mut all = contacts(&client.newest(ListMessages::default()).await?);
    all.retain(|contact| words.is_none_or(|words| contact.fits(words)));
    Ok(all)
}
