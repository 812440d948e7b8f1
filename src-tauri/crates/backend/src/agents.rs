//! The agents that Lanyard knows how to start, each by its name.

use anyhow::{Result, bail};
use api::Error;
use api::names::shown;
use api::status::AgentProgram;
use std::ffi::OsStr;
use std::path::PathBuf;

/// The agent of a slot that nobody has chosen one for.
pub const DEFAULT: &str = "shell";
/// The name of a session's agent where a command was given instead.
pub const COMMAND: &str = "command";

/// Name and program; the shell's program is the owner's own.
const AGENTS: [(&str, &str); 4] =
    [("shell", "sh"), ("claude", "claude"), ("codex", "codex"), ("opencode", "opencode")];

/// Checks that an agent is known.
pub fn check(name: &str) -> Result<()> {
    if AGENTS.iter().any(|(known, _)| *known == name) {
        return Ok(());
    }
    let known: Vec<_> = AGENTS.iter().map(|(known, _)| *known).collect();
    bail!(
        Error::not_found("agent", name)
            .hint(format!("known are {}; or give a command after --", known.join(", ")))
    )
}

/// The command that starts an agent. `shell` is the owner's shell, where there is one.
pub fn command(name: &str, shell: Option<&str>) -> Result<Vec<String>> {
    check(name)?;
    let program = AGENTS.iter().find(|(known, _)| *known == name).map_or(name, |(_, program)| program);
    match name {
        "shell" => Ok(vec![shell.unwrap_or(program).to_string()]),
        _ => Ok(vec![program.to_string()]),
    }
}

/// All agents, and where their programs are.
pub fn programs(path: Option<&OsStr>, shell: Option<&str>) -> Vec<AgentProgram> {
    let found = |name: &str| {
        let command = command(name, shell).ok()?;
        find_program(&command[0], path).map(|p| p.to_string_lossy().into_owned())
    };
    AGENTS.iter().map(|(name, _)| AgentProgram { name: name.to_string(), path: found(name) }).collect()
}

/// Where a program is: itself if it names a path, else in the folders of `path`.
pub fn find_program(program: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|p| is_executable(p));
    }
    let folders = std::env::split_paths(path?);
    folders.map(|folder| folder.join(program)).find(|p| is_executable(p))
}

/// The error for a command whose program does not exist.
pub fn no_program(program: &str) -> Error {
    Error::not_found("program", program).hint(format!(
        "{} is not on the PATH of the daemon; install it or give its whole path",
        shown(program)
    ))
}

fn is_executable(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_agent_is_answered_with_the_known_ones() {
        let error = check("cluade").unwrap_err().downcast::<Error>().unwrap();
        assert!(error.hint.unwrap().contains("claude, codex"));
    }

    #[test]
    fn a_program_is_found_on_the_path_or_by_its_own_path() {
        assert!(find_program("sh", Some(OsStr::new("/nowhere:/bin"))).is_some());
        assert!(find_program("/bin/sh", None).is_some());
        assert!(find_program("sh", Some(OsStr::new("/nowhere"))).is_none());
        assert!(find_program("/etc/passwd", None).is_none());
    }
}
