//! The real window under a virtual screen, driven through WebKit's own WebDriver.

use crate::desktop::{furnish, on_path};
use crate::driver::{Driver, free_port};
use crate::page::{Page, key};
use crate::{desktop, story};
use serde_json::json;
use std::path::PathBuf;
use tests::{DEADLINE, Process, World, mentioning, program, run};

/// Whether this machine can show the window and drive it.
pub fn possible() -> bool {
    desktop::possible() && on_path("WebKitWebDriver") && tauri_driver().is_some()
}

/// `TAURI_DRIVER`, else the one that `cargo xtask setup` installs.
fn tauri_driver() -> Option<PathBuf> {
    let own = std::env::var_os("TAURI_DRIVER").map(PathBuf::from);
    let installed = program("lanyard").ancestors().nth(2).map(|target| target.join("tools/bin/tauri-driver"));
    let found = own.or(installed).filter(|path| path.is_file());
    if found.is_none() {
        eprintln!("not run: tauri-driver is not installed; `cargo xtask setup` does it");
    }
    found
}

/// Opens the window in a world that has a desktop.
#[track_caller]
pub fn open(world: &World, args: &[&str]) -> Page {
    let mut driver = world.command(tauri_driver().expect("tauri-driver is installed"));
    let application = json!({ "application": program("lanyard-desktop"), "args": args });
    let capabilities = json!({ "browserName": "wry", "tauri:options": application });
    let ports = [free_port(), free_port()];
    driver.args(["--port", &ports[0].to_string(), "--native-port", &ports[1].to_string()]);
    Page::of(Driver::open(driver, &ports, capabilities), "window")
}

/// The window's own process in a world.
#[track_caller]
pub fn process(world: &World) -> Process {
    let window = program("lanyard-desktop").display().to_string();
    let home = world.home().display().to_string();
    let mut windows =
        mentioning(&home).into_iter().filter(|process| process.command_line().starts_with(&window));
    windows.next().expect("the window runs")
}

/// Shows a test the window that `prepare` has made the desktop for, where this machine can.
#[track_caller]
pub fn with(prepare: impl FnOnce(&mut World), test: impl FnOnce(&World, &Page)) {
    if !possible() {
        return;
    }
    let mut world = World::new();
    furnish(&mut world);
    prepare(&mut world);
    let page = open(&world, &[]);
    test(&world, &page);
    page.driver.quit();
}

#[test]
fn two_agents_get_their_own_tokens_in_the_window() {
    // The window starts the daemon by itself.
    with(|_| {}, story::all);
}

#[test]
fn killing_the_window_does_nothing_to_the_sessions() {
    if !possible() {
        return;
    }
    let mut world = World::new();
    furnish(&mut world);
    let page = open(&world, &[]);
    page.see("first");
    let daemon = world.daemon_process();
    world.seat(1, "ada", "GITHUB_TOKEN", "token-of-ada");
    world.project("work");
    let session = world.start(1, "kept", &["sh"]);
    // The badge is drawn anew when its session is there, and a click in that moment would be lost.
    page.see("stop-1");
    page.click("open-1");
    page.type_line(1, "before=here");
    // What is typed has reached the session when its terminal shows it.
    page.terminal_says(1, "before=here");
    process(&world).kill();
    assert!(daemon.runs(), "the daemon outlives the window that started it");
    world.lanyard(&["sessions", "send", "1", "echo still $before"]).ok();
    let id = tests::text(&session, "id");
    world.terminal(id).wait_for("still here");
    drop(page);
    // Another window shows what went on meanwhile.
    let page = open(&world, &["--slot", "1"]);
    page.terminal_says(1, "still here");
    page.driver.quit();
}

#[test]
fn a_second_start_hands_its_slot_to_the_first_window() {
    with(
        |_| {},
        |world, page| {
            page.see("first");
            world.seat(2, "ada", "GITHUB_TOKEN", "token-of-ada");
            page.see("open-2");
            let mut second = world.command(program("lanyard-desktop"));
            second.args(["--slot", "2"]);
            assert_eq!(tests::run(second, b"", tests::DEADLINE).status, Some(0));
            page.see("desk-2");
        },
    );
}

#[test]
fn the_window_connects_again_after_its_daemon_was_killed() {
    with(
        |_| {},
        |world, page| {
            page.see("first");
            world.seat(1, "ada", "GITHUB_TOKEN", "token-of-ada");
            world.project("work");
            world.start(1, "kept", &["sh"]);
            // The badge is drawn anew when its session is there, and a click in that moment would be lost.
            page.see("stop-1");
            page.click("open-1");
            page.type_line(1, "before=here");
            world.daemon_process().kill();
            // The terminal is its keeper's: it may go on without a break, or attach again.
            page.type_line(1, "echo still $before");
            page.terminal_says(1, "still here");
            // And the page hears of what the new daemon does.
            world.lanyard(&["slot", "set", "5", "--agent", "claude"]).ok();
            world.seat(4, "brin", "GITHUB_TOKEN", "token-of-brin");
            page.click("close-desk");
            page.see("open-4");
        },
    );
}

