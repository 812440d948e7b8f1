//! `cargo xtask run`: builds Lanyard and opens its window, or serves its page where there is no display.

use crate::daemon::Daemon;
use crate::host::Host;
use crate::programs::programs;
use crate::setup::{Level, setup};
use crate::shell::{read, say};
use crate::ui;
use anyhow::{Context, Result};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitCode;

/// Builds and runs Lanyard; stays until the window is closed or Ctrl-C is pressed.
pub fn run(host: &Host, release: bool) -> Result<ExitCode> {
    let compiler = setup(host, if host.display { Level::Window } else { Level::Page })?;
    ui::page(host, ui::Build::Small, compiler)?;
    say("building Lanyard");
    let programs = programs(host, release, host.display)?;
    match host.display {
        true => window(host, &programs),
        false => page(host, &programs),
    }
}

/// Becomes the window.
fn window(host: &Host, programs: &Path) -> Result<ExitCode> {
    say("opening the window; closing it leaves the sessions running");
    say(format!("to stop the daemon as well: {} daemon stop", programs.join("lanyard").display()));
    Err(host.command(programs.join("lanyard-desktop")).exec()).context("starting the window")
}

/// Runs the daemon in the foreground, unless one runs already, and tells the page's address.
fn page(host: &Host, programs: &Path) -> Result<ExitCode> {
    say("there is no display, so the page is served for a browser on this machine");
    if UnixStream::connect(&host.owner_socket).is_ok() {
        tell_address(host, programs)?;
        say(format!("a daemon ran already; to stop it: {} daemon stop", programs.join("lanyard").display()));
        return Ok(ExitCode::SUCCESS);
    }
    let mut daemon = Daemon::start(&mut host.command(programs.join("lanyardd")), &host.owner_socket)?;
    tell_address(host, programs)?;
    say("Ctrl-C stops the daemon; the sessions go on, and the next start finds them");
    match daemon.wait()? {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::FAILURE),
    }
}

fn tell_address(host: &Host, programs: &Path) -> Result<()> {
    let lanyard = programs.join("lanyard");
    let address = read(host.command(&lanyard).arg("web"))?;
    say(format!("the page (its address works once; for another: {} web):", lanyard.display()));
    println!("{address}");
    Ok(())
}
