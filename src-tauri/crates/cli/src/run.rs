//! `lanyard run`: one command here, with the environment of an identity and under the guard of a session.

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::wiped::Wiped;
use api::identities::{GetEnvironment, Variable};
use api::sessions::Size;
use rustix::fs::{MemfdFlags, SeekFrom, memfd_create, seek};
use serde_json::json;
use std::fs::File;
use std::io::{self, Write};
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

impl RunCommand {
    /// Becomes the command's guard, which ends with the command's status.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        let RunCommand { identity, project, command } = self;
        let environment = hand.ask(&GetEnvironment { identity, project })?;
        let program = hand.place().daemon()?;
        let error = spec_file(&command, &environment).map(|file| {
            Command::new(&program).args(["keep", "--in-place"]).arg(file.as_raw_fd().to_string()).exec()
        });
        let error = error.unwrap_or_else(|error| error);
        Err(Failure::system(&format!("running the command under {}", program.display()), error))
    }
}

/// A file in memory alone, with no name, that the guard inherits: what a keeper reads at its start. One line
/// of JSON, then `NAME=VALUE` entries that each end with a NUL; no terminal is opened, so its size and the
/// socket say nothing, and what is hidden from the command the guard knows itself.
fn spec_file(command: &[String], environment: &[Variable]) -> io::Result<File> {
    let hiding = json!({ "covered": [], "kept": [], "shown": [] });
    let head = json!({
        "session": "", "socket": "", "command": command, "cwd": ".", "size": Size::DEFAULT, "scrollback": 0,
        "hiding": hiding
    });
    let mut spec = Wiped::new(16 * 1024);
    spec.push(format!("{head}\n").as_bytes());
    for Variable { name, value } in environment {
        // EXPOSE: the value goes into the environment of the command that it is meant for.
        for part in [name, "=", value.expose(), "\0"] {
            spec.push(part.as_bytes());
        }
    }
    let mut file = File::from(memfd_create("lanyard", MemfdFlags::empty())?);
    file.write_all(spec.as_slice())?;
    seek(&file, SeekFrom::Start(0))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::SecretText;
    use std::io::Read;

    #[test]
    fn the_guard_reads_command_and_environment_from_the_start_of_the_file() {
        let variable =
            |name: &str, value: &str| Variable { name: name.into(), value: SecretText::new(value.into()) };
        let environment = [variable("A", "b"), variable("KEY", "two\nlines")];
        let mut file = spec_file(&["ls".into()], &environment).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let (head, entries) = text.split_once('\n').unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(head).unwrap()["command"], json!(["ls"]));
        assert_eq!(entries, "A=b\0KEY=two\nlines\0");
    }
}
