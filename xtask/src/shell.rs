//! Running other programs: said before, and an error that names the command when it fails.

use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// Tells a person what happens now.
pub fn say(text: impl std::fmt::Display) {
    eprintln!("· {text}");
}

/// Runs a command with its output shown; it must succeed.
pub fn run(command: &mut Command) -> Result<()> {
    match succeeds(command)? {
        true => Ok(()),
        false => bail!("`{}` failed; what it says stands above", line(command)),
    }
}

/// Runs a command with its output shown, and tells whether it succeeded.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    Ok(command.status().with_context(|| format!("starting `{}`", line(command)))?.success())
}

/// Runs a command with its output thrown away, and tells whether it succeeded.
pub fn quietly(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Runs a command and returns what it prints, trimmed; it must succeed.
pub fn read(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("starting `{}`", line(command)))?;
    if !output.status.success() {
        bail!("`{}` failed: {}", line(command), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// A command as a person would type it.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
