//! A desktop without a screen for one test: its own X server, window manager and message bus.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;
use tests::{DEADLINE, World};

/// What a window needs; a test that misses one of them says so.
const PROGRAMS: &[&str] = &["Xvfb", "openbox", "dbus-daemon"];

const BUS: &str = r#"<busconfig><type>session</type><listen>ADDRESS</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#;

/// Whether this machine can have a desktop.
pub fn possible() -> bool {
    PROGRAMS.iter().all(|name| on_path(name))
}

/// Whether a program is on the PATH; many of these know no `--version`.
pub fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    if !found {
        eprintln!("not run: {name} is not installed");
    }
    found
}

/// Gives the owner of a world a desktop. Its programs end with the world.
pub fn furnish(world: &mut World) {
    let mut screen = world.command("Xvfb");
    screen.args(["-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp"]);
    let display = first_line(screen);
    world.set("DISPLAY", format!(":{display}"));
    // Nothing here reads the screen aloud, and starting what does takes a second.
    world.set("NO_AT_BRIDGE", "1");
    let address = format!("unix:path={}", world.path("bus").display());
    // A bus that starts nothing by itself: what runs here is what the test has started.
    std::fs::write(world.path("bus.conf"), BUS.replace("ADDRESS", &address)).expect("the bus's settings");
    let mut bus = world.command("dbus-daemon");
    bus.args(["--nofork", "--print-address=1", "--config-file"]).arg(world.path("bus.conf"));
    let address = first_line(bus);
    world.set("DBUS_SESSION_BUS_ADDRESS", address);
    let manager =
        world.command("openbox").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    drop(manager.expect("openbox starts"));
}

/// Starts a program that goes on running, and gives the first line that it prints when it is ready.
#[track_caller]
#[expect(clippy::zombie_processes, reason = "it goes on running, and ends with its world")]
pub fn first_line(mut command: Command) -> String {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
    let mut line = String::new();
    let output = child.stdout.take().expect("its output is ours");
    BufReader::new(output).read_line(&mut line).expect("it says that it is ready");
    assert!(!line.trim().is_empty(), "{command:?} ended");
    line.trim().to_string()
}

/// Closes Lanyard's window as a person does, by the window manager's key; once more where that key was lost.
#[track_caller]
pub fn close_window(world: &World) {
    let hand = |args: &[&str]| {
        let mut hand = world.command("xdotool");
        hand.args(args);
        tests::run(hand, b"", DEADLINE).status == Some(0)
    };
    let there = ["search", "--sync", "--onlyvisible", "--name", "^Lanyard$", "windowactivate", "--sync"];
    assert!(hand(&there), "the window is to be seen");
    let until = Instant::now() + DEADLINE;
    // A key that is sent to no window in particular is one that the window manager hears.
    while hand(&["key", "--clearmodifiers", "alt+F4"])
        && hand(&["search", "--onlyvisible", "--name", "^Lanyard$"])
    {
        assert!(Instant::now() < until, "the window stays open");
    }
}
