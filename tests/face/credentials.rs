//! Credentials with a life, in the owner's hands: versions and sharing, issuers, and an end that can't be undone.

use crate::browser;
use crate::page::Page;
use tests::GitHub;

/// A personal token as it is stored.
const STORED: &str = "ghp_stored_by_the_owner";

#[test]
fn a_shared_secret_is_rotated_for_all_and_who_holds_the_old_value_is_restarted() {
    if !browser::possible() {
        return;
    }
    let world = browser::world();
    world.seat(1, "ada", "API_KEY", "value-one");
    world.identity("brin");
    world.project("work");
    world.start(1, "rotated", &["sh"]);
    let page = browser::open(&world);
    page.click("place-identities");
    page.click("identity-ada");
    page.click("versions-API_KEY");
    page.choose("share-API_KEY", "brin");
    page.says("shares-API_KEY", "brin");
    page.click("edit-API_KEY");
    page.fill("secret-value", "value-two");
    page.fill("secret-because", "the quarter is over");
    page.click("save-secret");
    page.says("stale-1", "still holds version 1");
    page.says("version-list-API_KEY", "the quarter is over");
    page.shot("versions");
    page.click("restart-stale-1");
    page.gone("stale-1");
    page.click("place-slots");
    page.click("open-1");
    page.type_line(1, "echo \"now $API_KEY\"");
    page.terminal_says(1, "now value-two");
    let brins = world.json(&["secrets", "list", "--identity", "brin"]);
    assert_eq!(brins[0]["version"], 2, "{brins}");
    page.click("place-identities");
    page.click("identity-ada");
    page.click("versions-API_KEY");
    page.click("unshare-API_KEY-brin");
    page.says("shares-API_KEY", "nobody");
    assert_eq!(world.json(&["secrets", "list", "--identity", "brin"]), serde_json::json!([]));
    assert_eq!(page.complaints(), Vec::<String>::new());
    page.driver.quit();
}

/// Fills the form of a new issuer and saves it.
#[track_caller]
fn add_issuer(page: &Page, name: &str, kind: &str, rest: &[(&str, &str)]) {
    page.click("add-issuer");
    page.fill("issuer-name", name);
    page.choose("issuer-kind", kind);
    rest.iter().for_each(|(field, text)| page.fill(field, text));
    page.shot("issuer-form");
    page.click("save-issuer");
    page.see(&format!("issuer-{name}"));
}

#[test]
fn issuers_come_and_go_by_their_form_and_a_stored_token_ends_for_good_only_when_confirmed() {
    if !browser::possible() {
        return;
    }
    let (world, github) = (browser::world(), GitHub::new());
    github.store(STORED);
    world.seat(1, "ada", "API_KEY", "value");
    let program = world.counterpart("mint").program();
    let page = browser::open(&world);
    page.click("place-tokens");
    page.click("add-issuer");
    page.fill("issuer-settings", "no setting");
    page.says("dialog", "One NAME=VALUE a line");
    page.click("cancel");
    let command = format!("command={}", program.display());
    add_issuer(&page, "mint", "a program of yours", &[("issuer-settings", &command)]);
    page.says("issuer-mint", "ask");
    page.click("edit-issuer-mint");
    page.choose("issuer-policy", "deny");
    page.click("save-issuer");
    page.says("issuer-mint", "deny");
    add_issuer(
        &page,
        "mine",
        "GitHub token that you stored",
        &[("issuer-url", github.url()), ("issuer-secret", STORED)],
    );
    assert!(!page.read("document.documentElement.outerHTML").to_string().contains(STORED));
    page.click("request-token");
    page.choose("token-issuer", "mine");
    page.click("request-go");
    page.says("token-life", "Until it is revoked");
    page.click("revoke-token");
    page.says("dialog", "Nobody can bring it back");
    page.shot("revoke-for-good");
    page.click("cancel");
    page.gone("dialog");
    assert!(github.takes(STORED), "it is revoked although nobody confirmed");
    page.click("revoke-token");
    page.click("confirm");
    page.until("document.querySelector('[data-test=token]').dataset.state === 'revoked'");
    assert!(!github.takes(STORED));
    page.click("remove-issuer-mint");
    page.click("confirm");
    page.gone("issuer-mint");
    page.shot("issuers");
    assert_eq!(page.complaints(), Vec::<String>::new());
    page.driver.quit();
}

#[test]
fn a_github_app_is_set_up_from_the_page_through_githubs_and_back() {
    if !browser::possible() {
        return;
    }
    let (world, github) = (browser::world(), GitHub::new());
    let page = browser::open(&world);
    page.click("place-tokens");
    page.click("set-up-app");
    page.fill("app-name", "shop-app");
    page.fill("app-url", github.url());
    page.click("app-begin");
    page.see("app-address");
    page.shot("app");
    page.click("app-address");
    // What follows happens in a tab of its own, as far as a browser goes: a page of ours, one of GitHub's, and back.
    page.last_tab();
    page.until("document.querySelector('form button')?.innerText.includes('GitHub')");
    page.shot("app-manifest");
    page.read("document.querySelector('form button').click()");
    page.until("document.body.innerText.includes('its key is sealed')");
    page.first_tab();
    page.says("issuer-shop-app", "GitHub App");
    page.gone("dialog");
    let made = world.json(&["issuers", "list"]);
    assert_eq!(made[0]["has_secret"], true, "{made}");
    page.driver.quit();
}
