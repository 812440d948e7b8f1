//! The window of Lanyard: a Tauri shell round the page, with no state of its own; the daemon holds all of it.

mod daemon;
mod events;
mod relay;
mod single;
mod terminals;
mod tray;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use tauri::Manager;

const USAGE: &str =
    "usage: lanyard-desktop [--slot N]\nOpens Lanyard's window, with slot N where it is given.";

fn main() -> ExitCode {
    let slot = match slot_asked(std::env::args().skip(1)) {
        Ok(slot) => slot,
        Err(told) => {
            eprintln!("{told}");
            return ExitCode::from(2);
        }
    };
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let Some(runtime) = runtime_folder(var) else {
        eprintln!("there is no home folder to find the daemon in: set HOME or LANYARD_HOME");
        return ExitCode::FAILURE;
    };
    match open(runtime, slot) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the window could not be opened: {error}");
            ExitCode::FAILURE
        }
    }
}

fn open(runtime: PathBuf, slot: Option<u32>) -> tauri::Result<()> {
    let first = match single::claim(&runtime, slot) {
        single::Claim::Second => return Ok(()),
        single::Claim::First(listener) => Some(listener),
        single::Claim::Unknown => None,
    };
    tauri::Builder::default()
        .plugin(tauri_plugin_shell::init())
        .manage(terminals::Terminals::new(daemon::socket(&runtime)))
        .manage(events::Asked(Mutex::new(slot)))
        .invoke_handler(tauri::generate_handler![
            relay::call,
            relay::link,
            events::slot_asked,
            terminals::attach,
            terminals::attach_ack,
            terminals::attach_write,
            terminals::detach,
        ])
        .setup(move |app| {
            app.manage(relay::Relay::start(app.handle(), daemon::socket(&runtime)));
            tray::build(app.handle());
            window::build(app.handle())?;
            if let Some(listener) = first {
                single::listen(app.handle(), listener);
            }
            Ok(())
        })
        .run(tauri::generate_context!())
}

/// The slot of `--slot N`.
fn slot_asked(mut args: impl Iterator<Item = String>) -> Result<Option<u32>, String> {
    match (args.next().as_deref(), args.next(), args.next()) {
        (None, _, _) => Ok(None),
        (Some("--slot"), Some(number), None) => match number.parse() {
            Ok(slot) if (1..=api::slots::MAX_SLOT).contains(&slot) => Ok(Some(slot)),
            _ => Err(format!("--slot takes a number from 1 to {}\n{USAGE}", api::slots::MAX_SLOT)),
        },
        _ => Err(USAGE.to_string()),
    }
}

/// The folder of the daemon's sockets, by the same rules as the daemon's own.
fn runtime_folder(var: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if let Some(home) = var("LANYARD_HOME") {
        return Some(home.join("run"));
    }
    // A relative XDG folder is to be ignored, as their rules say.
    let absolute = |name: &str| var(name).filter(|path| path.is_absolute());
    let data = || absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    match absolute("XDG_RUNTIME_DIR") {
        Some(runtime) => Some(runtime.join("lanyard")),
        None => Some(data()?.join("lanyard/run")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sockets_are_looked_for_where_the_daemon_puts_them() {
        let found = |vars: &[(&str, &str)]| {
            runtime_folder(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into()))
        };
        let home = ("HOME", "/h");
        assert_eq!(found(&[home, ("LANYARD_HOME", "/l")]), Some("/l/run".into()));
        assert_eq!(found(&[home, ("XDG_RUNTIME_DIR", "/r")]), Some("/r/lanyard".into()));
        assert_eq!(found(&[home, ("XDG_RUNTIME_DIR", "r")]), Some("/h/.local/share/lanyard/run".into()));
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn a_slot_is_a_number_that_a_slot_can_have() {
        let asked = |args: &[&str]| slot_asked(args.iter().map(ToString::to_string));
        assert_eq!(asked(&[]), Ok(None));
        assert_eq!(asked(&["--slot", "3"]), Ok(Some(3)));
        for bad in [&["--slot"][..], &["--slot", "0"], &["--slot", "100"], &["-x"], &["--slot", "1", "2"]] {
            assert!(asked(bad).is_err(), "{bad:?}");
        }
    }
}
