//! What a session is doing, and how all that is heard of it changes that: a pure machine without a clock.
//!
//! Three may speak of a session. Its **exit** beats all, and nothing changes after it. The agent's own
//! **hooks** come by the session's socket. The **terminal** carries what programs print, which a `cat` of the
//! wrong file can forge: it sets a state, marked as its own, only where no hook was ever heard. Where one
//! was, it can do no more than ask for a look, and set title and progress.

use api::Millis;
use api::sessions::{Attention, State, Waiting};

/// The longest text that is kept of what somebody says, in bytes.
pub const TEXT_MAX: usize = 4096;
/// The longest title, in bytes.
const TITLE_MAX: usize = 256;
/// For so long the terminal's call for a look says no more than the hook that came along with it.
const ECHO: Millis = 1_000;

/// Who says something of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Its process has ended.
    Exit,
    /// The owner looks at it or types into it.
    Owner,
    /// A hook of its agent.
    Hook,
    /// What its programs print.
    Terminal,
}

/// Something that is heard of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Who says it.
    pub from: Origin,
    /// What.
    pub what: What,
}

/// What can be heard of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The agent is there, or begins anew, and has nothing to do yet.
    Started,
    /// It has something to do.
    Working,
    /// It can't go on without its owner.
    Waiting {
        /// What it waits for.
        kind: Waiting,
        /// The same in its own words.
        wants: Option<String>,
    },
    /// Work goes on, so that a question which was open is not any more.
    Resumed,
    /// It has nothing to do. What its last turn came to stays until it works again.
    Idle,
    /// A shell is at its prompt, after a command that ended with this status.
    Prompt {
        /// Where the shell tells it.
        exit: Option<i32>,
    },
    /// Its turn is over, or its process.
    Done {
        /// Its last words.
        message: Option<String>,
    },
    /// Its turn failed, or its process.
    Failed {
        /// Why.
        reason: String,
    },
    /// The owner ended it.
    Stopped,
    /// Something asks for a look.
    Attention {
        /// In these words; a bell has none.
        text: Option<String>,
    },
    /// The owner looked.
    Seen,
    /// It says something.
    Message(String),
    /// The terminal's title.
    Title(String),
    /// How far it is, in percent; nothing when it stops to tell.
    Progress(Option<u8>),
    /// The agent's own id of its conversation.
    Conversation(String),
}

/// How a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What it does.
    pub state: State,
    /// What it waits for.
    pub waiting: Option<Waiting>,
    /// Since when it is in this state.
    pub since: Millis,
    /// Why it failed.
    pub reason: Option<String>,
    /// The last that it said.
    pub message: Option<String>,
    /// What it waits for, in its own words.
    pub wants: Option<String>,
    /// State and words come from the terminal.
    pub from_terminal: bool,
    /// A hook was heard.
    pub hooked: bool,
    /// What asked for a look since the last.
    pub attention: Option<Attention>,
    /// The terminal's title.
    pub title: Option<String>,
    /// How far its work is, in percent.
    pub progress: Option<u8>,
    /// The agent's own id of its conversation.
    pub conversation: Option<String>,
    /// Its process has ended.
    pub ended: bool,
}

/// How a session is after something was heard of it.
pub fn next(now: &Status, heard: Heard, at: Millis) -> Status {
    let mut status = now.clone();
    if status.ended {
        return status;
    }
    if heard.from == Origin::Hook {
        // Who tells ends alone, as Codex does before its hooks are trusted, leaves the beginnings to the terminal.
        status.hooked |=
            matches!(heard.what, What::Started | What::Working | What::Waiting { .. } | What::Resumed);
        status.forget_the_terminals_words();
    }
    status.hear(heard, at);
    status
}

/// Text as it may be shown: in one line, without what could drive a terminal or turn its direction round.
/// Nothing if nothing is left.
pub fn plain(text: &str, max: usize) -> Option<String> {
    let mut kept = String::new();
    for c in text.chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if api::names::drives_terminal(c) || c == ' ' && (kept.is_empty() || kept.ends_with(' ')) {
            continue;
        }
        if kept.len() + c.len_utf8() > max {
            break;
        }
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    (!kept.is_empty()).then_some(kept)
}

impl Status {
    /// How a session is that begins.
    pub fn starting(at: Millis) -> Self {
        Self {
            state: State::Starting,
            waiting: None,
            since: at,
            reason: None,
            message: None,
            wants: None,
            from_terminal: false,
            hooked: false,
            attention: None,
            title: None,
            progress: None,
            conversation: None,
            ended: false,
        }
    }

