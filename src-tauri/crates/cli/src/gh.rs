//! `gh`, as a slot finds it: the real one is run with a fresh token of the slot's identity.

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::prompt;
use api::credentials::GetCredential;
use api::{Code, Error};
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The variables that `gh` takes a token from.
const TOKENS: [&str; 4] = ["GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"];
/// What takes no login.
const WITHOUT: [&str; 5] = ["--version", "version", "--help", "help", "completion"];

/// Whether we were called by the name `gh`.
pub fn is_called(program: Option<&OsString>) -> bool {
    program.is_some_and(|program| Path::new(program).file_name() == Some(OsStr::new("gh")))
}

/// Becomes the real `gh`; comes back only if that fails.
pub fn run(args: &[OsString], host: Option<OsString>, hand: &mut Hand) -> Result<()> {
    let place = hand.place();
    let Some(real) = real(place.path.as_deref(), place.program.as_deref()) else {
        return Err(Failure::NoProgram(
            Error::new(Code::NotFound, "gh is not installed").hint("install it, or use git and the API"),
        ));
    };
    let mut command = Command::new(&real);
    command.args(args);
    // Outside a session the environment is what it is.
    if place.session_socket.is_some() {
        let host = host.and_then(|host| host.into_string().ok()).unwrap_or_else(|| "github.com".into());
        for name in TOKENS {
            command.env_remove(name);
        }
        if args.first().is_some_and(|first| !WITHOUT.iter().any(|word| first == word)) {
            give_token(&mut command, &host, hand)?;
        }
    }
    Err(Failure::system(&format!("running {}", real.display()), command.exec()))
}

fn give_token(command: &mut Command, host: &str, hand: &mut Hand) -> Result<()> {
    let call = GetCredential { protocol: "https".into(), host: host.into(), username: None };
    let variable = if host == "github.com" { "GH_TOKEN" } else { "GH_ENTERPRISE_TOKEN" };
    match hand.ask(&call) {
        Ok(Some(credential)) => {
            // EXPOSE: the token goes into the environment of the gh that needs it.
            command.env(variable, credential.password.expose());
        }
        Ok(None) => {}
        // gh itself says what it needs a login for.
        Err(failure) => prompt::say(&format!("{}\n", failure.told(false).unwrap_or_default()))?,
    }
    Ok(())
}

/// The first `gh` on the PATH that is not ourselves.
fn real(path: Option<&OsStr>, own: Option<&Path>) -> Option<PathBuf> {
    let own = own.and_then(|own| own.canonicalize().ok());
    let folders = path.map(std::env::split_paths).into_iter().flatten();
    let runs = |gh: &PathBuf| gh.is_file() && rustix::fs::access(gh, rustix::fs::Access::EXEC_OK).is_ok();
    folders.map(|folder| folder.join("gh")).find(|gh| runs(gh) && gh.canonicalize().ok() != own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_one_is_the_first_that_is_not_ourselves() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink("/bin/true", ours.path().join("gh")).unwrap();
        let path = std::env::join_paths([ours.path(), theirs.path()]).unwrap();
        assert_eq!(real(Some(&path), Some(Path::new("/bin/true"))), None);
        std::os::unix::fs::symlink("/bin/false", theirs.path().join("gh")).unwrap();
        assert_eq!(real(Some(&path), Some(Path::new("/bin/true"))), Some(theirs.path().join("gh")));
    }

    #[test]
    fn it_is_known_by_its_name() {
        for (name, called) in
            [("gh", true), ("/data/bin/gh", true), ("lanyard", false), ("/gh/lanyard", false)]
        {
            assert_eq!(is_called(Some(&name.into())), called, "{name}");
        }
    }
}
