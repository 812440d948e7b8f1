//! `lanyard`: everything that Lanyard does, from the command line.

mod approvals;
mod args;
mod ask;
mod assignment;
mod attach;
mod audit;
mod awaited;
mod chunks;
mod completions;
mod connection;
mod daemon;
mod duration;
mod email;
mod failure;
#[cfg(test)]
mod fake;
mod gh;
mod git_credential;
mod github_app;
mod grants;
mod hand;
mod hook;
mod identity;
mod inbox;
mod issuers;
mod keys;
mod mcp;
mod notify;
mod output;
mod passwords;
mod place;
mod project;
mod prompt;
mod quick;
mod ravi;
mod relay;
mod run;
mod secrets;
mod sessions;
mod setup;
mod slot;
mod sms;
mod sources;
mod start;
mod status;
mod summary;
mod table;
mod tasks;
mod terminal;
mod tokens;
mod unlock;
mod wait;
mod watch;
mod web;
mod wiped;
mod worktrees;

use args::Args;
use clap::Parser;
use failure::{Failure, Result};
use hand::Hand;
use output::Output;
use place::Place;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

fn main() -> ExitCode {
    if let Some(hook) = hook::parse(std::env::args_os()) {
        // An agent must never fail by its hook, whatever comes of it.
        let _unheard = hook::tell(hook, &place());
        return ExitCode::SUCCESS;
    }
    if let Some(arguments) = ravi::arguments(std::env::args_os()) {
        let out = Output { json: true, colour: false, terminal: false, now: 0 };
        return ravi::run(arguments, &mut Hand::new(place(), out, false));
    }
    let as_gh = gh::is_called(std::env::args_os().next().as_ref());
    let json = !as_gh && asks_for_json(std::env::args_os());
    let ended = match (as_gh, quick::parse(std::env::args_os())) {
        (true, _) => run_gh(),
        (false, Some(args)) => execute(args),
        (false, None) => Args::try_parse().map_err(Failure::from).and_then(execute),
    };
    let Err(failure) = ended else { return ExitCode::SUCCESS };
    if let Some(told) = failure.told(json) {
        // Nobody is left to tell if standard error is gone as well.
        let _ = prompt::say(&format!("{}\n", told.trim_end()));
    }
    ExitCode::from(failure.exit())
}

fn execute(args: Args) -> Result<()> {
    let terminal = io::stdout().is_terminal();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let out = Output {
        json: args.json,
        colour: terminal && variable("NO_COLOR").is_none(),
        terminal,
        now: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
    };
    let person = !args.json && io::stdin().is_terminal() && io::stderr().is_terminal();
    args.command.run(&mut Hand::new(place(), out, person))
}

fn run_gh() -> Result<()> {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let out = Output { json: false, colour: false, terminal: false, now: 0 };
    gh::run(&args, variable("GH_HOST"), &mut Hand::new(place(), out, false))
}

/// Whether errors are to be told as JSON; asked before the command line is understood.
fn asks_for_json(args: impl Iterator<Item = OsString>) -> bool {
    args.take_while(|arg| arg != "--").any(|arg| arg == "--json")
}

fn place() -> Place {
    let folder = |name| variable(name).map(PathBuf::from);
    Place {
        session_socket: folder("LANYARD_SOCKET"),
        lanyard_home: folder("LANYARD_HOME"),
        runtime: folder("XDG_RUNTIME_DIR"),
        data: folder("XDG_DATA_HOME"),
        home: folder("HOME"),
        path: variable("PATH"),
        program: std::env::current_exe().ok(),
    }
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
