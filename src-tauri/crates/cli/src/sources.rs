//! `lanyard sources`: set up where mail and text messages come from, and what sends them.

use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Look, Output, ago, clean, count, lasting};
use crate::setup::{self, Given, Setup};
use crate::table::{Cell, Table, details};
use api::Error;
use api::identities::{Identity, ListIdentities};
use api::sources::{
    AddSource, ListSources, RemoveSource, Source, SourceKind, SourceState, SyncSource, UpdateSource,
};

const KINDS: &str = "\
imap     --url imaps://HOST, or imap://HOST (then STARTTLS)  --set username=U
         --secret (its password; Gmail, iCloud, Yahoo and Fastmail give app passwords for it)
         [--set auth=xoauth2] (the secret is an access token: Outlook takes nothing else)
         [--set address=me@example.com] (me+NAME@example.com is NAME's; else that of the user name)
         [--set domain=example.com] (NAME@example.com is NAME's)
         [--set folder=INBOX]  [--set days=7] [--set most=200] (what the first look takes over)
         [--set smtp=smtps://HOST] (sends with the same login)
         [--set poll=60] (seconds, where the server does not tell by itself)
webhook  --secret (whsec_… or any text of 16 bytes or more): whoever posts signs with it, as
         standardwebhooks.com says; mail as message/rfc822, texts as JSON: {from, to, body}
         [--set public=https://TUNNEL/inbox/NAME]  [--set address=…] [--set domain=…] (as above)
twilio   --set account=AC… --secret (its auth token): numbers are those of the identities
         [--set public=https://TUNNEL/inbox/NAME] (else it is asked)  [--set poll=15] (seconds)
         [--set from=+15551234567] (for those without a number)
         [--set key=SK…] (the secret is that API key's)
ravi     --secret (a management key, or with --identity that one's own)
         [--url https://HOST]  [--set poll=5] (seconds)
         takes each of Ravi's identities for the one here that is linked to it (identity link), or
         that has the same address, number or name; is an issuer too (tokens request NAME)
         its secrets and passwords are in that one's vault here
         [--set policy=ask] (of what is new; auto)  [--set vault=no] (leaves them there)
         [--set push=yes] (what is new here goes to Ravi; agents may change what came from there)
smtp     --url smtps://HOST or smtp://HOST (then STARTTLS; in clear on this machine alone)
         [--set username=U --secret]  [--set starttls=yes]
         it only sends

Others post to /inbox/NAME of the web door (`lanyard web`), which is on this machine alone: put a tunnel before \
it and say its address, as it is posted to, by `public`. A mail is for whom its server delivered it to, by \
Delivered-To, X-Original-To or Envelope-To above the first Received, else for whom To and Cc name.

The mail server on this machine is there by itself, as `local`; `lanyard status` says where it listens. With \
--identity a source serves that identity alone, else all. What an identity sends goes by a source of its own that \
can send, else by one for all, else by the `relay` of settings.toml.

Examples:
  lanyard sources add box --kind imap --url imaps://imap.example.com --set username=me --secret -
  lanyard sources update box --set poll=30 --set smtp=     # NAME= takes a setting away";

/// What can be done with sources.
#[derive(Debug, clap::Subcommand)]
pub enum SourcesCommand {
    /// List the sources, and how they are
    List,
    /// Show one source
    Show {
        /// Its name or id
        name: String,
    },
    /// Add a source
    #[command(after_help = KINDS)]
    Add {
        /// A unique name
        name: String,
        /// What kind it is
        #[arg(long, value_parser = kind)]
        kind: SourceKind,
        /// The one identity that it serves; all if left out
        #[arg(long)]
        identity: Option<String>,
        #[command(flatten)]
        setup: Setup,
    },
    /// Change a source; what is left out stays, and --set NAME= takes a setting away
    #[command(after_help = KINDS)]
    Update {
        /// Its name or id
        name: String,
        #[command(flatten)]
        setup: Setup,
    },
    /// Remove a source; the messages that it brought stay
    Remove {
        /// Its name or id
        name: String,
    },
    /// Have a source look for new messages now
    Sync {
        /// Its name or id
        name: String,
    },
}

impl SourcesCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            SourcesCommand::List => {
                let sources = hand.ask(&ListSources {})?;
                let identities = if hand.out.json { Vec::new() } else { hand.ask(&ListIdentities {})? };
                hand.out.show(&sources, || table(&hand.out, &sources, &identities))
            }
            SourcesCommand::Show { name } => {
                let source = find(hand, &name)?;
                let identities = if hand.out.json { Vec::new() } else { hand.ask(&ListIdentities {})? };
                hand.out.show(&source, || shown(&hand.out, &source, &identities))
            }
            SourcesCommand::Add { name, kind, identity, setup } => {
                let Given { url, settings, secret } = setup.given()?;
                let source = hand.ask(&AddSource { name, kind, identity, url, settings, secret })?;
                done(hand, "Added", &source)
            }
            SourcesCommand::Update { name, setup } => {
                let Given { url, settings, secret } = setup.given()?;
                let source = hand.ask(&UpdateSource { source: name, url, settings, secret })?;
                done(hand, "Changed", &source)
            }
            SourcesCommand::Remove { name } => {
                let text = format!("Removed the source {}. What it brought stays.", clean(&name));
                hand.ask(&RemoveSource { source: name })?;
                hand.out.done(&text)
            }
            SourcesCommand::Sync { name } => {
                let source = hand.ask(&SyncSource { source: name })?;
                let name = clean(&source.name).into_owned();
                hand.out.show(&source, || format!("{name} looks now. See: lanyard sources show {name}"))
            }
        }
    }
}

fn find(hand: &mut Hand, wanted: &str) -> Result<Source> {
    let all = hand.ask(&ListSources {})?;
    let found = all.into_iter().find(|source| source.name == wanted || source.id == wanted);
    let none = || Error::not_found("source", wanted).hint("`lanyard sources list` shows what there is");
    Ok(found.ok_or_else(none)?)
}

fn done(hand: &Hand, what: &str, source: &Source) -> Result<()> {
    let (name, kind) = (clean(&source.name), source.kind.name());
    hand.out
        .show(source, || format!("{what} the source {name} ({kind}). How it is: lanyard sources show {name}"))
}

fn kind(text: &str) -> std::result::Result<SourceKind, String> {
    let names: Vec<&str> = SourceKind::ALL.iter().map(|kind| kind.name()).collect();
    SourceKind::named(text).ok_or_else(|| format!("the kinds are {}", names.join(", ")))
}

/// How a source is, in words.
fn state(out: &Output, state: &SourceState) -> (Look, String) {
    match state {
        SourceState::Connecting => (Look::Plain, "connecting".into()),
        SourceState::Syncing { done, total: Some(total) } => {
            (Look::Plain, format!("takes over, {done} of {total}"))
        }
        SourceState::Syncing { done, total: None } => (Look::Plain, format!("takes over, {done} so far")),
        SourceState::Listening => (Look::Good, "listening".into()),
        SourceState::Failed { reason, again_at } => {
            let again = again_at.filter(|at| *at > out.now).map(|at| lasting(out.now, at));
            let again = again.map(|in_time| format!("; tried again in {in_time}")).unwrap_or_default();
            (Look::Bad, format!("failed: {reason}{again}"))
        }
    }
}

fn whose(source: &Source, identities: &[Identity]) -> String {
    match &source.identity {
        None => "all".into(),
        Some(id) => identities.iter().find(|one| one.id == *id).map_or(id, |one| &one.name).clone(),
    }
}

fn table(out: &Output, sources: &[Source], identities: &[Identity]) -> String {
    let mut table = Table::new(["SOURCE", "KIND", "FOR", "ADDRESS", "MESSAGES", "LAST", "STATE"]);
    for source in sources {
        let (look, words) = state(out, &source.state);
        table.row([
            (&source.name).into(),
            source.kind.name().into(),
            whose(source, identities).into(),
            source.url.as_deref().unwrap_or_default().into(),
            source.messages.to_string().into(),
            source.synced_at.map_or("never".into(), |at| ago(out.now, at)).into(),
            Cell::looking(look, &words),
        ]);
    }
    table.shown(out)
}

fn shown(out: &Output, source: &Source, identities: &[Identity]) -> String {
    let rows = [
        ("name", source.name.clone()),
        ("id", source.id.clone()),
        ("kind", source.kind.name().into()),
        ("for", whose(source, identities)),
        ("address", source.url.clone().unwrap_or_else(|| "none".into())),
        ("settings", if source.settings.is_empty() { "none".into() } else { setup::shown(&source.settings) }),
        ("secret", if source.secret { "set" } else { "none" }.into()),
        ("state", state(out, &source.state).1),
        ("last", source.synced_at.map_or("never".into(), |at| ago(out.now, at))),
        ("brought", count(usize::try_from(source.messages).unwrap_or(usize::MAX), "message")),
    ];
    let posted = source.posted_to.iter().map(|address| ("posted to", address.clone()));
    let notes = source.notes.iter().map(|note| ("note", note.clone()));
    let rows: Vec<_> = rows.into_iter().chain(posted).chain(notes).collect();
    details(out, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_failed_says_why_and_when_it_is_tried_again() {
        let out = Output::plain();
        let failed = |again_at| SourceState::Failed { reason: "it refused".into(), again_at };
        assert_eq!(state(&out, &failed(None)).1, "failed: it refused");
        let soon = state(&out, &failed(Some(out.now + 90_000))).1;
        assert!(soon.starts_with("failed: it refused; tried again in "), "{soon}");
        let (_, words) = state(&out, &SourceState::Syncing { done: 3, total: Some(10) });
        assert_eq!(words, "takes over, 3 of 10");
    }
}
