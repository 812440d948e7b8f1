//! The agents that Lanyard knows how to start and to hear, one file each.

mod claude;
mod codex;
mod hooks;
mod opencode;
mod own;
mod shell;

use crate::config::Config;
use crate::state::What;
use anyhow::{Result, bail};
use api::Error;
use api::names::shown;
use api::sessions::{PROMPT_MAX, Waiting};
use api::status::AgentProgram;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The session's own socket, in its folder.
pub const SOCKET: &str = "agent.sock";
/// The agent of a slot that nobody has chosen one for.
pub const DEFAULT: &str = "shell";
/// The name of a session's agent where a command was given instead.
pub const COMMAND: &str = "command";

/// What each agent is told of its slot when it starts: what it has, and how it is used.
pub const SKILL: &str = include_str!("skill.md");
/// The file of that in the session's own folder.
const SKILL_FILE: &str = "skill.md";
/// The name of our tools among an agent's MCP servers.
const TOOLS: &str = "lanyard";
/// How long a tool may take: as long as the owner may be waited for, and a little more.
const LONGEST: Duration = Duration::from_secs(3700);

/// A program that works in a slot: how it is started, how it goes on with its own conversation, and how it
/// tells what it does.
pub trait Agent: Send + Sync {
    /// The name that it is chosen by.
    fn name(&self) -> &str;

    /// The program and its first arguments, without what a session adds.
    fn command(&self) -> &[String];

    /// Whether it can be given a task when it is started.
    fn takes_prompt(&self) -> bool {
        true
    }

    /// How it is started in a session.
    fn start(&self, launch: &Launch<'_>) -> Started;

    /// What one of its hooks says. What it does not understand says nothing.
    fn hear(&self, told: &Told<'_>) -> Vec<What>;

    /// The log, below the identity's home, that tells how the turn ends which begins by this hook.
    fn log(&self, _: &Told<'_>) -> Option<PathBuf> {
        None
    }

    /// What a line of that log says, if it says that the turn is over.
    fn read(&self, _line: &str) -> Option<Vec<What>> {
        None
    }

    /// The file, below the identity's home, in which a conversation's use of tokens is written down.
    fn transcript(&self, _home: &Path, _conversation: &str) -> Option<PathBuf> {
        None
    }
}

/// The session that an agent is started in.
pub struct Launch<'a> {
    /// The session's id, a UUID.
    pub session: &'a str,
    /// The session's own folder, which it can read and cannot write to.
    pub folder: &'a Path,
    /// The identity's home.
    pub home: &'a Path,
    /// The program `lanyard`.
    pub lanyard: &'a Path,
    /// Its task.
    pub prompt: Option<&'a str>,
    /// The conversation that it had in a former session, by the id that it told.
    pub conversation: Option<&'a str>,
}

impl Launch<'_> {
    /// The command line of a hook, for a shell.
    fn hook(&self, agent: &str) -> String {
        let program = self.lanyard.to_string_lossy().replace('\'', "'\\''");
        format!("'{program}' hook {agent}")
    }

    /// The session's own socket.
    fn socket(&self) -> String {
        self.file(SOCKET)
    }

    /// A file in the session's own folder.
    fn file(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }
}

/// How an agent is started in a session.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Started {
    /// The command and its arguments.
    pub command: Vec<String>,
    /// Variables that it needs beside those of every session.
    pub env: Vec<(String, String)>,
    /// Files of the session's own folder: their names and what they hold.
    pub files: Vec<(&'static str, String)>,
    /// The id of its conversation, where that was chosen for it.
    pub conversation: Option<String>,
}

/// What a hook says, and what is known already.
pub struct Told<'a> {
    /// The event, where it stands beside the payload.
    pub event: Option<&'a str>,
    /// What the agent gave to its hook.
    pub payload: &'a str,
    /// The identity's home.
    pub home: &'a Path,
    /// What the session waits for now.
    pub waiting: Option<Waiting>,
    /// The conversation that is known of.
    pub conversation: Option<&'a str>,
}

/// All agents: Lanyard's own list, and what the owner has set. Cheap to clone.
#[derive(Clone)]
pub struct Agents {
    all: Arc<Vec<Box<dyn Agent>>>,
    path: Option<OsString>,
}

impl Agents {
    /// The agents that the settings allow.
    pub fn new(config: &Config) -> Result<Self> {
        let env = |name: &str| config.owner_env.get(OsStr::new(name));
        let shell = env("SHELL").and_then(|shell| shell.to_str()).unwrap_or("sh");
        let mut all: Vec<Box<dyn Agent>> = vec![
            Box::new(shell::Shell::new(shell)),
            Box::new(claude::Claude::default()),
            Box::new(codex::Codex::default()),
            Box::new(opencode::OpenCode::default()),
        ];
        for (name, settings) in &config.settings.agents {
            let own = own::Own::new(name, settings)?;
            if name == COMMAND || all.iter().any(|agent| agent.name() == name) {
                bail!(
                    Error::invalid(format!("[agents.{name}] in the settings: Lanyard has that name already"))
                        .hint("choose another name")
                );
            }
            all.push(Box::new(own));
        }
        Ok(Self { all: Arc::new(all), path: env("PATH").cloned() })
    }