/// What an invocation by the page comes to: `{"ok": …}` or `{"err": …}`.
#[track_caller]
fn invoke(page: &Page, command: &str, arguments: &str) -> serde_json::Value {
    page.read(&format!(
        "window.__TAURI__.core.invoke('{command}', {arguments}).then(ok => ({{ ok }}), err => ({{ err }}))"
    ))
}

#[test]
fn the_page_can_reach_the_daemon_and_nothing_else_of_the_system() {
    with(
        |_| {},
        |_, page| {
            page.until("window.__TAURI__?.core");
            let status = invoke(page, "call", "{ request: { id: 7, method: 'status' } }");
            assert_eq!(status["ok"]["id"], 7, "{status}");
            assert_eq!(status["ok"]["result"]["Ok"]["role"], "owner", "{status}");
            assert_eq!(invoke(page, "link", "{}")["ok"]["up"], true);
            let unknown = invoke(page, "call", "{ request: { id: 8, method: 'no.such', params: {} } }");
            assert_eq!(unknown["ok"]["result"]["Err"]["code"], "invalid", "{unknown}");
            let missing = invoke(page, "attach_write", "{ number: 9, kind: 105, bytes: [65] }");
            assert_eq!(missing["err"]["code"], "not_found", "{missing}");
            for (command, arguments) in [
                ("plugin:shell|execute", "{ program: 'lanyardd', args: [], options: {} }"),
                ("plugin:shell|spawn", "{ program: 'lanyardd', args: [], options: {} }"),
                ("plugin:window|close", "{ label: 'main' }"),
                (
                    "plugin:webview|create_webview_window",
                    "{ options: { label: 'x', url: 'https://example.com' } }",
                ),
                ("plugin:event|emit", "{ event: 'lanyard://event', payload: {} }"),
            ] {
                let refused = invoke(page, command, arguments);
                assert!(refused["err"].is_string(), "{command} is not refused: {refused}");
            }
            // The policy forbids what is not ours, and the window goes nowhere else.
            let fetched = page.read("fetch('https://example.com/').then(() => 'fetched', () => 'refused')");
            assert_eq!(fetched, "refused");
            let evaluated = page.read("(() => { try { return eval('1') } catch { return 'refused' } })()");
            assert_eq!(evaluated, "refused");
        },
    );
}

#[test]
fn a_link_goes_to_the_owners_browser_and_not_into_the_window() {
    with(browser_that_tells, |world, page| {
        page.click("place-tokens");
        page.click("set-up-app");
        page.fill("app-name", "builds");
        page.click("app-begin");
        page.click("app-address");
        let address = told_address(world);
        assert!(address.starts_with("http://127.0.0.1:") && address.contains("/github/start"), "{address}");
        page.see("app-address");
        page.keys(&key::ESCAPE.to_string());
        page.gone("dialog");
        // What a program prints is a link as well, for whoever clicks with Control.
        world.seat(1, "ada", "GITHUB_TOKEN", "token-of-ada");
        world.project("work");
        world.start(1, "linking", &["sh"]);
        page.click("place-slots");
        page.see("stop-1");
        page.click("open-1");
        page.type_line(1, "clear; echo https://example.com/number/$((6*7))");
        page.terminal_says(1, "example.com/number/42");
        page.control_click_first_line(1);
        assert_eq!(told_address(world), "https://example.com/number/42");
        page.terminal_says(1, "example.com/number/42");
    });
}

/// Puts a browser into the world that writes the address it is given into a pipe.
pub fn browser_that_tells(world: &mut World) {
    let (folder, pipe) = (world.path("browser"), world.path("address"));
    let browser = folder.join("xdg-open");
    std::fs::create_dir(&folder).expect("a folder for it");
    std::fs::write(&browser, format!("#!/bin/sh\nprintf %s \"$1\" >'{}'\n", pipe.display()))
        .expect("it is written");
    std::fs::set_permissions(&browser, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("it can be run");
    let mut mkfifo = world.command("mkfifo");
    mkfifo.arg(&pipe);
    run(mkfifo, b"", DEADLINE).ok();
    let path = format!("{}:{}", folder.display(), world.environment()["PATH"]);
    world.set("PATH", path);
}

/// The next address that this browser is given.
#[track_caller]
pub fn told_address(world: &World) -> String {
    let mut reader = world.command("cat");
    reader.arg(world.path("address"));
    run(reader, b"", DEADLINE).ok()
}
