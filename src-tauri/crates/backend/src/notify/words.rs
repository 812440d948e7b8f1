//! What the owner reads of notices: of one who it is and why, of several how many and of each a line.

use api::notify::{Notice, Occasion, TEXT_MAX};
use api::summaries::Work;
use std::collections::BTreeSet;

/// How many lines several notices have.
const LINES_MAX: usize = 10;

/// One line.
pub fn title(notices: &[Notice]) -> String {
    let agents: BTreeSet<&str> = notices.iter().map(|notice| notice.session.as_str()).collect();
    match (notices, agents.len()) {
        ([.., last], 1) => line(last),
        (_, n) if notices.iter().all(|notice| notice.event == Occasion::Finished) => {
            format!("{n} agents are done")
        }
        (_, n) => format!("{n} agents need you"),
    }
}

/// The rest.
pub fn text(notices: &[Notice]) -> String {
    if let [one] = notices {
        let about = [&one.agent, &one.project, &one.branch].map(String::as_str);
        let about: Vec<&str> = about.into_iter().filter(|part| !part.is_empty()).collect();
        return format!("{}: {}", about.join(" · "), one.text);
    }
    let mut lines: Vec<String> =
        notices.iter().take(LINES_MAX).map(|one| format!("{}: {}", line(one), one.text)).collect();
    if notices.len() > LINES_MAX {
        lines.push(format!("… and {} more", notices.len() - LINES_MAX));
    }
    lines.join("\n")
}

fn line(notice: &Notice) -> String {
    let does = match notice.event {
        Occasion::Finished => "is done",
        Occasion::Failed => "failed",
        Occasion::Waiting => "waits for you",
        Occasion::Attention => "wants a look",
        Occasion::Approval => "asks you",
    };
    format!("Slot {} · {} {does}", notice.slot, notice.identity)
}

/// What somebody else has written, as one plain line: it drives nothing, and has an end.
pub fn plain(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    let cut: String = line.chars().take(TEXT_MAX).collect();
    let more = if cut.len() < line.len() { "…" } else { "" };
    format!("{}{more}", api::names::clean(&cut))
}

/// What a session came to in its worktree; none where it changed nothing.
pub fn work(work: &Work) -> Option<String> {
    let count = |n: u32, thing: &str| format!("{n} {thing}{}", if n == 1 { "" } else { "s" });
    let commits = (work.commit_count > 0)
        .then(|| format!("{} (+{} −{})", count(work.commit_count, "commit"), work.added, work.deleted));
    let loose = (work.uncommitted_count > 0)
        .then(|| format!("{} not committed", count(work.uncommitted_count, "file")));
    let parts: Vec<String> = commits.into_iter().chain(loose).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A duration in its two largest units.
pub fn duration(ms: i64) -> String {
    let s = ms / 1000;
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::notices::tests::notice;
    use super::*;

    #[test]
    fn durations_are_told_in_two_units() {
        for (ms, text) in [(900, "0 s"), (65_000, "1 min 5 s"), (3_725_000, "1 h 2 min")] {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn what_a_session_came_to_is_counted() {
        assert_eq!(work(&Work::default()), None);
        let committed = Work { commit_count: 1, added: 12, deleted: 3, ..Work::default() };
        assert_eq!(work(&committed).unwrap(), "1 commit (+12 −3)");
        let both = Work { uncommitted_count: 2, ..committed };
        assert_eq!(work(&both).unwrap(), "1 commit (+12 −3), 2 files not committed");
    }

    #[test]
    fn several_notices_are_counted_by_their_agents() {
        let [one, two] = [notice("a", 1, Occasion::Finished), notice("b", 2, Occasion::Finished)];
        assert_eq!(title(std::slice::from_ref(&one)), "Slot 1 · ada is done");
        assert_eq!(title(&[one.clone(), two.clone()]), "2 agents are done");
        let asks = notice("a", 1, Occasion::Approval);
        assert_eq!(title(&[one.clone(), asks.clone()]), "Slot 1 · ada asks you");
        assert_eq!(title(&[one.clone(), two, asks]), "2 agents need you");
        let many = vec![one; 12];
        assert!(text(&many).ends_with("… and 2 more"), "{}", text(&many));
    }

    #[test]
    fn what_an_agent_says_is_one_plain_line() {
        assert_eq!(plain("a\n\n b\u{1b}[2J\tc"), "a b [2J c");
        assert!(!plain("a\u{202e}b").contains('\u{202e}'));
        assert_eq!(plain(&"x".repeat(5000)).chars().count(), TEXT_MAX + 1);
    }
}
