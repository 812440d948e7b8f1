//! What is to be told of a program's signals: the newest of each kind, not too often, and nothing twice.
//!
//! A signal settles for a moment before it is told, so that a program which changes its mind as it starts is
//! told once. Of a flood, some are told and the rest give way to newer ones, so that neither memory nor the
//! daemon feel it.

use super::control::Signal;
use super::osc::Ear;
use api::sessions::State;
use std::time::{Duration, Instant};

/// How long a signal settles.
const SETTLES: Duration = Duration::from_millis(50);
/// So many of a kind are told without a pause, and one more in each such time.
const BURST: u32 = 8;
const STATUS_PACE: Duration = Duration::from_millis(250);
const PACE: Duration = Duration::from_secs(1);
/// A bell this soon after a key answers that key, and calls nobody.
const KEY_BELL: Duration = Duration::from_millis(300);

/// The signals of one terminal.
#[derive(Debug)]
pub(super) struct Signals {
    ear: Ear,
    status: Lane,
    title: Lane,
    progress: Lane,
    attention: Lane,
    /// When somebody typed, as long as that may matter.
    typed: Option<Instant>,
    /// A call for a look was told, and nobody has typed since.
    called: bool,
    looked: bool,
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            ear: Ear::default(),
            status: Lane::new(STATUS_PACE),
            title: Lane::new(PACE),
            progress: Lane::new(PACE),
            attention: Lane::new(PACE),
            typed: None,
            called: false,
            looked: false,
        }
    }
}

impl Signals {
    /// Hears the text of an operating system command.
    pub fn hear(&mut self, text: &[u8]) {
        let Self { ear, status, title, progress, attention, .. } = self;
        ear.hear(text, |signal| match signal {
            Signal::Status { .. } | Signal::Prompt { .. } => status.put(signal),
            Signal::Title { .. } => title.put(signal),
            Signal::Progress { .. } => progress.put(signal),
            _ => attention.put(signal),
        });
    }

    /// Hears the bell.
    pub fn bell(&mut self) {
        if self.attention.waits.is_none() && self.typed.is_none_or(|at| at.elapsed() >= KEY_BELL) {
            self.attention.put(Signal::Attention { text: None });
        }
    }

    /// Somebody typed, and so looks.
    pub fn typed(&mut self, now: Instant) {
        self.typed = Some(now);
        self.attention.flush();
        self.looked |= std::mem::take(&mut self.called);
    }

    /// When there is something to tell.
    pub fn due(&self) -> Option<Instant> {
        let looked = self.typed.filter(|_| self.looked);
        let Self { status, title, progress, attention, .. } = self;
        [status, title, progress, attention].into_iter().filter_map(Lane::due).chain(looked).min()
    }

    /// What is to be told by now.
    pub fn take(&mut self, now: Instant) -> Vec<Signal> {
        self.gather(|lane| lane.take(now))
    }

    /// All that waits to be told, whether it has settled or not.
    pub fn rest(&mut self) -> Vec<Signal> {
        self.gather(Lane::flush)
    }

    /// What somebody must be told who may have heard nothing: the newest of how it is, and the calls for a
    /// look that nobody was told.
    pub fn newest(&mut self) -> Vec<Signal> {
        let mut all = self.rest();
        all.retain(|signal| matches!(signal, Signal::Attention { .. } | Signal::Looked {}));
        all.extend(
            [&self.status, &self.title, &self.progress].into_iter().filter_map(|lane| lane.told.clone()),
        );
        all
    }

    fn gather(&mut self, take: impl Fn(&mut Lane) -> Option<Signal>) -> Vec<Signal> {
        let looked = std::mem::take(&mut self.looked).then_some(Signal::Looked {});
        let call = take(&mut self.attention);
        self.called |= call.is_some();
        // The same call is one again.
        self.attention.told = None;
        let lanes = [&mut self.status, &mut self.title, &mut self.progress];
        looked.into_iter().chain(lanes.into_iter().filter_map(take)).chain(call).collect()
    }
}

/// The signals of one kind.
#[derive(Debug)]
struct Lane {
    pace: Duration,
    /// What is to be told, and since when.
    waits: Option<Signal>,
    since: Option<Instant>,
    /// What was told last.
    told: Option<Signal>,
    /// When the next could be told if each had kept the pace.
    next: Option<Instant>,
}

impl Lane {
    fn new(pace: Duration) -> Self {
        Self { pace, waits: None, since: None, told: None, next: None }
    }

    fn put(&mut self, signal: Signal) {
        let signal = match self.waits.take() {
            Some(before) => newer(before, signal),
            None => signal,
        };
        if self.told.as_ref() == Some(&signal) {
            self.since = None;
            return;
        }
        self.since.get_or_insert_with(Instant::now);
        self.waits = Some(signal);
    }

    fn due(&self) -> Option<Instant> {
        let settled = self.since? + SETTLES;
        let allowed = self.next.and_then(|next| next.checked_sub(self.pace * BURST));
        Some(allowed.map_or(settled, |at| at.max(settled)))
    }

