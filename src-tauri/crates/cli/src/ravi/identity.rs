//! `ravi identity`: list, create, choose and show identities.

use super::Ravi;
use super::errors::refused;
use crate::failure::{Failure, Result};
use api::identities::{CreateIdentity, ListIdentities, UseIdentity};
use api::names::shown;
use api::{Code, Error, ravi};
use serde::Serialize;

/// What can be done with identities.
#[derive(Debug, clap::Subcommand)]
pub enum IdentityCommand {
    /// List the identities; in a slot its own
    List,
    /// Create an identity; in a slot, show its own by this name
    Create(Create),
    /// Make an identity the current one
    Use {
        /// Its name or id
        wanted: String,
    },
    /// Show the identity, or one field of it
    Info {
        /// The field, for example inbox or email
        #[arg(long)]
        field: Option<String>,
    },
}

/// An identity to create.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// Its name
    #[arg(conflicts_with = "name")]
    positional: Option<String>,
    /// Its name
    #[arg(long)]
    name: Option<String>,
    /// The local part of its address, or a whole address
    #[arg(long, visible_alias = "email-identifier", allow_hyphen_values = true)]
    email: Option<String>,
    /// The domain of its address
    #[arg(long)]
    domain: Option<String>,
    /// Not here: Lanyard buys no phone numbers
    #[arg(long)]
    provision_phone: bool,
}

#[derive(Serialize)]
struct Used {
    identity_name: String,
    identity_uuid: String,
    status: &'static str,
}

impl Ravi<'_> {
    pub(super) fn identities(&mut self, command: IdentityCommand) -> Result<()> {
        match command {
            IdentityCommand::List if self.in_slot() => {
                let me = self.shown()?;
                self.printing.print(&[me])
            }
            IdentityCommand::List => {
                let all = self.hand.ask(&ListIdentities {})?;
                self.printing.print(&all.into_iter().map(ravi::Identity::from).collect::<Vec<_>>())
            }
            IdentityCommand::Create(create) => self.create(create),
            IdentityCommand::Use { wanted } => self.choose(wanted),
            IdentityCommand::Info { field } => self.info(field.as_deref()),
        }
    }

    fn create(&mut self, create: Create) -> Result<()> {
        let name = create.positional.or(create.name);
        if self.in_slot() {
            return self.own_in_place_of(name.as_deref());
        }
        if create.provision_phone {
            return Err(super::no(
                "phone numbers to give out; give the identity one that you have: lanyard identity set",
            ));
        }
        let Some(name) = name.or_else(|| create.email.clone()) else {
            return Err(refused("give the identity a name: ravi identity create NAME"));
        };
        let email = match (create.email, create.domain) {
            (Some(email), Some(domain)) => Some(format!("{email}@{domain}")),
            (None, Some(_)) => return Err(refused("--domain needs --email")),
            (email, None) => email,
        };
        let made = self.hand.ask(&CreateIdentity { name, email, ..CreateIdentity::default() })?;
        self.printing.print(&ravi::Identity::from(made))
    }

    /// A slot has its identity already. A script that begins by making it gets it; another one is never made.
    fn own_in_place_of(&mut self, name: Option<&str>) -> Result<()> {
        let me = self.shown()?;
        if name == Some(me.name.as_str()) {
            return self.printing.print(&me);
        }
        let error = format!("this slot has its identity: {}; an agent cannot make another", me.name);
        Err(Error::new(Code::Refused, error)
            .hint("ask the owner: lanyard identity create --name NAME")
            .into())
    }

    fn choose(&mut self, wanted: String) -> Result<()> {
        let unknown = || refused(format!("identity {} not found", shown(&wanted)));
        let (name, id) = match self.in_slot() {
            true => {
                let me = self.me()?;
                // Whether another identity exists is not told.
                if wanted != me.name && wanted != me.id {
                    return Err(unknown());
                }
                (me.name, me.id)
            }
            false => match self.hand.ask(&UseIdentity { identity: wanted.clone() }) {
                Err(Failure::Refused(error)) if error.code == Code::NotFound => return Err(unknown()),
                chosen => chosen.map(|chosen| (chosen.name, chosen.id))?,
            },
        };
        self.printing.print(&Used { identity_name: name, identity_uuid: id, status: "active" })
    }

    fn info(&mut self, field: Option<&str>) -> Result<()> {
        let me = self.shown()?;
        let value = match field {
            None => return self.printing.print(&me),
            Some("email" | "inbox") => me.inbox,
            Some("phone") => me.phone,
            Some("name") => me.name,
            Some("uuid" | "id") => me.uuid,
            Some(other) => return Err(refused(format!("an identity has no field {}", shown(other)))),
        };
        crate::output::write(format!("{value}\n").as_bytes())
    }
}
