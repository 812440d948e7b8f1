//! How the page says things: durations, states and counts, in plain short words.

use api::Millis;
use api::approvals::{Answer, Approval};
use api::issuers::Kind;
use api::sessions::{Exit, Session, State};
use api::tokens::Token;

/// A duration as a badge shows it: `42 s`, `7 min`, `3 h 05`, `2 d`.
pub fn duration(millis: Millis) -> String {
    let seconds = millis.max(0) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min"),
        3600..86400 => format!("{hours} h {:02}", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// How long ago something was: `just now`, `7 min ago`.
pub fn ago(millis: Millis) -> String {
    match millis {
        ..60_000 => "just now".into(),
        60_000..86_400_000 => {
            format!("{} ago", duration(millis).split(" h ").next().map_or_else(String::new, hours))
        }
        _ => format!("{} d ago", millis / 86_400_000),
    }
}

fn hours(text: &str) -> String {
    if text.ends_with("min") { text.into() } else { format!("{text} h") }
}

/// A time that runs down: `1:42`.
pub fn clock(millis: Millis) -> String {
    let seconds = millis.max(0) / 1000;
    match seconds {
        0..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => duration(millis),
    }
}

/// A moment on the clock of whoever looks; with the day where that is not today, or where it is asked for.
pub fn moment(at: Millis, long: bool) -> String {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a float holds milliseconds of thousands of years exactly"
    )]
    let at = js_sys::Date::new(&(at as f64).into());
    let (today, two) = (js_sys::Date::new_0(), |n: u32| format!("{n:02}"));
    let time = format!("{}:{}:{}", two(at.get_hours()), two(at.get_minutes()), two(at.get_seconds()));
    let day = format!("{}-{}-{}", at.get_full_year(), two(at.get_month() + 1), two(at.get_date()));
    match at.to_date_string() == today.to_date_string() && !long {
        true => time,
        false => format!("{day} {time}"),
    }
}

/// `once`, `twice`, `3 times`.
pub fn times(n: u32) -> String {
    match n {
        1 => "once".into(),
        2 => "twice".into(),
        n => format!("{n} times"),
    }
}

/// Somebody else's text, with what would turn the direction of reading and the like written out.
pub fn plain(text: &str) -> String {
    api::names::clean(text).into_owned()
}

/// A command line as one would type it, with what can't be seen written out.
pub fn command(words: &[String]) -> String {
    let bare = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_./=:@%+,~".contains(c))
    };
    let quoted = |word: &String| match bare(word) {
        true => word.clone(),
        false => format!("'{}'", plain(word).replace('\'', r"'\''")),
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// What a screen reader is told when a question comes or ends.
pub fn asked(approval: &Approval) -> String {
    let Approval { slot, identity, action, subject, .. } = approval;
    match approval.state {
        api::approvals::State::Open => {
            format!("Question: slot {slot}, {identity} wants {} {}", action.wants(), plain(subject))
        }
        _ => format!("Slot {slot}, {}: {}", plain(subject), outcome(approval)),
    }
}

/// How a question ended.
pub fn outcome(approval: &Approval) -> &'static str {
    use api::approvals::State;
    match (approval.state, &approval.answer) {
        (State::Approved, Some(Answer::Session)) => "Approved for this session",
        (State::Approved, Some(Answer::Worktree)) => "Approved for this worktree",
        (State::Approved, Some(Answer::Hour)) => "Approved for one hour",
        (State::Approved, Some(Answer::Words { .. })) => "Answered",
        (State::Approved, _) => "Approved",
        (State::Denied, _) => "Denied",
        (State::Expired, _) => "No answer in time: denied",
        (State::Withdrawn, _) => "Whoever asked is gone",
        (State::Open, _) => "Open",
    }
}

/// What kind of issuer it is.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::GithubApp => "GitHub App",
        Kind::GithubPat => "GitHub token that you stored",
        Kind::GitlabProject => "GitLab project",
        Kind::GitlabGroup => "GitLab group",
        Kind::Npm => "npm registry",
        Kind::Cloudflare => "Cloudflare",
        Kind::Vercel => "Vercel",
        Kind::Ravi => "Ravi",
        Kind::Command => "a program of yours",
    }
}

