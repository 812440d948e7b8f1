//! `lanyard tokens`: ask issuers for tokens, see them, read them, take them back.

use crate::duration::duration;
use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output::{Look, Output, clean, lasting};
use crate::prompt;
use crate::secrets::Asking;
use crate::setup::pair;
use crate::table::{Cell, Table, cut, details, id_width};
use api::Code;
use api::tokens::{
    ForgetToken, ListTokens, ReadToken, RefreshToken, RequestToken, RevokeToken, ShowToken, State, Token,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// What can be done with tokens.
#[derive(Debug, clap::Subcommand)]
pub enum TokensCommand {
    /// Ask an issuer for a token; an agent's is for its own worktree, and may wait for the owner's answer
    Request(Request),
    /// List the tokens that may be alive
    List {
        /// Those that are gone as well, newest first
        #[arg(long)]
        all: bool,
        /// Only those of this identity
        #[arg(long, value_name = "NAME")]
        identity: Option<String>,
        /// Only those of this worktree
        #[arg(long, value_name = "NAME")]
        worktree: Option<String>,
    },
    /// Show a token
    Show {
        /// Its id, or the beginning of it
        id: String,
        /// Print its bare value and a newline; one that is about to end is replaced first
        #[arg(long)]
        value: bool,
    },
    /// Take a token back; its issuer is told until it confirms
    Revoke {
        /// Its id, or the beginning of it
        id: String,
        /// Go on although it cannot be issued again
        #[arg(long)]
        force: bool,
    },
    /// Give up a token whose issuer can never say whether it still lives: it is no longer looked after
    Forget {
        /// Its id, or the beginning of it
        id: String,
        /// Go on although it may work for ever
        #[arg(long)]
        yes: bool,
    },
    /// Put a new token of the same scope in a token's place, and revoke the old one
    Refresh {
        /// Its id, or the beginning of it
        id: String,
    },
}

/// A token to ask for.
#[derive(Debug, clap::Args)]
pub struct Request {
    /// The issuer, by name or id
    issuer: String,
    /// A repository that it shall be limited to; may be given several times
    #[arg(long = "repo", value_name = "NAME")]
    repositories: Vec<String>,
    /// What it shall be able to do, for example contents=read; may be given several times
    #[arg(long = "permission", value_name = "NAME=LEVEL", value_parser = pair)]
    permissions: Vec<(String, String)>,
    /// How long it shall live, for example 30m or 8h; as long as the issuer likes if left out
    #[arg(long, value_name = "TIME", value_parser = duration)]
    ttl: Option<Duration>,
    /// Whose; the current identity's if left out, an agent's own always
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
    /// The worktree that it is for; it is revoked when that is archived
    #[arg(long, value_name = "NAME")]
    worktree: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

impl TokensCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            TokensCommand::Request(request) => {
                let token = hand.ask_patiently(&request.call())?;
                hand.out.show(&token, || one(&hand.out, &token))
            }
            TokensCommand::List { all, identity, worktree } => {
                let tokens = hand.ask(&ListTokens { identity, worktree, all })?;
                hand.out.show(&tokens, || table(&hand.out, &tokens))
            }
            TokensCommand::Show { id, value: false } => {
                let token = hand.ask(&ShowToken { token: id })?;
                hand.out.show(&token, || one(&hand.out, &token))
            }
            TokensCommand::Show { id, value: true } => print_value(hand, id),
            TokensCommand::Revoke { id, force } => revoke(hand, id, force),
            TokensCommand::Forget { id, yes } => forget(hand, id, yes),
            TokensCommand::Refresh { id } => {
                let token = hand.ask(&RefreshToken { token: id })?;
                hand.out.show(&token, || one(&hand.out, &token))
            }
        }
    }
}

impl Request {
    fn call(self) -> RequestToken {
        RequestToken {
            issuer: self.issuer,
            identity: self.identity,
            worktree: self.worktree,
            repositories: self.repositories,
            permissions: self.permissions.into_iter().collect::<BTreeMap<_, _>>(),
            ttl: self.ttl.map(|ttl| ttl.as_secs()),
            wait_ms: self.asking.wait_ms(),
            reason: self.asking.reason,
        }
    }
}

fn print_value(hand: &mut Hand, id: String) -> Result<()> {
    let read = hand.ask(&ReadToken { token: id })?;
    hand.out.reveal(&read, &read.value)
}

