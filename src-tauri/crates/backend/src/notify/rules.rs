//! The owner's rules: which notices are told at all, and which of them a route takes.

use anyhow::{Result, bail};
use api::notify::{Mute, Notice, Occasion, Quiet, Rule, SetNotify};
use api::{Error, Millis};
use serde::{Deserialize, Serialize};

/// The longest name of a sound, in bytes.
const SOUND_MAX: usize = 100;

/// What holds for the desktop and for every route.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Whether the desktop is told.
    pub desktop: bool,
    /// What is told at all.
    pub events: Vec<Occasion>,
    /// When nothing is told.
    pub quiet: Option<Quiet>,
    /// The slots that nothing is told of.
    pub muted: Vec<Mute>,
    /// The name of a sound.
    pub sound: Option<String>,
}

impl Default for Rules {
    fn default() -> Self {
        let events = Occasion::ALL.to_vec();
        Self { desktop: true, events, quiet: None, muted: Vec::new(), sound: None }
    }
}

impl Rules {
    /// Whether a notice is told now, at this minute of the local day.
    pub fn lets(&self, notice: &Notice, now: Millis, minute: u16) -> bool {
        let is_quiet = self
            .quiet
            .as_ref()
            .is_some_and(|quiet| quiet.covers(minute) && !quiet.except.contains(&notice.event));
        let is_muted = self.muted.iter().any(|mute| mute.slot == notice.slot && holds(mute, now));
        self.events.contains(&notice.event) && !is_quiet && !is_muted
    }

    /// The same rules with what a call changes.
    pub fn changed(&self, call: SetNotify) -> Result<Self> {
        let mut rules = self.clone();
        rules.desktop = call.desktop.unwrap_or(rules.desktop);
        rules.events = call.events.map_or(rules.events, unique);
        match call.quiet.as_deref().map(str::trim) {
            Some("") => rules.quiet = None,
            Some(hours) => {
                let Some((from, to)) = Quiet::read(hours) else {
                    bail!(Error::invalid("quiet hours are written like 22:00-07:00"));
                };
                let except = rules.quiet.take().map(|quiet| quiet.except).unwrap_or_default();
                rules.quiet = Some(Quiet { from, to, except });
            }
            None => {}
        }
        if let Some(except) = call.quiet_except {
            let Some(quiet) = &mut rules.quiet else {
                bail!(Error::invalid("there are no quiet hours").hint("give them as well: 22:00-07:00"));
            };
            quiet.except = unique(except);
        }
        if let Some(sound) = call.sound {
            rules.sound = checked_sound(sound)?;
        }
        Ok(rules)
    }

    /// The same rules with a slot muted.
    pub fn muting(&self, slot: u32, until: Option<Millis>, now: Millis) -> Self {
        let mut rules = self.unmuting(slot, now);
        rules.muted.push(Mute { slot, until });
        rules.muted.sort_by_key(|mute| mute.slot);
        rules
    }

    /// The same rules with a slot muted no more.
    pub fn unmuting(&self, slot: u32, now: Millis) -> Self {
        let mut rules = self.clone();
        rules.muted.retain(|mute| mute.slot != slot && holds(mute, now));
        rules
    }

    /// The slots that are muted now.
    pub fn muted(&self, now: Millis) -> Vec<Mute> {
        self.muted.iter().filter(|mute| holds(mute, now)).copied().collect()
    }
}

/// Whether a route takes a notice.
pub fn takes(rule: &Rule, notice: &Notice) -> bool {
    (rule.events.is_empty() || rule.events.contains(&notice.event))
        && (rule.slots.is_empty() || rule.slots.contains(&notice.slot))
        && (rule.projects.is_empty() || rule.projects.contains(&notice.project))
}

fn holds(mute: &Mute, now: Millis) -> bool {
    mute.until.is_none_or(|until| now < until)
}

fn unique(mut events: Vec<Occasion>) -> Vec<Occasion> {
    events.sort_unstable();
    events.dedup();
    events
}

