//! `lanyard hook AGENT [EVENT|JSON]`: passes on what an agent's hook was given. An agent waits for it at every
//! step, and must never fail by it: it is quick, silent, and ends well whatever happens.

use crate::connection::Connection;
use crate::failure::Result;
use crate::hand::Hand;
use crate::place::Place;
use api::sessions::HearHook;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long an agent is kept waiting at most.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a next daemon is waited for, where there is none.
const LATEST: Duration = Duration::from_secs(600);
/// The most that is read of what a hook is given: a tool's whole input and output may be in it.
const INPUT_MAX: u64 = 16 * 1024 * 1024;
/// The longest text that is passed on, in bytes; no more of it is kept.
const TEXT_MAX: usize = 4096;
/// The most parts of a list that are passed on.
const PARTS_MAX: usize = 16;
/// What the daemon needs to know of a hook. Prompts and what tools answer stay here.
const FIELDS: [&str; 26] = [
    "hook_event_name",
    "session_id",
    "agent_id",
    "source",
    "notification_type",
    "message",
    "tool_name",
    "tool_input",
    "last_assistant_message",
    "error",
    "type",
    "thread-id",
    "last-assistant-message",
    "id",
    "properties",
    "sessionID",
    "parentID",
    "status",
    "permission",
    "patterns",
    "title",
    "questions",
    "state",
    "kind",
    "text",
    "conversation",
];

/// The hook of an agent.
#[derive(Debug, clap::Args)]
pub struct HookCommand {
    /// The agent's name
    agent: String,
    /// What happened, as one word or as JSON; read from standard input if left out
    #[arg(allow_hyphen_values = true)]
    told: Option<String>,
}

impl HookCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        // Nobody is there to be told what goes wrong.
        let _unheard = tell(self, hand.place());
        Ok(())
    }
}

/// The command line in its plain form, which needs no tree of commands to be understood.
pub fn parse(mut args: impl Iterator<Item = OsString>) -> Option<HookCommand> {
    args.nth(1).filter(|word| word == "hook")?;
    let mut word = || args.next().map(|word| word.into_string().ok().filter(|word| !word.starts_with('-')));
    let agent = word()??;
    let told = word().map_or(Some(None), |told| told.map(Some))?;
    word().is_none().then_some(HookCommand { agent, told })
}

