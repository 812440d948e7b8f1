//! Which calls are recorded, and what a record says of each: a key, a name or an id, and never a value.

use super::{DONE, Fact, outcome};
use api::approvals::Answer;
use api::audit::Kind;
use api::secrets::Policy;
use api::{Code, Request};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a call is about, before it is answered.
#[derive(Debug, Clone)]
pub struct Noted {
    /// The kind of thing.
    pub kind: Kind,
    /// The key, name or id, as the caller gave it.
    pub subject: String,
    /// The identity, as the caller named it.
    pub identity: Option<String>,
    /// The session, as the caller named it.
    pub session: Option<String>,
    /// More, in words.
    pub detail: String,
    /// Whether it means the current identity where none is named.
    pub own: bool,
    /// Those with whom a secret is to be shared or no more; where there are any, or an empty list, the call is
    /// about all who share it.
    pub shared: Option<Vec<String>>,
    /// Whether nobody shall wait until it is on the disk, because it is asked for often or must be quick.
    pub quick: bool,
    /// Whether nothing of it outlives the daemon but its record: a read, or what is kept in memory alone.
    pub passing: bool,
    /// Whether it is done even where it cannot be written down before: what fills a disk must be stopped.
    pub always: bool,
}

macro_rules! calls {
    (nothing: $($plain:ident)+; $($call:ident($c:pat) => $noted:expr;)+) => {
        /// What is recorded of a call; none for those that neither change anything nor read a value.
        pub fn noted(request: &Request) -> Option<Noted> {
            match request {
                $(Request::$plain(_))|+ => None,
                $(Request::$call($c) => Some($noted),)+
            }
        }
    };
}

