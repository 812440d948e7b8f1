//! Understands `lanyard secrets get KEY` and `lanyard git-credential get` by itself: building the whole tree of
//! commands costs more than the work.

use crate::args::{Args, Command};
use crate::git_credential::Operation;
use crate::secrets::{Asking, Get, SecretsCommand, Whose};
use std::ffi::OsString;

/// The command line, if it is one of those commands in a plain form. All others, and all mistakes, are left to clap.
pub fn parse(args: impl Iterator<Item = OsString>) -> Option<Args> {
    let (mut words, mut json, mut identity) = (Vec::new(), false, None);
    let mut args = args.skip(1);
    while let Some(arg) = args.next() {
        match arg.into_string().ok()? {
            flag if flag == "--json" && !json => json = true,
            flag if flag == "--identity" && identity.is_none() && words.len() >= 2 => {
                identity = Some(args.next()?.into_string().ok().filter(|name| !name.starts_with('-'))?);
            }
            word if !word.starts_with('-') && words.len() < 3 => words.push(word),
            _ => return None,
        }
    }
    if words == ["git-credential", "get"] && identity.is_none() {
        return Some(Args { json, command: Command::GitCredential { operation: Operation::Get } });
    }
    let [noun, verb, key] = <[String; 3]>::try_from(words).ok()?;
    let get = Get { key, whose: Whose { identity }, worktree: None, asking: Asking::default() };
    let command = Command::Secrets(SecretsCommand::Get(get));
    (noun == "secrets" && verb == "get").then_some(Args { json, command })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn words(line: &str) -> impl Iterator<Item = OsString> {
        line.split(' ').map(OsString::from).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn what_it_understands_is_what_clap_understands() {
        for line in [
            "lanyard secrets get A",
            "lanyard git-credential get",
            "lanyard secrets get A --json",
            "lanyard --json secrets get A --identity b",
            "lanyard secrets get --identity b A",
        ] {
            let (quick, clap) = (parse(words(line)).unwrap(), Args::try_parse_from(words(line)).unwrap());
            assert_eq!(format!("{quick:?}"), format!("{clap:?}"), "{line}");
        }
    }

    #[test]
    fn all_else_is_left_to_clap() {
        for line in [
            "lanyard",
            "lanyard secrets get",
            "lanyard git-credential store",
            "lanyard git-credential get --identity a",
            "lanyard secrets get A B",
            "lanyard secrets get A --wait 90s",
            "lanyard secrets get A --help",
            "lanyard secrets get A --json --json",
            "lanyard secrets get A --identity",
            "lanyard secrets get A --identity --json",
            "lanyard --identity b secrets get A",
            "lanyard secrets list A",
            "lanyard secret get A",
            "lanyard secrets get -- A",
        ] {
            assert!(parse(words(line)).is_none(), "{line}");
        }
    }
}
