//! What agents ask for and hold, as the owner sees it: questions, tokens, logins, and the record of it all.

use crate::page::{Page, key};
use crate::{browser, desktop, window};
use tests::{Counterpart, World};

const VALUE: &str = "npm_value_of_ada";
const ASK: &str = "lanyard secrets get NPM_TOKEN";
/// Base32 of RFC 6238's secret.
const TOTP: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// Slot 1 is ada's, whose NPM_TOKEN asks, and a shell runs there.
fn furnish(world: &World) {
    world.seat(1, "ada", "NPM_TOKEN", VALUE);
    world.lanyard(&["secrets", "set", "NPM_TOKEN", VALUE, "--policy", "ask", "--identity", "ada"]).ok();
    world.project("work");
    world.start(1, "publish", &["sh"]);
}

/// An agent asks; the owner says yes by a click, no with a word by the keyboard, and yes for the session.
#[track_caller]
fn questions(world: &World, page: &Page) {
    page.see("stop-1");
    page.click("open-1");
    page.type_line(1, &format!("{ASK} --reason 'publish 1.4.0'"));
    page.see("approve");
    page.says("question", "ada wants the secret NPM_TOKEN");
    page.says("question", "publish 1.4.0");
    let in_terminal = "!!document.activeElement.closest('[data-test=terminal]')";
    assert_eq!(page.read(in_terminal), true, "a question takes no focus");
    assert!(!page.terminal_text(1).contains(VALUE));
    page.click("question-open");
    page.says("question-command", "lanyard secrets get NPM_TOKEN");
    page.shot("question");
    page.click("approve");
    page.terminal_says(1, VALUE);
    page.says("question-outcome", "Approved");
    page.type_line(1, &format!("clear; {ASK}"));
    page.see("approve");
    page.chord(&[key::CONTROL, key::SHIFT, 'a']);
    page.until("document.activeElement.dataset.test === 'questions'");
    page.keys("n");
    page.until("document.activeElement.dataset.test === 'deny-word'");
    page.keys(&format!("use the staging token{}", key::ENTER));
    page.terminal_says(1, "use the staging token");
    page.until(in_terminal);
    page.type_line(1, &format!("clear; {ASK} && {ASK} && echo both done"));
    page.see("approve");
    page.chord(&[key::CONTROL, key::SHIFT, 'a']);
    page.until("document.activeElement.dataset.test === 'questions'");
    page.keys("f1");
    page.terminal_says(1, "both done");
    grants(world, page);
}

/// The standing answer is listed, and taken back with a click.
#[track_caller]
fn grants(world: &World, page: &Page) {
    page.click("place-tokens");
    page.says("grant", "NPM_TOKEN");
    page.shot("grants");
    page.click("revoke-grant");
    page.gone("grant");
    assert_eq!(world.json(&["grants", "list"]), serde_json::json!([]));
}

/// A login is generated, hidden, revealed, and its one-time code is shown with its seconds.
#[track_caller]
fn logins(world: &World, page: &Page) {
    page.click("place-identities");
    page.click("identity-ada");
    page.click("add-login");
    page.fill("login-domain", "github.com");
    page.fill("login-username", "bot");
    page.fill("login-totp", TOTP);
    page.click("save-login");
    page.see("login-github.com");
    let got = world.json(&["passwords", "get", "github.com", "--identity", "ada"]);
    let password = tests::text(&got, "password").to_string();
    let shown = page.read("document.body.innerText").to_string();
    assert!(!shown.contains(&password), "a password is shown that nobody asked for");
    page.shot("logins");
    page.click("reveal-github.com");
    page.says("value-github.com", &password);
    page.click("show-code-github.com");
    page.see("code-github.com");
}

