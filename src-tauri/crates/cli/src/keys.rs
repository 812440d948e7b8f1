//! `lanyard keys`: the SSH key of an identity, which signs its commits and opens its SSH sessions.

use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Output, ago};
use crate::secrets::{PolicyName, Whose};
use crate::table::details;
use api::keys::{Key, RotateKey, SetKey, ShowKey};

/// What can be done with keys.
#[derive(Debug, clap::Subcommand)]
pub enum KeysCommand {
    /// Show the public key, and the file by which `git verify-commit` knows the keys of all identities
    Show {
        #[command(flatten)]
        whose: Whose,
    },
    /// Say what happens when a signature is asked for
    Set {
        #[command(flatten)]
        whose: Whose,
        /// auto: sign; ask: each signature is approved; deny: never, and commits are not signed
        #[arg(long, value_enum)]
        policy: PolicyName,
    },
    /// Put a new key in its place and destroy the old one; what it has signed can still be verified
    Rotate {
        #[command(flatten)]
        whose: Whose,
    },
}

impl KeysCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        let key = match self {
            KeysCommand::Show { whose } => hand.ask(&ShowKey { identity: whose.identity })?,
            KeysCommand::Set { whose, policy } => {
                hand.ask(&SetKey { identity: whose.identity, policy: policy.into() })?
            }
            KeysCommand::Rotate { whose } => hand.ask(&RotateKey { identity: whose.identity })?,
        };
        let out = hand.out;
        hand.out.show(&key, || text(&out, &key))
    }
}

fn text(out: &Output, key: &Key) -> String {
    details(
        out,
        &[
            ("identity", key.identity.clone()),
            ("public key", key.public_key.clone()),
            ("fingerprint", key.fingerprint.clone()),
            ("policy", key.policy.name().into()),
            ("made", ago(out.now, key.created_at)),
            ("signers", key.allowed_signers.clone()),
        ],
    )
}
