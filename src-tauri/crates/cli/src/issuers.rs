//! `lanyard issuers`: set up what makes tokens.

use crate::failure::Result;
use crate::github_app::GithubApp;
use crate::hand::Hand;
use crate::output::{Output, clean};
use crate::secrets::PolicyName;
use crate::setup::{self, Given, Setup};
use crate::table::Table;
use api::issuers::{AddIssuer, Issuer, Kind, ListIssuers, RemoveIssuer, UpdateIssuer};
use api::secrets::Policy;

/// What can be done with issuers.
#[derive(Debug, clap::Subcommand)]
pub enum IssuersCommand {
    /// List the issuers
    List,
    /// Add an issuer
    #[command(after_help = COMMAND_HELP)]
    Add {
        /// A unique name
        name: String,
        /// What kind it is
        #[arg(long, value_parser = kind)]
        kind: Kind,
        #[command(flatten)]
        facts: Facts,
    },
    /// Have GitHub make an App, and seal its key
    GithubApp(GithubApp),
    /// Change an issuer; what is left out stays
    Update {
        /// Its name or id
        name: String,
        #[command(flatten)]
        facts: Facts,
    },
    /// Remove an issuer none of whose tokens can be alive
    Remove {
        /// Its name or id
        name: String,
    },
}

/// What an issuer is set up with.
#[derive(Debug, clap::Args)]
pub struct Facts {
    #[command(flatten)]
    setup: Setup,
    /// auto: agents get tokens; ask: each is approved; deny: none for an agent; ask if left out
    #[arg(long, value_enum)]
    policy: Option<PolicyName>,
}

const COMMAND_HELP: &str = "\
Kinds, with their settings and their secret:
  github-app      client_id, and installation_id if it has several; the App's private key (PEM).
                  To have one made: lanyard issuers github-app
  github-pat      the personal access token itself
  gitlab-project  project, perhaps scopes and access_level; a personal token with the scope api
  gitlab-group    group, perhaps scopes and access_level; a personal token with the scope api
  npm             username; the account's password, and in a second line what makes its one-time
                  codes (base32 or otpauth:) where it has a second factor
  cloudflare      policies (a JSON list), perhaps account_id; a token that may make others
  ravi            none to add: a source of that kind is an issuer by itself
  vercel          perhaps team_id and project_id; a token of the user's
  command         see below

The kind command runs a program of yours: --set command=/path/to/program, or a JSON array of words. It reads one \
JSON object from its standard input and prints one:

  {\"do\":\"issue\",\"name\":…,\"repositories\":[…],\"permissions\":{…},\"ttl\":SECONDS or null,
   \"secret\":…,\"settings\":{…}}      → {\"value\":…,\"id\":…,\"expires_in\":SECONDS}
  {\"do\":\"revoke\",\"name\":…,\"id\":…,\"value\":…,…}
  {\"do\":\"find\",\"name\":…,…}      → {\"id\":…} or {\"id\":null}

Status 0 is yes, 64 that it does not know what to do, 75 that its counterpart cannot be reached, any other no.

Further settings: timeout, shortest and longest (seconds), undoable=no, host and username (for git).";

impl IssuersCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            IssuersCommand::List => {
                let issuers = hand.ask(&ListIssuers {})?;
                hand.out.show(&issuers, || table(&hand.out, &issuers))
            }
            IssuersCommand::Add { name, kind, facts } => {
                let Given { url: base_url, settings, secret } = facts.setup.given()?;
                let policy = facts.policy.map(Policy::from);
                let call = AddIssuer { name, kind, base_url, settings, secret, policy };
                let issuer = hand.ask(&call)?;
                done(hand, "Added", &issuer)
            }
            IssuersCommand::GithubApp(app) => app.run(hand),
            IssuersCommand::Update { name, facts } => {
                let Given { url: base_url, settings, secret } = facts.setup.given()?;
                let policy = facts.policy.map(Policy::from);
                let call = UpdateIssuer { issuer: name, base_url, settings, secret, policy };
                let issuer = hand.ask(&call)?;
                done(hand, "Changed", &issuer)
            }
            IssuersCommand::Remove { name } => {
                let text = format!("Removed the issuer {}.", clean(&name));
                hand.ask(&RemoveIssuer { issuer: name })?;
                hand.out.done(&text)
            }
        }
    }
}

fn done(hand: &Hand, what: &str, issuer: &Issuer) -> Result<()> {
    let (name, kind, policy) = (&issuer.name, issuer.kind.name(), issuer.policy.name());
    hand.out.show(issuer, || format!("{what} the issuer {} ({kind}, {policy}).", clean(name)))
}

fn kind(text: &str) -> std::result::Result<Kind, String> {
    let names: Vec<&str> = Kind::to_add().map(Kind::name).collect();
    Kind::named(text).ok_or_else(|| format!("the kinds are {}", names.join(", ")))
}

fn table(out: &Output, issuers: &[Issuer]) -> String {
    if issuers.is_empty() {
        return "No issuers yet. Add one: lanyard issuers add NAME --kind KIND".into();
    }
    let mut table = Table::new(["NAME", "KIND", "POLICY", "SECRET", "ADDRESS", "SETTINGS"]);
    for issuer in issuers {
        table.row([
            (&issuer.name).into(),
            issuer.kind.name().into(),
            issuer.policy.name().into(),
            if issuer.has_secret { "set" } else { "none" }.into(),
            issuer.base_url.as_deref().unwrap_or_default().into(),
            setup::shown(&issuer.settings).into(),
        ]);
    }
    table.shown(out)
}
