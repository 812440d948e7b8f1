//! Keeping an identity's vault here and its vault at Ravi alike.
//!
//! Each round looks at both sides and at what they held when they were last the same; so nothing is owed by a list of
//! its own that a killed daemon could lose, and a step that was done twice is done once. What was set here and never
//! came from Ravi is not overwritten, and what each side has changed by itself is lost on neither.

use super::super::source::Failure;
use super::super::vault::{Base, Content, Held, Link, Sort, Vault};
use super::account::{Account, Seat, failed};
use super::merge::{Step, decide};
use super::theirs::{Theirs, read};
use crate::http;
use crate::secrets::is_legacy;
use crate::telling::told;
use api::Code;
use api::secrets::Policy;
use std::collections::BTreeSet;

/// Two vaults that are kept alike.
pub struct Keeping<'a> {
    /// Who asks.
    pub account: &'a Account,
    /// Whose vault it is there.
    pub seat: &'a Seat,
    /// The vault here.
    pub vault: Vault<'a>,
    /// Whether what is new here goes there, and agents may change what came from there.
    pub push: bool,
    /// The policy of what is new here.
    pub policy: Policy,
}

/// What there is to be told after a round.
#[derive(Debug, Default)]
pub struct Told {
    /// In words, without values.
    pub notes: Vec<String>,
    /// Whether another round may help.
    pub again: bool,
}

/// Both sides of a sort, and what becomes of them in a round.
struct Sides {
    sort: Sort,
    held: Vec<Held>,
    theirs: Vec<Theirs>,
    /// What was deleted there in this round.
    gone: BTreeSet<String>,
}

impl Told {
    fn say(&mut self, vault: &Vault<'_>, what: &str) {
        self.notes.push(format!("{}: {what}", vault.owner()));
    }

    /// Tells what the server refused. A limit, or a key that is worth nothing, ends the round of the whole account.
    fn refused(&mut self, vault: &Vault<'_>, what: &str, failure: http::Failure) -> Result<(), Failure> {
        match failure {
            http::Failure::RateLimited { .. } | http::Failure::Refused { status: 401, .. } => {
                Err(failed(failure))
            }
            failure => {
                self.again = true;
                self.say(vault, &format!("{what}: {failure}"));
                Ok(())
            }
        }
    }

    /// Tells what could not be written here.
    fn unwritten(&mut self, vault: &Vault<'_>, what: &str, error: &anyhow::Error) -> Result<(), Failure> {
        let error = told(error);
        match error.code {
            Code::Locked | Code::Internal => Err(Failure::passing(error.to_string())),
            _ => {
                self.say(vault, &format!("{what}: {}", error.message));
                Ok(())
            }
        }
    }
}

