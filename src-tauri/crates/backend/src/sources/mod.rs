//! The room of sources: where mail and text messages come from, each run by a task of its own, and what sends them.

mod addresses;
mod courier;
pub mod door;
mod imap;
mod kinds;
mod letter;
mod live;
mod local;
mod post;
mod ravi;
mod relay;
mod rows;
mod running;
pub mod smtp;
pub mod source;
mod twilio;
mod vault;
mod webhook;

use crate::audit::Audit;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::mail::MailSettings;
use crate::failpoint::Failpoints;
use crate::inbox::Inbox;
use crate::members::Members;
use crate::passwords::Passwords;
use crate::safe::Safe;
use crate::secrets::Secrets;
use crate::store::{self, IdentityRow, SourceRow, Store};
use crate::tokens::Tokens;
use anyhow::{Result, bail};
use api::names::{check_name, shown};
use api::sources::{AddSource, LOCAL, Source as Seen, SourceKind, SourceState, UpdateSource};
use api::{Code, Done, Error, Event};
use live::Live;
use ravi::{Linked, Rest};
use source::{Answer, Posted, Source};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The most sources.
const SOURCES_MAX: usize = 50;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Sources {
    parts: Arc<Parts>,
    live: Arc<Mutex<BTreeMap<String, Arc<Live>>>>,
    // Two changes at once must not run a source twice.
    changing: Arc<tokio::sync::Mutex<()>>,
    /// Held while an identity is made at a provider.
    making: Arc<tokio::sync::Mutex<()>>,
    counting: Arc<Notify>,
    /// Notified when the courier is done with a message.
    sent: Arc<Notify>,
    /// Until when each source's server wants to be left alone, by the sources' ids.
    rests: Arc<Mutex<BTreeMap<String, Rest>>>,
    /// Where the mail server on this machine listens.
    smtp: Arc<RwLock<Option<SocketAddr>>>,
}

/// What the room stands on.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// What happens.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// The vault.
    pub safe: Safe,
    /// The room of messages.
    pub inbox: Inbox,
    /// The room of secrets.
    pub secrets: Secrets,
    /// The room of passwords.
    pub passwords: Passwords,
    /// The record.
    pub audit: Audit,
    /// The room of members, which knows where the web door is.
    pub members: Members,
    /// The room of tokens: the keys of Ravi's identities.
    pub tokens: Tokens,
    /// Where a test has the daemon killed.
    pub failpoints: Failpoints,
    /// How the mail server on this machine is set.
    pub mail: MailSettings,
    /// The domain of the addresses here.
    pub domain: String,
    /// Every task that must end before the daemon does.
    pub tasks: TaskTracker,
    /// Cancelled when the daemon shall end.
    pub ending: CancellationToken,
}