fn revoke(hand: &mut Hand, id: String, force: bool) -> Result<()> {
    let call = |force| RevokeToken { token: id.clone(), force, wait_ms: None };
    let token = match hand.ask(&call(force)) {
        Err(Failure::Refused(error)) if hand.has_person() && error.code == Code::Unconfirmed => {
            prompt::say(&format!("{}\n", clean(&error.message)))?;
            prompt::confirm("Revoke it for good?")?;
            prompt::confirm("This cannot be undone. Are you sure?")?;
            hand.ask(&call(true))
        }
        answer => answer,
    }?;
    hand.out.show(&token, || told(&token))
}

fn forget(hand: &mut Hand, id: String, yes: bool) -> Result<()> {
    let call = |sure| ForgetToken { token: id.clone(), sure };
    let token = match hand.ask(&call(yes)) {
        Err(Failure::Refused(error)) if hand.has_person() && error.code == Code::Unconfirmed => {
            prompt::say(&format!("{}\n", clean(&error.message)))?;
            prompt::confirm("Forget it?")?;
            hand.ask(&call(true))
        }
        answer => answer,
    }?;
    hand.out.show(&token, || told(&token))
}

/// What became of a token that was taken back, in a sentence.
pub fn told(token: &Token) -> String {
    let name = format!("{} of {}", cut(&token.id, 13), clean(&token.issuer));
    match token.state {
        State::Revoking => {
            let why = token.last_error.as_deref().unwrap_or("the issuer has not answered yet");
            format!("The token {name} is not confirmed as revoked yet: {}. Lanyard tries on.", clean(why))
        }
        State::Revoked => format!("Revoked the token {name}."),
        State::Forgotten => format!("Forgot the token {name}. It may still work at its issuer."),
        state => format!("The token {name} is {}.", state.name()),
    }
}

fn one(out: &Output, token: &Token) -> String {
    let permissions: Vec<String> =
        token.permissions.iter().map(|(name, level)| format!("{name}={level}")).collect();
    let mut rows = vec![
        ("id", token.id.clone()),
        ("issuer", format!("{} ({})", token.issuer, token.kind.name())),
        ("state", state(out, token)),
        ("identity", token.identity.clone()),
    ];
    let more = [
        ("worktree", token.worktree.clone()),
        ("repositories", Some(token.repositories.join(", "))),
        ("permissions", Some(permissions.join(", "))),
        ("reason", token.reason.clone()),
        ("replaced by", token.replaced_by.clone()),
        ("last error", token.last_error.clone()),
    ];
    rows.extend(more.into_iter().filter_map(|(name, value)| Some((name, value.filter(|v| !v.is_empty())?))));
    details(out, &rows)
}

fn table(out: &Output, tokens: &[Token]) -> String {
    if tokens.is_empty() {
        return "No tokens. Ask for one: lanyard tokens request ISSUER".into();
    }
    let width = id_width(tokens.iter().map(|token| token.id.as_str()));
    let mut table = Table::new(["ID", "ISSUER", "IDENTITY", "WORKTREE", "STATE", "LAST ERROR"]);
    for token in tokens {
        let look = match token.state {
            State::Active => Look::Good,
            State::Revoking | State::Failed | State::Forgotten => Look::Bad,
            _ => Look::Plain,
        };
        table.row([
            cut(&token.id, width).into(),
            (&token.issuer).into(),
            (&token.identity).into(),
            token.worktree.as_deref().unwrap_or_default().into(),
            Cell::looking(look, &state(out, token)),
            token.last_error.as_deref().unwrap_or_default().into(),
        ]);
    }
    table.shown(out)
}

fn state(out: &Output, token: &Token) -> String {
    match (token.state, token.expires_at, token.next_try_at) {
        (State::Active, Some(end), _) if end > out.now => format!("active, {} left", lasting(out.now, end)),
        (State::Active, Some(_), _) => "active, ending".into(),
        (State::Revoking, _, Some(next)) if next > out.now => {
            format!("revoking, tried again in {}", lasting(out.now, next))
        }
        (state, ..) => state.name().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Args, Command};
    use clap::Parser;

    #[test]
    fn a_request_is_read_with_all_its_limits() {
        let line = "lanyard tokens request gh --repo a/b --repo c --permission contents=read --ttl 30m";
        let Command::Tokens(TokensCommand::Request(request)) =
            Args::try_parse_from(line.split(' ')).unwrap().command
        else {
            panic!("no request")
        };
        let call = request.call();
        assert_eq!(call.repositories, ["a/b", "c"]);
        assert_eq!(call.permissions["contents"], "read");
        assert_eq!(call.ttl, Some(1800));
        assert!(Args::try_parse_from(["lanyard", "tokens", "request", "gh", "--permission", "x"]).is_err());
    }
}
