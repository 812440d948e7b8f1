//! What the page knows, in a few signals, and how it learns it again when something has happened.

use crate::approvals::Questions;
use crate::audit::Filter;
use crate::inbox::Inboxes;
use crate::link::{Heard, Link, LinkState};
use crate::notices::Notices;
use crate::place::Place;
use crate::prefs::Prefs;
use crate::words;
use api::approvals::ListApprovals;
use api::grants::{Grant, ListGrants};
use api::identities::{Identity, ListIdentities};
use api::issuers::{Issuer, ListIssuers};
use api::notify::Route;
use api::projects::{ListProjects, Project};
use api::sessions::Session;
use api::slots::{Badge, ListSlots};
use api::sources::{ListSources, Source};
use api::status::{GetStatus, Status};
use api::tasks::{ListTasks, Task};
use api::tokens::{ListTokens, Token};
use api::worktrees::{ListWorktrees, Worktree};
use api::{Call, Event, Result};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;

/// A list of the daemon's, kept as it was last told; `None` until the first answer.
pub type Listed<T> = RwSignal<Option<T>>;

/// A dialog that lies over the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Dialog {
    /// Start a session in this slot.
    Start(u32),
    /// Put a task in line.
    NewTask,
    /// Create an identity.
    NewIdentity,
    /// Change this identity.
    EditIdentity(Box<Identity>),
    /// Delete this identity.
    DeleteIdentity(Box<Identity>),
    /// Add a project.
    AddProject,
    /// Request a token, for the identity of this name.
    RequestToken(Option<String>),
    /// Add an issuer.
    AddIssuer,
    /// Set up a GitHub App.
    SetUpApp,
    /// Add a route for notifications.
    AddRoute,
    /// Change this route.
    EditRoute(Box<Route>),
    /// Add a source of messages.
    AddSource,
    /// Change this source.
    EditSource(Box<Source>),
    /// Change this issuer.
    EditIssuer(Box<Issuer>),
    /// Archive this worktree.
    Archive(Box<Worktree>),
    /// Find anything.
    Palette,
    /// The list of keys.
    Keys,
}

/// Everything that the page's components share.
#[derive(Clone, Copy)]
pub struct Face {
    /// How the connection is.
    pub link_state: RwSignal<LinkState>,
    /// The daemon's status.
    pub status: Listed<Status>,
    /// The wall's badges.
    pub badges: Listed<Vec<Badge>>,
    /// All identities.
    pub identities: Listed<Vec<Identity>>,
    /// All projects.
    pub projects: Listed<Vec<Project>>,
    /// The live worktrees.
    pub worktrees: Listed<Vec<Worktree>>,
    /// The questions of agents.
    pub questions: Questions,
    /// The standing answers that hold.
    pub grants: Listed<Vec<Grant>>,
    /// The tokens, the newest of those that are gone among them.
    pub tokens: Listed<Vec<Token>>,
    /// What makes tokens.
    pub issuers: Listed<Vec<Issuer>>,
    /// Where messages come from.
    pub sources: Listed<Vec<Source>>,
    /// What is known of all inboxes.
    pub inboxes: Inboxes,
    /// The line of tasks, and those that have left it lately.
    pub tasks: Listed<Vec<Task>>,
    /// What the ledger is narrowed to.
    pub ledger: RwSignal<Filter>,
    /// Grows whenever a secret of any identity changes.
    pub secrets_changed: RwSignal<u32>,
    /// Grows whenever a login of any identity changes.
    pub passwords_changed: RwSignal<u32>,
    /// Grows whenever something of an identity changes that its list does not tell: its key.
    pub keys_changed: RwSignal<u32>,
    /// Grows whenever the settings of notifications change.
    pub notify_changed: RwSignal<u32>,
    /// Grows whenever the audit does.
    pub audit_grew: RwSignal<u32>,
    /// What the page shows.
    pub place: RwSignal<Place>,
    /// What lies over it.
    pub dialog: RwSignal<Option<Dialog>>,
    /// Short notes at the corner, and what a screen reader is told.
    pub notices: Notices,
    /// What this browser remembers.
    pub prefs: Prefs,
    /// The time, each second.
    pub now: RwSignal<api::Millis>,
    link: StoredValue<Option<Link>, LocalStorage>,
}

/// The page's shared state, from any component.
pub fn face() -> Face {
    expect_context()
}

