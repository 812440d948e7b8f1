//! `ravi auth`: who one is. There is nothing to log in to; the door says it.

use super::Ravi;
use crate::failure::Result;
use serde::Serialize;

/// What can be done about being somebody.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub enum AuthCommand {
    /// Say for whom this acts; there is nothing to log in to
    Login,
    /// Say that there is nothing to log out of
    Logout,
    /// Show for whom this acts
    Status,
}

/// Who one is.
#[derive(Serialize)]
struct Authenticated {
    authenticated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Ravi<'_> {
    pub(super) fn auth(&mut self, command: AuthCommand) -> Result<()> {
        match command {
            AuthCommand::Login => self.login(),
            AuthCommand::Logout => self.logout(),
            AuthCommand::Status => self.status(),
        }
    }

    pub(super) fn login(&mut self) -> Result<()> {
        let name = self.me()?.name;
        self.say(&format!("Already logged in as {name}: Lanyard keeps its identities itself"))
    }

    pub(super) fn logout(&mut self) -> Result<()> {
        self.say("Nothing to log out of: what a slot may do ends with its session")
    }

    /// Never fails, as Ravi's does not.
    pub(super) fn status(&mut self) -> Result<()> {
        let told = match self.me() {
            Ok(me) => Authenticated {
                authenticated: true,
                email: Some(me.email),
                identity: Some(me.name),
                identity_uuid: Some(me.id),
                error: None,
            },
            Err(failure) => Authenticated {
                authenticated: false,
                email: None,
                identity: None,
                identity_uuid: None,
                error: failure.told(false),
            },
        };
        self.printing.print(&told)
    }
}