// A call that stands nowhere here does not compile. A hook changes no more than what is shown of its own session,
// and comes at every step of an agent: records of it would bury the others.
calls! {
    nothing: GetStatus Subscribe OpenSlot InspectWorktree ListIdentities ShowIdentity ListSecrets ListSlots
        ListProjects ListBranches ListWorktrees ListSessions ShowSession ReadScreen ShowKey ListApprovals
        ListGrants ListIssuers ListPasswords GeneratePassword ListVersions ListTokens ShowToken
        ListAudit VerifyAudit AnchorAudit HearHook GetNotify ListDeliveries SummarizeSession ListTasks ShowTask ListMessages GetInbox ListSources;

    UnlockVault(_)     => about(Kind::Vault, "").passing();
    StopDaemon(_)      => about(Kind::Daemon, "").passing();
    OpenWeb(_)         => about(Kind::Member, "").passing();

    CreateIdentity(c)  => about(Kind::Identity, &c.name);
    UpdateIdentity(c)  => about(Kind::Identity, &c.identity).of(c.identity.as_str());
    UseIdentity(c)     => about(Kind::Identity, &c.identity).of(c.identity.as_str());
    LinkIdentity(c)    => about(Kind::Identity, &c.identity).of(c.identity.as_str()).saying(format!("to {} of Ravi's", c.ravi));
    UnlinkIdentity(c)  => about(Kind::Identity, &c.identity).of(c.identity.as_str());
    DeleteIdentity(c)  => about(Kind::Identity, &c.identity).of(c.identity.as_str());
    GetEnvironment(c)  => about(Kind::Identity, &c.identity).of(c.identity.as_str()).passing();
    SetKey(c)          => about(Kind::Key, c.identity.as_deref().unwrap_or_default()).own(&c.identity);
    RotateKey(c)       => about(Kind::Key, c.identity.as_deref().unwrap_or_default()).own(&c.identity);

    SetSecret(c)       => about(Kind::Secret, &c.key).own(&c.identity).saying(changes(c)).shared(all(c.value.is_some(), &c.worktree));
    ReadSecret(c)      => about(Kind::Secret, &c.key).own(&c.identity).quick().passing();
    GetCredential(c)   => about(Kind::Secret, &c.host).saying("a login for git").quick().passing();
    DeleteSecret(c)    => about(Kind::Secret, &c.key).own(&c.identity);
    RotateSecret(c)    => about(Kind::Secret, &c.key).own(&c.identity).saying(c.because.clone().unwrap_or_default()).shared(all(true, &c.worktree));
    ShareSecret(c)     => about(Kind::Secret, &c.key).own(&c.identity).saying(format!("with {}", c.with.join(", "))).shared(Some(c.with.clone()));
    UnshareSecret(c)   => about(Kind::Secret, &c.key).own(&c.identity).saying(format!("from {}", c.with.join(", "))).shared(Some(c.with.clone()));

    CreatePassword(c)  => about(Kind::Password, &c.domain).own(&c.identity);
    ReadPassword(c)    => about(Kind::Password, &c.domain).own(&c.identity).quick().passing();
    UpdatePassword(c)  => about(Kind::Password, &c.domain).own(&c.identity).saying(changes_of_login(c));
    DeletePassword(c)  => about(Kind::Password, &c.domain).own(&c.identity);
    ReadCode(c)        => about(Kind::Password, &c.domain).own(&c.identity).saying("one-time code").quick().passing();

    ReadMessage(c)     => about(Kind::Message, &c.message).quick().passing();
    MarkMessage(c)     => about(Kind::Message, &c.message).saying(if c.unread { "unread" } else { "read" }).quick().passing();
    ReadAttachment(c)  => about(Kind::Message, &c.message).saying(format!("file {}", c.index)).quick().passing();
    WaitForMessage(c)  => about(Kind::Message, "").own(&c.identity).quick().passing();
    SendMessage(c)     => about(Kind::Message, &whom(c)).own(&c.identity).saying(c.medium.name());
    DeleteMessage(c)   => about(Kind::Message, &c.message);
    SetInbox(c)        => about(Kind::Identity, &c.identity).of(c.identity.as_str()).saying(changes_of_inbox(c));

    AskQuestion(_)     => about(Kind::Approval, "").passing();
    AnswerApproval(c)  => about(Kind::Approval, &c.approval).saying(answer(&c.answer));
    RevokeGrant(c)     => about(Kind::Grant, &c.grant);

    SetNotify(_)       => about(Kind::Notify, "");
    MuteSlot(c)        => about(Kind::Notify, &format!("slot {}", c.slot));
    UnmuteSlot(c)      => about(Kind::Notify, &format!("slot {}", c.slot));
    AddRoute(c)        => about(Kind::Notify, &c.name);
    UpdateRoute(c)     => about(Kind::Notify, &c.route);
    RemoveRoute(c)     => about(Kind::Notify, &c.route);
    TestNotify(c)      => about(Kind::Notify, c.route.as_deref().unwrap_or_default()).passing();

    AddSource(c)       => about(Kind::Source, &c.name).of(c.identity.as_deref());
    UpdateSource(c)    => about(Kind::Source, &c.source);
    SyncSource(c)      => about(Kind::Source, &c.source).passing();
    RemoveSource(c)    => about(Kind::Source, &c.source);

    AddIssuer(c)       => about(Kind::Issuer, &c.name);
    BeginApp(c)        => about(Kind::Issuer, &c.name);
    UpdateIssuer(c)    => about(Kind::Issuer, &c.issuer);
    RemoveIssuer(c)    => about(Kind::Issuer, &c.issuer);

    RequestToken(c)    => about(Kind::Token, &c.issuer).own(&c.identity).saying(scope(c));
    ReadToken(c)       => about(Kind::Token, &c.token).passing();
    RevokeToken(c)     => about(Kind::Token, &c.token);
    RefreshToken(c)    => about(Kind::Token, &c.token);
    ForgetToken(c)     => about(Kind::Token, &c.token).saying(if c.sure { "for good" } else { "" });

    SetSlot(c)         => about(Kind::Slot, &c.slot.to_string()).of(c.identity.as_deref());
    ClearSlot(c)       => about(Kind::Slot, &c.slot.to_string());

    AddProject(c)      => about(Kind::Project, c.name.as_deref().unwrap_or(&c.path));
    AllowEnv(c)        => about(Kind::Project, &c.project).saying(c.names.join(" "));
    RemoveProject(c)   => about(Kind::Project, &c.project);
    ArchiveWorktree(c) => about(Kind::Worktree, &c.worktree).saying(if c.force { "force" } else { "" });

    StartSession(c)    => about(Kind::Session, &format!("{} {}", c.project, c.branch)).quick();
    AddTask(c)         => about(Kind::Task, &format!("{} {}", c.project, c.branch)).of(c.identity.as_deref());
    CancelTask(c)      => about(Kind::Task, &c.task);
    MoveTask(c)        => about(Kind::Task, &c.task).saying(format!("to place {}", c.to));
    SendText(c)        => about(Kind::Session, &c.session).at(&c.session);
    AttachSession(c)   => about(Kind::Session, &c.session).at(&c.session).passing();
    StopSession(c)     => about(Kind::Session, &c.session).at(&c.session).always();
    RestartSession(c)  => about(Kind::Session, &c.session).at(&c.session);
}