/// The name of a sound of the desktop's theme; empty text is none.
fn checked_sound(sound: String) -> Result<Option<String>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match sound.trim() {
        "" => Ok(None),
        name if name.len() <= SOUND_MAX && name.chars().all(plain) => Ok(Some(name.to_string())),
        name => bail!(
            Error::invalid(format!("{} is no name of a sound", api::names::shown(name)))
                .hint("take one of the desktop's theme, for example message-new-instant")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::notices::tests::notice;
    use super::*;
    use crate::clock::Clock;

    const NIGHT: u16 = 23 * 60;

    fn set(call: SetNotify) -> Rules {
        Rules::default().changed(call).unwrap()
    }

    #[test]
    fn an_event_that_is_switched_off_is_not_told() {
        let rules = set(SetNotify { events: Some(vec![Occasion::Failed]), ..SetNotify::default() });
        assert!(rules.lets(&notice("a", 1, Occasion::Failed), 0, 0));
        assert!(!rules.lets(&notice("a", 1, Occasion::Finished), 0, 0));
    }

    #[test]
    fn quiet_hours_hold_by_the_local_clock_but_for_what_is_let_through() {
        let quiet = SetNotify {
            quiet: Some("22:00-07:00".into()),
            quiet_except: Some(vec![Occasion::Failed]),
            ..SetNotify::default()
        };
        let rules = set(quiet);
        let told = |event, minute| rules.lets(&notice("a", 1, event), 0, minute);
        assert!(!told(Occasion::Finished, NIGHT) && !told(Occasion::Finished, 60));
        assert!(told(Occasion::Finished, 12 * 60) && told(Occasion::Failed, NIGHT));
        let ended = rules.changed(SetNotify { quiet: Some(String::new()), ..SetNotify::default() }).unwrap();
        assert!(ended.lets(&notice("a", 1, Occasion::Finished), 0, NIGHT));
    }

    #[test]
    fn a_mute_holds_for_its_slot_and_its_time() {
        let clock = Clock::of_a_test(|| 1_000, || 0);
        let rules = Rules::default().muting(1, Some(clock.now() + 500), clock.now());
        let told = |slot, now| rules.lets(&notice("a", slot, Occasion::Failed), now, 0);
        assert!(!told(1, 1_000) && !told(1, 1_499) && told(1, 1_500) && told(2, 1_000));
        assert_eq!((rules.muted(1_499).len(), rules.muted(1_500).len()), (1, 0));
        assert!(rules.unmuting(1, 1_000).lets(&notice("a", 1, Occasion::Failed), 1_000, 0));
        let for_good = Rules::default().muting(1, None, 0);
        assert!(!for_good.lets(&notice("a", 1, Occasion::Failed), Millis::MAX, 0));
    }

    #[test]
    fn a_route_takes_what_its_rule_names() {
        let failed = notice("a", 2, Occasion::Failed);
        assert!(takes(&Rule::default(), &failed));
        let rule = |events: &[Occasion], slots: &[u32], projects: &[&str]| Rule {
            events: events.to_vec(),
            slots: slots.to_vec(),
            projects: projects.iter().map(ToString::to_string).collect(),
            after_ms: 0,
        };
        assert!(takes(&rule(&[Occasion::Failed], &[2], &["shop"]), &failed));
        assert!(!takes(&rule(&[Occasion::Finished], &[], &[]), &failed));
        assert!(!takes(&rule(&[], &[1], &[]), &failed));
        assert!(!takes(&rule(&[], &[], &["other"]), &failed));
    }

    #[test]
    fn a_wrong_setting_is_refused() {
        let wrong = |call| Rules::default().changed(call).is_err();
        assert!(wrong(SetNotify { quiet: Some("22-7".into()), ..SetNotify::default() }));
        assert!(wrong(SetNotify { quiet_except: Some(Vec::new()), ..SetNotify::default() }));
        assert!(wrong(SetNotify { sound: Some("../x y".into()), ..SetNotify::default() }));
    }
}
