//! `lanyard slot`: who sits where, and what runs there.

use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Look, Output, ago, lasting};
use crate::table::{Cell, Table, details};
use api::Done;
use api::sessions::{Session, State};
use api::slots::{Badge, ClearSlot, ListSlots, OpenSlot, SetSlot};

/// What can be done with slots.
#[derive(Debug, clap::Subcommand)]
pub enum SlotCommand {
    /// List the slots
    List,
    /// Say who sits in a slot and which agent starts there; what is left out stays
    Set {
        /// Its number; one beyond the last adds slots
        slot: u32,
        /// The identity, by name or id
        #[arg(long, value_name = "NAME")]
        identity: Option<String>,
        /// The agent that starts there: shell, claude, codex, opencode
        #[arg(long)]
        agent: Option<String>,
        /// Its colour, 0 to 11
        #[arg(long)]
        hue: Option<u32>,
    },
    /// Take identity and agent off a slot
    Clear {
        /// Its number
        slot: u32,
    },
    /// Show a slot in the window
    Open {
        /// Its number
        slot: u32,
    },
}

impl SlotCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            SlotCommand::List => list(hand),
            SlotCommand::Set { slot, identity, agent, hue } => {
                let badge = hand.ask(&SetSlot { slot, identity, agent, hue })?;
                hand.out.show(&badge, || badge_text(&hand.out, &badge))
            }
            SlotCommand::Clear { slot } => {
                let badge = hand.ask(&ClearSlot { slot })?;
                hand.out.show(&badge, || format!("Slot {} is empty now.", badge.slot))
            }
            SlotCommand::Open { slot } => {
                let Done {} = hand.ask(&OpenSlot { slot })?;
                hand.out.done(&format!("The window was asked to show slot {slot}."))
            }
        }
    }
}

/// How a session's state looks in a table.
pub fn state_cell(session: &Session) -> Cell {
    let look = match session.state {
        State::Starting | State::Working => Look::Good,
        State::Waiting | State::Failed => Look::Bad,
        State::Idle | State::Done | State::Stopped => Look::Dim,
    };
    Cell::looking(look, &session.state_text())
}

/// How long a session has run, or when it ended.
pub fn time_text(out: &Output, session: &Session) -> String {
    match session.ended_at {
        Some(ended) => format!("ended {}", ago(out.now, ended)),
        None => format!("for {}", lasting(session.started_at, out.now)),
    }
}

fn list(hand: &mut Hand) -> Result<()> {
    let badges = hand.ask(&ListSlots {})?;
    hand.out.show(&badges, || table(&hand.out, &badges))
}

fn table(out: &Output, badges: &[Badge]) -> String {
    let mut table = Table::new(["SLOT", "IDENTITY", "AGENT", "STATE", "PROJECT", "BRANCH", "SECRETS", ""]);
    for badge in badges {
        let session = badge.session.as_ref();
        let keys: Vec<_> = badge.credentials.iter().map(|credential| credential.key.as_str()).collect();
        table.row([
            badge.slot.to_string().into(),
            badge.identity.as_ref().map_or("-", |identity| &identity.name).into(),
            running_agent(badge).into(),
            session.map_or("".into(), state_cell),
            session.map_or("", |session| &session.project).into(),
            session.map_or("", |session| &session.branch).into(),
            keys.join(" ").into(),
            session.map_or(String::new(), |session| time_text(out, session)).into(),
        ]);
    }
    let mut text = table.shown(out);
    if badges.iter().all(|badge| badge.identity.is_none()) {
        text.push_str(
            "\nNobody sits in a slot yet. Give one an identity: lanyard slot set 1 --identity NAME\n",
        );
    }
    text
}

/// What runs in the slot, or else what is started there by default.
fn running_agent(badge: &Badge) -> &str {
    let running = badge.session.as_ref().filter(|session| session.is_running());
    running.map_or(&badge.agent, |session| &session.agent)
}

fn badge_text(out: &Output, badge: &Badge) -> String {
    let identity = badge.identity.as_ref();
    let nobody = || "nobody; set one: lanyard slot set N --identity NAME".to_string();
    let identity = identity.map_or_else(nobody, |who| format!("{} <{}>", who.name, who.email));
    let keys: Vec<_> = badge.credentials.iter().map(|c| format!("{} ({})", c.key, c.policy.name())).collect();
    let rows = [
        ("slot", badge.slot.to_string()),
        ("identity", identity),
        ("agent", badge.agent.clone()),
        ("secrets", if keys.is_empty() { "none".into() } else { keys.join(", ") }),
    ];
    details(out, &rows)
}
