//! The ways besides the desktop, and the messages on them.

use super::{Notice, Occasion};
use crate::{Error, Millis, SecretText};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kinds of routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteKind {
    /// Mail by a server that speaks SMTP.
    Mail,
    /// A text message by Twilio.
    Twilio,
    /// A topic of an ntfy server.
    Ntfy,
    /// A signed JSON message to an address.
    Webhook,
}

impl RouteKind {
    /// Every kind.
    pub const ALL: [RouteKind; 4] = [RouteKind::Mail, RouteKind::Twilio, RouteKind::Ntfy, RouteKind::Webhook];

    /// The kind's name, for example `mail`.
    pub fn name(self) -> &'static str {
        match self {
            RouteKind::Mail => "mail",
            RouteKind::Twilio => "twilio",
            RouteKind::Ntfy => "ntfy",
            RouteKind::Webhook => "webhook",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<RouteKind> {
        RouteKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which notices a route takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only these events; all if empty.
    #[serde(default)]
    pub events: Vec<Occasion>,
    /// Only of these slots; all if empty.
    #[serde(default)]
    pub slots: Vec<u32>,
    /// Only of these projects, by name; all if empty.
    #[serde(default)]
    pub projects: Vec<String>,
    /// Only if its cause still stands after so long: nobody has reacted.
    #[serde(default)]
    pub after_ms: u64,
}

/// A way besides the desktop, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// UUID v7.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// What kind it is.
    pub kind: RouteKind,
    /// Where its server is; the kind's usual place if none.
    pub url: Option<String>,
    /// What else it needs to know; no secrets.
    pub settings: BTreeMap<String, String>,
    /// Whether it has a secret.
    pub has_secret: bool,
    /// Which notices it takes.
    pub rule: Rule,
    /// When it was added.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

/// How a message on a route is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It waits for its time, or to be tried again.
    Waiting,
    /// The route's server has taken it.
    Sent,
    /// It was given up.
    Failed,
    /// It was not sent, since it was not needed any more.
    Withdrawn,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [DeliveryState; 4] =
        [DeliveryState::Waiting, DeliveryState::Sent, DeliveryState::Failed, DeliveryState::Withdrawn];

    /// Its name, for example `sent`.
    pub fn name(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Sent => "sent",
            DeliveryState::Failed => "failed",
            DeliveryState::Withdrawn => "withdrawn",
        }
    }
}

impl TryFrom<String> for DeliveryState {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|one| one.name() == name);
        known.ok_or_else(|| Error::not_found("state of a message", &name))
    }
}

/// One message on a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// UUID v7; the same at every try.
    pub id: String,
    /// The route's name.
    pub route: String,
    /// What it tells.
    pub notices: Vec<Notice>,
    /// How it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// What came of the last try, in words.
    pub said: Option<String>,
    /// When it is tried next, while it waits.
    pub due_at: Option<Millis>,
    /// When it was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
}

/// `notify.add`: a way besides the desktop.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddRoute {
    /// A unique name.
    pub name: String,
    /// What kind it is.
    pub kind: RouteKind,
    /// Where its server is; the kind's usual place if left out.
    #[serde(default)]
    pub url: Option<String>,
    /// What else it needs to know; no secrets.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Its secret: a password, a token, the key that signs.
    #[serde(default)]
    pub secret: Option<SecretText>,
    /// Which notices it takes; all at once if left out.
    #[serde(default)]
    pub rule: Rule,
}

/// `notify.update`: what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateRoute {
    /// Which one, by name or id.
    pub route: String,
    /// Another server; empty text is the kind's usual place.
    #[serde(default)]
    pub url: Option<String>,
    /// Settings to change; empty text takes one away.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Another secret.
    #[serde(default)]
    pub secret: Option<SecretText>,
    /// Another rule, as a whole.
    #[serde(default)]
    pub rule: Option<Rule>,
}

/// `notify.remove`: a route, with what waits on it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveRoute {
    /// Which one, by name or id.
    pub route: String,
}

/// `notify.log`: the messages on routes, newest first; at most 500.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListDeliveries {
    /// Only those of this route.
    #[serde(default)]
    pub route: Option<String>,
}