impl Sources {
    /// Opens the room; nothing runs yet.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
            live: Arc::default(),
            changing: Arc::default(),
            making: Arc::default(),
            counting: Arc::default(),
            sent: Arc::default(),
            rests: Arc::default(),
            smtp: Arc::default(),
        }
    }

    /// The sources, by name.
    pub async fn list(&self) -> Result<Vec<Seen>> {
        let rows = self.parts.store.sources().await?;
        rows.into_iter().map(|row| self.seen(row)).collect()
    }

    /// Adds a source for one identity or for all; its set-up is looked at first.
    pub async fn add(&self, identity: Option<IdentityRow>, call: AddSource) -> Result<Seen> {
        check_name("source", &call.name)?;
        let changing = self.changing.lock().await;
        let rows = self.parts.store.sources().await?;
        if rows.iter().any(|row| row.name == call.name) || call.name == LOCAL {
            bail!(Error::conflict(format!("there is a source {} already", shown(&call.name))));
        }
        let issuers = self.parts.store.issuers().await?;
        if call.kind == SourceKind::Ravi && issuers.iter().any(|row| row.name == call.name) {
            bail!(
                Error::conflict(format!("there is an issuer {} already", shown(&call.name)))
                    .hint("a source of Ravi's is an issuer as well: give it another name")
            );
        }
        if rows.len() >= SOURCES_MAX {
            bail!(Error::invalid(format!("there are at most {SOURCES_MAX} sources")));
        }
        let (id, now) = (store::new_id(), self.parts.clock.now());
        let row = SourceRow {
            wrapped_key: self.parts.safe.new_key(&id)?,
            kind: call.kind.name().into(),
            identity_id: identity.map(|identity| identity.id),
            url: call.url.filter(|url| !url.is_empty()),
            settings: serde_json::to_string(&call.settings)?,
            name: call.name,
            sealed: None,
            cursor: None,
            messages: 0,
            synced_at: None,
            created_at: now,
            updated_at: now,
            id,
        };
        let row = self.write(row, call.secret, false).await?;
        drop(changing);
        self.seen(row)
    }

    /// Changes a source; what is left out stays. It is run anew.
    pub async fn update(&self, call: UpdateSource) -> Result<Seen> {
        let changing = self.changing.lock().await;
        let mut row = self.find_changeable(&call.source).await?;
        let settings = crate::setup::changed(rows::settings(&row)?, call.settings);
        row.settings = serde_json::to_string(&settings)?;
        let before = row.url.clone();
        if let Some(url) = call.url {
            row.url = Some(url).filter(|url| !url.is_empty());
        }
        // How far it was at another server means nothing at this one.
        let anew = row.url != before;
        row.updated_at = self.parts.clock.now();
        let row = self.write(row, call.secret, anew).await?;
        drop(changing);
        self.seen(row)
    }

    /// Has a source look for new messages now.
    pub async fn sync(&self, wanted: &str) -> Result<Seen> {
        let row = self.find(wanted).await?;
        if let Some(live) = self.lock().get(&row.id) {
            live.wanted.notify_one();
        }
        self.seen(row)
    }

    /// Removes a source; the messages that it brought stay.
    pub async fn remove(&self, call: api::sources::RemoveSource) -> Result<Done> {
        let changing = self.changing.lock().await;
        let row = self.find_changeable(&call.source).await?;
        self.end(&row.id).await;
        if let Err(e) = self.parts.store.delete_source(&row.id).await {
            self.start(row);
            return Err(e);
        }
        drop(changing);
        self.parts.bus.publish(Event::SourceChanged { source: row.id });
        Ok(Done {})
    }

    /// Gives what was posted to a source's door to that source; none if there is no such door.
    pub async fn hear(&self, name: &str, posted: &Posted) -> Result<Option<Answer>> {
        let live = self.lock().values().find(|live| live.row.name == name).cloned();
        let Some(live) = live else { return Ok(None) };
        let source = self.opened(&live.row)?;
        let post = self.post(&live);
        match source.hears() {
            Some(door) => Ok(Some(door.hear(posted, &post).await)),
            None => Ok(None),
        }
    }

    /// The source that `wanted` names.
    pub async fn find(&self, wanted: &str) -> Result<SourceRow> {
        let rows = self.parts.store.sources().await?;
        store::find("source", wanted, rows).map_err(|e| match e.downcast::<Error>() {
            Ok(error) if error.code == Code::NotFound => {
                Error::not_found("source", wanted).hint("`lanyard sources list` shows what there is").into()
            }
            Ok(error) => error.into(),
            Err(e) => e,
        })
    }

    async fn find_changeable(&self, wanted: &str) -> Result<SourceRow> {
        let row = self.find(wanted).await?;
        if row.id == LOCAL {
            let error = Error::invalid("the mail server on this machine is always there");
            bail!(error.hint("settings.toml says how it is, under [inbox]"));
        }
        Ok(row)
    }

    /// What all that are made of a source's row share: how long its account wants to be left alone.
    fn rest_of(&self, row: &SourceRow) -> Rest {
        self.rests.lock().unwrap_or_else(|e| e.into_inner()).entry(row.id.clone()).or_default().clone()
    }

    /// A source, ready to be used; or what is wrong with it.
    fn opened(&self, row: &SourceRow) -> Result<Box<dyn Source>> {
        let (store, tokens) = (self.parts.store.clone(), self.parts.tokens.clone());
        let (linked, rest) = (Linked::new(store, tokens, row.id.clone()), self.rest_of(row));
        kinds::open(rows::setup(&self.parts.safe, row)?, linked, rest).map_err(|wrong| {
            Error::invalid(format!("the source cannot be set up like this: {wrong}"))
                .hint("see: lanyard sources add --help")
                .into()
        })
    }

    async fn write(
        &self,
        mut row: SourceRow,
        secret: Option<api::SecretText>,
        anew: bool,
    ) -> Result<SourceRow> {
        crate::setup::check(&rows::settings(&row)?, row.url.as_deref())?;
        if let Some(secret) = secret {
            row.sealed = Some(rows::kept(&row).seal(&self.parts.safe, &secret)?);
        }
        self.opened(&row)?;
        self.end(&row.id).await;
        let written = self.rewrite(&row, anew).await;
        // As it is now, what it has brought to its end included; or as it was, where that could not be written.
        if let Some(row) = self.parts.store.sources().await?.into_iter().find(|one| one.id == row.id) {
            self.start(row);
        }
        written?;
        self.find(&row.id).await
    }

    async fn rewrite(&self, row: &SourceRow, anew: bool) -> Result<()> {
        self.parts.store.put_source(row).await?;
        match anew {
            true => self.parts.store.set_source_cursor(&row.id, None).await,
            false => Ok(()),
        }
    }

    fn seen(&self, row: SourceRow) -> Result<Seen> {
        let live = self.lock().get(&row.id).cloned();
        let notes = live.as_ref().map(|live| live.notes()).unwrap_or_default();
        let (state, messages, synced_at) = match live {
            Some(live) => live.seen(),
            None => (SourceState::Connecting, u64::try_from(row.messages).unwrap_or(0), row.synced_at),
        };
        let (kind, settings) = (rows::kind(&row)?, rows::settings(&row)?);
        Ok(Seen {
            posted_to: door::posted_to(kind, &row.name, &settings, self.parts.members.address().ok()),
            kind,
            settings,
            secret: row.sealed.is_some(),
            url: if row.id == LOCAL { self.smtp().map(|at| format!("smtp://{at}")) } else { row.url },
            id: row.id,
            name: row.name,
            identity: row.identity_id,
            state,
            notes,
            synced_at,
            messages,
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Live>>> {
        self.live.lock().unwrap_or_else(|e| e.into_inner())
    }
}
