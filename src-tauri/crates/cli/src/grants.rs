//! `lanyard grants`: the owner's standing answers.

use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Output, ago, clean, lasting};
use crate::table::{Table, cut, id_width};
use api::grants::{Extent, Grant, ListGrants, RevokeGrant};

/// What can be done with grants.
#[derive(Debug, clap::Subcommand)]
pub enum GrantsCommand {
    /// List the grants that hold
    List,
    /// End a grant: the next use is asked for again
    Revoke {
        /// Its id, or the beginning of it
        id: String,
    },
}

impl GrantsCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            GrantsCommand::List => {
                let grants = hand.ask(&ListGrants {})?;
                hand.out.show(&grants, || table(&hand.out, &grants))
            }
            GrantsCommand::Revoke { id } => {
                let grant = hand.ask(&RevokeGrant { grant: id })?;
                let text = format!("Revoked: {} asks again for {}.", grant.identity, grant.subject);
                hand.out.show(&grant, || clean(&text).into_owned())
            }
        }
    }
}

fn table(out: &Output, grants: &[Grant]) -> String {
    if grants.is_empty() {
        return "No grants: every use of a secret with the policy ask is asked for.".into();
    }
    let width = id_width(grants.iter().map(|grant| grant.id.as_str()));
    let mut table = Table::new(["ID", "IDENTITY", "ALLOWS", "REACHES", "GIVEN", "ENDS"]);
    for grant in grants {
        let reach = match grant.extent {
            Extent::Worktree => format!("worktree {}", grant.worktree),
            Extent::Session | Extent::Hour => {
                format!("the session in slot {} ({})", grant.slot, grant.worktree)
            }
        };
        let end = grant.until.map(|until| format!("in {}", lasting(out.now, until)));
        table.row([
            cut(&grant.id, width).into(),
            (&grant.identity).into(),
            format!("{} {}", grant.action.wants(), grant.subject).into(),
            reach.into(),
            ago(out.now, grant.made_at).into(),
            end.unwrap_or_else(|| format!("with the {}", grant.extent.name())).into(),
        ]);
    }
    table.shown(out)
}
