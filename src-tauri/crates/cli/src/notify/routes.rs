//! `lanyard notify route`: the ways besides the desktop.

use super::{Occasions, names, occasions};
use crate::duration::duration;
use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Output, clean, lasting};
use crate::setup::{self, Given, Setup};
use crate::table::Table;
use api::notify::{AddRoute, GetNotify, RemoveRoute, Route, RouteKind, Rule, UpdateRoute};
use std::time::Duration;

const KINDS: &str = "\
mail     --url smtps://HOST or smtp://HOST (then STARTTLS; in clear on this machine alone)
         --set from=A --set to=B,C [--set username=U --secret]  [--set starttls=yes]
twilio   --set account=AC… --set from=+1… (or MG…) --set to=+1…
         --secret (its auth token, or that of --set key=SK…)
ntfy     --set topic=T [--url https://HOST] [--secret, an access token]
webhook  --url https://HOST/PATH
         --secret (whsec_… or any text of 16 bytes or more; it signs each message)

A webhook is sent {\"type\":\"lanyard.notices\",\"timestamp\":…,\"data\":{\"title\":…,\"text\":…,\"notices\":[…]}}, signed as \
standardwebhooks.com describes it: webhook-id, webhook-timestamp and webhook-signature. What is not answered by \
a status from 200 to 299 is tried again for hours, under the same webhook-id.";

/// What can be done with routes.
#[derive(Debug, clap::Subcommand)]
pub enum RouteCommand {
    /// List the routes
    List,
    /// Add a route
    #[command(after_help = KINDS)]
    Add {
        /// A unique name
        name: String,
        /// What kind it is
        #[arg(long, value_parser = kind)]
        kind: RouteKind,
        #[command(flatten)]
        facts: Facts,
    },
    /// Change a route; what is left out stays, but its rule is given as a whole
    #[command(after_help = KINDS)]
    Update {
        /// Its name or id
        name: String,
        #[command(flatten)]
        facts: Facts,
    },
    /// Remove a route with its messages
    Remove {
        /// Its name or id
        name: String,
    },
}

/// What a route is set up with.
#[derive(Debug, clap::Args)]
pub struct Facts {
    #[command(flatten)]
    setup: Setup,
    /// Only these events, for example failed,waiting
    #[arg(long, value_parser = occasions)]
    events: Option<Occasions>,
    /// Only these slots, for example 1,2
    #[arg(long, value_delimiter = ',')]
    slots: Vec<u32>,
    /// Only these projects, by name
    #[arg(long, value_delimiter = ',')]
    projects: Vec<String>,
    /// Only if nobody has reacted after so long, for example 5m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    after: Option<Duration>,
}

impl RouteCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            RouteCommand::List => {
                let routes = hand.ask(&GetNotify {})?.routes;
                hand.out.show(&routes, || table(&hand.out, &routes))
            }
            RouteCommand::Add { name, kind, facts } => {
                let rule = facts.rule().unwrap_or_default();
                let Given { url, settings, secret } = facts.setup.given()?;
                let route = hand.ask(&AddRoute { name, kind, url, settings, secret, rule })?;
                done(hand, "Added", &route)
            }
            RouteCommand::Update { name, facts } => {
                let rule = facts.rule();
                let Given { url, settings, secret } = facts.setup.given()?;
                let route = hand.ask(&UpdateRoute { route: name, url, settings, secret, rule })?;
                done(hand, "Changed", &route)
            }
            RouteCommand::Remove { name } => {
                let text = format!("Removed the route {}.", clean(&name));
                hand.ask(&RemoveRoute { route: name })?;
                hand.out.done(&text)
            }
        }
    }
}

impl Facts {
    /// The rule, if a part of it is given.
    fn rule(&self) -> Option<Rule> {
        let rule = Rule {
            events: self.events.as_ref().map(|events| events.0.clone()).unwrap_or_default(),
            slots: self.slots.clone(),
            projects: self.projects.clone(),
            after_ms: self.after.map_or(0, |after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        };
        let given = self.events.is_some() || self.after.is_some() || rule != Rule::default();
        given.then_some(rule)
    }
}

fn done(hand: &Hand, what: &str, route: &Route) -> Result<()> {
    let (name, kind) = (clean(&route.name), route.kind.name());
    hand.out.show(route, || format!("{what} the route {name} ({kind}). Try it: lanyard notify test {name}"))
}

fn kind(text: &str) -> std::result::Result<RouteKind, String> {
    let names: Vec<&str> = RouteKind::ALL.iter().map(|kind| kind.name()).collect();
    RouteKind::named(text).ok_or_else(|| format!("the kinds are {}", names.join(", ")))
}

/// The routes as a table.
pub fn table(out: &Output, routes: &[Route]) -> String {
    if routes.is_empty() {
        return "No routes yet. Add one: lanyard notify route add NAME --kind mail|twilio|ntfy|webhook"
            .into();
    }
    let mut table = Table::new(["ROUTE", "KIND", "ADDRESS", "SETTINGS", "SECRET", "TAKES"]);
    for route in routes {
        table.row([
            (&route.name).into(),
            route.kind.name().into(),
            route.url.as_deref().unwrap_or_default().into(),
            setup::shown(&route.settings).into(),
            if route.has_secret { "set" } else { "none" }.into(),
            takes(&route.rule).into(),
        ]);
    }
    table.shown(out)
}

fn takes(rule: &Rule) -> String {
    let slots: Vec<String> = rule.slots.iter().map(u32::to_string).collect();
    let after = i64::try_from(rule.after_ms).unwrap_or(i64::MAX);
    let parts = [
        (!rule.events.is_empty()).then(|| names(&rule.events)),
        (!slots.is_empty()).then(|| format!("slots {}", slots.join(", "))),
        (!rule.projects.is_empty()).then(|| format!("projects {}", rule.projects.join(", "))),
        (after > 0).then(|| format!("after {}", lasting(0, after))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "everything".into() } else { parts.join("; ") }
}
