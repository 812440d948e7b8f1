//! `lanyard notify`: when and how the owner is told.

mod routes;

use crate::duration::duration;
use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Look, Output, ago, count, lasting};
use crate::table::{Cell, Table, cut, details, id_width};
use api::notify::{
    Delivery, DeliveryState, GetNotify, ListDeliveries, MuteSlot, NotifySettings, Occasion, SetNotify,
    TestNotify, Tested, UnmuteSlot,
};
use api::{Code, Error};
use routes::RouteCommand;
use std::time::Duration;

/// What can be done with notifications.
#[derive(Debug, clap::Subcommand)]
pub enum NotifyCommand {
    /// Show how notifications are set, and the routes
    List,
    /// Say what is told: what is left out stays
    Set {
        /// What is told at all: finished,failed,waiting,attention,approval, or all, or none
        #[arg(long, value_parser = occasions)]
        events: Option<Occasions>,
        /// Whether the desktop is told
        #[arg(long, value_enum)]
        desktop: Option<Switch>,
        /// A sound of the desktop's theme, for example message-new-instant; none for silence
        #[arg(long, value_name = "NAME")]
        sound: Option<String>,
    },
    /// Tell nothing of a slot
    Mute {
        /// Its number
        slot: u32,
        /// For how long, for example 2h; until `unmute` if left out
        #[arg(long = "for", value_name = "TIME", value_parser = duration)]
        time: Option<Duration>,
    },
    /// Tell of a slot again
    Unmute {
        /// Its number
        slot: u32,
    },
    /// Tell nothing in these hours of every day, by the clock of this machine
    Quiet {
        /// For example 22:00-07:00, or off
        hours: String,
        /// What is told all the same, for example failed,approval; what was said before if left out
        #[arg(long, value_parser = occasions)]
        except: Option<Occasions>,
    },
    /// Send a message now and show what comes of it
    Test {
        /// A route's name, or desktop; all of them if left out
        route: Option<String>,
    },
    /// Show the messages on the routes, newest first
    Log {
        /// Only those of this route
        #[arg(long)]
        route: Option<String>,
    },
    /// Add, change and remove the ways besides the desktop
    #[command(subcommand)]
    Route(RouteCommand),
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Switch {
    /// It is told.
    On,
    /// It is not.
    Off,
}

/// Some of the events.
#[derive(Debug, Clone)]
pub struct Occasions(Vec<Occasion>);

impl NotifyCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            NotifyCommand::List => {
                let settings = hand.ask(&GetNotify {})?;
                show(hand, &settings)
            }
            NotifyCommand::Set { events, desktop, sound } => {
                let sound = sound.map(|name| if name == "none" { String::new() } else { name });
                let desktop = desktop.map(|switch| switch == Switch::On);
                let call =
                    SetNotify { events: events.map(|all| all.0), desktop, sound, ..SetNotify::default() };
                let settings = hand.ask(&call)?;
                show(hand, &settings)
            }
            NotifyCommand::Quiet { hours, except } => {
                let quiet = Some(if hours == "off" { String::new() } else { hours });
                let call = SetNotify { quiet, quiet_except: except.map(|all| all.0), ..SetNotify::default() };
                let settings = hand.ask(&call)?;
                show(hand, &settings)
            }
            NotifyCommand::Mute { slot, time } => {
                let for_ms = time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
                let settings = hand.ask(&MuteSlot { slot, for_ms })?;
                show(hand, &settings)
            }
            NotifyCommand::Unmute { slot } => {
                let settings = hand.ask(&UnmuteSlot { slot })?;
                show(hand, &settings)
            }
            NotifyCommand::Test { route } => {
                let tests = hand.ask(&TestNotify { route })?;
                hand.out.show(&tests, || tested(&hand.out, &tests))?;
                match tests.iter().filter(|test| !test.ok).count() {
                    0 => Ok(()),
                    n => {
                        let message = format!("{} failed", count(n, "way"));
                        Err(Error::new(Code::Refused, message).hint("lanyard notify log shows more").into())
                    }
                }
            }
            NotifyCommand::Log { route } => {
                let all = hand.ask(&ListDeliveries { route })?;
                hand.out.show(&all, || log(&hand.out, &all))
            }
            NotifyCommand::Route(command) => command.run(hand),
        }
    }
}