/// An agent's token is shown with its time, and revoked with a click; what its issuer does not confirm is pending.
#[track_caller]
fn tokens(page: &Page, issuer: &Counterpart) {
    page.click("place-slots");
    page.click("open-1");
    page.type_line(
        1,
        "clear; lanyard tokens request mint --permission contents=read --ttl 4m >/dev/null && echo I have it",
    );
    page.see("approve");
    page.says("question", "ada wants a token of mint");
    page.click("approve");
    page.terminal_says(1, "I have it");
    page.click("place-slots");
    page.says("chip-token", "min");
    page.until("document.querySelector('[data-test=chip-token]').classList.contains('soon')");
    page.shot("wall-token");
    page.click("place-tokens");
    page.says("token", "contents read");
    page.says("token-life", "left");
    issuer.behave("revoke", "refuse");
    page.click("revoke-token");
    page.says("token-life", "Being revoked");
    page.says("token-trouble", "not today");
    page.shot("tokens");
    issuer.behave("revoke", "");
    page.until("document.querySelector('[data-test=token]').dataset.state === 'revoked'");
    assert!(issuer.live().is_empty());
}

/// Archiving names the token that ends with the worktree, and says afterwards that it is gone.
#[track_caller]
fn archiving(page: &Page, issuer: &Counterpart) {
    page.click("place-tokens");
    page.click("request-token");
    page.choose("token-issuer", "mint");
    page.choose("token-worktree", "publish");
    page.fill("token-permissions", "contents=write");
    page.shot("request");
    page.click("request-go");
    page.until("!!document.querySelector('[data-test=token][data-state=active]')");
    assert_eq!(issuer.live().len(), 1);
    page.click("place-projects");
    page.click("archive-publish");
    page.says("archive-revokes", "token of mint for ada");
    page.shot("archive-token");
    page.click("confirm");
    page.says("archived", "Token of mint for ada");
    page.until("document.querySelector('[data-test=archive-token]').dataset.state === 'revoked'");
    page.shot("archived");
    page.click("close-archived");
    page.gone("worktree-publish");
    assert!(issuer.live().is_empty());
}

/// The ledger tells what happened, and is narrowed by what is clicked; the chain holds.
#[track_caller]
fn ledger(page: &Page) {
    page.click("place-ledger");
    page.see("records");
    page.until("document.querySelectorAll('[data-action=\"secrets.read\"]').length > 2");
    let refused =
        "document.querySelector('[data-action=\"secrets.read\"][data-outcome=refused]').textContent";
    page.until(&format!("{refused}.includes('ada')"));
    assert!(!page.read("document.body.innerText").to_string().contains(VALUE), "a value is in the audit");
    page.click("verify");
    page.says("verified", "each follows from the one before");
    page.shot("ledger");
    page.choose("ledger-kind", "approval");
    page.until(
        "[...document.querySelectorAll('[data-test=record]')].every(r => r.textContent.includes('approval'))",
    );
    page.shot("ledger-narrow");
    page.click("ledger-all");
    page.see("record");
    page.click("place-slots");
    page.click("open-1");
    page.click("tab-activity");
    page.see("record");
    page.shot("activity");
}

#[test]
fn an_agent_asks_and_goes_on_with_the_owners_word_in_the_browser() {
    if !browser::possible() {
        return;
    }
    let world = browser::world();
    furnish(&world);
    let page = browser::open(&world);
    questions(&world, &page);
    logins(&world, &page);
    let issuer = world.issuer("mint", "ask");
    tokens(&page, &issuer);
    ledger(&page);
    archiving(&page, &issuer);
    assert_eq!(page.complaints(), Vec::<String>::new());
    page.driver.quit();
}

#[test]
fn an_agent_asks_and_goes_on_with_the_owners_word_in_the_window() {
    if !window::possible() {
        return;
    }
    let mut world = World::new();
    desktop::furnish(&mut world);
    furnish(&world);
    let page = window::open(&world, &[]);
    questions(&world, &page);
    let issuer = world.issuer("mint", "ask");
    tokens(&page, &issuer);
    ledger(&page);
    archiving(&page, &issuer);
    page.driver.quit();
}
