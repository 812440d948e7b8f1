//! Identities of Ravi's: their mail and texts by its events, or by asking for what is unread, and a way out.
//!
//! No message is changed at Ravi: what was fetched stays there, unread. Secrets and passwords are kept alike on both
//! sides. Which identity here is meant by one of Ravi's is told by its owner's link, or by its address, its number or
//! its name. A management key is sealed as the source's secret; each request names the identity that it is about,
//! because such a key is fenced to none.

mod account;
mod fetching;
mod files;
mod keeping;
mod linked;
mod merge;
mod mime;
mod providing;
mod rest;
mod theirs;

pub use linked::Linked;
pub use rest::Rest;

use super::source::{BoxFuture, Brought, Failure, Never, Outgoing, Post, Sends, Sent, Setup, Source};
use crate::http;
use crate::store::IdentityRow;
use account::{Account, Event, Seat, number, text};
use api::inbox::Medium;
use api::secrets::Policy;
use keeping::{Keeping, Told};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How often it is asked, in seconds, where nobody says, and how often at most.
const ASKED: u64 = 5;
const ASKED_MIN: u64 = 3;
/// After so many rounds it is asked anew which identities there are.
const ROUNDS: u32 = 60;
/// After so many rounds what could not be kept alike is tried again.
const SOON: u32 = 6;
/// How many messages are brought at once.
const TOGETHER: usize = 25;
/// A message of more bytes than this waits for no other.
const LARGE: usize = 1024 * 1024;

/// The source.
pub struct Ravi {
    account: Account,
    linked: Linked,
    poll: Duration,
    /// Whether secrets and passwords are kept alike, what is new here goes there, and what is new here is like.
    keeps: bool,
    push: bool,
    policy: Policy,
}

/// How far each identity's events were taken over, by Ravi's ids.
type Cursor = BTreeMap<String, i64>;

impl Ravi {
    /// Makes it out of its set-up.
    pub fn new(mut setup: Setup, linked: Linked, rest: Rest) -> Result<Self, String> {
        setup.check(&["poll", "vault", "push", "policy"])?;
        let poll = match setup.may("poll") {
            Some(text) => text.parse().map_err(|_| "poll is a number of seconds".to_string())?,
            None => ASKED,
        };
        let (keeps, push) = (setup.yes_or_no("vault", true)?, setup.yes_or_no("push", false)?);
        let policy = match setup.may("policy").as_deref() {
            None | Some("auto") => Policy::Auto,
            Some("ask") => Policy::Ask,
            Some("deny") => Policy::Deny,
            Some(_) => return Err("policy is auto, ask or deny".into()),
        };
        let account = Account::of(&mut setup, rest)?;
        let poll = Duration::from_secs(poll.clamp(ASKED_MIN, 86_400));
        Ok(Self { account, linked, poll, keeps, push, policy })
    }