/// How a token is, with the time that it still has.
pub fn life(token: &Token, now: Millis) -> String {
    use api::tokens::State;
    match (token.state, token.expires_at) {
        (State::Requested, _) => "Asked for".into(),
        (State::Approved, _) => "Being issued".into(),
        (State::Active, Some(end)) => format!("{} left", duration(end - now)),
        (State::Active, None) => "Until it is revoked".into(),
        (State::Expired, Some(end)) => format!("Expired {}", ago(now - end)),
        (State::Expired, None) => "Expired".into(),
        (State::Revoking, _) => "Being revoked".into(),
        (State::Revoked, _) => {
            token.revoked_at.map_or("Revoked".into(), |at| format!("Revoked {}", ago(now - at)))
        }
        (State::Failed, _) => "Never issued".into(),
        (State::Forgotten, _) => "Forgotten; it may still work".into(),
    }
}

/// Whether a token that is in use has less than five minutes left.
pub fn ends_soon(token: &Token, now: Millis) -> bool {
    token.state == api::tokens::State::Active && token.expires_at.is_some_and(|end| end - now < 5 * 60_000)
}

/// Who did what a record tells.
pub fn who(who: &str, door: &str) -> &'static str {
    match (who, door) {
        ("owner", "web") | ("member", _) => "You, in a browser,",
        ("owner", _) => "You",
        ("agent", _) => "The agent",
        ("source", _) => "A source",
        ("stranger", _) => "Somebody unknown",
        _ => "Lanyard",
    }
}

/// What a record tells, as a word: `secrets.read` is `read`.
pub fn did(action: &str) -> String {
    let verb = action.rsplit('.').next().unwrap_or(action);
    let past = match verb {
        "set" | "read" => verb.into(),
        "stop" => "stopped".into(),
        "send" => "sent".into(),
        "code" => "took the code of a".into(),
        "given" => "gave".into(),
        "use" => "made current:".into(),
        "answer" => "answered".into(),
        "attach" => "opened".into(),
        "unlock" | "open" | "start" | "restart" | "request" | "refresh" | "add" | "sign" | "clear"
        | "allow" => format!("{verb}ed"),
        verb if verb.ends_with('e') => format!("{verb}d"),
        verb => verb.into(),
    };
    past.replace('_', " ")
}

/// The text with a capital.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// What a record is about: names as they are, ids by their ends.
pub fn subject(text: &str) -> String {
    plain(text).split(' ').map(short).collect::<Vec<_>>().join(" ")
}

fn short(text: &str) -> String {
    let is_id = text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        });
    if is_id { format!("{}…{}", &text[..4], &text[31..]) } else { text.to_string() }
}

/// How long a session runs, or ran.
pub fn run_time(session: &Session, now: Millis) -> String {
    duration(session.ended_at.unwrap_or(now) - session.started_at)
}

/// The same as a sentence: `Runs for 2 h 05`, `Ran for 7 min`.
pub fn ran(session: &Session, now: Millis) -> String {
    format!("{} for {}", if session.is_running() { "Runs" } else { "Ran" }, run_time(session, now))
}

/// The word for a state.
pub fn state(state: State) -> &'static str {
    match state {
        State::Starting => "Starting",
        State::Working => "Working",
        State::Waiting => "Waiting",
        State::Idle => "Idle",
        State::Done => "Done",
        State::Failed => "Failed",
        State::Stopped => "Stopped",
    }
}

/// A session's state in words: `Waiting · permission`, `Working · 40 %`.
pub fn state_of(session: &Session) -> String {
    let running = session.is_running();
    let more =
        match (session.waiting, session.progress.filter(|_| running && session.state == State::Working)) {
            (Some(kind), _) => format!(" · {}", kind.name()),
            (None, Some(percent)) => format!(" · {percent} %"),
            (None, None) => String::new(),
        };
    format!("{}{more}", state(session.state))
}

