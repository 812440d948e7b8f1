//! The page in headless Chromium, through the web door.

use crate::desktop::on_path;
use crate::driver::{Driver, free_port};
use crate::page::Page;
use crate::story;
use serde_json::json;
use std::path::PathBuf;
use tests::World;

/// Whether this machine has a browser to test with.
pub fn possible() -> bool {
    on_path("chromium") && on_path("chromedriver")
}

/// Shows the page of a world to a test, where there is a browser. Nothing may go against the page's policy meanwhile.
#[track_caller]
pub fn with(furnish: impl FnOnce(&World), test: impl FnOnce(&World, &Page)) {
    if !possible() {
        return;
    }
    let world = world();
    furnish(&world);
    let page = open(&world);
    test(&world, &page);
    assert_eq!(page.complaints(), Vec::<String>::new());
    page.driver.quit();
}

/// A world whose daemon serves the page that `cargo xtask ui` has built.
pub fn world() -> World {
    let mut world = World::new();
    world.unset("LANYARD_UI");
    world
}

/// Opens the page of a world's daemon in a browser of its own.
#[track_caller]
pub fn open(world: &World) -> Page {
    let profile = format!("--user-data-dir={}", world.path("chromium").display());
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1400,900",
        &profile,
    ];
    let saving =
        json!({ "download.default_directory": downloads(world), "download.prompt_for_download": false });
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments, "prefs": saving },
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    let port = free_port();
    let mut driver = world.command("chromedriver");
    driver.arg(format!("--port={port}"));
    let driver = Driver::open(driver, &[port], capabilities);
    driver.command("/url", &json!({ "url": address(world) }));
    Page::of(driver, "browser")
}

/// Where a browser or the window puts what it saves.
pub fn downloads(world: &World) -> PathBuf {
    world.path("downloads")
}

/// A fresh one-time address of the page.
#[track_caller]
pub fn address(world: &World) -> String {
    let out = world.lanyard(&["web"]).ok();
    let found = out.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:"));
    found.unwrap_or_else(|| panic!("no address in {out}")).to_string()
}

#[test]
fn two_agents_get_their_own_tokens_in_the_browser() {
    with(|_| {}, story::all);
}

#[test]
fn a_used_address_opens_nothing() {
    if !possible() {
        return;
    }
    let world = world();
    let page = open(&world);
    page.see("first");
    let kept = page
        .read("JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie, location.href])");
    let kept = kept.as_str().expect("what the page keeps").to_string();
    let long = |word: &&str| word.len() > 20;
    let words = kept.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    assert_eq!(
        words.filter(long).collect::<Vec<_>>(),
        Vec::<&str>::new(),
        "the token is kept in memory only"
    );
    // A reload has neither the code nor the token.
    page.driver.command("/refresh", &json!({}));
    page.see("no-code");
    page.driver.quit();
}

#[test]
fn a_page_that_breaks_says_so_and_can_be_loaded_again() {
    if !possible() {
        return;
    }
    let world = world();
    let page = open(&world);
    page.see("first");
    // An error of WebDriver's own scripts is not told to the page, so that the event itself is made.
    let fault = "{ error: new WebAssembly.RuntimeError('unreachable') }";
    page.read(&format!("dispatchEvent(new ErrorEvent('error', {fault}))"));
    page.see("stopped");
    page.click("load-again");
    page.see("no-code");
    page.driver.quit();
}
