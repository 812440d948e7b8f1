//! Notifications as they are set on the page, the line of tasks, and what a session came to.

use crate::browser;
use crate::page::Page;
use serde_json::{Value, json};
use tests::World;
use tests::server::{Reply, Server};

/// Asks the daemon until the answer is as it should be: what is clicked reaches it a moment later.
#[track_caller]
fn until(world: &World, method: &str, fits: impl Fn(&Value) -> bool) {
    let mut door = world.door();
    let until = std::time::Instant::now() + tests::DEADLINE;
    loop {
        let answer = door.ask(method, json!({}));
        if fits(&answer["Ok"]) {
            return;
        }
        assert!(std::time::Instant::now() < until, "{method} stays {answer}");
    }
}

#[test]
fn the_owner_says_on_the_page_when_and_how_to_be_told() {
    if !browser::possible() {
        return;
    }
    let (world, hook) = (browser::world(), Server::start(|_| Reply::bare(204)));
    let page = browser::open(&world);
    page.click("place-settings");
    page.see("notify-desktop");
    page.click("notify-attention");
    until(&world, "notify.settings", |now| !now["events"].to_string().contains("attention"));
    page.fill("notify-quiet", "22:00-7");
    page.says("notify", "Write it as 22:00-07:00");
    page.fill("notify-quiet", "22:00-07:00");
    page.click("notify-save");
    until(&world, "notify.settings", |now| now["quiet"]["from"] == 22 * 60 && now["quiet"]["to"] == 7 * 60);
    page.choose("mute-slot", "Slot 2");
    page.see("muted-2");
    page.shot("notifications");
    add_route(&page, hook.url());
    page.click("test-phone");
    page.until("!!document.querySelector('[data-test=route-phone] .delivery:not(.bad)')");
    assert!(!hook.asked().is_empty(), "the webhook was not asked");
    page.shot("routes");
    page.click("remove-route-phone");
    page.click("confirm");
    page.gone("route-phone");
    assert_eq!(page.complaints(), Vec::<String>::new());
    page.driver.quit();
}

#[track_caller]
fn add_route(page: &Page, url: &str) {
    page.click("add-route");
    page.fill("route-name", "phone");
    page.choose("route-kind", "webhook");
    page.fill("route-url", url);
    page.fill("route-secret", "the key that signs");
    page.click("route-finished");
    page.fill("route-minutes", "5");
    page.shot("route-form");
    page.click("save-route");
    page.says("route-phone", "if nobody reacts for 5 min");
}

/// Puts a command in line by the form.
#[track_caller]
fn put_in_line(page: &Page, branch: &str) {
    page.click("new-task");
    page.choose("start-project", "work");
    page.fill("start-branch", branch);
    page.choose("start-agent", "a command");
    page.fill("start-command", "sh -c 'echo I waited; exec sh'");
    page.shot("new-task");
    page.click("start-go");
    page.gone("dialog");
}

#[test]
fn tasks_wait_in_line_in_the_owners_order_and_a_session_tells_what_it_came_to() {
    if !browser::possible() {
        return;
    }
    let world = browser::world();
    world.seat(1, "ada", "API_KEY", "value");
    world.project("work");
    world.start(1, "first", &["sh"]);
    let page = browser::open(&world);
    page.see("stop-1");
    put_in_line(&page, "second");
    put_in_line(&page, "third");
    page.says("line", "2 tasks in line");
    page.click("task-later");
    let first = "document.querySelector('[data-test=task]').innerText";
    page.until(&format!("{first}.includes('third')"));
    page.shot("line");
    page.until("document.querySelectorAll('[data-test=task-cancel]').length === 2");
    page.read("document.querySelectorAll('[data-test=task-cancel]')[1].click()");
    page.says("line", "1 task in line");
    page.click("open-1");
    page.type_line(1, "git commit -q --allow-empty -m 'A first step'; echo made $?");
    page.terminal_says(1, "made 0");
    page.type_line(1, "exit");
    // The task that waited takes the slot by itself.
    page.terminal_says(1, "I waited");
    let ended = world.json(&["sessions", "list", "--all"]);
    assert!(ended.to_string().contains("third"), "{ended}");
    page.type_line(1, "git commit -q --allow-empty -m 'What was asked'; echo made $?; exit");
    page.see("ended");
    page.click("tab-session");
    page.says("work", "1 commit");
    page.says("summary", "What was asked");
    page.says("summary", "API_KEY: in the environment");
    page.shot("summary");
    assert_eq!(page.complaints(), Vec::<String>::new());
    page.driver.quit();
}