impl Face {
    /// Opens the link and starts to listen.
    pub fn open() -> Self {
        let face = Self {
            link_state: RwSignal::new(LinkState::Connecting),
            status: RwSignal::new(None),
            badges: RwSignal::new(None),
            identities: RwSignal::new(None),
            projects: RwSignal::new(None),
            worktrees: RwSignal::new(None),
            questions: Questions::new(),
            grants: RwSignal::new(None),
            tokens: RwSignal::new(None),
            issuers: RwSignal::new(None),
            sources: RwSignal::new(None),
            inboxes: Inboxes::new(),
            tasks: RwSignal::new(None),
            ledger: RwSignal::new(Filter::default()),
            secrets_changed: RwSignal::new(0),
            passwords_changed: RwSignal::new(0),
            keys_changed: RwSignal::new(0),
            notify_changed: RwSignal::new(0),
            audit_grew: RwSignal::new(0),
            place: RwSignal::new(Place::Home),
            dialog: RwSignal::new(None),
            notices: Notices::new(),
            prefs: Prefs::load(),
            now: RwSignal::new(clock()),
            link: StoredValue::new_local(None),
        };
        let link = Link::open(face.link_state, move |heard| face.hear(heard));
        face.link.set_value(Some(link));
        set_interval(move || face.now.set(clock()), Duration::from_secs(1));
        face
    }

    /// Sends one call and waits for its answer.
    pub async fn call<C: Call>(self, call: C) -> Result<C::Reply> {
        match self.link.get_value() {
            Some(link) => link.call(call).await,
            None => Err(api::Error::internal()),
        }
    }

    /// What a browser's terminal shows at its own WebSocket.
    pub fn token(self) -> Option<String> {
        self.link.get_value().and_then(Link::token)
    }

    /// The badge of a slot, as it is now; changes only when that badge does.
    pub fn badge(self, slot: u32) -> Memo<Option<Badge>> {
        Memo::new(move |_| {
            self.badges.with(|badges| badges.as_ref()?.iter().find(|badge| badge.slot == slot).cloned())
        })
    }

    /// The hue of a slot.
    pub fn hue(self, slot: u32) -> Memo<u32> {
        Memo::new(move |_| {
            self.badges.with(|badges| badges.iter().flatten().find(|b| b.slot == slot).map_or(0, |b| b.hue))
        })
    }

    /// Shows the ledger, narrowed to this; an identity that is still there goes by its name.
    pub fn show_ledger(self, mut filter: Filter) {
        let name = |id: &String| {
            self.identities
                .with_untracked(|all| all.iter().flatten().find(|i| i.id == *id).map(|i| i.name.clone()))
        };
        filter.identity = filter.identity.map(|id| name(&id).unwrap_or(id));
        self.ledger.set(filter);
        self.place.set(Place::Ledger);
    }

    /// Shows one slot.
    pub fn show_slot(self, slot: u32) {
        self.dialog.set(None);
        self.place.set(Place::Desks(vec![slot]));
    }

    /// Lists everything again.
    pub fn relist(self) {
        self.relist_status();
        self.relist_badges();
        self.relist_identities();
        self.relist_projects();
        self.relist_worktrees();
        self.relist_questions();
        self.relist_grants();
        self.relist_tokens();
        self.relist_issuers();
        self.relist_tasks();
        self.relist_sources();
        self.inboxes.hear(self);
        self.secrets_changed.update(|n| *n += 1);
        self.passwords_changed.update(|n| *n += 1);
        self.audit_grew.update(|n| *n += 1);
    }

