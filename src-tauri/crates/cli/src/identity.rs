//! `lanyard identity`: create, list, show, use, change and delete identities.

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output::{Output, ago, clean, count};
use crate::prompt;
use crate::table::{Table, cut, details, id_width};
use api::Code;
use api::identities::{
    CreateIdentity, DeleteIdentity, Identity, LinkIdentity, ListIdentities, Provider, ShowIdentity,
    UnlinkIdentity, UpdateIdentity, UseIdentity,
};
use api::secrets::ListSecrets;

/// What can be done with identities.
#[derive(Debug, clap::Subcommand)]
pub enum IdentityCommand {
    /// Create an identity
    Create(Create),
    /// List the identities
    List,
    /// Show one identity
    Show {
        /// Its name or id; in a slot's terminal, its own if left out
        name: Option<String>,
    },
    /// Make it the one that is meant where none is named
    Use {
        /// Its name or id
        name: String,
    },
    /// Change an identity; what is left out stays
    Update(Update),
    /// Make it one of Ravi's that exists there: it takes over that one's address and phone
    Link {
        /// Its name or id here
        name: String,
        /// Its name or id at Ravi
        #[arg(long, value_name = "NAME")]
        ravi: String,
        /// The source that it is reached by, where there are several of Ravi's
        #[arg(long)]
        source: Option<String>,
    },
    /// Make it Lanyard's own again: its keys at Ravi are revoked, what it has there stays there
    Unlink {
        /// Its name or id here
        name: String,
    },
    /// Delete an identity and destroy its key: its secrets can never be read again
    Delete {
        /// Its name or id
        name: String,
        /// Go on although it holds secrets
        #[arg(long)]
        force: bool,
    },
}

/// A new identity.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// A unique name, for example agent-build-1
    #[arg(long)]
    name: String,
    /// Who provides its mailbox and phone; at Ravi it is made first, or taken if it is there
    #[arg(long, value_enum, default_value = "local")]
    provider: ProviderName,
    /// The source that it is made by, where there are several of Ravi's
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Have Ravi give it a phone number as well
    #[arg(long)]
    provision_phone: bool,
    #[command(flatten)]
    facts: Facts,
}

/// A provider, as it is typed.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ProviderName {
    Local,
    Ravi,
}

/// Changes to an identity.
#[derive(Debug, clap::Args)]
pub struct Update {
    /// Its name or id
    identity: String,
    /// A new name
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    facts: Facts,
}

/// What an identity has besides its name.
#[derive(Debug, clap::Args)]
struct Facts {
    /// Its email address, or the part before the @
    #[arg(long)]
    email: Option<String>,
    /// Its phone number, as +4930123456
    #[arg(long)]
    phone: Option<String>,
    /// The name that its commits carry
    #[arg(long)]
    author_name: Option<String>,
    /// The address that its commits carry
    #[arg(long)]
    author_email: Option<String>,
}

impl IdentityCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            IdentityCommand::Create(create) => create.run(hand),
            IdentityCommand::List => list(hand),
            IdentityCommand::Show { name } => {
                let identity = hand.ask(&ShowIdentity { identity: name })?;
                show(hand, &identity)
            }
            IdentityCommand::Use { name } => {
                let identity = hand.ask(&UseIdentity { identity: name })?;
                let text = format!("{} is the current identity now.", clean(&identity.name));
                hand.out.show(&identity, || text)
            }
            IdentityCommand::Update(update) => update.run(hand),
            IdentityCommand::Link { name, ravi, source } => {
                let identity = hand.ask(&LinkIdentity { identity: name, ravi, source })?;
                show(hand, &identity)
            }
            IdentityCommand::Unlink { name } => {
                let identity = hand.ask(&UnlinkIdentity { identity: name })?;
                let name = clean(&identity.name);
                let text = format!(
                    "{name} is Lanyard's own again. Ravi keeps its identity; the address and the phone here stay until \
                     you change them: lanyard identity update {name}"
                );
                hand.out.show(&identity, || text)
            }
            IdentityCommand::Delete { name, force } => delete(hand, name, force),
        }
    }
}

