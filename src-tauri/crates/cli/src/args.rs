//! The tree of commands, and which file does each.

use crate::approvals::ApprovalsCommand;
use crate::ask::AskCommand;
use crate::audit::AuditCommand;
use crate::completions::CompletionsCommand;
use crate::daemon::DaemonCommand;
use crate::email::EmailCommand;
use crate::failure::{Failure, Result};
use crate::git_credential::Operation;
use crate::grants::GrantsCommand;
use crate::hand::Hand;
use crate::hook::HookCommand;
use crate::identity::IdentityCommand;
use crate::inbox::InboxCommand;
use crate::issuers::IssuersCommand;
use crate::keys::KeysCommand;
use crate::notify::NotifyCommand;
use crate::passwords::PasswordsCommand;
use crate::project::ProjectCommand;
use crate::run::RunCommand;
use crate::secrets::SecretsCommand;
use crate::sessions::SessionsCommand;
use crate::slot::SlotCommand;
use crate::sms::SmsCommand;
use crate::sources::SourcesCommand;
use crate::start::StartCommand;
use crate::tasks::TasksCommand;
use crate::tokens::TokensCommand;
use crate::wait::WaitCommand;
use crate::worktrees::WorktreesCommand;
use crate::{email, git_credential, inbox, mcp, output, ravi, sms, status, unlock, watch, web};
use api::Error;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::process::ExitCode;

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no daemon; waits have more, see their help.

With --json standard output is one JSON value, and an error is {\"error\":{\"code\",\"message\",\"hint\"}} on \
standard error.";

/// Run coding agents side by side, each with an identity and credentials of its own
#[derive(Debug, clap::Parser)]
#[command(name = "lanyard", version, arg_required_else_help = true, infer_subcommands = false)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Print JSON, for programs; errors too
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show how Lanyard is: its vault, its sessions, the agents it found
    Status,
    /// Create, show, change and delete identities
    #[command(subcommand, alias = "identities")]
    Identity(IdentityCommand),
    /// Show, replace and guard the SSH key of an identity, which signs its commits
    #[command(subcommand, alias = "key")]
    Keys(KeysCommand),
    /// Set, get, list and delete the secrets of an identity
    #[command(subcommand, alias = "secret")]
    Secrets(SecretsCommand),
    /// See what agents ask for, and answer
    #[command(subcommand, alias = "approval")]
    Approvals(ApprovalsCommand),
    /// Ask the owner a question, as an agent does, and print the answer
    Ask(AskCommand),
    /// See and revoke standing answers
    #[command(subcommand, alias = "grant")]
    Grants(GrantsCommand),
    /// Keep the passwords of an identity, and make its one-time codes
    #[command(subcommand, alias = "password")]
    Passwords(PasswordsCommand),
    /// Read, await, send and answer the mail of an identity
    #[command(subcommand, after_help = email::EXAMPLES)]
    Email(EmailCommand),
    /// Read, await and send the text messages of an identity
    #[command(subcommand, after_help = sms::EXAMPLES)]
    Sms(SmsCommand),
    /// See mail and text messages in one list, and say how inboxes are kept
    #[command(subcommand, after_help = inbox::EXAMPLES)]
    Inbox(InboxCommand),
    /// Ask for tokens, read them, take them back
    #[command(subcommand, alias = "token")]
    Tokens(TokensCommand),
    /// Set up what makes tokens
    #[command(subcommand, alias = "issuer")]
    Issuers(IssuersCommand),
    /// See the slots and say who sits where
    #[command(subcommand, alias = "slots")]
    Slot(SlotCommand),
    /// Add, list and remove git repositories
    #[command(subcommand, alias = "projects")]
    Project(ProjectCommand),
    /// Start an agent or a command in a slot, in a worktree of its own
    Start(StartCommand),
    /// See the terminals, attach to them, type into them, stop them
    #[command(subcommand, alias = "session")]
    Sessions(SessionsCommand),
    /// List and archive the checkouts that sessions work in
    #[command(subcommand, alias = "worktree")]
    Worktrees(WorktreesCommand),
    /// Run one command here with the environment of an identity
    Run(RunCommand),
    /// Say when and how you are told of what agents do and need; try it; see what was sent
    #[command(subcommand, alias = "notifications")]
    Notify(NotifyCommand),
    /// Set up where mail and text messages come from, and what sends them
    #[command(subcommand, alias = "source")]
    Sources(SourcesCommand),
    /// See who did what; verify, anchor and export the record of it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Answer git, which asks for a login: a slot's git is set up for it
    GitCredential {
        /// What git wants done
        #[arg(value_enum)]
        operation: Operation,
    },
    /// Pass on what an agent's hook says about its session: agents call it
    Hook(HookCommand),
    /// Speak Ravi's commands, for scripts that were written for them; in a slot `ravi` alone does it
    Ravi {
        /// What `ravi` takes: `lanyard ravi --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Give a slot's agent its tools by the Model Context Protocol, on standard input and output
    Mcp,
    /// Put work in line: it starts by itself when a slot is free
    #[command(subcommand, alias = "task")]
    Tasks(TasksCommand),
    /// Wait until a session comes to a state; the exit status says to which
    Wait(WaitCommand),
    /// Print what happens, until interrupted: JSON lines, or text in a terminal without --json
    Watch,
    /// Print a one-time address for a browser on this machine
    Web,
    /// Open the vault with its passphrase; it is read from standard input if that is no terminal
    Unlock,
    /// Control the daemon
    #[command(subcommand)]
    Daemon(DaemonCommand),
    /// Print the completions for a shell
    Completions(CompletionsCommand),
}

impl Command {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            Command::Status => status::run(hand),
            Command::Identity(command) => command.run(hand),
            Command::Keys(command) => command.run(hand),
            Command::Secrets(command) => command.run(hand),
            Command::Approvals(command) => command.run(hand),
            Command::Ask(command) => command.run(hand),
            Command::Grants(command) => command.run(hand),
            Command::Passwords(command) => command.run(hand),
            Command::Email(command) => command.run(hand),
            Command::Sms(command) => command.run(hand),
            Command::Inbox(command) => command.run(hand),
            Command::Tokens(command) => command.run(hand),
            Command::Issuers(command) => command.run(hand),
            Command::Slot(command) => command.run(hand),
            Command::Project(command) => command.run(hand),
            Command::Start(command) => command.run(hand),
            Command::Sessions(command) => command.run(hand),
            Command::Worktrees(command) => command.run(hand),
            Command::Run(command) => command.run(hand),
            Command::Notify(command) => command.run(hand),
            Command::Sources(command) => command.run(hand),
            Command::Audit(command) => command.run(hand),
            Command::GitCredential { operation } => git_credential::run(operation, hand),
            Command::Hook(command) => command.run(hand),
            Command::Ravi { arguments } => match ravi::run(arguments, hand) == ExitCode::SUCCESS {
                true => Ok(()),
                false => Err(Failure::Status(1, None)),
            },
            Command::Mcp => mcp::run(hand),
            Command::Tasks(command) => command.run(hand),
            Command::Wait(command) => command.run(hand),
            Command::Watch => watch::run(hand),
            Command::Web => web::run(hand),
            Command::Unlock => unlock::run(hand),
            Command::Daemon(command) => command.run(hand),
            Command::Completions(command) => command.run(),
        }
    }
}

