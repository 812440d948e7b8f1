//! What each agent is doing, as its badge tells it: who waits and for what, who failed and why, who is done.

use crate::browser;
use crate::page::Page;
use tests::World;

/// Three slots, each with a shell that says of itself what it is told to.
#[track_caller]
fn furnish(world: &World) {
    world.project("work");
    for (slot, name) in [(1, "ada"), (2, "brin"), (3, "cleo")] {
        world.seat(slot, name, "API_KEY", "value");
        world.start(slot, name, &["sh"]);
    }
}

/// Has the agent of a slot tell its state, by its hook.
#[track_caller]
fn tell(world: &World, slot: u32, said: &str) {
    let line = format!("lanyard hook shell '{said}'");
    world.lanyard(&["sessions", "send", &slot.to_string(), &line]).ok();
}

/// How high a slot's badge is.
#[track_caller]
fn height(page: &Page, slot: u32) -> f64 {
    let badge = format!("document.querySelector('[data-test=badge-{slot}]').getBoundingClientRect().height");
    page.read(&badge).as_f64().expect("a number")
}

#[test]
fn a_badge_says_who_waits_for_what_who_failed_and_why_and_nothing_jumps() {
    if !browser::possible() {
        return;
    }
    let world = browser::world();
    furnish(&world);
    let page = browser::open(&world);
    page.see("stop-3");
    let before = height(&page, 3);
    tell(&world, 1, r#"{"state":"waiting","kind":"permission","text":"May it run npm publish?"}"#);
    tell(&world, 2, r#"{"state":"failed","text":"The model is overloaded"}"#);
    tell(&world, 3, &format!(r#"{{"state":"done","text":"Built it. {}"}}"#, "And tested it. ".repeat(100)));
    page.says("state-1", "Waiting · permission");
    page.says("says-1", "May it run npm publish?");
    page.says("state-2", "Failed");
    page.says("says-2", "The model is overloaded");
    page.says("state-3", "Done");
    page.says("says-3", "Built it. And tested it.");
    page.until("document.title === '(1) Lanyard'");
    assert_eq!([height(&page, 1), height(&page, 2), height(&page, 3)], [before; 3]);
    page.shot("states");
    dark(&page);
    page.says("needs-you", "2");
    page.click("needs-you");
    page.gone("badge-3");
    page.see("badge-2");
    page.shot("needs-you");
    page.read("document.activeElement.blur()");
    page.keys("w");
    page.see("desk-1");
    page.click("tab-session");
    page.says("words-waits for", "May it run npm publish?");
    page.shot("session");
    tell(&world, 1, r#"{"state":"working"}"#);
    page.says("state-1", "Working");
    page.until("document.title === 'Lanyard'");
    assert_eq!(page.complaints(), Vec::<String>::new());
    page.driver.quit();
}

/// The same wall by night.
#[track_caller]
fn dark(page: &Page) {
    page.click("place-settings");
    page.click("theme-dark");
    page.click("place-slots");
    page.see("says-1");
    page.shot("states-dark");
    page.click("place-settings");
    page.click("theme-light");
    page.click("place-slots");
}

#[test]
fn an_agent_starts_with_the_task_that_is_written_in_the_dialog() {
    if !browser::possible() {
        return;
    }
    let world = browser::world();
    let settings = "[agents.mine]\ncommand = [\"sh\", \"-c\", \"echo my task: $0; exec sh\"]\n";
    std::fs::create_dir_all(world.home()).expect("a folder for the settings");
    std::fs::write(world.home().join("settings.toml"), settings).expect("they are written");
    world.seat(1, "ada", "API_KEY", "value");
    world.project("work");
    let page = browser::open(&world);
    page.click("start-1");
    page.choose("start-agent", "shell");
    page.gone("start-task");
    page.choose("start-agent", "mine");
    page.fill("start-task", "Mend the login of the shop");
    page.shot("start-task");
    page.click("start-go");
    page.terminal_says(1, "my task: Mend the login of the shop");
    page.click("tab-session");
    page.says("words-task", "Mend the login of the shop");
    page.click("place-slots");
    page.says("says-1", "Task: Mend the login");
    page.driver.quit();
}
