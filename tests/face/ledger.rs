//! The ledger: narrowed by time, worktree and words, and quick however long it is; and a key's policy.

use crate::browser;
use crate::page::{Page, key};
use tests::World;

/// How many records the page holds.
fn records(page: &Page) -> u64 {
    page.read("document.querySelectorAll('[data-test=record]').length").as_u64().expect("a number")
}

#[test]
fn the_ledger_is_narrowed_by_time_worktree_and_words_and_holds_few_lines_of_many() {
    if !browser::possible() {
        return;
    }
    let world = browser::world();
    world.seat(1, "ada", "API_KEY", "value");
    world.seat(2, "brin", "NPM_TOKEN", "value");
    world.project("work");
    world.as_agent(1, "narrow", "lanyard secrets get API_KEY").ok();
    many_records(&world, 700);
    let page = browser::open(&world);
    page.click("place-ledger");
    page.see("record");
    to_the_end(&page);
    page.shot("ledger-end");
    let newest = world.json(&["audit", "list", "--limit", "1"])[0]["seq"].as_u64().expect("a number");
    to_the_top(&page, newest);
    key_policy_is_told(&world, &page);
    page.fill("ledger-text", "npm");
    page.until(&every("subject.includes('NPM_TOKEN')"));
    page.shot("ledger-text");
    page.click("ledger-all");
    page.choose("ledger-worktree", "narrow");
    page.until(&every("text.includes('narrow')"));
    assert!(records(&page) >= 2, "a session and what it read");
    page.fill("ledger-since", "yesterday");
    page.says("ledger", "is no time");
    page.fill("ledger-since", "2h");
    page.fill("ledger-until", "1h");
    page.until("document.querySelector('[data-test=ledger]').innerText.includes('Nothing is written here')");
    page.fill("ledger-until", &key::BACKSPACE.to_string());
    page.see("record");
    page.shot("ledger-filters");
    assert_eq!(page.complaints(), Vec::<String>::new());
    page.driver.quit();
}

/// A key's policy is chosen on the page, and the ledger, which is open, tells it at once.
#[track_caller]
fn key_policy_is_told(world: &World, page: &Page) {
    page.click("place-identities");
    page.click("identity-ada");
    page.says("public-key", "ssh-ed25519");
    page.choose("key-policy", "you approve each signature");
    page.shot("key");
    page.click("place-ledger");
    page.until("!!document.querySelector('[data-action=\"keys.set\"]')");
    assert_eq!(world.json(&["keys", "show", "--identity", "ada"])["policy"], "ask");
}

/// True when there are records and each of them is so, by its `text` and its `subject`.
fn every(so: &str) -> String {
    format!(
        "(all => all.length && all.every(r => {{ const text = r.textContent, subject = r.querySelector('code').title; \
         return {so} }}))([...document.querySelectorAll('[data-test=record]')])"
    )
}

/// Reads a secret again and again, as the owner.
#[track_caller]
fn many_records(world: &World, count: usize) {
    let mut door = world.door();
    for _ in 0..count {
        let read = door.ask("secrets.read", serde_json::json!({ "identity": "brin", "key": "NPM_TOKEN" }));
        assert!(read["Ok"].is_object(), "{read}");
    }
}

/// Scrolls down until nothing older comes; the page never holds more than some hundred lines.
#[track_caller]
fn to_the_end(page: &Page) {
    let scroll =
        "(list => { list.scrollTop = list.scrollHeight; return true; })(document.querySelector('.records'))";
    let most = page.until(&format!(
        "(() => {{ const n = document.querySelectorAll('[data-test=record]').length;
          window.most = Math.max(window.most ?? 0, n); {scroll};
          return document.querySelector('.records').innerText.includes('where it begins') && window.most }})()"
    ));
    assert!(most.as_u64().is_some_and(|most| (100..=320).contains(&most)), "{most} lines");
}

/// Scrolls up until the newest is there again, by scrolling alone.
#[track_caller]
fn to_the_top(page: &Page, newest: u64) {
    page.until(&format!(
        "(() => {{ document.querySelector('.records').scrollTop = 0;
          return document.querySelector('[data-test=record] .seq').innerText === '{newest}' }})()"
    ));
}
