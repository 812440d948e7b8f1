//! What is worth telling: changes, once, as long as their cause stands.

use super::*;
use api::approvals::Action;
use api::sessions::Attention;

/// A notice of a session.
pub fn notice(session: &str, slot: u32, event: Occasion) -> Notice {
    Notice {
        event,
        slot,
        identity: "ada".into(),
        agent: "claude".into(),
        project: "shop".into(),
        branch: "try-a".into(),
        session: session.into(),
        approval: (event == Occasion::Approval).then(|| "approval".into()),
        text: "some text".into(),
        asks_words: false,
        at: 0,
    }
}

fn session(state: State) -> Session {
    let empty = serde_json::json!({
        "id": "a", "slot": 3, "identity_id": "i", "identity": "ada", "project": "shop", "worktree_id": "w",
        "worktree": "try-a", "branch": "try-a", "path": "/x", "agent": "claude", "command": [], "state": state,
        "started_at": 0, "since": 0, "ended_at": null, "exit": null, "reason": null, "waiting": null,
        "message": null, "wants": null, "attention": null, "title": null, "progress": null,
        "conversation": null, "prompt": null,
    });
    serde_json::from_value(empty).unwrap()
}

fn approval(state: approvals::State) -> Approval {
    Approval {
        id: "q".into(),
        action: Action::ReadSecret,
        subject: "KEY".into(),
        identity_id: "i".into(),
        identity: "ada".into(),
        session: "a".into(),
        slot: 3,
        agent: "claude".into(),
        worktree_id: "w".into(),
        worktree: "try-a".into(),
        pid: 1,
        command: Vec::new(),
        reason: Some("to\ndeploy".into()),
        details: Vec::new(),
        asked_at: 0,
        until: 9,
        state,
        answer: None,
        because: None,
        answered_at: None,
    }
}

/// What is told as words: the events that stand, and `-cause` for what goes.
fn words(changes: Vec<Change>) -> Vec<String> {
    let word = |change| match change {
        Change::Stands(notice) => format!("{}: {}", notice.event.name(), notice.text),
        Change::Gone(cause) => format!("-{cause}"),
    };
    changes.into_iter().map(word).collect()
}

fn heard(notices: &mut Notices, session: &Session) -> Vec<String> {
    words(notices.session(session, 0))
}

#[test]
fn only_a_change_is_told_and_it_goes_when_the_agent_works_again() {
    let mut notices = Notices::new(&[session(State::Working)], HashSet::new());
    let done = Session { message: Some("all\n green".into()), since: 5, ..session(State::Done) };
    assert_eq!(heard(&mut notices, &done), ["finished: all green"]);
    assert!(heard(&mut notices, &done).is_empty());
    assert_eq!(heard(&mut notices, &Session { since: 6, ..session(State::Working) }), ["-a"]);
    assert!(heard(&mut notices, &Session { since: 6, ..session(State::Working) }).is_empty());
}

#[test]
fn a_second_turn_that_ends_is_told_in_place_of_the_first() {
    let mut notices = Notices::default();
    heard(&mut notices, &Session { since: 1, ..session(State::Done) });
    let second = Session { since: 2, message: Some("more".into()), ..session(State::Done) };
    assert_eq!(heard(&mut notices, &second), ["-a", "finished: more"]);
}

#[test]
fn the_end_of_a_finished_agents_process_is_nothing_new() {
    let mut notices = Notices::default();
    heard(&mut notices, &Session { since: 1, ..session(State::Done) });
    assert!(heard(&mut notices, &Session { ended_at: Some(9), since: 9, ..session(State::Done) }).is_empty());
    let failed = Session {
        ended_at: Some(9),
        since: 9,
        reason: Some("exit status 3".into()),
        ..session(State::Failed)
    };
    assert_eq!(heard(&mut notices, &failed), ["-a", "failed: exit status 3, after 0 s"]);
}

#[test]
fn a_question_says_what_it_is_about_and_ends_with_the_answer() {
    let mut notices = Notices::default();
    let wants = |waiting, wants: Option<&str>| Session {
        waiting: Some(waiting),
        wants: wants.map(String::from),
        ..session(State::Waiting)
    };
    assert_eq!(heard(&mut notices, &wants(Waiting::Plan, None)), ["waiting: it shows its plan"]);
    let other = wants(Waiting::Permission, Some("to run make"));
    assert_eq!(heard(&mut notices, &other), ["-a", "waiting: to run make"]);
    assert_eq!(heard(&mut notices, &session(State::Idle)), ["-a"]);
}

#[test]
fn an_agent_that_falls_idle_after_its_turn_has_still_finished() {
    let mut notices = Notices::default();
    heard(&mut notices, &session(State::Done));
    assert!(heard(&mut notices, &session(State::Idle)).is_empty());
    assert_eq!(heard(&mut notices, &session(State::Stopped)), ["-a"]);
}

#[test]
fn a_terminal_draws_attention_once_and_in_its_own_name() {
    let mut notices = Notices::default();
    let rings = |text: Option<&str>, at| Session {
        attention: Some(Attention { text: text.map(String::from), at }),
        ..session(State::Working)
    };
    assert_eq!(heard(&mut notices, &rings(Some("look"), 1)), ["attention: from the terminal: look"]);
    assert!(heard(&mut notices, &rings(None, 2)).is_empty());
    assert_eq!(heard(&mut notices, &session(State::Working)), ["-a/attention"]);
}

#[test]
fn an_owner_who_looks_needs_no_notice() {
    let mut notices = Notices::default();
    heard(&mut notices, &session(State::Done));
    let looks = Event::SessionOpened { session: "a".into() };
    assert_eq!(words(notices.hear(&looks)), ["-a"]);
    assert!(notices.hear(&looks).is_empty());
    heard(&mut notices, &session(State::Working));
    heard(&mut notices, &session(State::Failed));
    assert!(notices.hear(&Event::SlotOpened { slot: 4 }).is_empty());
    assert_eq!(words(notices.hear(&Event::SlotOpened { slot: 3 })), ["-a"]);
}

#[test]
fn an_approval_stands_until_it_is_answered_whoever_looks() {
    let mut notices = Notices::new(&[session(State::Working)], HashSet::new());
    let told = words(notices.approval(&approval(approvals::State::Open)).into_iter().collect());
    assert_eq!(told, ["approval: the secret KEY: to deploy"]);
    assert_eq!(notices.approval(&approval(approvals::State::Open)), None);
    assert!(notices.hear(&Event::SlotOpened { slot: 3 }).is_empty());
    let gone = notices.approval(&approval(approvals::State::Denied));
    assert_eq!(gone, Some(Change::Gone("q".into())));
}

#[test]
fn what_stood_before_a_restart_goes_with_its_cause() {
    let standing = ["a", "q", "gone"].map(String::from).into();
    let mut notices = Notices::new(&[session(State::Done)], standing);
    let open = [approval(approvals::State::Open)];
    assert_eq!(words(notices.only_open(&open)), ["-gone"]);
    assert!(heard(&mut notices, &session(State::Done)).is_empty());
    assert_eq!(words(notices.only_open(&[])), ["-q"]);
    assert_eq!(heard(&mut notices, &session(State::Working)), ["-a"]);
}
