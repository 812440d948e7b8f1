//! `lanyard inbox examine`: becomes the daemon's program, which knows how to read messages, for one of them.

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use api::Error;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A message to examine.
#[derive(Debug, clap::Args)]
pub struct Examine {
    /// A mail as a file (.eml); - reads standard input
    file: PathBuf,
    /// It is a text message: plain text
    #[arg(long)]
    sms: bool,
}

impl Examine {
    /// Does it; comes back only if that fails.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        let program = hand.place().daemon()?;
        let mut command = Command::new(&program);
        command.arg("examine").args(self.sms.then_some("--sms")).args(hand.out.json.then_some("--json"));
        if self.file != Path::new("-") {
            command.stdin(opened(&self.file)?);
        }
        Err(Failure::system(&format!("running {}", program.display()), command.exec()))
    }
}

fn opened(path: &Path) -> Result<File> {
    let told = |why: &dyn std::fmt::Display| {
        let message = format!("the message {} cannot be read: {why}", path.display());
        Failure::Refused(Error::invalid(message).hint("give an .eml file, or - for standard input"))
    };
    let file = File::open(path).map_err(|e| told(&e))?;
    match file.metadata() {
        Ok(about) if about.is_dir() => Err(told(&"it is a folder")),
        _ => Ok(file),
    }
}