    fn hear(&mut self, Heard { from, what }: Heard, at: Millis) {
        let forgeable = from == Origin::Terminal;
        match what {
            What::Title(text) => self.title = plain(&text, TITLE_MAX),
            What::Progress(percent) => self.progress = percent.map(|percent| percent.min(100)),
            What::Seen => self.attention = None,
            What::Attention { text } if !self.explains_a_look(from, at) => self.draw_attention(text, at),
            What::Attention { .. } => {}
            // Whoever could forge the id of a conversation could have another one resumed.
            _ if forgeable && (self.hooked || matches!(what, What::Conversation(_))) => {}
            What::Conversation(id) => self.conversation = plain(&id, TITLE_MAX),
            What::Message(text) => self.say(Some(text), from),
            what => self.change(what, from, at),
        }
    }

    fn change(&mut self, what: What, from: Origin, at: Millis) {
        let settled = matches!(self.state, State::Done | State::Failed);
        match what {
            What::Started => self.go(State::Idle, from, at),
            What::Working => self.go(State::Working, from, at),
            What::Resumed if self.state == State::Waiting => self.go(State::Working, from, at),
            What::Resumed => self.attention = None,
            What::Waiting { kind, wants } => self.wait(kind, wants, from, at),
            What::Idle if !settled => self.go(State::Idle, from, at),
            What::Prompt { exit } if !settled => {
                self.go(State::Idle, from, at);
                if let Some(status) = exit {
                    self.message = (status != 0).then(|| format!("the command ended with status {status}"));
                }
            }
            What::Done { message } => {
                self.go(State::Done, from, at);
                self.say(message, from);
            }
            What::Failed { reason } => {
                self.go(State::Failed, from, at);
                self.reason = plain(&reason, TEXT_MAX);
            }
            What::Stopped => self.go(State::Stopped, from, at),
            _ => {}
        }
        self.ended = from == Origin::Exit;
    }

    /// Enters a state. What belonged to the one before goes; what asked for a look is explained by it, unless
    /// both come from the terminal, where the one may be the reason of the other.
    fn go(&mut self, state: State, from: Origin, at: Millis) {
        let stays = self.state == state;
        if !stays {
            self.since = at;
        }
        self.state = state;
        self.waiting = None;
        self.wants = None;
        self.reason = None;
        let works = state == State::Working;
        if works || from == Origin::Exit || !stays && from != Origin::Terminal {
            self.attention = None;
        }
        self.progress = self.progress.filter(|_| works);
        self.mark(stays, from);
    }

    fn wait(&mut self, kind: Waiting, wants: Option<String>, from: Origin, at: Millis) {
        let stays = self.state == State::Waiting && self.waiting == Some(kind);
        let before = self.wants.take().filter(|_| stays);
        if !stays {
            self.since = at;
            self.attention = self.attention.take().filter(|_| from == Origin::Terminal);
        }
        self.state = State::Waiting;
        self.waiting = Some(kind);
        self.wants = wants.and_then(|text| plain(&text, TEXT_MAX)).or(before);
        self.reason = None;
        self.mark(stays, from);
    }

    /// Notes who says so. An exit says nothing of whose words the last ones were.
    fn mark(&mut self, stays: bool, from: Origin) {
        self.from_terminal = match from {
            Origin::Terminal => self.from_terminal || !stays,
            Origin::Hook => false,
            Origin::Exit | Origin::Owner => self.from_terminal,
        };
    }

    fn say(&mut self, text: Option<String>, from: Origin) {
        if let Some(text) = text.and_then(|text| plain(&text, TEXT_MAX)) {
            self.message = Some(text);
            self.from_terminal = from == Origin::Terminal;
        }
    }

    /// A bell adds nothing to words, and the same words twice are told once.
    fn draw_attention(&mut self, text: Option<String>, at: Millis) {
        let text = text.and_then(|text| plain(&text, TEXT_MAX));
        let says_more = match &self.attention {
            Some(before) => text.is_some() && before.text != text,
            None => true,
        };
        if says_more {
            self.attention = Some(Attention { text, at });
        }
    }

    /// Whether a hook has told already why the terminal asks for a look.
    fn explains_a_look(&self, from: Origin, at: Millis) -> bool {
        let told = match self.state {
            State::Waiting => true,
            State::Idle | State::Done | State::Failed => at - self.since < ECHO,
            _ => false,
        };
        from == Origin::Terminal && self.hooked && told
    }

    fn forget_the_terminals_words(&mut self) {
        if std::mem::take(&mut self.from_terminal) {
            self.message = None;
            self.wants = None;
            self.reason = None;
        }
    }
}

#[cfg(test)]
mod tests;
