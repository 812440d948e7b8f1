//! `ravi contacts`: those with whom the identity has exchanged messages.

use super::Ravi;
use super::errors::refused;
use crate::failure::Result;
use api::names::shown;
use api::ravi::{Contact, contacts};

/// What can be done with contacts.
#[derive(Debug, clap::Subcommand)]
pub enum ContactsCommand {
    /// List those who wrote, or were written to
    List,
    /// List those whose address, number or name has these words in it
    Search {
        /// A part of it
        words: String,
    },
    /// Show one
    Get {
        /// Its id
        uuid: String,
    },
    /// Not here: whoever writes is a contact by itself
    Create(Unkept),
    /// Not here
    Update(Unkept),
    /// Not here
    Delete(Unkept),
}

/// What Ravi takes and Lanyard does not keep.
#[derive(Debug, clap::Args)]
pub struct Unkept {
    /// What Ravi takes
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

impl Ravi<'_> {
    pub(super) fn contacts(&mut self, command: ContactsCommand) -> Result<()> {
        match command {
            ContactsCommand::List => {
                let all = self.all_contacts()?;
                self.printing.print(&all)
            }
            ContactsCommand::Search { words } => {
                let mut all = self.all_contacts()?;
                all.retain(|contact| contact.fits(&words));
                self.printing.print(&all)
            }
            ContactsCommand::Get { uuid } => {
                let known = self.all_contacts()?.into_iter().find(|contact| contact.uuid == uuid);
                let known = known.ok_or_else(|| refused(format!("there is no contact {}", shown(&uuid))))?;
                self.printing.print(&known)
            }
            ContactsCommand::Create(_) | ContactsCommand::Update(_) | ContactsCommand::Delete(_) => {
                Err(refused(
                    "Lanyard keeps no contacts by themselves: whoever the identity exchanges messages with is one",
                ))
            }
        }
    }

    fn all_contacts(&mut self) -> Result<Vec<Contact>> {
        Ok(contacts(&self.messages(None, false)?))
    }
}