    /// The agent of this name.
    pub fn find(&self, name: &str) -> Result<&dyn Agent> {
        if let Some(agent) = self.all.iter().find(|agent| agent.name() == name) {
            return Ok(agent.as_ref());
        }
        let known: Vec<_> = self.all.iter().map(|agent| agent.name()).collect();
        bail!(
            Error::not_found("agent", name)
                .hint(format!("known are {}; or give a command after --", known.join(", ")))
        )
    }

    /// All agents, and where their programs are.
    pub fn programs(&self) -> Vec<AgentProgram> {
        let found = |agent: &dyn Agent| Some(self.program(agent.command().first()?)?.display().to_string());
        self.all
            .iter()
            .map(|agent| AgentProgram { name: agent.name().into(), path: found(agent.as_ref()) })
            .collect()
    }

    /// Where a program is, by the daemon's PATH.
    pub fn program(&self, program: &str) -> Option<PathBuf> {
        find_program(program, self.path.as_deref())
    }

    /// Checks that an agent, or a command in its place, can be given this task.
    pub fn check_prompt(&self, agent: &str, prompt: &str) -> Result<()> {
        if agent == COMMAND || !self.find(agent)?.takes_prompt() {
            bail!(
                Error::invalid(format!("{} takes no prompt", shown(agent)))
                    .hint("choose an agent that does: --agent claude")
            );
        }
        if prompt.len() > PROMPT_MAX {
            bail!(
                Error::new(api::Code::TooLarge, "the prompt is longer than 120 KiB")
                    .hint("put it into a file of the repository, and name that file in the prompt")
            );
        }
        if prompt.contains('\0') || prompt.trim().is_empty() {
            bail!(Error::invalid("a prompt cannot be empty or hold a zero byte"));
        }
        Ok(())
    }
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

/// Whether this may be a conversation's id. An agent tells it, and it becomes an argument and a file's name.
pub fn is_conversation(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=128).contains(&id.len()) && !id.starts_with('-') && id.chars().all(plain)
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// What a hook of an agent says that nothing is known of yet.
    pub fn told(payload: &str) -> Told<'_> {
        Told { event: None, payload, home: Path::new("/nowhere"), waiting: None, conversation: None }
    }

    fn agents(settings: &str) -> Result<Agents> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("settings.toml"), settings).unwrap();
        let env = [("LANYARD_HOME", folder.path().as_os_str()), ("PATH", OsStr::new("/bin"))];
        let env: BTreeMap<_, _> = env.map(|(name, value)| (name.into(), value.into())).into();
        Agents::new(&Config::read(env, Path::new("/b/lanyardd"))?)
    }

    #[test]
    fn an_unknown_agent_is_answered_with_the_known_ones() {
        let agents = agents("[agents.mine]\ncommand = [\"mine\"]").unwrap();
        let error = agents.find("cluade").err().unwrap().downcast::<Error>().unwrap();
        assert!(error.hint.unwrap().contains("shell, claude, codex, opencode, mine"));
    }

    #[test]
    fn a_name_that_is_taken_and_a_command_that_is_empty_are_told() {
        for settings in ["[agents.claude]\ncommand = [\"x\"]", "[agents.mine]\ncommand = []"] {
            let error = agents(settings).err().unwrap().downcast::<Error>().unwrap();
            assert!(error.message.contains("[agents."), "{error}");
        }
    }

    #[test]
    fn a_prompt_is_for_agents_and_has_a_limit() {
        let agents = agents("").unwrap();
        assert!(agents.check_prompt("claude", "do it").is_ok());
        for (agent, prompt) in
            [("shell", "x"), (COMMAND, "x"), ("claude", " "), ("claude", &"x".repeat(PROMPT_MAX + 1))]
        {
            assert!(agents.check_prompt(agent, prompt).is_err(), "{agent}");
        }
    }

    #[test]
    fn a_program_is_found_on_the_path_or_by_its_own_path() {
        assert!(find_program("sh", Some(OsStr::new("/nowhere:/bin"))).is_some());
        assert!(find_program("/bin/sh", None).is_some());
        assert!(find_program("sh", Some(OsStr::new("/nowhere"))).is_none());
        assert!(find_program("/etc/passwd", None).is_none());
    }

    #[test]
    fn a_conversation_is_no_option_and_no_path() {
        for id in ["0199aaaa-bbbb", "ses_0abC"] {
            assert!(is_conversation(id), "{id}");
        }
        for id in ["", "-x", "--resume", "../x", "a/b", "a b", "a\n", &"x".repeat(129)] {
            assert!(!is_conversation(id), "{id}");
        }
    }
}
