//! `lanyard completions`: what a shell needs to complete the commands.

use crate::args::Args;
use crate::failure::Result;
use crate::output;
use clap::CommandFactory;

/// Which shell they are for.
#[derive(Debug, clap::Args)]
pub struct CompletionsCommand {
    /// The shell
    shell: Shell,
}

/// The shells that are known.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl CompletionsCommand {
    /// Prints them.
    pub fn run(&self) -> Result<()> {
        let shell = match self.shell {
            Shell::Bash => clap_complete::Shell::Bash,
            Shell::Zsh => clap_complete::Shell::Zsh,
            Shell::Fish => clap_complete::Shell::Fish,
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Args::command(), "lanyard", &mut script);
        output::write(&script)
    }
}