fn about(kind: Kind, subject: &str) -> Noted {
    Noted::new(kind, subject)
}

/// All who share a secret, if a call is about them: one for a worktree alone is not shared.
fn all(is_about: bool, worktree: &Option<String>) -> Option<Vec<String>> {
    (is_about && worktree.is_none()).then(Vec::new)
}

/// What is set of a secret, in words.
fn changes(call: &api::secrets::SetSecret) -> String {
    words([("value", call.value.is_some()), ("notes", call.notes.is_some())], call.policy)
}

/// What is changed of a login, in words.
fn changes_of_login(call: &api::passwords::UpdatePassword) -> String {
    let password = call.password.is_some() || call.length.is_some();
    words(
        [("password", password), ("notes", call.notes.is_some()), ("one-time codes", call.totp.is_some())],
        call.policy,
    )
}

/// Whom a message goes to, as the caller says.
fn whom(call: &api::inbox::SendMessage) -> String {
    let named = [&call.to, &call.cc, &call.bcc].into_iter().flatten().cloned();
    let answered = call.answers.iter().map(|message| format!("whoever is in {message}"));
    named.chain(answered).collect::<Vec<_>>().join(", ")
}

/// What is set of an inbox, in words.
fn changes_of_inbox(call: &api::inbox::SetInbox) -> String {
    let kept = call.keep_days.map(|days| format!("messages kept for {days} days"));
    let sending = call.sending.map(|policy| format!("sending {}", policy.name()));
    kept.into_iter().chain(sending).collect::<Vec<_>>().join(", ")
}

fn words<const N: usize>(changed: [(&str, bool); N], policy: Option<Policy>) -> String {
    let changed = changed.into_iter().filter(|(_, is)| *is).map(|(what, _)| what.to_string());
    let policy = policy.map(|policy| format!("policy {}", policy.name()));
    changed.chain(policy).collect::<Vec<_>>().join(", ")
}

/// The owner's answer, in words.
fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Once => "approved once".into(),
        Answer::Session => "approved for the session".into(),
        Answer::Worktree => "approved for the worktree".into(),
        Answer::Hour => "approved for an hour".into(),
        Answer::Words { .. } => "answered in words".into(),
        Answer::Deny { because: Some(because) } => format!("denied: {because}"),
        Answer::Deny { because: None } => "denied".into(),
    }
}

/// What a token is asked for, in words.
fn scope(call: &api::tokens::RequestToken) -> String {
    let permissions = call.permissions.iter().map(|(name, level)| format!("{name}={level}"));
    call.repositories.iter().cloned().chain(permissions).collect::<Vec<_>>().join(" ")
}

impl Noted {
    /// A call about this.
    pub fn new(kind: Kind, subject: &str) -> Self {
        Self {
            kind,
            subject: subject.to_string(),
            identity: None,
            own: false,
            session: None,
            detail: String::new(),
            shared: None,
            quick: false,
            passing: false,
            always: false,
        }
    }