    fn take(&mut self, now: Instant) -> Option<Signal> {
        if self.due()? > now {
            return None;
        }
        self.next = Some(self.next.map_or(now, |next| next.max(now)) + self.pace);
        self.flush()
    }

    fn flush(&mut self) -> Option<Signal> {
        self.since = None;
        let signal = self.waits.take()?;
        self.told = Some(signal.clone());
        Some(signal)
    }
}

/// Which of two signals is told, where the second came before the first was: the newer one, unless it says
/// less of the same.
fn newer(before: Signal, signal: Signal) -> Signal {
    match (&before, &signal) {
        (Signal::Status { state: State::Done | State::Failed, .. }, Signal::Prompt { .. })
        | (Signal::Prompt { exit: Some(_) }, Signal::Prompt { exit: None })
        | (Signal::Attention { text: Some(_) }, Signal::Attention { text: None }) => before,
        _ => signal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(60);

    fn titles(signals: &mut Signals, count: usize) {
        (0..count).for_each(|number| signals.hear(format!("0;t{number}").as_bytes()));
    }

    fn title(text: &str) -> Signal {
        Signal::Title { text: text.into() }
    }

    fn status(state: State) -> Signal {
        Signal::Status { state, waiting: None, text: None }
    }

    #[test]
    fn who_changes_its_mind_as_it_starts_is_told_once() {
        let mut signals = Signals::default();
        let start = Instant::now();
        for state in ["idle", "working", "idle", "working"] {
            signals.hear(format!("7501;state={state}:app=codex").as_bytes());
        }
        assert_eq!(signals.take(start), [], "it settles first");
        assert!(signals.due().unwrap() < Instant::now() + Duration::from_millis(100));
        assert_eq!(signals.take(start + SOON), [status(State::Working)]);
        assert_eq!(signals.due(), None);
        for state in ["idle", "working"] {
            signals.hear(format!("7501;state={state}").as_bytes());
        }
        assert_eq!((signals.due(), signals.take(start + SOON * 9)), (None, vec![]), "it is as it was told");
    }

    #[test]
    fn a_flood_is_told_now_and_then_and_its_newest_at_the_end() {
        let mut signals = Signals::default();
        let (start, mut told) = (Instant::now(), Vec::new());
        for tenth in 0..200u32 {
            titles(&mut signals, 50);
            signals.hear(format!("0;of {tenth}").as_bytes());
            told.extend(signals.take(start + SOON + Duration::from_millis(100) * tenth));
        }
        assert!((20..=40).contains(&told.len()), "{} in 20 seconds", told.len());
        let late = start + Duration::from_secs(60);
        told.extend(signals.take(late));
        assert_eq!(told.last(), Some(&title("of 199")));
        assert_eq!(signals.due(), None);
    }

    #[test]
    fn words_are_not_lost_to_a_bell_nor_the_end_of_a_turn_to_a_prompt() {
        let mut signals = Signals::default();
        let start = Instant::now();
        signals.hear(b"9;look here");
        signals.bell();
        for text in ["7501;state=done", "133;D;0", "133;A"] {
            signals.hear(text.as_bytes());
        }
        let text = Some("look here".to_string());
        assert_eq!(signals.take(start + SOON), [status(State::Done), Signal::Attention { text }]);
        signals.hear(b"133;D;3");
        signals.hear(b"133;A");
        assert_eq!(signals.take(start + SOON * 9), [Signal::Prompt { exit: Some(3) }]);
    }

    #[test]
    fn whoever_types_has_looked_and_a_bell_that_answers_a_key_calls_nobody() {
        let mut signals = Signals::default();
        let start = Instant::now();
        signals.bell();
        signals.typed(start);
        assert_eq!((signals.take(start + SOON), signals.due()), (vec![], None), "it was not told yet");
        signals.bell();
        assert_eq!(signals.due(), None, "it answers the key");
        signals.typed = None;
        signals.bell();
        assert_eq!(signals.take(start + SOON), [Signal::Attention { text: None }]);
        signals.typed(start + SOON);
        assert_eq!(signals.take(start + SOON), [Signal::Looked {}]);
        signals.typed(start + SOON);
        assert_eq!(signals.due(), None, "once is enough");
    }

    #[test]
    fn a_newcomer_is_told_how_it_is_and_no_call_twice() {
        let mut signals = Signals::default();
        let start = Instant::now();
        signals.hear(b"0;shop");
        signals.hear(b"9;look");
        assert_eq!(signals.take(start + SOON).len(), 2);
        signals.hear(b"7501;state=done");
        assert_eq!(signals.newest(), [status(State::Done), title("shop")], "also what has not settled");
        assert_eq!(signals.due(), None);
        signals.hear(b"9;look");
        let text = Some("look".to_string());
        assert_eq!(signals.newest()[..1], [Signal::Attention { text }]);
    }
}
