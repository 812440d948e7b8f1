//! The rules of the machine, as tables: what is heard, one after the other, and what it comes to.

use super::*;
use Origin::{Exit, Hook, Owner, Terminal};
use What::{Idle, Prompt, Resumed, Seen, Started, Stopped, Working};

fn running() -> Status {
    Status { state: State::Working, ..Status::starting(0) }
}

/// How a running session is after it heard these, one each second.
fn after(heard: &[(Origin, What)]) -> Status {
    heard.iter().zip(1..).fold(running(), |now, ((from, what), second)| {
        next(&now, Heard { from: *from, what: what.clone() }, second * 1000)
    })
}

fn waiting() -> What {
    What::Waiting { kind: Waiting::Permission, wants: Some("run make".into()) }
}

fn done() -> What {
    What::Done { message: Some("all green".into()) }
}

fn failed() -> What {
    What::Failed { reason: "API Error: 400".into() }
}

fn attention(text: &str) -> What {
    What::Attention { text: Some(text.into()) }
}

fn bell() -> What {
    What::Attention { text: None }
}

#[test]
fn hooks_lead_from_state_to_state() {
    let table: &[(&[What], State)] = &[
        (&[Started], State::Idle),
        (&[Started, Working], State::Working),
        (&[Working, waiting()], State::Waiting),
        (&[waiting(), Resumed], State::Working),
        (&[waiting(), Working], State::Working),
        (&[waiting(), done()], State::Done),
        (&[waiting(), Idle], State::Idle),
        (&[done(), Resumed], State::Done),
        (&[done(), Idle], State::Done),
        (&[failed(), Idle], State::Failed),
        (&[done(), Started], State::Idle),
        (&[done(), Working], State::Working),
        (&[failed(), waiting()], State::Waiting),
    ];
    for (heard, state) in table {
        let heard: Vec<_> = heard.iter().map(|what| (Hook, what.clone())).collect();
        let status = after(&heard);
        assert_eq!(status.state, *state, "{heard:?}");
        assert_eq!(status.waiting.is_some(), *state == State::Waiting, "{heard:?}");
        assert_eq!(status.wants.is_some(), *state == State::Waiting, "{heard:?}");
        assert_eq!(status.reason.is_some(), *state == State::Failed, "{heard:?}");
        assert!(!status.from_terminal && !status.ended, "{heard:?}");
    }
}

#[test]
fn an_exit_beats_all_and_nothing_changes_after_it() {
    for before in [Working, waiting(), Idle, done(), failed()] {
        for (exit, state) in [
            (What::Done { message: None }, State::Done),
            (What::Failed { reason: "exit status 1".into() }, State::Failed),
            (Stopped, State::Stopped),
        ] {
            let ended = after(&[(Hook, before.clone()), (Terminal, bell()), (Exit, exit.clone())]);
            assert_eq!((ended.state, ended.ended), (state, true), "{before:?} {exit:?}");
            assert!(ended.waiting.is_none() && ended.wants.is_none() && ended.attention.is_none());
            for late in [Working, waiting(), done(), Seen, bell(), What::Title("x".into()), failed()] {
                for from in [Exit, Owner, Hook, Terminal] {
                    let heard = Heard { from, what: late.clone() };
                    assert_eq!(next(&ended, heard, 99_000), ended, "{late:?} from {from:?}");
                }
            }
        }
    }
    let told = after(&[(Hook, done()), (Exit, What::Failed { reason: "exit status 1".into() })]);
    assert_eq!(told.message.as_deref(), Some("all green"), "the last words stay");
    assert_eq!(told.reason.as_deref(), Some("exit status 1"));
}

#[test]
fn the_terminal_sets_a_state_only_where_no_hook_was_heard() {
    for what in [Working, waiting(), Idle, done(), failed(), Prompt { exit: Some(0) }] {
        let told = after(&[(Terminal, done()), (Terminal, Working), (Terminal, what.clone())]);
        let direct = after(&[(Hook, Working), (Hook, what.clone())]);
        assert_eq!(told.state, direct.state, "{what:?}");
        assert!(told.from_terminal, "{what:?}");
        let hooked = after(&[(Hook, Working)]);
        let forged = next(&hooked, Heard { from: Terminal, what: what.clone() }, 9_000);
        assert_eq!(forged, hooked, "{what:?}");
    }
}

#[test]
fn all_that_the_terminal_does_beside_hooks_is_to_ask_for_a_look_and_to_set_title_and_progress() {
    let forged = after(&[
        (Hook, Working),
        (Terminal, attention("give me your password")),
        (Terminal, What::Title("shop".into())),
        (Terminal, What::Progress(Some(200))),
        (Terminal, What::Message("I am done".into())),
        (Terminal, What::Conversation("another-one".into())),
    ]);
    let text = Some("give me your password".to_string());
    let wanted = Status {
        hooked: true,
        attention: Some(Attention { text, at: 2_000 }),
        title: Some("shop".into()),
        progress: Some(100),
        ..running()
    };
    assert_eq!(forged, wanted);
    assert_eq!(after(&[(Terminal, What::Conversation("another-one".into()))]), running());
}

#[test]
fn hooks_that_tell_ends_alone_leave_the_beginnings_to_the_terminal() {
    let told = after(&[(Terminal, Working), (Hook, done())]);
    assert_eq!((told.state, told.hooked, told.from_terminal), (State::Done, false, false));
    let next_turn = next(&told, Heard { from: Terminal, what: Working }, 9_000);
    assert_eq!((next_turn.state, next_turn.from_terminal), (State::Working, true));
    let trusted = after(&[(Hook, done()), (Hook, Working), (Hook, done()), (Terminal, Working)]);
    assert_eq!(trusted.state, State::Done);
}

