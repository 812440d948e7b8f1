//! `lanyard run`: one command here, with the environment of an identity and under the guard of a session.

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::wiped::Wiped;
use api::SecretText;
use api::identities::GetEnvironment;
use rustix::fs::{MemfdFlags, SeekFrom, memfd_create, seek};
use serde::Serialize;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// What to run, and as whom.
#[derive(Debug, clap::Args)]
pub struct RunCommand {
    /// The identity, by name or id
    #[arg(long, value_name = "NAME")]
    identity: String,
    /// A project whose allowed variables are taken over as well
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// The command and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// What the guard reads from the file that it inherits.
#[derive(Serialize)]
struct Spec {
    command: Vec<String>,
    env: Vec<(String, SecretText)>,
}

impl RunCommand {
    /// Becomes the command's guard, which ends with the command's status.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        let RunCommand { identity, project, command } = self;
        let environment = hand.ask(&GetEnvironment { identity, project })?;
        let env = environment.into_iter().map(|variable| (variable.name, variable.value)).collect();
        let program = hand.place().daemon()?;
        let error = spec_file(&Spec { command, env }).map(|file| {
            Command::new(&program).args(["keep", "--in-place"]).arg(file.as_raw_fd().to_string()).exec()
        });
        let error = error.unwrap_or_else(|error| error);
        Err(Failure::system(&format!("running the command under {}", program.display()), error))
    }
}

/// A file in memory alone, with no name, that the guard inherits: the environment holds secrets.
fn spec_file(spec: &Spec) -> std::io::Result<std::fs::File> {
    let mut json = Wiped::new(16 * 1024);
    serde_json::to_writer(&mut json, spec)?;
    let mut file = std::fs::File::from(memfd_create("lanyard", MemfdFlags::empty())?);
    file.write_all(json.as_slice())?;
    seek(&file, SeekFrom::Start(0))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn the_guard_reads_command_and_environment_from_the_start_of_the_file() {
        let env = vec![("A".to_string(), SecretText::new("b".into()))];
        let mut file = spec_file(&Spec { command: vec!["ls".into()], env }).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, r#"{"command":["ls"],"env":[["A","b"]]}"#);
    }
}
