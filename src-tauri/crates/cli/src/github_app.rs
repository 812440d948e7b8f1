//! `lanyard issuers github-app`: has GitHub make an App, and waits until its key is sealed.

use crate::failure::Result;
use crate::hand::Hand;
use crate::output::clean;
use crate::prompt;
use crate::secrets::PolicyName;
use crate::setup::pair;
use api::Event;
use api::issuers::{BeginApp, Issuer, ListIssuers};
use api::status::Subscribe;

/// An App to be made.
#[derive(Debug, clap::Args)]
pub struct GithubApp {
    /// The issuer's name, and the App's
    #[arg(long)]
    name: String,
    /// The organization that shall own the App; you, if left out
    #[arg(long, value_name = "NAME")]
    org: Option<String>,
    /// Where GitHub's API is, for a server of one's own
    #[arg(long, value_name = "ADDRESS")]
    url: Option<String>,
    /// The most that its tokens can do, for example contents=write; may be given several times
    #[arg(long = "permission", value_name = "NAME=LEVEL", value_parser = pair)]
    permissions: Vec<(String, String)>,
    /// auto: agents get tokens; ask: each is approved; deny: none for an agent; ask if left out
    #[arg(long, value_enum)]
    policy: Option<PolicyName>,
}

impl GithubApp {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        let call = BeginApp {
            name: self.name.clone(),
            organization: self.org,
            base_url: self.url,
            permissions: self.permissions.into_iter().collect(),
            policy: self.policy.map(api::secrets::Policy::from),
        };
        let begun = hand.ask(&call)?;
        hand.ask(&Subscribe {})?;
        // EXPOSE: the owner asked for the address, and its state is worth one App.
        let address = begun.url.expose();
        prompt::say(&format!(
            "Open this address in a browser on this machine, and agree at GitHub:\n  {address}\n"
        ))?;
        // What is asked while events come goes over another connection.
        let mut events = hand.take_connection()?;
        let issuer = loop {
            if let Event::IssuerChanged { .. } | Event::Lagged { .. } = events.event()?
                && let Some(issuer) = made(hand, &self.name)?
            {
                break issuer;
            }
        };
        let page = issuer.settings.get("page").map(String::as_str).unwrap_or_default();
        let text = format!(
            "The App is made, and its key is sealed. Now install it: {}/installations/new",
            clean(page)
        );
        hand.out.show(&issuer, || text)
    }
}

fn made(hand: &mut Hand, name: &str) -> Result<Option<Issuer>> {
    Ok(hand.ask(&ListIssuers {})?.into_iter().find(|issuer| issuer.name == name))
}
