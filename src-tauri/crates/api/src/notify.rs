//! Notifications: what the owner is told of, when, and on which ways besides the desktop.

use crate::{Error, Millis, SecretText};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest text of a notice, in characters.
pub const TEXT_MAX: usize = 300;
/// The longest delay of a route, and the longest mute: a week.
pub const DELAY_MAX_MS: u64 = 7 * 24 * 3600 * 1000;
/// The name of the desktop where a route is named.
pub const DESKTOP: &str = "desktop";

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Occasion {
    /// An agent is done.
    Finished,
    /// An agent failed.
    Failed,
    /// An agent waits for the owner.
    Waiting,
    /// Something in a terminal asked for a look.
    Attention,
    /// An agent asks for a credential.
    Approval,
}

impl Occasion {
    /// Every occasion.
    pub const ALL: [Occasion; 5] =
        [Occasion::Finished, Occasion::Failed, Occasion::Waiting, Occasion::Attention, Occasion::Approval];

    /// Its name, for example `finished`.
    pub fn name(self) -> &'static str {
        match self {
            Occasion::Finished => "finished",
            Occasion::Failed => "failed",
            Occasion::Waiting => "waiting",
            Occasion::Attention => "attention",
            Occasion::Approval => "approval",
        }
    }

    /// The occasion of this name.
    pub fn named(name: &str) -> Option<Occasion> {
        Occasion::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// One thing that the owner is told of. What an agent says stands in it as plain text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about.
    pub event: Occasion,
    /// The slot.
    pub slot: u32,
    /// The identity's name.
    pub identity: String,
    /// The agent.
    pub agent: String,
    /// The project's name; empty where it is not known.
    pub project: String,
    /// The worktree's branch; empty where it is not known.
    pub branch: String,
    /// The session's id.
    pub session: String,
    /// The approval's id, if it is about one.
    pub approval: Option<String>,
    /// What there is to say, for example the reason of a failure; bounded, without control characters.
    pub text: String,
    /// When it happened.
    pub at: Millis,
}

/// A daily time in which nothing is told, by the local time of the machine. It may go over midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// When it begins, in minutes after midnight.
    pub from: u16,
    /// When it ends, in minutes after midnight.
    pub to: u16,
    /// What is told all the same.
    #[serde(default)]
    pub except: Vec<Occasion>,
}

impl Quiet {
    /// Reads a time such as `22:00-07:00`.
    pub fn read(text: &str) -> Option<(u16, u16)> {
        let minutes = |text: &str| {
            let (hours, minutes) = text.trim().split_once(':')?;
            let number = |text: &str, below: u16| {
                let digits = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
                text.parse::<u16>().ok().filter(|n| digits && *n < below)
            };
            Some(number(hours, 24)? * 60 + number(minutes, 60)?)
        };
        let (from, to) = text.split_once('-')?;
        Some((minutes(from)?, minutes(to)?)).filter(|(from, to)| from != to)
    }

    /// Whether this minute of a day is quiet.
    pub fn covers(&self, minute: u16) -> bool {
        match self.from < self.to {
            true => (self.from..self.to).contains(&minute),
            false => minute >= self.from || minute < self.to,
        }
    }

    /// The time as people write it, for example `22:00-07:00`.
    pub fn hours(&self) -> String {
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        format!("{}-{}", time(self.from), time(self.to))
    }
}

/// A slot that is told nothing of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// Its number.
    pub slot: u32,
    /// Until when; until it is unmuted if none.
    pub until: Option<Millis>,
}

/// How notifications are set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifySettings {
    /// Whether the desktop is told.
    pub desktop: bool,
    /// What is told at all, on the desktop and on every route.
    pub events: Vec<Occasion>,
    /// When nothing is told.
    pub quiet: Option<Quiet>,
    /// The slots that nothing is told of.
    pub muted: Vec<Mute>,
    /// The name of a sound of the desktop's theme, for example `message-new-instant`.
    pub sound: Option<String>,
    /// The other ways, by name.
    pub routes: Vec<Route>,
}

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

/// `notify.settings`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetNotify {}

/// `notify.set`: what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetNotify {
    /// Whether the desktop is told.
    #[serde(default)]
    pub desktop: Option<bool>,
    /// What is told at all.
    #[serde(default)]
    pub events: Option<Vec<Occasion>>,
    /// When nothing is told, for example `22:00-07:00`; empty text ends it.
    #[serde(default)]
    pub quiet: Option<String>,
    /// What is told in quiet hours all the same.
    #[serde(default)]
    pub quiet_except: Option<Vec<Occasion>>,
    /// The name of a sound; empty text is none.
    #[serde(default)]
    pub sound: Option<String>,
}

/// `notify.mute`: tells nothing more of a slot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MuteSlot {
    /// Its number.
    pub slot: u32,
    /// For how long; until it is unmuted if left out.
    #[serde(default)]
    pub for_ms: Option<u64>,
}

/// `notify.unmute`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnmuteSlot {
    /// Its number.
    pub slot: u32,
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

/// `notify.test`: sends a message now, whatever the rules say.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestNotify {
    /// On which route, by name or id, or `desktop`; on all if left out.
    #[serde(default)]
    pub route: Option<String>,
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// The route's name, or `desktop`.
    pub route: String,
    /// Whether it was taken.
    pub ok: bool,
    /// What came of it, in words.
    pub said: String,
}

/// `notify.log`: the messages on routes, newest first; at most 500.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListDeliveries {
    /// Only those of this route.
    #[serde(default)]
    pub route: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_are_read_strictly_and_told_as_they_were() {
        assert_eq!(Quiet::read("22:00-07:00"), Some((1320, 420)));
        assert_eq!(Quiet::read("9:05 - 17:30"), Some((545, 1050)));
        for bad in ["", "22-7", "24:00-1:00", "1:60-2:00", "7:00-7:00", "+1:00-2:00", "1:00", "a-b"] {
            assert_eq!(Quiet::read(bad), None, "{bad}");
        }
        assert_eq!(Quiet { from: 1320, to: 425, except: Vec::new() }.hours(), "22:00-07:05");
    }

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        let night = Quiet { from: 1320, to: 420, except: Vec::new() };
        for (minute, quiet) in
            [(1319, false), (1320, true), (1439, true), (0, true), (419, true), (420, false)]
        {
            assert_eq!(night.covers(minute), quiet, "{minute}");
        }
        let day = Quiet { from: 540, to: 1020, except: Vec::new() };
        assert!(day.covers(540) && day.covers(1019) && !day.covers(1020) && !day.covers(0));
    }
}