    async fn bring(&self, post: &Post) -> Result<Never, Failure> {
        // What is fetched by being unread comes again and again: it is known by its key.
        let mut seen = BTreeSet::new();
        let mut cursor: Cursor = match post.cursor().await? {
            Some(text) => serde_json::from_str(&text).unwrap_or_default(),
            None => Cursor::new(),
        };
        loop {
            let mut seats = self.seats(post).await?;
            // How many rounds from now the vaults are looked at.
            let mut vaults_in = Some(0).filter(|_| self.keeps);
            'rounds: for _ in 0..ROUNDS {
                for (seat, identity) in &mut seats {
                    self.linked.give_key(seat, identity).await?;
                    let Err(failure) = self.look(post, seat, identity, &mut cursor, &mut seen).await else {
                        continue;
                    };
                    match self.linked.after(seat, failure).await {
                        Some(failure) => return Err(failure),
                        None => break 'rounds,
                    }
                }
                self.fetch_missing(post, &seats).await?;
                if vaults_in == Some(0) {
                    vaults_in = self.keep(post, &seats).await?.then_some(SOON);
                }
                vaults_in = vaults_in.map(|rounds| rounds.saturating_sub(1));
                post.listening();
                tokio::select! {
                    () = tokio::time::sleep(self.poll) => {}
                    () = post.stirred(), if self.keeps => {
                        if self.owes(post, &seats).await? {
                            vaults_in = Some(0);
                        }
                    }
                    () = post.wanted() => break,
                }
            }
        }
    }

    /// Keeps the vaults here and there alike; true if something is left to be tried again.
    async fn keep(&self, post: &Post, seats: &[(Seat, IdentityRow)]) -> Result<bool, Failure> {
        let mut told = Told::default();
        for (seat, identity) in seats {
            let keeping = Keeping {
                account: &self.account,
                seat,
                vault: post.vault(identity),
                push: self.push,
                policy: self.policy,
            };
            if let Err(failure) = keeping.round(&mut told).await {
                return Err(self.linked.after(seat, failure).await.unwrap_or_else(given_back));
            }
        }
        post.could_not(told.notes);
        Ok(told.again)
    }

    /// Whether Ravi does not know yet what was changed here.
    async fn owes(&self, post: &Post, seats: &[(Seat, IdentityRow)]) -> Result<bool, Failure> {
        for (_, identity) in seats {
            if post.vault(identity).owes(self.push).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Ravi's identities that are known here, each with the one that it is.
    async fn seats(&self, post: &Post) -> Result<Vec<(Seat, IdentityRow)>, Failure> {
        let only = post.identity().await?;
        if self.account.is_of_one() {
            let why = "this is the key of one identity: say which one it is here with --identity";
            let identity = only.ok_or_else(|| Failure::lasting(why))?;
            return Ok(vec![(Seat::default(), identity)]);
        }
        let mut seats: Vec<(Seat, IdentityRow)> = Vec::new();
        let (links, mut free) = (self.linked.all().await?, Vec::new());
        for identity in self.linked.identities().await? {
            match links.iter().find(|link| link.identity_id == identity.id) {
                Some(link) if self.linked.is_ours(link) => {
                    seats.push((linked::seat(link.clone(), &identity), identity));
                }
                Some(_) => {}
                None => free.push(identity.id),
            }
        }
        // Where all are linked, nobody has to be found.
        let others = match free.is_empty() {
            true => Vec::new(),
            false => self.account.identities().await.map_err(account::failed)?,
        };
        for seat in others.into_iter().filter(|seat| !links.iter().any(|link| link.uuid == seat.uuid)) {
            let mut owner = post.owner_of(&seat.inbox).await?;
            if owner.is_none() && !seat.phone.is_empty() {
                owner = post.owner_of(&seat.phone).await?;
            }
            if owner.is_none() {
                owner = post.owner_named(&seat.name).await?;
            }
            let is_free = |owner: &IdentityRow| {
                free.contains(&owner.id) && seats.iter().all(|(_, known)| known.id != owner.id)
            };
            if let Some(owner) = owner.filter(is_free) {
                seats.push((seat, owner));
            }
        }
        match seats.is_empty() {
            true => Err(Failure::passing(
                "none of Ravi's identities has the address, the number or the name of one here",
            )),
            false => Ok(seats),
        }
    }

    /// Takes over what has come for an identity: by events, or what is unread where there are none.
    async fn look(
        &self,
        post: &Post,
        seat: &Seat,
        identity: &IdentityRow,
        cursor: &mut Cursor,
        seen: &mut BTreeSet<String>,
    ) -> Result<(), Failure> {
        match self.look_at_events(post, seat, identity, cursor).await? {
            true => Ok(()),
            false => self.look_unread(post, seat, identity, seen).await,
        }
    }

    /// Takes over what has come since the last event that is known; false if there are no events to be had.
    async fn look_at_events(
        &self,
        post: &Post,
        seat: &Seat,
        identity: &IdentityRow,
        cursor: &mut Cursor,
    ) -> Result<bool, Failure> {
        let mut done = 0;
        loop {
            let since = cursor.get(&seat.uuid).copied().unwrap_or(0);
            let Some(events) = self.account.events(seat, since).await? else { return Ok(false) };
            if events.is_empty() {
                return Ok(true);
            }
            for part in events.chunks(TOGETHER) {
                let mut brought = Vec::new();
                for event in part {
                    brought.extend(self.brought(post, seat, identity, event).await?);
                    if brought.last().is_some_and(|one| one.content.size() > LARGE) {
                        post.deliver(std::mem::take(&mut brought)).await?;
                    }
                }
                post.deliver(brought).await?;
                let newest = part.iter().map(|event| event.seq).max().unwrap_or(since);
                cursor.insert(seat.uuid.clone(), newest.max(since));
                post.set_cursor(&serde_json::to_string(&cursor).unwrap_or_default()).await?;
                done += part.len() as u64;
                post.progress(done, None);
            }
            // Whoever does not go on would go round for ever.
            if cursor.get(&seat.uuid).copied().unwrap_or(0) <= since {
                return Ok(true);
            }
        }
    }

    async fn brought(
        &self,
        post: &Post,
        seat: &Seat,
        identity: &IdentityRow,
        event: &Event,
    ) -> Result<Option<Brought>, Failure> {
        let id = text(&event.data, "message_id");
        let (medium, place) = match event.kind.as_str() {
            "email.message.received" => (Medium::Email, "email-messages"),
            "sms.message.received" => (Medium::Sms, "messages"),
            _ => return Ok(None),
        };
        let message = match self.account.message(seat, place, &id).await {
            Ok(message) => message,
            Err(http::Failure::NotFound(_)) => return Ok(None),
            Err(http::Failure::Broken(why)) if why == http::TOO_LARGE => {
                tracing::warn!("the source {} left out a message that is too large", post.name());
                return Ok(None);
            }
            Err(failure) => return Err(account::failed(failure)),
        };
        Ok(Some(self.arrived(post, (seat, identity), medium, &message).await))
    }

    /// Takes over what is unread, where there are no events.
    async fn look_unread(
        &self,
        post: &Post,
        seat: &Seat,
        identity: &IdentityRow,
        seen: &mut BTreeSet<String>,
    ) -> Result<(), Failure> {
        for (medium, inbox) in [(Medium::Email, "email-inbox"), (Medium::Sms, "sms-inbox")] {
            let mut brought = Vec::new();
            for message in self.account.unread(seat, inbox).await? {
                let key = format!("{} {}", seat.uuid, key(medium, &message));
                if seen.insert(key) {
                    brought.push(self.arrived(post, (seat, identity), medium, &message).await);
                }
            }
            post.deliver(brought).await?;
        }
        Ok(())
    }

    /// Sends a message as one of Ravi's identities.
    async fn send_as(&self, seat: &Seat, outgoing: &Outgoing, away: &[String]) -> Result<Sent, Failure> {
        let mut sent = Sent::default();
        if outgoing.medium == Medium::Email {
            let answered = match &outgoing.reply {
                Some(reply) => self.account.reply(seat, outgoing, reply, away).await?,
                None => None,
            };
            let taken = match answered {
                Some(answered) => answered,
                None => self.account.compose(seat, outgoing, away).await?,
            };
            sent.provider_id = Some(number(&taken, "id").to_string());
            return Ok(sent);
        }
        for (at, to) in away.iter().enumerate() {
            let taken = self.account.text(seat, to, &outgoing.text).await.map(|taken| text(&taken, "id"));
            if let (0, Err(failure)) = (at, &taken) {
                // Nobody has it, and it may be the key that was refused.
                return Err(failure.clone());
            }
            if !sent.note(&away[at..], taken) {
                break;
            }
        }
        Ok(sent)
    }

    /// The one of Ravi's identities that an identity here is.
    async fn seat_of(&self, identity: &IdentityRow) -> Result<Seat, Failure> {
        if self.account.is_of_one() {
            return Ok(Seat::default());
        }
        if let Some(seat) = self.linked.seat_of(identity).await? {
            return Ok(seat);
        }
        let all = self.account.identities().await.map_err(account::failed)?;
        let is_it = |seat: &&Seat| {
            seat.inbox.eq_ignore_ascii_case(&identity.email)
                || identity.phone.as_ref().is_some_and(|phone| *phone == seat.phone)
                || seat.name == identity.name
        };
        let found = all.iter().find(is_it).cloned();
        found.ok_or_else(|| Failure::lasting(format!("Ravi has no identity like {}", identity.name)))
    }
}

fn given_back() -> Failure {
    Failure::passing("the key of its slot was just given back")
}

fn key(medium: Medium, message: &Value) -> String {
    format!("{} {}", medium.name(), text(message, "id"))
}

impl Source for Ravi {
    fn run<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<Never, Failure>> {
        Box::pin(self.bring(post))
    }
    fn sends(&self) -> Option<&dyn Sends> {
        Some(self)
    }
}

impl Sends for Ravi {
    fn takes(&self, _: Medium) -> bool {
        true
    }
    fn send<'a>(
        &'a self,
        outgoing: &'a Outgoing,
        away: &'a [String],
    ) -> BoxFuture<'a, Result<Sent, Failure>> {
        Box::pin(async move {
            let seat = self.seat_of(&outgoing.identity).await?;
            match self.send_as(&seat, outgoing, away).await {
                Err(failure) => Err(self.linked.after(&seat, failure).await.unwrap_or_else(given_back)),
                sent => sent,
            }
        })
    }
}