/// For how long a session has been in its state.
pub fn since(session: &Session, now: Millis) -> String {
    duration(now - session.since)
}

/// The first words of a text, in one line.
pub fn one_line(text: &str) -> String {
    plain(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What runs in a session: the agent's name, or the program of a command.
pub fn agent(session: &Session) -> String {
    let program = session.command.first().filter(|_| session.agent == "command");
    let file = program.and_then(|path| path.rsplit('/').next());
    file.unwrap_or(&session.agent).to_string()
}

/// How a process ended.
pub fn exit(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::Lost => "its keeper was killed, so nobody knows how".into(),
    }
}

/// `Ended: exit 1 after 3 min`.
pub fn ended(session: &Session, now: Millis) -> String {
    let how = match (session.exit, &session.reason) {
        (_, Some(reason)) => reason.clone(),
        (Some(how), None) => exit(how),
        (None, None) => session.state.name().into(),
    };
    format!("Ended: {how} after {}", run_time(session, now))
}

/// What a screen reader is told when a session changes.
pub fn spoken(session: &Session) -> String {
    let wants = session.wants.as_ref().map(|wants| format!(". {}", one_line(wants))).unwrap_or_default();
    format!("Slot {}, {}: {}{wants}", session.slot, session.identity, state_of(session).to_lowercase())
}

/// `1 file`, `3 files`.
pub fn count(n: u32, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// The one or two letters that stand for a name: `agent-deploy-1` is `AD`.
pub fn monogram(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter_map(|part| part.chars().next());
    parts.take(2).flat_map(char::to_uppercase).collect()
}

/// Splits a command line into its words: blanks separate, quotes and backslashes keep together.
pub fn split(line: &str) -> Result<Vec<String>, api::Error> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(
            api::Error::invalid("a quote in the command is not closed").hint("close it, or leave it out")
        );
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short_and_never_negative() {
        let said = [-5, 42_000, 420_000, 11_100_000, 180_000_000].map(duration);
        assert_eq!(said, ["0 s", "42 s", "7 min", "3 h 05", "2 d 2 h"]);
    }

    #[test]
    fn a_command_shows_where_its_words_end() {
        let words = ["sh", "-c", "rm -rf x", ""].map(String::from);
        assert_eq!(command(&words), "sh -c 'rm -rf x' ''");
    }

    #[test]
    fn records_tell_in_the_past() {
        let said =
            ["secrets.read", "tokens.revoke", "tokens.revoked", "sessions.stop", "slots.clear"].map(did);
        assert_eq!(said, ["read", "revoked", "revoked", "stopped", "cleared"]);
    }

    #[test]
    fn an_id_is_told_by_its_ends_and_a_name_as_it_is() {
        assert_eq!(subject("01a1fe61-9a68-7178-9cb0-e863648bfa53"), "01a1…bfa53");
        assert_eq!(subject("mint 01a1fe61-9a68-7178-9cb0-e863648bfa53"), "mint 01a1…bfa53");
        assert_eq!(subject("NPM_TOKEN"), "NPM_TOKEN");
    }

    #[test]
    fn ago_is_rough() {
        assert_eq!(
            [5_000, 420_000, 11_100_000, 180_000_000].map(ago),
            ["just now", "7 min ago", "3 h ago", "2 d ago"]
        );
    }

    #[test]
    fn a_monogram_takes_the_first_letters_of_two_parts() {
        assert_eq!(["agent-deploy-1", "solo", "a.b"].map(monogram), ["AD", "S", "AB"]);
    }

    #[test]
    fn a_command_line_is_split_as_a_shell_would() {
        assert_eq!(split(r#"sh -c "echo 'a b'" x\ y '' "#).unwrap(), ["sh", "-c", "echo 'a b'", "x y", ""]);
        assert!(split("echo 'a").is_err());
        assert!(split("  ").unwrap().is_empty());
    }
}
