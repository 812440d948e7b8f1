//! `lanyard issuers`: set up what makes tokens.

use crate::failure::Result;
use crate::github_app::GithubApp;
use crate::hand::Hand;
use crate::output::{Output, clean};
use crate::prompt;
use crate::secrets::PolicyName;
use crate::table::Table;
use crate::tokens::pair;
use api::SecretText;
use api::issuers::{AddIssuer, Issuer, Kind, ListIssuers, RemoveIssuer, UpdateIssuer};
use api::secrets::VALUE_MAX;

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
    /// Where its API is, for a server of one's own
    #[arg(long, value_name = "ADDRESS")]
    url: Option<String>,
    /// A setting of its kind, for example project=42; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
    /// Its secret: `-` reads standard input, and without one it is asked for
    #[arg(long, value_name = "-", num_args = 0..=1, default_missing_value = "", value_parser = ["", "-"])]
    secret: Option<String>,
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
  npm             username; the account's password, and in a second line what makes its one-time codes
                  (base32 or otpauth:) where it has a second factor
  cloudflare      policies (a JSON list), perhaps account_id; a token that may make others
  vercel          perhaps team_id and project_id; a token of the user's
  command         see below

The kind command runs a program of yours: --set command=/path/to/program, or a JSON array of words. It reads one
JSON object from its standard input and prints one:
  {\"do\":\"issue\",\"name\":…,\"repositories\":[…],\"permissions\":{…},\"ttl\":SECONDS or null,\"secret\":…,\"settings\":{…}}
      → {\"value\":…,\"id\":…,\"expires_in\":SECONDS}
  {\"do\":\"revoke\",\"name\":…,\"id\":…,\"value\":…,…}
  {\"do\":\"find\",\"name\":…,…}  → {\"id\":…} or {\"id\":null}
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
                let (secret, policy) = (facts.read_secret()?, facts.policy.map(api::secrets::Policy::from));
                let settings = facts.settings.into_iter().collect();
                let call = AddIssuer { name, kind, base_url: facts.url, settings, secret, policy };
                let issuer = hand.ask(&call)?;
                done(hand, "Added", &issuer)
            }
            IssuersCommand::GithubApp(app) => app.run(hand),
            IssuersCommand::Update { name, facts } => {
                let (secret, policy) = (facts.read_secret()?, facts.policy.map(api::secrets::Policy::from));
                let settings = facts.settings.into_iter().collect();
                let call = UpdateIssuer { issuer: name, base_url: facts.url, settings, secret, policy };
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

impl Facts {
    fn read_secret(&self) -> Result<Option<SecretText>> {
        match self.secret.as_deref() {
            None => Ok(None),
            Some("-") => prompt::piped(VALUE_MAX).map(Some),
            Some(_) => prompt::hidden("Its secret: ").map(Some),
        }
    }
}

fn done(hand: &Hand, what: &str, issuer: &Issuer) -> Result<()> {
    let (name, kind, policy) = (&issuer.name, issuer.kind.name(), issuer.policy.name());
    hand.out.show(issuer, || format!("{what} the issuer {} ({kind}, {policy}).", clean(name)))
}

fn kind(text: &str) -> std::result::Result<Kind, String> {
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    Kind::named(text).ok_or_else(|| format!("the kinds are {}", names.join(", ")))
}

fn table(out: &Output, issuers: &[Issuer]) -> String {
    if issuers.is_empty() {
        return "No issuers yet. Add one: lanyard issuers add NAME --kind KIND".into();
    }
    let mut table = Table::new(["NAME", "KIND", "POLICY", "SECRET", "ADDRESS", "SETTINGS"]);
    for issuer in issuers {
        let settings: Vec<String> =
            issuer.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        table.row([
            (&issuer.name).into(),
            issuer.kind.name().into(),
            issuer.policy.name().into(),
            if issuer.has_secret { "set" } else { "none" }.into(),
            issuer.base_url.as_deref().unwrap_or_default().into(),
            settings.join(" ").into(),
        ]);
    }
    table.shown(out)
}