impl From<clap::Error> for Failure {
    /// Help and version are no failures: they are shown, and the program ends well.
    fn from(error: clap::Error) -> Self {
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                match output::write(error.render().to_string().as_bytes()) {
                    Ok(()) => Failure::Closed,
                    Err(failure) => failure,
                }
            }
            _ => Failure::Usage(usage(&error)),
        }
    }
}

/// What clap has to say, with its first line as the message and the rest as the hint.
fn usage(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Error::invalid("say what to do").hint(text);
    }
    let text = text.trim().trim_start_matches("error: ");
    match text.split_once("\n\n") {
        Some((message, rest)) => Error::invalid(message).hint(rest),
        None => Error::invalid(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_tree_of_commands_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_wrong_command_line_is_wrong_usage_and_help_is_not() {
        let failure = |line: &str| Failure::from(Args::try_parse_from(line.split(' ')).unwrap_err());
        assert_eq!(failure("lanyard slot set x").exit(), 2);
        assert_eq!(failure("lanyard nonsense").exit(), 2);
        assert_eq!(failure("lanyard").exit(), 2);
        assert_eq!(failure("lanyard --help").exit(), 0);
    }

    /// What stands below the help of a command and of all those below it.
    fn texts(command: &clap::Command) -> Vec<String> {
        let own = command.get_after_help().map(ToString::to_string);
        own.into_iter().chain(command.get_subcommands().flat_map(texts)).collect()
    }

    #[test]
    fn what_stands_below_a_help_has_lines_that_are_not_broken_or_paragraphs_that_are() {
        let texts = texts(&Args::command());
        assert!(texts.len() > 10, "{texts:?}");
        for paragraph in texts.iter().flat_map(|text| text.split("\n\n")) {
            let fits = paragraph.lines().all(|line| line.chars().count() <= 100);
            assert!(fits || paragraph.lines().count() == 1, "{paragraph}");
        }
    }

    #[test]
    fn json_may_be_asked_for_anywhere() {
        assert!(Args::try_parse_from(["lanyard", "slot", "list", "--json"]).unwrap().json);
        assert!(Args::try_parse_from(["lanyard", "--json", "slot", "list"]).unwrap().json);
    }
}
