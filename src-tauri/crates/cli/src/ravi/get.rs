//! `ravi get` and `ravi domains`: the identity's address, number, owner and domains.

use super::Ravi;
use super::errors::refused;
use crate::failure::Result;
use api::identities::ListIdentities;
use api::ravi::{Email, Identity, Owner, Phone, domains};

/// What can be got.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub enum GetCommand {
    /// Show the identity's address
    Email,
    /// Show the identity's number
    Phone,
    /// Show the owner: an agent is told nothing of that person
    Owner,
}

impl Ravi<'_> {
    pub(super) fn get(&mut self, command: GetCommand) -> Result<()> {
        let me = self.shown()?;
        match command {
            GetCommand::Email => self.printing.print(&Email::from(&me)),
            GetCommand::Phone => match Phone::of(&me) {
                Some(phone) => self.printing.print(&phone),
                None => Err(refused("no phone number assigned")),
            },
            GetCommand::Owner => self.printing.print(&Owner::default()),
        }
    }

    pub(super) fn domains(&mut self) -> Result<()> {
        let all: Vec<Identity> = match self.in_slot() {
            true => vec![self.shown()?],
            false => self.hand.ask(&ListIdentities {})?.into_iter().map(Identity::from).collect(),
        };
        self.printing.print(&domains(&all))
    }
}
