//! Secrets and logins at Ravi's server: read leniently row by row, written, and deleted.

use super::super::vault::{Content, Name, Sort, host};
use super::account::{Account, Seat, text};
use crate::http::{Ask, Failure};
use api::SecretText;
use serde::Serialize;
use serde_json::Value;
use vault::Secret;

/// A thing as it is there.
pub struct Theirs {
    /// Ravi's id of it.
    pub id: String,
    /// What it is known by.
    pub name: Name,
    /// What it holds.
    pub content: Content,
}

/// What is written there; what is left out stays.
#[derive(Serialize, Default)]
pub struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a SecretText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a SecretText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'a SecretText>,
}

impl<'a> Written<'a> {
    /// A thing that is new there.
    pub fn new(sort: Sort, name: &'a Name, content: &'a Content) -> Self {
        let written = Written { notes: Some(&content.notes), ..Written::default() };
        match sort {
            Sort::Secret => Written { key: Some(&name.first), value: Some(&content.value), ..written },
            Sort::Login => Written {
                domain: Some(&name.first),
                username: Some(&name.second),
                password: Some(&content.value),
                ..written
            },
        }
    }

    /// What of a thing there is otherwise here.
    pub fn changed(sort: Sort, ours: &'a Content, theirs: &Content) -> Self {
        let value = (ours.value != theirs.value).then_some(&ours.value);
        let notes = (ours.notes != theirs.notes).then_some(&ours.notes);
        match sort {
            Sort::Secret => Written { value, notes, ..Written::default() },
            Sort::Login => Written { password: value, notes, ..Written::default() },
        }
    }
}

/// A row of Ravi's; none if there is no telling what it is.
pub fn read(sort: Sort, mut row: Value) -> Option<Theirs> {
    let id = text(&row, "uuid");
    // Nothing of it may be more than one part of a path.
    if id.is_empty() || id.len() > 64 || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return None;
    }
    let (name, value) = match sort {
        Sort::Secret => {
            let key = text(&row, "key").trim().to_uppercase();
            (Name { first: key, second: String::new() }, row["value"].take())
        }
        Sort::Login => {
            let host = host(&text(&row, "domain"))?;
            (Name { first: host, second: text(&row, "username") }, row["password"].take())
        }
    };
    let Value::String(value) = value else { return None };
    // Notes that an old client has encrypted tell nobody anything: they stay there.
    let notes = match row["notes"].take() {
        Value::String(notes) if !notes.starts_with("e2e::") => notes,
        _ => String::new(),
    };
    let content = Content { value: SecretText::new(value), notes: SecretText::new(notes) };
    (!name.first.is_empty()).then_some(Theirs { id, name, content })
}

/// Where Ravi keeps things of a sort.
fn place(sort: Sort) -> &'static str {
    match sort {
        Sort::Secret => "secrets",
        Sort::Login => "passwords",
    }
}

impl Account {
    /// All rows of a sort.
    pub async fn kept(&self, seat: &Seat, sort: Sort) -> Result<Vec<Value>, Failure> {
        self.list(seat, &["api", place(sort)], &[]).await
    }

    /// Whether a thing is there.
    pub async fn has(&self, seat: &Seat, sort: Sort, id: &str) -> Result<bool, Failure> {
        match self.get(seat, &["api", place(sort), id], &[]).await {
            Ok(_) => Ok(true),
            Err(Failure::NotFound(_)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Adds a thing, and gives what the server has made of it.
    pub async fn add(
        &self,
        seat: &Seat,
        sort: Sort,
        name: &Name,
        content: &Content,
    ) -> Result<Value, Failure> {
        let hidden = hidden(content);
        let path = ["api", place(sort)];
        let ask = Ask::post(&path).json(&Written::new(sort, name, content)).hiding(&hidden);
        self.ask(seat, self.about(ask, seat, &[])).await?.json()
    }

    /// Changes a thing.
    pub async fn change(
        &self,
        seat: &Seat,
        sort: Sort,
        id: &str,
        (ours, theirs): (&Content, &Content),
    ) -> Result<(), Failure> {
        let hidden = hidden(ours);
        let path = ["api", place(sort), id];
        let ask = Ask::patch(&path).json(&Written::changed(sort, ours, theirs)).hiding(&hidden);
        self.ask(seat, self.about(ask, seat, &[])).await?.done()
    }

    /// Deletes a thing. What is gone already is gone.
    pub async fn remove(&self, seat: &Seat, sort: Sort, id: &str) -> Result<(), Failure> {
        let path = ["api", place(sort), id];
        match self.ask(seat, self.about(Ask::delete(&path), seat, &[])).await {
            Ok(_) | Err(Failure::NotFound(_)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}

/// What the server must not repeat in what is told of its refusals.
fn hidden(content: &Content) -> Secret {
    // EXPOSE: it is only looked for in the server's words.
    Secret::from(content.value.expose().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_is_read_as_far_as_it_can_be_and_what_is_none_is_told_apart() {
        let read_secret = |row| read(Sort::Secret, row);
        let row = read_secret(
            json!({ "uuid": "u-1", "identity": 7, "key": "npm_token", "value": "v", "notes": null }),
        );
        let row = row.unwrap();
        assert_eq!((row.id.as_str(), row.name.first.as_str()), ("u-1", "NPM_TOKEN"));
        // EXPOSE: the test looks at what it wrote.
        assert_eq!((row.content.value.expose(), row.content.notes.expose()), ("v", ""));
        for bad in [
            json!("text"),
            json!({}),
            json!({ "uuid": "u-1", "key": "A" }),
            json!({ "uuid": "u-1", "key": "A", "value": null }),
            json!({ "uuid": "u-1", "key": "", "value": "v" }),
            json!({ "uuid": "../identities", "key": "A", "value": "v" }),
            json!({ "key": "A", "value": "v" }),
        ] {
            assert!(read_secret(bad.clone()).is_none(), "{bad}");
        }
        let login = json!({ "uuid": "u", "domain": "GitHub.com", "username": "bot", "password": "p", "notes": "e2e::x" });
        let login = read(Sort::Login, login).unwrap();
        assert_eq!(login.name, Name { first: "github.com".into(), second: "bot".into() });
        // EXPOSE: the test looks at what it wrote.
        assert_eq!(login.content.notes.expose(), "");
        assert!(read(Sort::Login, json!({ "uuid": "u", "domain": "https://x/", "password": "p" })).is_none());
    }

    #[test]
    fn only_what_is_otherwise_is_written() {
        let content = |value: &str, notes: &str| Content {
            value: SecretText::new(value.into()),
            notes: SecretText::new(notes.into()),
        };
        let (ours, theirs) = (content("new", "same"), content("old", "same"));
        let written = Written::changed(Sort::Login, &ours, &theirs);
        assert_eq!(serde_json::to_value(&written).unwrap(), json!({ "password": "new" }));
        let name = Name { first: "KEY".into(), second: String::new() };
        let written = serde_json::to_value(Written::new(Sort::Secret, &name, &ours)).unwrap();
        assert_eq!(written, json!({ "key": "KEY", "value": "new", "notes": "same" }));
    }
}