    /// The identity that is named, if one is.
    fn of<'a>(mut self, named: impl Into<Option<&'a str>>) -> Self {
        self.identity = named.into().map(String::from);
        self
    }

    /// The identity that is named, else the current one.
    fn own(mut self, named: &Option<String>) -> Self {
        self.own = named.is_none();
        self.of(named.as_deref())
    }

    fn shared(mut self, with: Option<Vec<String>>) -> Self {
        self.shared = with;
        self
    }

    fn always(mut self) -> Self {
        self.always = true;
        self
    }

    fn passing(mut self) -> Self {
        self.passing = true;
        self
    }

    /// The session that is named. What its terminal is asked is quick.
    fn at(mut self, named: &str) -> Self {
        self.session = Some(named.to_string());
        self.quick()
    }

    fn saying(mut self, words: impl Into<String>) -> Self {
        self.detail = words.into();
        self
    }

    fn quick(mut self) -> Self {
        self.quick = true;
        self
    }

    /// The fact of a call that is about to be made.
    pub fn begun(self, action: &str) -> Fact {
        Fact { detail: self.detail, ..Fact::done(self.kind, action, self.subject) }
    }

    /// The fact of a call that was answered with `body`.
    pub fn done(self, action: &str, body: &[u8]) -> Fact {
        let told: Told<'_> = serde_json::from_slice(body).unwrap_or_default();
        let id = text(told.id);
        let of_kind = |kind: Kind, other: Option<&RawValue>| match self.kind == kind {
            true => id.clone(),
            false => text(other),
        };
        // Of a question or a grant the answer says what it was about, which is named by its id alone; of a token,
        // which one it is.
        let (subject, words) = match (self.kind, text(told.subject), text(told.issuer), &id) {
            (Kind::Approval | Kind::Grant, Some(about), _, Some(id)) => {
                (about, [id.as_str(), &self.detail].join(" ").trim_end().to_string())
            }
            (Kind::Message, _, _, Some(id)) => {
                (self.subject, [&self.detail, id.as_str()].join(" ").trim_start().to_string())
            }
            (Kind::Token, _, Some(issuer), Some(id)) => (format!("{issuer} {id}"), self.detail),
            _ => (self.subject, self.detail),
        };
        Fact {
            identity_id: of_kind(Kind::Identity, told.identity_id.or(told.identity)),
            session: of_kind(Kind::Session, told.session),
            worktree_id: of_kind(Kind::Worktree, told.worktree_id),
            slot: told.slot.and_then(|slot| serde_json::from_str(slot.get()).ok()),
            detail: words,
            ..Fact::done(self.kind, action, subject)
        }
    }

    /// The fact of a call that failed. Only of a refusal the words are kept: others can quote what was given.
    pub fn failed(self, action: &str, error: &api::Error) -> Fact {
        let refused = error.code == Code::Refused;
        Fact {
            outcome: outcome(error.code),
            detail: if refused { error.message.clone() } else { self.detail },
            ..Fact::done(self.kind, action, self.subject)
        }
    }
}

impl Fact {
    /// Whether it was done.
    pub fn is_done(&self) -> bool {
        self.outcome == DONE
    }
}

/// What an answer says of where it belongs. Everything else in it, values above all, is passed over unread.
#[derive(Deserialize, Default)]
struct Told<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    identity_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    identity: Option<&'a RawValue>,
    #[serde(borrow, default)]
    session: Option<&'a RawValue>,
    #[serde(borrow, default)]
    slot: Option<&'a RawValue>,
    #[serde(borrow, default)]
    worktree_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    subject: Option<&'a RawValue>,
    #[serde(borrow, default)]
    issuer: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WithId {
    id: String,
}

/// A text, or the id of a whole thing.
fn text(raw: Option<&RawValue>) -> Option<String> {
    let raw = raw?.get();
    let whole = || serde_json::from_str(raw).ok().map(|WithId { id }| id);
    serde_json::from_str(raw).ok().or_else(whole)
}
