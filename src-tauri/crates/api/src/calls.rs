//! The one table of everything that Lanyard can be asked to do, and by whom. Nothing else crosses a door.

use crate::approvals::*;
use crate::audit::*;
use crate::credentials::*;
use crate::grants::*;
use crate::identities::*;
use crate::inbox::*;
use crate::issuers::*;
use crate::keys::*;
use crate::notify::*;
use crate::passwords::*;
use crate::projects::*;
use crate::secrets::*;
use crate::sessions::*;
use crate::slots::*;
use crate::sources::*;
use crate::status::*;
use crate::summaries::{SummarizeSession, Summary};
use crate::tasks::*;
use crate::tokens::*;
use crate::worktrees::*;
use crate::{Done, Error, Result, Role};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// One row of the table: a request type with its method, its reply and those who may send it.
pub trait Call: Serialize + DeserializeOwned + Into<Request> {
    /// What is answered.
    type Reply: Serialize + DeserializeOwned;
    /// The method's name on the wire.
    const METHOD: &'static str;
    /// Who may send it.
    const ROLES: &'static [Role];
}

/// A row of the table, as data.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// The method's name on the wire.
    pub name: &'static str,
    /// Who may send it.
    pub roles: &'static [Role],
}

macro_rules! calls {
    ($($method:literal [$($role:ident)+] $call:ident -> $reply:ty;)+) => {
        /// Any request of the table.
        #[derive(Debug, Clone)]
        pub enum Request {
            $(#[doc = concat!("`", $method, "`")] $call($call),)+
        }

        impl Request {
            /// Reads the request named `method` from its parameters; missing parameters are an empty object.
            pub fn read(method: &str, params: Option<&RawValue>) -> Result<Self> {
                let params = params.map_or("{}", RawValue::get);
                match method {
                    $($method => Ok(Request::$call(read_params($method, params)?)),)+
                    _ => Err(Error::invalid(format!("there is no method {}", crate::names::shown(method)))
                        .hint("client and daemon may be of different versions")),
                }
            }

            /// Its row in the table.
            pub fn method(&self) -> Method {
                match self {
                    $(Request::$call(_) => Method { name: $call::METHOD, roles: $call::ROLES },)+
                }
            }
        }

        $(
            impl Call for $call {
                type Reply = $reply;
                const METHOD: &'static str = $method;
                const ROLES: &'static [Role] = &[$(Role::$role),+];
            }

            impl From<$call> for Request {
                fn from(call: $call) -> Self {
                    Request::$call(call)
                }
            }
        )+

        /// The whole table.
        pub const METHODS: &[Method] = &[$(Method { name: $method, roles: $call::ROLES }),+];
    };
}

calls! {
    "status"                 [Owner Approver Viewer Agent] GetStatus       -> Status;
    "vault.unlock"           [Owner]                       UnlockVault     -> VaultState;
    "daemon.stop"            [Owner]                       StopDaemon      -> Done;
    "web.open"               [Owner]                       OpenWeb         -> WebAddress;
    "events.subscribe"       [Owner Approver Viewer]       Subscribe       -> Done;

    "identities.list"        [Owner Approver Viewer]       ListIdentities  -> Vec<Identity>;
    "identities.show"        [Owner Approver Viewer Agent] ShowIdentity    -> Identity;
    "identities.create"      [Owner]                       CreateIdentity  -> Identity;
    "identities.update"      [Owner]                       UpdateIdentity  -> Identity;
    "identities.use"         [Owner]                       UseIdentity     -> Identity;
    "identities.link"        [Owner]                       LinkIdentity    -> Identity;
    "identities.unlink"      [Owner]                       UnlinkIdentity  -> Identity;
    "identities.delete"      [Owner]                       DeleteIdentity  -> Done;
    "identities.environment" [Owner]                       GetEnvironment  -> Vec<Variable>;

    "keys.show"              [Owner Approver Viewer Agent] ShowKey         -> Key;
    "keys.set"               [Owner]                       SetKey          -> Key;
    "keys.rotate"            [Owner]                       RotateKey       -> Key;
    "git.credential"         [Agent]                       GetCredential   -> Option<GitCredential>;

    "secrets.list"           [Owner Agent]                 ListSecrets     -> Vec<SecretEntry>;
    "secrets.set"            [Owner Agent]                 SetSecret       -> SecretEntry;
    "secrets.read"           [Owner Agent]                 ReadSecret      -> SecretValue;
    "secrets.delete"         [Owner Agent]                 DeleteSecret    -> Done;
    "secrets.rotate"         [Owner]                       RotateSecret    -> SecretEntry;
    "secrets.versions"       [Owner]                       ListVersions    -> Vec<SecretVersion>;
    "secrets.share"          [Owner]                       ShareSecret     -> SecretEntry;
    "secrets.unshare"        [Owner]                       UnshareSecret   -> SecretEntry;

    "approvals.list"         [Owner Approver]              ListApprovals   -> Vec<Approval>;
    "approvals.answer"       [Owner Approver]              AnswerApproval  -> Approval;

    "questions.ask"          [Agent]                       AskQuestion     -> OwnersWords;

    "grants.list"            [Owner]                       ListGrants      -> Vec<Grant>;
    "grants.revoke"          [Owner]                       RevokeGrant     -> Grant;

    "passwords.list"         [Owner Agent]                 ListPasswords   -> Vec<PasswordEntry>;
    "passwords.create"       [Owner Agent]                 CreatePassword  -> PasswordEntry;
    "passwords.read"         [Owner Agent]                 ReadPassword    -> PasswordValue;
    "passwords.update"       [Owner Agent]                 UpdatePassword  -> PasswordEntry;
    "passwords.delete"       [Owner Agent]                 DeletePassword  -> Done;
    "passwords.code"         [Owner Agent]                 ReadCode        -> OneTimeCode;
    "passwords.generate"     [Owner Agent]                 GeneratePassword -> GeneratedPassword;

    "inbox.list"             [Owner Agent]                 ListMessages    -> Messages;
    "inbox.read"             [Owner Agent]                 ReadMessage     -> MessageBody;
    "inbox.mark"             [Owner Agent]                 MarkMessage     -> Message;
    "inbox.attachment"       [Owner Agent]                 ReadAttachment  -> AttachmentPart;
    "inbox.wait"             [Owner Agent]                 WaitForMessage  -> Message;
    "inbox.send"             [Owner Agent]                 SendMessage     -> Message;
    "inbox.delete"           [Owner]                       DeleteMessage   -> Done;
    "inbox.settings"         [Owner]                       GetInbox        -> InboxSettings;
    "inbox.set"              [Owner]                       SetInbox        -> InboxSettings;

    "slots.list"             [Owner Approver Viewer]       ListSlots       -> Vec<Badge>;
    "slots.set"              [Owner]                       SetSlot         -> Badge;
    "slots.clear"            [Owner]                       ClearSlot       -> Badge;
    "slots.open"             [Owner]                       OpenSlot        -> Done;

    "projects.list"          [Owner Approver Viewer]       ListProjects    -> Vec<Project>;
    "projects.add"           [Owner]                       AddProject      -> Project;
    "projects.allow"         [Owner]                       AllowEnv        -> Project;
    "projects.remove"        [Owner]                       RemoveProject   -> Done;
    "projects.branches"      [Owner]                       ListBranches    -> Vec<Branch>;

    "worktrees.list"         [Owner Approver Viewer]       ListWorktrees   -> Vec<Worktree>;
    "worktrees.inspect"      [Owner]                       InspectWorktree -> Loss;
    "worktrees.archive"      [Owner]                       ArchiveWorktree -> Archived;

    "sessions.list"          [Owner Approver Viewer]       ListSessions    -> Vec<Session>;
    "sessions.show"          [Owner Approver Viewer]       ShowSession     -> Session;
    "sessions.summary"       [Owner Approver Viewer]       SummarizeSession -> Summary;
    "sessions.start"         [Owner]                       StartSession    -> Session;
    "sessions.send"          [Owner]                       SendText        -> Done;
    "sessions.screen"        [Owner]                       ReadScreen      -> Screen;
    "sessions.attach"        [Owner]                       AttachSession   -> Session;
    "sessions.stop"          [Owner]                       StopSession     -> Session;
    "sessions.restart"       [Owner]                       RestartSession  -> Session;
    "sessions.hook"          [Agent]                       HearHook        -> Done;

    "tasks.list"             [Owner Approver Viewer]       ListTasks       -> Vec<Task>;
    "tasks.show"             [Owner Approver Viewer]       ShowTask        -> Task;
    "tasks.add"              [Owner]                       AddTask         -> Task;
    "tasks.cancel"           [Owner]                       CancelTask      -> Task;
    "tasks.move"             [Owner]                       MoveTask        -> Task;

    "tokens.request"         [Owner Agent]                 RequestToken    -> Token;
    "tokens.list"            [Owner Approver Viewer Agent] ListTokens      -> Vec<Token>;
    "tokens.show"            [Owner Approver Viewer Agent] ShowToken       -> Token;
    "tokens.read"            [Owner Agent]                 ReadToken       -> TokenValue;
    "tokens.revoke"          [Owner Agent]                 RevokeToken     -> Token;
    "tokens.refresh"         [Owner Agent]                 RefreshToken    -> Token;
    "tokens.forget"          [Owner]                       ForgetToken     -> Token;

    "issuers.list"           [Owner]                       ListIssuers     -> Vec<Issuer>;
    "issuers.add"            [Owner]                       AddIssuer       -> Issuer;
    "issuers.update"         [Owner]                       UpdateIssuer    -> Issuer;
    "issuers.manifest"       [Owner]                       BeginApp        -> AppManifest;
    "issuers.remove"         [Owner]                       RemoveIssuer    -> Done;

    "notify.settings"        [Owner]                       GetNotify       -> NotifySettings;
    "notify.set"             [Owner]                       SetNotify       -> NotifySettings;
    "notify.mute"            [Owner]                       MuteSlot        -> NotifySettings;
    "notify.unmute"          [Owner]                       UnmuteSlot      -> NotifySettings;
    "notify.add"             [Owner]                       AddRoute        -> Route;
    "notify.update"          [Owner]                       UpdateRoute     -> Route;
    "notify.remove"          [Owner]                       RemoveRoute     -> Done;
    "notify.test"            [Owner]                       TestNotify      -> Vec<Tested>;
    "notify.log"             [Owner]                       ListDeliveries  -> Vec<Delivery>;

    "sources.list"           [Owner]                       ListSources     -> Vec<Source>;
    "sources.add"            [Owner]                       AddSource       -> Source;
    "sources.update"         [Owner]                       UpdateSource    -> Source;
    "sources.sync"           [Owner]                       SyncSource      -> Source;
    "sources.remove"         [Owner]                       RemoveSource    -> Done;

    "audit.list"             [Owner Approver Viewer]       ListAudit       -> Vec<Record>;
    "audit.verify"           [Owner]                       VerifyAudit     -> Verified;
    "audit.anchor"           [Owner]                       AnchorAudit     -> Anchor;
}

fn read_params<T: DeserializeOwned>(method: &str, params: &str) -> Result<T> {
    // serde's own text can quote a wrong value, which may be a secret: only its place is told.
    serde_json::from_str(params).map_err(|e| {
        let what = match e.classify() {
            serde_json::error::Category::Data => field_error(&e.to_string()),
            _ => "they are no JSON".to_string(),
        };
        Error::invalid(format!("the parameters of {method} do not fit: {what}"))
    })
}

/// What serde says of a field, but nothing that it quotes from the input.
fn field_error(text: &str) -> String {
    let telling = ["missing field", "unknown field"];
    match telling.iter().any(|t| text.starts_with(t)) {
        true => text.split(" at line").next().unwrap_or(text).to_string(),
        false => "a field has the wrong type or value".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_method_stands_in_the_table_twice() {
        let mut names: Vec<_> = METHODS.iter().map(|m| m.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METHODS.len());
    }

    #[test]
    fn an_agent_can_only_ask_for_what_is_its_own() {
        let agent: Vec<_> =
            METHODS.iter().filter(|m| m.roles.contains(&Role::Agent)).map(|m| m.name).collect();
        let secrets = ["secrets.list", "secrets.set", "secrets.read", "secrets.delete"];
        let passwords = ["list", "create", "read", "update", "delete", "code", "generate"]
            .map(|verb| format!("passwords.{verb}"));
        let passwords: Vec<&str> = passwords.iter().map(String::as_str).collect();
        let tokens =
            ["request", "list", "show", "read", "revoke", "refresh"].map(|verb| format!("tokens.{verb}"));
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let inbox =
            ["list", "read", "mark", "attachment", "wait", "send"].map(|verb| format!("inbox.{verb}"));
        let inbox: Vec<&str> = inbox.iter().map(String::as_str).collect();
        let first = &["status", "identities.show", "keys.show", "git.credential"][..];
        assert_eq!(
            agent,
            [first, &secrets[..], &["questions.ask"], &passwords, &inbox, &["sessions.hook"], &tokens]
                .concat()
        );
    }

    #[test]
    fn a_wrong_parameter_is_told_without_its_value() {
        let raw = RawValue::from_string(r#"{"key":"A","value":["ghp_secret"]}"#.into()).unwrap();
        let error = Request::read("secrets.set", Some(&raw)).unwrap_err();
        assert!(!error.to_string().contains("ghp_secret"), "{error}");
        let raw = RawValue::from_string(r#"{"key":"A","policy":"ghp_secret"}"#.into()).unwrap();
        let error = Request::read("secrets.set", Some(&raw)).unwrap_err();
        assert!(!error.to_string().contains("ghp_secret"), "{error}");
    }

    #[test]
    fn missing_parameters_are_an_empty_object() {
        assert!(matches!(Request::read("slots.list", None), Ok(Request::ListSlots(_))));
    }
}