/// Reads a list of events; `all` and `none` are lists as well.
pub fn occasions(text: &str) -> std::result::Result<Occasions, String> {
    match text {
        "all" => return Ok(Occasions(Occasion::ALL.to_vec())),
        "none" => return Ok(Occasions(Vec::new())),
        _ => {}
    }
    let known = Occasion::ALL.map(Occasion::name).join(", ");
    let read = |name: &str| Occasion::named(name.trim()).ok_or_else(|| format!("the events are {known}"));
    text.split(',').map(read).collect::<std::result::Result<_, _>>().map(Occasions)
}

fn show(hand: &Hand, settings: &NotifySettings) -> Result<()> {
    hand.out.show(settings, || shown(&hand.out, settings))
}

fn names(events: &[Occasion]) -> String {
    match events.len() {
        0 => "none".into(),
        _ => events.iter().map(|event| event.name()).collect::<Vec<_>>().join(", "),
    }
}

fn shown(out: &Output, settings: &NotifySettings) -> String {
    let quiet = settings.quiet.as_ref().map_or("none".into(), |quiet| match quiet.except.len() {
        0 => quiet.hours(),
        _ => format!("{}, but for {}", quiet.hours(), names(&quiet.except)),
    });
    let muted = settings.muted.iter().map(|mute| match mute.until {
        Some(until) => format!("slot {} for {}", mute.slot, lasting(out.now, until)),
        None => format!("slot {}", mute.slot),
    });
    let muted: Vec<String> = muted.collect();
    let rows = [
        ("desktop", if settings.desktop { "on" } else { "off" }.to_string()),
        ("events", names(&settings.events)),
        ("quiet hours", quiet),
        ("muted", if muted.is_empty() { "none".into() } else { muted.join(", ") }),
        ("sound", settings.sound.clone().unwrap_or_else(|| "none".into())),
    ];
    format!("{}\n{}", details(out, &rows), routes::table(out, &settings.routes))
}

fn tested(out: &Output, tests: &[Tested]) -> String {
    let mut table = Table::new(["WAY", "", "WHAT CAME OF IT"]);
    for test in tests {
        let (look, word) = if test.ok { (Look::Good, "ok") } else { (Look::Bad, "failed") };
        table.row([(&test.route).into(), Cell::looking(look, word), (&test.said).into()]);
    }
    table.shown(out)
}

fn log(out: &Output, all: &[Delivery]) -> String {
    if all.is_empty() {
        return "No messages on any route yet.".into();
    }
    let width = id_width(all.iter().map(|delivery| delivery.id.as_str()));
    let mut table = Table::new(["ID", "ROUTE", "WHEN", "STATE", "TRIES", "ABOUT", "WHAT CAME OF IT"]);
    for delivery in all {
        let look = match delivery.state {
            DeliveryState::Sent => Look::Good,
            DeliveryState::Failed => Look::Bad,
            DeliveryState::Waiting | DeliveryState::Withdrawn => Look::Plain,
        };
        let state = match delivery.due_at {
            Some(due) if due > out.now => format!("waiting, in {}", lasting(out.now, due)),
            _ => delivery.state.name().into(),
        };
        let about = match &delivery.notices[..] {
            [one] => format!("slot {} {}", one.slot, one.event.name()),
            all => count(all.len(), "notice"),
        };
        table.row([
            cut(&delivery.id, width).into(),
            (&delivery.route).into(),
            ago(out.now, delivery.created_at).into(),
            Cell::looking(look, &state),
            delivery.tries.to_string().into(),
            about.into(),
            delivery.said.as_deref().unwrap_or_default().into(),
        ]);
    }
    table.shown(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_named_one_by_one_or_all_at_once() {
        assert_eq!(occasions("failed, approval").unwrap().0, [Occasion::Failed, Occasion::Approval]);
        assert_eq!(occasions("all").unwrap().0.len(), 5);
        assert!(occasions("none").unwrap().0.is_empty());
        assert!(occasions("fialed").unwrap_err().contains("finished, failed"));
    }
}
