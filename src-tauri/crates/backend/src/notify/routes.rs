//! The routes as their owner has set them up, each with its secret under a key of its own.

use super::notifier::{self, Notifier, Setup};
use crate::clock::Clock;
use crate::safe::Safe;
use crate::setup::{self, Kept};
use crate::store::{self, RouteRow, Store};
use anyhow::{Context, Result, bail};
use api::names::{check_name, shown};
use api::notify::{AddRoute, DELAY_MAX_MS, DESKTOP, Route, RouteKind, Rule, UpdateRoute};
use api::{Code, Error, SecretText};
use std::collections::BTreeMap;

/// The longest list of a rule.
const LIST_MAX: usize = 100;
/// The most routes.
const ROUTES_MAX: usize = 50;

/// All routes. Cheap to clone.
#[derive(Clone)]
pub struct Routes {
    store: Store,
    clock: Clock,
    safe: Safe,
}

impl Routes {
    /// The routes of this store.
    pub fn new(store: Store, clock: Clock, safe: Safe) -> Self {
        Self { store, clock, safe }
    }

    /// The routes as they are stored, by name.
    pub async fn rows(&self) -> Result<Vec<RouteRow>> {
        self.store.routes().await
    }

    /// Adds a route; its set-up is looked at first.
    pub async fn add(&self, call: AddRoute) -> Result<Route> {
        check_name("route", &call.name)?;
        let routes = self.rows().await?;
        if call.name == DESKTOP || routes.iter().any(|row| row.name == call.name) {
            bail!(Error::conflict(format!("there is a route {} already", shown(&call.name))));
        }
        if routes.len() >= ROUTES_MAX {
            bail!(Error::invalid(format!("there are at most {ROUTES_MAX} routes")));
        }
        let (id, now) = (store::new_id(), self.clock.now());
        let row = RouteRow {
            wrapped_key: self.safe.new_key(&id)?,
            kind: call.kind.name().into(),
            url: call.url.filter(|url| !url.is_empty()),
            settings: serde_json::to_string(&call.settings)?,
            rule: serde_json::to_string(&checked_rule(call.rule)?)?,
            name: call.name,
            sealed: None,
            created_at: now,
            updated_at: now,
            id,
        };
        self.write(row, call.secret).await
    }

    /// Changes a route; what is left out stays.
    pub async fn update(&self, call: UpdateRoute) -> Result<Route> {
        let mut row = self.find(&call.route).await?;
        row.settings = serde_json::to_string(&setup::changed(settings(&row)?, call.settings))?;
        if let Some(url) = call.url {
            row.url = Some(url).filter(|url| !url.is_empty());
        }
        if let Some(rule) = call.rule {
            row.rule = serde_json::to_string(&checked_rule(rule)?)?;
        }
        row.updated_at = self.clock.now();
        self.write(row, call.secret).await
    }

    /// Removes a route with its messages.
    pub async fn remove(&self, wanted: &str) -> Result<()> {
        self.store.delete_route(&self.find(wanted).await?.id).await?;
        self.store.flush().await
    }

    /// The route that `wanted` names.
    pub async fn find(&self, wanted: &str) -> Result<RouteRow> {
        store::find("route", wanted, self.rows().await?).map_err(|e| match e.downcast::<Error>() {
            Ok(error) if error.code == Code::NotFound => {
                Error::not_found("route", wanted).hint("`lanyard notify list` shows what there is").into()
            }
            Ok(error) => error.into(),
            Err(e) => e,
        })
    }

    /// A route, ready to send; or what is wrong with it.
    pub fn opened(&self, row: &RouteRow) -> Result<Box<dyn Notifier>> {
        notifier::open(self.setup(row)?).map_err(|wrong| {
            Error::invalid(format!("the route cannot be set up like this: {wrong}"))
                .hint("see: lanyard notify route add --help")
                .into()
        })
    }

    fn setup(&self, row: &RouteRow) -> Result<Setup> {
        let secret = kept(row).unseal(&self.safe, row.sealed.as_deref())?;
        Ok(Setup { kind: kind(row)?, url: row.url.clone(), settings: settings(row)?, secret })
    }

    async fn write(&self, mut row: RouteRow, secret: Option<SecretText>) -> Result<Route> {
        setup::check(&settings(&row)?, row.url.as_deref())?;
        if let Some(secret) = secret {
            row.sealed = Some(kept(&row).seal(&self.safe, &secret)?);
        }
        self.opened(&row)?;
        self.store.put_route(&row).await?;
        seen(row)
    }
}

/// A route as callers see it.
pub fn seen(row: RouteRow) -> Result<Route> {
    Ok(Route {
        kind: kind(&row)?,
        settings: settings(&row)?,
        rule: rule(&row)?,
        has_secret: row.sealed.is_some(),
        id: row.id,
        name: row.name,
        url: row.url,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// The kind of a route.
pub fn kind(row: &RouteRow) -> Result<RouteKind> {
    RouteKind::named(&row.kind)
        .with_context(|| format!("the database holds a route of the kind {}", row.kind))
}

/// The rule of a route.
pub fn rule(row: &RouteRow) -> Result<Rule> {
    serde_json::from_str(&row.rule).context("reading a route's rule")
}

fn settings(row: &RouteRow) -> Result<BTreeMap<String, String>> {
    setup::settings("route", &row.settings)
}

fn kept(row: &RouteRow) -> Kept<'_> {
    Kept { noun: "route", name: &row.name, id: &row.id, wrapped_key: &row.wrapped_key }
}

fn checked_rule(rule: Rule) -> Result<Rule> {
    if rule.after_ms > DELAY_MAX_MS {
        bail!(Error::invalid("a message is delayed by a week at most"));
    }
    let longest = rule.events.len().max(rule.slots.len()).max(rule.projects.len());
    if longest > LIST_MAX || rule.projects.iter().any(|name| name.len() > 64) {
        bail!(Error::invalid(format!("a rule names at most {LIST_MAX} things of a kind")));
    }
    Ok(rule)
}