/// Tells the daemon; nothing if that fails.
pub fn tell(hook: HookCommand, place: &Place) -> Option<()> {
    let socket = place.session_socket.as_ref()?;
    let (event, payload) = match hook.told {
        Some(json) if json.starts_with('{') => (None, json),
        Some(event) => (Some(event), String::new()),
        None => (None, read_input()?),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let at = i64::try_from(now.as_millis()).ok()?;
    let call = HearHook { agent: hook.agent, event, payload: needed(&payload), at };
    match UnixStream::connect(socket) {
        Ok(stream) => send(stream, &call),
        Err(_) if is_of_a_step(&call) => None,
        Err(_) => later(socket, &call),
    }
}

fn send(stream: UnixStream, call: &HearHook) -> Option<()> {
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    Connection::open_within(stream, PATIENCE).ok()?.call(call).ok()?;
    Some(())
}

/// Whether a later hook says the same again: an agent makes many steps in a turn.
fn is_of_a_step(call: &HearHook) -> bool {
    call.payload.contains("ToolUse")
}

/// No daemon is there: the agent goes on, and a process of its session tells the next daemon.
fn later(socket: &Path, call: &HearHook) -> Option<()> {
    // Each new daemon makes the socket anew; its permissions are set once it listens.
    let made = inotify::init(inotify::CreateFlags::CLOEXEC).ok()?;
    inotify::add_watch(&made, socket.parent()?, inotify::WatchFlags::ATTRIB).ok()?;
    // SAFETY: this process has one thread, so that the child may do whatever its parent could.
    if unsafe { libc::fork() } != 0 {
        return Some(());
    }
    rustix::process::setsid().ok()?;
    let nowhere = File::options().read(true).write(true).open("/dev/null").ok()?;
    rustix::stdio::dup2_stdin(&nowhere).ok()?;
    rustix::stdio::dup2_stdout(&nowhere).ok()?;
    rustix::stdio::dup2_stderr(&nowhere).ok()?;
    let until = Instant::now() + LATEST;
    loop {
        if let Ok(stream) = UnixStream::connect(socket) {
            return send(stream, call);
        }
        let left = Timespec::try_from(until.saturating_duration_since(Instant::now())).ok()?;
        if poll(&mut [PollFd::new(&made, PollFlags::IN)], Some(&left)).ok()? == 0 {
            return None;
        }
        rustix::io::read(&made, &mut [0; 4096]).ok()?;
    }
}

/// What stands on standard input, if it ends in time.
fn read_input() -> Option<String> {
    let (mut input, until) = (std::io::stdin().lock(), Instant::now() + PATIENCE);
    let mut bytes = Vec::new();
    loop {
        let left = Timespec::try_from(until.saturating_duration_since(Instant::now())).ok()?;
        if poll(&mut [PollFd::new(&std::io::stdin(), PollFlags::IN)], Some(&left)).ok()? == 0 {
            return None;
        }
        let mut part = [0; 32 * 1024];
        match input.read(&mut part).ok()? {
            0 => return String::from_utf8(bytes).ok(),
            _ if bytes.len() as u64 > INPUT_MAX => return None,
            read => bytes.extend_from_slice(&part[..read]),
        }
    }
}

/// The fields that say something of the session, with their texts cut.
fn needed(payload: &str) -> String {
    let Ok(fields) = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(payload) else {
        return String::new();
    };
    let kept = fields.into_iter().filter(|(name, _)| FIELDS.contains(&name.as_ref()));
    let kept = kept.filter_map(|(name, raw)| {
        let mut value = serde_json::from_str(raw.get()).ok()?;
        cut(&mut value);
        Some((name.into_owned(), value))
    });
    Value::Object(kept.collect()).to_string()
}

/// Leaves of a long value what can be shown.
fn cut(value: &mut Value) {
    match value {
        Value::String(text) => text.truncate(text.floor_char_boundary(TEXT_MAX)),
        Value::Array(values) => {
            values.truncate(PARTS_MAX);
            values.iter_mut().for_each(cut);
        }
        Value::Object(fields) => fields.values_mut().for_each(cut),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(line: &str) -> Option<(String, Option<String>)> {
        let words: Vec<_> = line.split(' ').map(OsString::from).collect();
        parse(words.into_iter()).map(|hook| (hook.agent, hook.told))
    }

    #[test]
    fn the_plain_form_is_understood_and_all_else_is_left_to_clap() {
        assert_eq!(parsed("lanyard hook claude"), Some(("claude".into(), None)));
        assert_eq!(parsed("lanyard hook mine done"), Some(("mine".into(), Some("done".into()))));
        assert_eq!(parsed("lanyard hook codex {}"), Some(("codex".into(), Some("{}".into()))));
        for line in [
            "lanyard",
            "lanyard hook",
            "lanyard hook --help",
            "lanyard hook a -h",
            "lanyard hook a b c",
            "lanyard hooks a",
        ] {
            assert_eq!(parsed(line), None, "{line}");
        }
    }

    #[test]
    fn only_what_is_needed_leaves_and_no_more_than_can_be_shown() {
        let payload = json!({
            "hook_event_name": "PostToolUse", "tool_response": "x".repeat(1_000_000), "prompt": "secret plans",
            "tool_input": { "content": "ü".repeat(TEXT_MAX), "file_path": "/a" }, "last_assistant_message": null,
        });
        let told: Value = serde_json::from_str(&needed(&payload.to_string())).unwrap();
        assert_eq!(told["hook_event_name"], "PostToolUse");
        assert_eq!(told["tool_input"]["file_path"], "/a");
        assert_eq!(told["tool_input"]["content"].as_str().unwrap().len(), TEXT_MAX);
        assert!(told.get("prompt").is_none() && told.get("tool_response").is_none());
        assert!(told["last_assistant_message"].is_null());
        assert_eq!(needed("no json"), "");
    }
}