impl Create {
    fn run(self, hand: &mut Hand) -> Result<()> {
        let Facts { email, phone, author_name, author_email } = self.facts;
        let identity = hand.ask(&CreateIdentity {
            name: self.name,
            email,
            phone,
            author_name,
            author_email,
            provider: match self.provider {
                ProviderName::Local => Provider::Local,
                ProviderName::Ravi => Provider::Ravi,
            },
            source: self.source,
            provision_phone: self.provision_phone,
        })?;
        let name = clean(&identity.name);
        let text = format!(
            "Created {name} <{}>.\nGive it a secret: lanyard secrets set GITHUB_TOKEN --identity {name}\n",
            clean(&identity.email)
        );
        hand.out.show(&identity, || text)
    }
}

impl Update {
    fn run(self, hand: &mut Hand) -> Result<()> {
        let Facts { email, phone, author_name, author_email } = self.facts;
        let update = UpdateIdentity {
            identity: self.identity,
            name: self.name,
            email,
            phone,
            author_name,
            author_email,
        };
        let identity = hand.ask(&update)?;
        show(hand, &identity)
    }
}

fn list(hand: &mut Hand) -> Result<()> {
    let identities = hand.ask(&ListIdentities {})?;
    hand.out.show(&identities, || table(&hand.out, &identities))
}

fn table(out: &Output, identities: &[Identity]) -> String {
    if identities.is_empty() {
        return "No identities yet. Create one: lanyard identity create --name agent-build-1".into();
    }
    let width = id_width(identities.iter().map(|identity| identity.id.as_str()));
    let mut table = Table::new(["ID", "NAME", "EMAIL", "PROVIDER", "SECRETS", "CREATED", ""]);
    for identity in identities {
        table.row([
            cut(&identity.id, width).into(),
            (&identity.name).into(),
            (&identity.email).into(),
            identity.provider.name().into(),
            identity.secrets.to_string().into(),
            ago(out.now, identity.created_at).into(),
            if identity.current { "current" } else { "" }.into(),
        ]);
    }
    table.shown(out)
}

fn show(hand: &Hand, identity: &Identity) -> Result<()> {
    let out = hand.out;
    hand.out.show(identity, || {
        let author = format!("{} <{}>", identity.author_name, identity.author_email);
        let mut rows = vec![("name", identity.name.clone()), ("id", identity.id.clone())];
        rows.push(("email", identity.email.clone()));
        rows.extend(identity.phone.clone().map(|phone| ("phone", phone)));
        rows.push(("provider", provider(identity)));
        rows.push(("git author", author));
        rows.extend(identity.public_key.clone().map(|key| ("ssh key", key)));
        rows.push(("secrets", identity.secrets.to_string()));
        rows.push(("current", if identity.current { "yes" } else { "no" }.into()));
        rows.push(("created", ago(out.now, identity.created_at)));
        details(&out, &rows)
    })
}

/// Who provides it, and what it is there.
fn provider(identity: &Identity) -> String {
    match &identity.ravi {
        Some(link) => format!("ravi, as {} ({}), by the source {}", link.name, link.uuid, link.source),
        None => identity.provider.name().to_string(),
    }
}

fn delete(hand: &mut Hand, identity: String, force: bool) -> Result<()> {
    let before = hand.ask(&ShowIdentity { identity: Some(identity.clone()) })?;
    match hand.ask(&DeleteIdentity { identity: identity.clone(), force }) {
        Err(Failure::Refused(error)) if error.code == Code::Unconfirmed && hand.has_person() => {
            prompt::say(&losses(hand, &identity)?)?;
            prompt::confirm("Delete it?")?;
            hand.ask(&DeleteIdentity { identity: identity.clone(), force: true })?;
        }
        answer => {
            answer?;
        }
    }
    let kept = match before.ravi {
        Some(link) => format!(" Ravi keeps {}: its identities are permanent.", clean(&link.name)),
        None => String::new(),
    };
    hand.out.done(&format!("Deleted {}; its secrets are unreadable for ever.{kept}", clean(&identity)))
}

fn losses(hand: &mut Hand, identity: &str) -> Result<String> {
    let secrets = hand.ask(&ListSecrets { identity: Some(identity.into()) })?;
    let keys: Vec<_> = secrets.iter().map(|secret| secret.key.as_str()).collect();
    Ok(format!(
        "{} holds {}, which nobody can ever read again: {}\n",
        clean(identity),
        count(keys.len(), "secret"),
        clean(&keys.join(", "))
    ))
}