impl Keeping<'_> {
    /// Looks at both sides once, and does what is to be done.
    pub async fn round(&self, told: &mut Told) -> Result<(), Failure> {
        for sort in Sort::ALL {
            let rows = match self.account.kept(self.seat, sort).await {
                Ok(rows) => rows,
                Err(http::Failure::NotFound(_) | http::Failure::Refused { status: 405 | 501, .. }) => {
                    told.say(&self.vault, &format!("the server keeps no {}s", sort.word()));
                    continue;
                }
                Err(failure) => {
                    told.refused(&self.vault, &format!("its {}s were not read", sort.word()), failure)?;
                    continue;
                }
            };
            let (count, mut theirs) = (rows.len(), Vec::new());
            theirs.extend(rows.into_iter().filter_map(|row| read(sort, row)));
            if theirs.len() < count {
                let unread = count - theirs.len();
                told.say(&self.vault, &format!("{unread} of its {}s cannot be read", sort.word()));
            }
            let held = self.vault.held(sort).await?;
            let mut sides = Sides { sort, held, theirs, gone: BTreeSet::new() };
            self.follow(&mut sides, told).await?;
            // What was changed a moment ago is looked at as it is now.
            sides.held = self.vault.held(sort).await?;
            let links = self.vault.links(sort).await?;
            self.meet(&sides, &links, told).await?;
            if self.push {
                self.offer(&sides, told).await?;
            }
        }
        Ok(())
    }

    /// What both have already.
    async fn follow(&self, sides: &mut Sides, told: &mut Told) -> Result<(), Failure> {
        for link in self.vault.links(sides.sort).await? {
            let held = sides.held.iter().find(|held| held.id() == link.row.held_id);
            let theirs = sides.theirs.iter().find(|theirs| theirs.id == link.row.their_id);
            // What has another name there, or belongs to somebody else, is another thing.
            if link.row.seat != self.account.mark(self.seat)
                || theirs.is_some_and(|theirs| theirs.name != link.base.name)
            {
                self.vault.forget(&link).await?;
                continue;
            }
            let ours = held.map(|held| self.content(&link, held)).transpose()?;
            let ours = ours.map(|content| content.map_or(link.base.ours.clone(), |content| content.mark()));
            let step = decide(&link.base, ours.as_deref(), theirs.map(|one| one.content.mark()).as_deref());
            if self.step(step, &link, held, theirs, told).await? {
                sides.gone.insert(link.row.their_id.clone());
            }
        }
        Ok(())
    }

    /// What is here, where it may be otherwise than it was.
    fn content(&self, link: &Link, held: &Held) -> Result<Option<Content>, Failure> {
        match link.is_as_it_was(held) {
            true => Ok(None),
            false => self.vault.content(held).map(Some),
        }
    }

    /// Does one step; true if the thing was deleted there.
    async fn step(
        &self,
        step: Step,
        link: &Link,
        held: Option<&Held>,
        theirs: Option<&Theirs>,
        told: &mut Told,
    ) -> Result<bool, Failure> {
        match (step, held, theirs) {
            (Step::Nothing, Some(held), Some(theirs)) => {
                if link.base.ours != link.base.theirs {
                    self.tell_stand(theirs, told);
                }
                if !link.is_as_it_was(held) || link.row.open != self.push {
                    self.agree(theirs, held, link.base.clone()).await?;
                }
            }
            (Step::Agree, Some(held), Some(theirs)) => self.same(theirs, held).await?,
            (Step::Stand, Some(held), Some(theirs)) => {
                self.tell_stand(theirs, told);
                let ours = self.vault.content(held)?.mark();
                let base = Base { ours, theirs: theirs.content.mark(), name: theirs.name.clone() };
                self.agree(theirs, held, base).await?;
            }
            (Step::Pull, Some(held), Some(theirs)) => self.pull(held, theirs, told).await?,
            (Step::Push, Some(held), Some(theirs)) => self.push(held, theirs, told).await?,
            (Step::DeleteHere, Some(held), None) => self.delete_here(link, held, told).await?,
            (Step::DeleteThere, None, Some(theirs)) => return self.delete_there(link, theirs, told).await,
            _ => self.vault.forget(link).await?,
        }
        Ok(false)
    }

    fn tell_stand(&self, theirs: &Theirs, told: &mut Told) {
        let name = theirs.name.shown();
        told.say(&self.vault, &format!("{name} was changed here and at Ravi: set it anew on one side"));
    }

    async fn pull(&self, held: &Held, theirs: &Theirs, told: &mut Told) -> Result<(), Failure> {
        let what = format!("{} was not taken over", theirs.name.shown());
        match self.vault.take(held, theirs.content.copy()).await {
            Ok(Some(held)) => self.same(theirs, &held).await,
            Ok(None) => {
                told.again = true;
                Ok(())
            }
            Err(e) => told.unwritten(&self.vault, &what, &e),
        }
    }

    async fn push(&self, held: &Held, theirs: &Theirs, told: &mut Told) -> Result<(), Failure> {
        let (sort, ours) = (held.sort(), self.vault.content(held)?);
        let changed = self.account.change(self.seat, sort, &theirs.id, (&ours, &theirs.content)).await;
        if let Err(failure) = changed {
            let what = format!("{} is not changed at Ravi yet", theirs.name.shown());
            return told.refused(&self.vault, &what, failure);
        }
        self.vault.note(sort, "pushed", &held.name(), "to").await;
        let mark = ours.mark();
        self.agree(theirs, held, Base { ours: mark.clone(), theirs: mark, name: theirs.name.clone() }).await
    }

    async fn delete_here(&self, link: &Link, held: &Held, told: &mut Told) -> Result<(), Failure> {
        let name = held.name().shown();
        // That a list leaves it out is not enough.
        match self.account.has(self.seat, held.sort(), &link.row.their_id).await {
            Ok(true) => Ok(()),
            Ok(false) => match self.vault.give_up(held).await {
                Ok(true) => self.vault.forget(link).await,
                Ok(false) => {
                    told.again = true;
                    Ok(())
                }
                Err(e) => told.unwritten(&self.vault, &format!("{name} was not deleted"), &e),
            },
            Err(failure) => told.refused(&self.vault, &format!("{name} may be gone at Ravi"), failure),
        }
    }

    async fn delete_there(&self, link: &Link, theirs: &Theirs, told: &mut Told) -> Result<bool, Failure> {
        let sort = match link.row.sort == Sort::Secret.word() {
            true => Sort::Secret,
            false => Sort::Login,
        };
        if let Err(failure) = self.account.remove(self.seat, sort, &theirs.id).await {
            let what = format!("{} is not deleted at Ravi yet", theirs.name.shown());
            return told.refused(&self.vault, &what, failure).map(|()| false);
        }
        self.vault.note(sort, "pushed", &theirs.name, "deleted at").await;
        self.vault.forget(link).await?;
        Ok(true)
    }

    /// What is there and was not known here.
    async fn meet(&self, sides: &Sides, links: &[Link], told: &mut Told) -> Result<(), Failure> {
        let mut met: BTreeSet<String> = links.iter().map(|link| link.row.held_id.clone()).collect();
        for theirs in &sides.theirs {
            if is_legacy(&theirs.content.value) {
                let name = theirs.name.shown();
                let why = "is legacy-encrypted by an old client of Ravi's: it is kept, and given to nobody";
                told.say(&self.vault, &format!("{name} {why}"));
            }
            if sides.gone.contains(&theirs.id) || links.iter().any(|link| link.row.their_id == theirs.id) {
                continue;
            }
            let name = theirs.name.shown();
            if let Some(held) = self.likely(sides, theirs, &met)? {
                match self.vault.content(held)?.mark() == theirs.content.mark() {
                    true => {
                        met.insert(held.id().to_string());
                        self.same(theirs, held).await?;
                    }
                    false => told.say(
                        &self.vault,
                        &format!("{name} was set here and is another at Ravi: delete it on one side"),
                    ),
                }
                continue;
            }
            let (copy, policy) = (theirs.content.copy(), self.policy);
            match self.vault.take_new(sides.sort, &theirs.name, copy, policy).await {
                Ok(held) => {
                    met.insert(held.id().to_string());
                    self.same(theirs, &held).await?;
                }
                Err(e) => told.unwritten(&self.vault, &format!("{name} was not taken over"), &e)?,
            }
        }
        Ok(())
    }

    /// The thing here that one there is, if any: of the same name; of a login, whose host Ravi shortens, the one at a
    /// host below that with the same user and password.
    fn likely<'s>(
        &self,
        sides: &'s Sides,
        theirs: &Theirs,
        met: &BTreeSet<String>,
    ) -> Result<Option<&'s Held>, Failure> {
        if let Some(same) = sides.held.iter().find(|held| held.name() == theirs.name) {
            return Ok(Some(same));
        }
        for held in sides.held.iter().filter(|held| !met.contains(held.id())) {
            let (ours, below) = (held.name(), format!(".{}", theirs.name.first));
            if sides.sort == Sort::Login
                && ours.second == theirs.name.second
                && ours.first.ends_with(&below)
                && self.vault.content(held)?.mark() == theirs.content.mark()
            {
                return Ok(Some(held));
            }
        }
        Ok(None)
    }

    /// What is new here goes there: what agents may have without asking, and came from no source.
    async fn offer(&self, sides: &Sides, told: &mut Told) -> Result<(), Failure> {
        let sourced = self.vault.sourced().await?;
        let held = self.vault.held(sides.sort).await?;
        for held in held.iter().filter(|held| held.is_free() && !sourced.iter().any(|id| id == held.id())) {
            let name = held.name();
            if sides.theirs.iter().any(|theirs| theirs.name == name) {
                continue;
            }
            if sides.sort == Sort::Secret && !is_key(&name.first) {
                told.say(
                    &self.vault,
                    &format!("{} stays here: Ravi's keys are of A to Z, 0 to 9 and _", name.shown()),
                );
                continue;
            }
            let content = self.vault.content(held)?;
            let added = match self.account.add(self.seat, sides.sort, &name, &content).await {
                Ok(added) => added,
                Err(failure) => {
                    told.refused(&self.vault, &format!("{} is not at Ravi yet", name.shown()), failure)?;
                    continue;
                }
            };
            self.vault.note(sides.sort, "pushed", &name, "to").await;
            // What cannot be read of the answer is found in the next list.
            match read(sides.sort, added) {
                Some(theirs) => self.same(&Theirs { content, ..theirs }, held).await?,
                None => told.again = true,
            }
        }
        Ok(())
    }

    /// Both hold the same.
    async fn same(&self, theirs: &Theirs, held: &Held) -> Result<(), Failure> {
        let mark = theirs.content.mark();
        self.agree(theirs, held, Base { ours: mark.clone(), theirs: mark, name: theirs.name.clone() }).await
    }

    async fn agree(&self, theirs: &Theirs, held: &Held, base: Base) -> Result<(), Failure> {
        let seat = self.account.mark(self.seat);
        self.vault.agree((&theirs.id, &seat), held, &base, self.push).await
    }
}

/// Whether Ravi takes such a key.
fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_uppercase())
        && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
