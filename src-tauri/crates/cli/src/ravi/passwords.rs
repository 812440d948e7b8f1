//! `ravi passwords`: the identity's logins to websites.

use super::Ravi;
use super::errors::refused;
use super::secrets::given;
use crate::failure::{Failure, Result};
use api::passwords::{
    CreatePassword, DeletePassword, GeneratePassword, ListPasswords, ReadPassword, UpdatePassword,
};
use api::ravi::{PasswordEntry, Status};
use api::secrets::Policy;
use api::{Code, SecretText};

/// What can be done with logins.
#[derive(Debug, clap::Subcommand)]
pub enum PasswordsCommand {
    /// List the logins; the passwords of those that the owner wants to be asked for stay empty
    List,
    /// Show a login with its password
    Get {
        /// Its id, or its website
        uuid: String,
    },
    /// Keep a login, with the password that is given or a new one
    Create(Create),
    /// Give a login another password or other notes
    Update(Update),
    /// Delete a login
    Delete {
        /// Its id, or its website
        uuid: String,
    },
    /// Make a password, and keep it nowhere
    Generate(Generate),
}

/// A login to keep.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// The website
    #[arg(conflicts_with = "website")]
    domain: Option<String>,
    /// The website
    #[arg(long = "domain", id = "website", value_name = "DOMAIN")]
    website: Option<String>,
    /// The user's name there
    #[arg(long, default_value = "")]
    username: String,
    /// The password; - reads standard input, and without one it is made
    #[arg(long, allow_hyphen_values = true)]
    password: Option<String>,
    /// Make the password
    #[arg(long)]
    generate: bool,
    #[command(flatten)]
    made: Generate,
    /// Notes
    #[arg(long, allow_hyphen_values = true)]
    notes: Option<String>,
}

/// What a password is made of.
#[derive(Debug, clap::Args)]
pub struct Generate {
    /// How long it is
    #[arg(long, default_value_t = 16)]
    length: u32,
    /// Without signs such as ! and #
    #[arg(long)]
    no_special: bool,
    /// Without digits
    #[arg(long)]
    no_digits: bool,
    /// Without these characters
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    exclude_chars: String,
}

/// What changes of a login.
#[derive(Debug, clap::Args)]
pub struct Update {
    /// Its id, or its website
    uuid: String,
    /// Not here: keep another login for another website
    #[arg(long)]
    domain: Option<String>,
    /// Not here: keep another login for another user
    #[arg(long)]
    username: Option<String>,
    /// A new password; - reads standard input
    #[arg(long, allow_hyphen_values = true)]
    password: Option<String>,
    /// New notes
    #[arg(long, allow_hyphen_values = true)]
    notes: Option<String>,
}

impl Ravi<'_> {
    pub(super) fn passwords(&mut self, command: PasswordsCommand) -> Result<()> {
        match command {
            PasswordsCommand::List => self.list_passwords(),
            PasswordsCommand::Get { uuid } => {
                let login = self.read_password(&uuid)?;
                self.printing.print(&login)
            }
            PasswordsCommand::Create(create) => self.create_password(create),
            PasswordsCommand::Update(update) => self.update_password(update),
            PasswordsCommand::Delete { uuid } => {
                let identity = self.identity.clone();
                self.hand.ask(&DeletePassword { identity, domain: uuid, username: None })?;
                self.printing.print(&Status { status: "deleted" })
            }
            PasswordsCommand::Generate(generate) => {
                let made = self.hand.ask(&generate.call())?;
                self.printing.print(&made)
            }
        }
    }

    fn list_passwords(&mut self) -> Result<()> {
        let all = self.hand.ask(&ListPasswords { identity: self.identity.clone() })?;
        let mut shown: Vec<PasswordEntry> = Vec::with_capacity(all.len());
        for login in all {
            // A list must not wait for the owner, once for each.
            if self.in_slot() && login.policy != Policy::Auto || self.printing.human {
                shown.push(login.into());
                continue;
            }
            let (identity, domain) = (self.identity.clone(), login.uuid.clone());
            match self.hand.ask(&ReadPassword { identity, domain, ..ReadPassword::default() }) {
                // Deleted, or guarded, since it was listed.
                Err(Failure::Refused(error)) if matches!(error.code, Code::NotFound | Code::Refused) => {
                    shown.push(login.into());
                }
                read => shown.push(read?.into()),
            }
        }
        self.printing.print(&shown)
    }

    fn read_password(&mut self, wanted: &str) -> Result<PasswordEntry> {
        let (identity, domain) = (self.identity.clone(), wanted.to_string());
        let read = ReadPassword { identity, domain, ..ReadPassword::default() };
        Ok(self.hand.read_patiently(None, |wait_ms| ReadPassword { wait_ms, ..read.clone() })?.into())
    }

    fn create_password(&mut self, create: Create) -> Result<()> {
        let Some(domain) = create.domain.or(create.website) else {
            return Err(refused("name the website: ravi passwords create DOMAIN"));
        };
        let password = match create.password {
            Some(password) if !create.generate => given(password)?,
            _ => self.hand.ask(&create.made.call())?.password,
        };
        let call = CreatePassword {
            identity: self.identity.clone(),
            domain,
            username: create.username,
            password: Some(password),
            notes: create.notes.map(SecretText::new),
            ..CreatePassword::default()
        };
        let made = self.hand.ask(&call)?;
        let login = self.read_password(&made.uuid)?;
        self.printing.print(&login)
    }

    fn update_password(&mut self, update: Update) -> Result<()> {
        if update.domain.is_some() || update.username.is_some() {
            return Err(refused(
                "a login keeps its website and its user: create another, and delete this one",
            ));
        }
        if update.password.is_none() && update.notes.is_none() {
            return Err(refused("no fields specified to update"));
        }
        let call = UpdatePassword {
            identity: self.identity.clone(),
            domain: update.uuid,
            password: update.password.map(given).transpose()?,
            notes: update.notes.map(SecretText::new),
            ..UpdatePassword::default()
        };
        let changed = self.hand.ask(&call)?;
        let login = self.read_password(&changed.uuid)?;
        self.printing.print(&login)
    }
}

impl Generate {
    fn call(&self) -> GeneratePassword {
        GeneratePassword {
            length: Some(self.length),
            special: !self.no_special,
            digits: !self.no_digits,
            exclude: self.exclude_chars.clone(),
        }
    }
}