#[test]
fn a_hook_takes_back_what_the_terminal_has_said() {
    let status = after(&[(Terminal, done()), (Hook, Started)]);
    assert_eq!((status.message, status.from_terminal, status.hooked), (None, false, true));
    let status = after(&[(Terminal, failed()), (Hook, What::Conversation("c".into()))]);
    assert_eq!((status.reason, status.conversation.as_deref()), (None, Some("c")));
}

#[test]
fn a_look_is_asked_for_until_the_owner_looks_or_work_goes_on() {
    type Row<'a> = (&'a [(Origin, What)], Option<&'a str>);
    let calls: &[Row<'_>] = &[
        (&[(Terminal, attention("a")), (Terminal, attention("b"))], Some("b")),
        (&[(Terminal, attention("a")), (Terminal, bell())], Some("a")),
        (&[(Terminal, attention("a")), (Owner, Seen)], None),
        (&[(Terminal, attention("a")), (Hook, Working)], None),
        (&[(Terminal, attention("a")), (Hook, Resumed)], None),
        (&[(Terminal, attention("a")), (Terminal, Working)], None),
        (&[(Terminal, attention("a")), (Terminal, done())], Some("a")),
        (&[(Terminal, attention("a")), (Terminal, waiting())], Some("a")),
        (&[(Terminal, attention("a")), (Hook, done())], None),
        (&[(Terminal, attention("a")), (Hook, waiting())], None),
        (&[(Hook, waiting()), (Terminal, attention("a"))], None),
        (&[(Terminal, attention("\x1b\x07"))], None),
    ];
    for (heard, text) in calls {
        let status = after(heard);
        let words = status.attention.and_then(|attention| attention.text);
        assert_eq!(words.as_deref(), *text, "{heard:?}");
    }
    let told = after(&[(Terminal, bell()), (Terminal, bell())]);
    assert_eq!(told.attention, Some(Attention { text: None, at: 1_000 }), "twice is told once");
}

#[test]
fn a_call_that_comes_along_with_a_hook_says_the_same_twice() {
    let stopped = after(&[(Hook, Working), (Hook, done())]);
    let call = |at| next(&stopped, Heard { from: Terminal, what: attention("Claude is done") }, at);
    assert_eq!(call(2_100).attention, None);
    assert!(call(5_000).attention.is_some(), "later it is news");
}

#[test]
fn a_prompt_ends_work_but_keeps_what_a_turn_came_to() {
    let table =
        [(Working, State::Idle), (waiting(), State::Idle), (done(), State::Done), (failed(), State::Failed)];
    for (before, state) in table {
        let status = after(&[(Terminal, before.clone()), (Terminal, Prompt { exit: None })]);
        assert_eq!(status.state, state, "{before:?}");
    }
    let status = after(&[(Terminal, Working), (Terminal, Prompt { exit: Some(2) })]);
    assert_eq!(status.message.as_deref(), Some("the command ended with status 2"));
    let status = after(&[(Terminal, Prompt { exit: Some(2) }), (Terminal, Prompt { exit: None })]);
    assert!(status.message.is_some(), "the next prompt says nothing of it");
    let status = after(&[(Terminal, Prompt { exit: Some(2) }), (Terminal, Prompt { exit: Some(0) })]);
    assert_eq!(status.message, None);
}

#[test]
fn since_is_when_the_state_began_and_saying_it_again_is_no_change() {
    let twice = after(&[(Hook, waiting()), (Hook, waiting())]);
    assert_eq!((twice.since, twice.wants.as_deref()), (1_000, Some("run make")));
    let plain = What::Waiting { kind: Waiting::Permission, wants: None };
    assert_eq!(after(&[(Hook, waiting()), (Hook, plain)]), twice, "less said of the same question");
    let other = What::Waiting { kind: Waiting::Plan, wants: None };
    let other = after(&[(Hook, waiting()), (Hook, other)]);
    assert_eq!((other.since, other.waiting, other.wants), (2_000, Some(Waiting::Plan), None));
    assert_eq!(after(&[(Hook, done()), (Hook, Working), (Hook, Working)]).since, 2_000);
}

#[test]
fn progress_is_of_work_that_is_not_over() {
    let half = (Terminal, What::Progress(Some(50)));
    assert_eq!(after(&[half.clone(), (Terminal, waiting())]).progress, Some(50));
    assert_eq!(after(&[half.clone(), (Terminal, Working)]).progress, Some(50));
    assert_eq!(after(&[half.clone(), (Hook, done())]).progress, None);
    assert_eq!(after(&[half, (Terminal, What::Progress(None))]).progress, None);
}

#[test]
fn words_are_one_bounded_line_without_what_drives_a_terminal() {
    let table = [
        ("a\r\n  b\tc", Some("a b c")),
        ("\x1b[31mred\x1b[m\x07", Some("[31mred[m")),
        ("a\u{202e}b\u{9b}c", Some("abc")),
        (" \n\x00 ", None),
        ("", None),
        ("\u{65e5}\u{672c}", Some("\u{65e5}\u{672c}")),
    ];
    for (text, wanted) in table {
        assert_eq!(plain(text, 100).as_deref(), wanted, "{text:?}");
    }
    assert_eq!(plain(&"\u{e4}".repeat(5000), TEXT_MAX).unwrap().len(), TEXT_MAX);
    let long = after(&[(Hook, What::Done { message: Some("x".repeat(100_000)) })]);
    assert_eq!(long.message.unwrap().len(), TEXT_MAX);
}