    fn hear(self, heard: Heard) {
        match heard {
            Heard::Up | Heard::Event(Event::Lagged { .. }) => self.relist(),
            Heard::Event(Event::SlotOpened { slot }) => self.show_slot(slot),
            Heard::Event(Event::SlotChanged { .. }) => self.relist_badges(),
            Heard::Event(Event::IdentityChanged { .. }) => {
                self.relist_identities();
                self.relist_badges();
                self.keys_changed.update(|n| *n += 1);
            }
            Heard::Event(Event::MessageArrived { .. } | Event::InboxChanged { .. }) => {
                self.relist_badges();
                self.inboxes.hear(self);
            }
            Heard::Event(Event::SecretChanged { .. }) => {
                self.relist_identities();
                self.relist_badges();
                self.secrets_changed.update(|n| *n += 1);
            }
            Heard::Event(Event::TaskChanged { .. }) => self.relist_tasks(),
            Heard::Event(Event::ProjectChanged { .. }) => self.relist_projects(),
            Heard::Event(Event::WorktreeChanged { .. }) => self.relist_worktrees(),
            Heard::Event(Event::SessionStateChanged { session, .. }) => self.hear_session(*session),
            Heard::Event(Event::VaultChanged { .. }) => self.relist(),
            Heard::Event(Event::ApprovalChanged { approval }) => {
                self.questions.hear(self, *approval);
                self.relist_questions();
            }
            Heard::Event(Event::GrantChanged { .. }) => self.relist_grants(),
            Heard::Event(Event::TokenChanged { .. }) => self.relist_tokens(),
            Heard::Event(Event::SourceChanged { .. }) => self.relist_sources(),
            Heard::Event(Event::IssuerChanged { .. }) => self.relist_issuers(),
            Heard::Event(Event::PasswordChanged { .. }) => self.passwords_changed.update(|n| *n += 1),
            Heard::Event(Event::SessionOpened { .. }) => {}
            Heard::Event(Event::NotifyChanged {}) => self.notify_changed.update(|n| *n += 1),
            Heard::Event(Event::AuditGrew {}) => self.audit_grew.update(|n| *n += 1),
        }
    }

    /// A session that goes on is taken over as it is told; one that comes or goes changes more than itself.
    fn hear_session(self, session: Session) {
        let old = self.badges.with_untracked(|badges| {
            badges.iter().flatten().filter_map(|b| b.session.clone()).find(|s| s.id == session.id)
        });
        let told =
            old.as_ref().is_some_and(|old| (old.state, old.waiting) == (session.state, session.waiting));
        if !told {
            self.notices.say(words::spoken(&session));
        }
        if old.is_some_and(|old| old.is_running()) && session.is_running() {
            self.badges.update(|badges| {
                let here = badges.iter_mut().flatten().filter_map(|b| b.session.as_mut());
                here.filter(|s| s.id == session.id).for_each(|s| *s = session.clone());
            });
            return;
        }
        self.relist_badges();
        self.relist_status();
        self.relist_worktrees();
    }

    /// Asks for the status again.
    pub fn relist_status(self) {
        self.list(GetStatus {}, self.status);
    }

    /// Asks for the badges again.
    pub fn relist_badges(self) {
        self.list(ListSlots {}, self.badges);
    }

    /// Asks for the open questions again.
    pub fn relist_questions(self) {
        self.list(ListApprovals::default(), self.questions.open);
    }

    /// Asks for the standing answers again.
    pub fn relist_grants(self) {
        self.list(ListGrants {}, self.grants);
    }

    /// Asks for the tokens again.
    pub fn relist_tokens(self) {
        self.list(ListTokens { all: true, ..ListTokens::default() }, self.tokens);
    }

    /// Asks for the issuers again.
    pub fn relist_issuers(self) {
        self.list(ListIssuers {}, self.issuers);
    }

    /// Asks for the sources again.
    pub fn relist_sources(self) {
        self.list(ListSources {}, self.sources);
    }

    /// Asks for the tasks again.
    pub fn relist_tasks(self) {
        self.list(ListTasks { all: true }, self.tasks);
    }

    fn relist_identities(self) {
        self.list(ListIdentities {}, self.identities);
    }

    fn relist_projects(self) {
        self.list(ListProjects {}, self.projects);
    }

    fn relist_worktrees(self) {
        self.list(ListWorktrees::default(), self.worktrees);
    }

    /// Asks once more and takes the answer over where it differs. Answers come in the order of the
    /// questions, so that the last one is the newest.
    pub fn list<C: Call + 'static>(self, call: C, into: Listed<C::Reply>)
    where
        C::Reply: PartialEq + Send + Sync + 'static,
    {
        spawn_local(async move {
            // A failed list stays as it was: a broken link says so by itself, and lists again.
            if let Ok(reply) = self.call(call).await
                && into.with_untracked(|old| old.as_ref() != Some(&reply))
            {
                into.set(Some(reply));
            }
        });
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float holds milliseconds of thousands of years exactly"
)]
fn clock() -> api::Millis {
    js_sys::Date::now() as api::Millis
}
