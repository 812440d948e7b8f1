//! The tree of Ravi's commands, with the forms that its guides use.

use super::auth::AuthCommand;
use super::contacts::ContactsCommand;
use super::email::{EmailCommand, SmsCommand};
use super::get::GetCommand;
use super::identity::IdentityCommand;
use super::inbox::InboxCommand;
use super::passwords::PasswordsCommand;
use super::secrets::SecretsCommand;

/// Lanyard in the words of Ravi's command: an identity with mailbox, phone and vault for an agent
#[derive(Debug, clap::Parser)]
#[command(name = "ravi", arg_required_else_help = true, infer_subcommands = false)]
#[command(
    after_help = "Everything is printed as JSON; --json is taken and changes nothing but `secrets get`, which \
    prints the bare value without it.\nValues are taken from the command line because Ravi's are, and other processes \
    of yours can see them there: give - to read one from standard input."
)]
pub struct Args {
    /// Print text for a person in place of JSON
    #[arg(long, global = true)]
    pub human: bool,
    /// Whose, by name or id; in a slot there is one alone
    #[arg(long, global = true, value_name = "NAME")]
    pub identity: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show who you are; there is nothing to log in to
    #[command(subcommand)]
    Auth(AuthCommand),
    /// The same as `auth login`
    Login,
    /// The same as `auth logout`
    Logout,
    /// The same as `auth status`
    Status,
    /// List, create and choose identities
    #[command(subcommand, alias = "identities")]
    Identity(IdentityCommand),
    /// Show the identity's address, number or owner
    #[command(subcommand)]
    Get(GetCommand),
    /// Read mail by thread, and text messages by conversation
    #[command(subcommand)]
    Inbox(InboxCommand),
    /// Read mail and text messages one by one
    #[command(subcommand)]
    Message(InboxCommand),
    /// List and send mail
    #[command(subcommand)]
    Email(EmailCommand),
    /// List and send text messages
    #[command(subcommand)]
    Sms(SmsCommand),
    /// Keep the identity's logins to websites
    #[command(subcommand, alias = "password")]
    Passwords(PasswordsCommand),
    /// Keep the identity's secrets
    #[command(subcommand, alias = "secret")]
    Secrets(SecretsCommand),
    /// See with whom the identity has exchanged messages
    #[command(subcommand, alias = "contact")]
    Contacts(ContactsCommand),
    /// List the domains of addresses
    Domains,
    /// Not here: Ravi's single sign-on
    Sso {
        /// What Ravi takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Not here: a message to Ravi's makers
    Feedback {
        /// What Ravi takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Not here: phone calls
    Call {
        /// What Ravi takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Show the version
    Version,
    /// Print the completions for a shell
    Completion {
        /// Which shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
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
    fn the_forms_of_the_guides_are_taken() {
        for line in [
            "ravi login",
            "ravi email list --unread",
            "ravi sms list --unread",
            "ravi identity create --name build-1 --email build-1",
            "ravi identity create build-1",
            "ravi secrets set KEY VALUE --identity build-1",
            "ravi secrets set KEY -----BEGIN",
            "ravi passwords create --domain example.com --username bot",
            "ravi passwords create example.com --generate --length 20 --no-special",
            "ravi secrets get KEY",
            "ravi inbox email --unread",
            "ravi message sms 12",
            "ravi email compose --to a@b --subject s --body <p>hi</p> --cc c@d,e@f",
        ] {
            assert!(Args::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
    }
}
