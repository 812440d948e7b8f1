//! What an agent asks in words, and what it wants to send: answered in the bar above everything.

use crate::browser;
use crate::inbox;
use crate::page::{Page, key};
use serde_json::json;
use tests::World;

/// Ada and brin have their slots, a shell runs in ada's, and its desk is shown.
fn furnish(world: &World) {
    inbox::furnish(world);
    world.project("work");
    world.start(1, "asking", &["sh"]);
}

#[track_caller]
fn open_desk(page: &Page) {
    page.see("stop-1");
    page.click("open-1");
}

#[track_caller]
fn focus_is_at(page: &Page, hook: &str) {
    page.until(&format!("document.activeElement.dataset.test === '{hook}'"));
}

#[test]
fn an_agents_question_is_answered_in_words_by_a_click_and_by_keys_or_refused() {
    browser::with(furnish, |world, page| {
        open_desk(page);
        page.type_line(1, "lanyard ask 'Which database shall I take, the new one or the old one?'");
        page.see("answer");
        page.says("question", "Which database shall I take");
        assert!(page.read("document.querySelector('[data-test=approve]')").is_null(), "a yes is no answer");
        page.click("answer");
        focus_is_at(page, "answer-words");
        page.shot("question-in-words");
        // Nothing is no answer.
        page.keys(&key::ENTER.to_string());
        focus_is_at(page, "answer-words");
        page.keys(&format!("the one of 2019{}", key::ENTER));
        page.terminal_says(1, "the one of 2019");
        page.says("question-outcome", "Answered");
        page.type_line(1, "clear; lanyard ask 'And on which port?'");
        page.says("questions", "And on which port?");
        page.see("answer");
        page.chord(&[key::CONTROL, key::SHIFT, 'a']);
        focus_is_at(page, "questions");
        page.keys("y");
        focus_is_at(page, "answer-words");
        page.keys(&format!("4711{}", key::ENTER));
        page.terminal_says(1, "4711");
        page.type_line(1, "clear; lanyard ask 'May I have a break?'");
        page.says("questions", "May I have a break?");
        page.click("deny");
        focus_is_at(page, "deny-word");
        page.keys(&format!("not before Monday{}", key::ENTER));
        page.terminal_says(1, "not before Monday");
        let records = world.lanyard(&["audit", "list", "--json"]).ok();
        assert!(!records.contains("the one of 2019"), "an answer is the agent's alone");
    });
}

#[test]
fn what_an_agent_wants_to_send_is_read_before_it_goes() {
    browser::with(furnish, |world, page| {
        world.lanyard(&["inbox", "set", "ada", "--sending", "ask"]).ok();
        open_desk(page);
        page.type_line(
            1,
            "lanyard email send --to brin@lanyard.localhost --subject 'Release 1.4' --body 'It is out.' --reason 'You asked for it' >/dev/null && echo it went",
        );
        page.see("approve");
        page.says("question", "ada wants to send a message to brin@lanyard.localhost");
        page.says("question", "You asked for it");
        page.click("question-open");
        page.says("question-message", "Release 1.4");
        page.says("question-message", "It is out.");
        page.shot("question-send");
        page.click("read-question");
        page.says("subject", "Release 1.4");
        page.says("text", "It is out.");
        page.gone("question-message");
        page.shot("question-send-read");
        let got = || world.json(&["email", "list", "--received", "--identity", "brin"])["messages"].take();
        assert_eq!(got(), json!([]), "it went before anybody said yes");
        page.click("approve");
        page.says("question-outcome", "Approved");
        page.click("place-slots");
        page.click("open-1");
        page.terminal_says(1, "it went");
        assert_eq!(got()[0]["subject"], "Release 1.4");
    });
}
