//! What the issue promises, as a person does it: two identities, two shells, each with its own token.

use crate::page::Page;
use tests::World;

const ADAS: &str = "dummy-token-of-ada";
const BRINS: &str = "dummy-token-of-brin";

/// All of it.
#[track_caller]
pub fn all(world: &World, page: &Page) {
    from_nothing_to_two_agents(world, page);
    revealing_ends_by_itself(page);
    light_and_dark(page);
    archiving_says_what_is_lost(world, page);
}

/// From the first start to two running slots, each of which sees its own token and not the other's.
#[track_caller]
fn from_nothing_to_two_agents(world: &World, page: &Page) {
    let repository = world.repository("shop-api");
    page.see("first");
    page.shot("first");
    page.fill("first-name", "ada");
    page.click("first-create");
    set_token(page, "ada", ADAS);
    page.click("place-slots");
    page.fill("first-path", &repository.display().to_string());
    page.click("first-add");
    page.click("first-start");
    page.see("desk-1");
    page.type_line(1, "echo \"I hold $GITHUB_TOKEN\"");
    page.terminal_says(1, &format!("I hold {ADAS}"));
    second_agent(page);
    page.shot("desk");
    page.click("place-slots");
    page.says("state-1", "Working");
    page.says("state-2", "Working");
    page.says("badge-1", "GITHUB_TOKEN");
    page.shot("wall");
}

#[track_caller]
fn second_agent(page: &Page) {
    page.click("place-identities");
    page.click("new-identity");
    page.fill("identity-name", "brin");
    page.click("create-identity");
    set_token(page, "brin", BRINS);
    page.click("place-slots");
    page.click("start-2");
    page.choose("start-identity", "brin");
    page.choose("start-project", "shop-api");
    page.fill("start-branch", "feat/refunds");
    page.choose("start-agent", "shell");
    page.click("start-go");
    page.see("desk-2");
    page.type_line(2, "echo \"I hold $GITHUB_TOKEN\"");
    page.terminal_says(2, &format!("I hold {BRINS}"));
    assert!(!page.terminal_text(2).contains(ADAS), "a slot shows another's token");
}

#[track_caller]
fn set_token(page: &Page, identity: &str, value: &str) {
    page.click("place-identities");
    page.click(&format!("identity-{identity}"));
    page.click("add-secret");
    page.fill("secret-key", "GITHUB_TOKEN");
    page.fill("secret-value", value);
    page.click("save-secret");
    page.see("secret-GITHUB_TOKEN");
    let shown = page.read("document.body.innerText");
    assert!(!shown.to_string().contains(value), "a value is shown that nobody asked for");
}

/// A value is dots, is shown when asked for, and is dots again without being asked.
#[track_caller]
fn revealing_ends_by_itself(page: &Page) {
    page.click("place-identities");
    page.click("identity-ada");
    page.see("secret-GITHUB_TOKEN");
    assert!(!page.read("document.body.innerText").to_string().contains(ADAS));
    page.shot("vault");
    page.click("reveal-GITHUB_TOKEN");
    page.says("value-GITHUB_TOKEN", ADAS);
    page.until(&format!("!document.body.innerText.includes('{ADAS}')"));
}

/// Both themes are chosen in the settings, and hold.
#[track_caller]
fn light_and_dark(page: &Page) {
    let ground = "getComputedStyle(document.body).backgroundColor";
    page.click("place-settings");
    page.click("theme-dark");
    let dark = page.until(ground);
    page.shot("settings-dark");
    page.click("place-slots");
    page.see("badge-1");
    page.shot("wall-dark");
    page.click("open-1");
    page.see("desk-1");
    page.shot("desk-dark");
    page.click("place-settings");
    page.click("theme-light");
    page.until(&format!("{ground} !== {dark}"));
}

/// Archiving names what would be lost, does nothing unless confirmed, and ends what runs there.
#[track_caller]
fn archiving_says_what_is_lost(world: &World, page: &Page) {
    page.click("place-slots");
    page.click("open-2");
    page.type_line(2, "echo half > unfinished.txt; echo wrote $?");
    page.terminal_says(2, "wrote 0");
    page.click("place-projects");
    page.click("archive-feat-refunds");
    page.says("dialog", "unfinished.txt");
    page.shot("archive");
    page.click("cancel");
    page.see("worktree-feat-refunds");
    page.click("archive-feat-refunds");
    page.says("dialog", "unfinished.txt");
    page.click("confirm");
    page.gone("worktree-feat-refunds");
    let left = world.json(&["worktrees", "list"]).to_string();
    assert!(!left.contains("feat-refunds"), "{left}");
    page.click("place-slots");
    page.until("!document.querySelector('[data-test=state-2]')?.innerText.includes('Working')");
    page.says("state-1", "Working");
}
