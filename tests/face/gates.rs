//! The gates before the page: a vault that is new, locked, or broken.

use crate::desktop::furnish;
use crate::window;
use tests::{DEADLINE, World, python, run};

/// Makes the vault's header one of a format that nobody knows, by Python's own SQLite.
#[track_caller]
fn damage_the_header(world: &World) {
    let script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); \
        c.execute(\"update vault set header = replace(header, '\\\"format\\\":1', '\\\"format\\\":9')\"); c.commit()";
    let mut command = world.command(python().expect("Python, which cargo xtask needs as well"));
    command.args(["-c", script]).arg(world.home().join("lanyard.db"));
    run(command, b"", DEADLINE).ok();
}

#[test]
fn the_gates_of_a_new_a_locked_and_a_broken_vault_say_what_to_do() {
    if !window::possible() {
        return;
    }
    let mut world = World::new();
    furnish(&mut world);
    world.unset("LANYARD_PASSPHRASE_FILE");
    let page = window::open(&world, &[]);
    page.see("vault-new");
    page.fill("passphrase", tests::PASSPHRASE);
    page.fill("passphrase-again", "something else");
    page.says("vault-new", "The two differ");
    page.shot("gate-new");
    page.fill("passphrase-again", tests::PASSPHRASE);
    page.click("unlock");
    page.see("first");
    world.identity("ada");
    world.daemon_process().kill();
    page.see("vault-locked");
    page.fill("passphrase", "not this one");
    page.click("unlock");
    page.see("problem");
    page.shot("gate-locked");
    page.fill("passphrase", tests::PASSPHRASE);
    page.click("unlock");
    page.see("first");
    damage_the_header(&world);
    world.daemon_process().kill();
    page.see("vault-broken");
    page.shot("gate-broken");
    page.click("look-without");
    page.see("wall");
    page.shot("gate-passed");
    page.driver.quit();
}
