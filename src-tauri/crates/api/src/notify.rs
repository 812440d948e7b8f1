//! Notifications: what the owner is told of, when, and on which ways besides the desktop.

mod routes;

pub use routes::*;

use crate::Millis;
use serde::{Deserialize, Serialize};

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
    /// Whether that one is a question, which a mere yes does not answer.
    #[serde(default)]
    pub asks_words: bool,
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
