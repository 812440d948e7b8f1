//! `cargo xtask test`: the checks, then every test; the runner's closing lines stand last.

use crate::host::Host;
use crate::setup::{Level, setup, tools};
use crate::shell::{line, run, say, succeeds};
use crate::ui;
use anyhow::Result;
use std::process::{Command, ExitCode};

/// What a fast run leaves out: the window and the page need long builds, and the face a display.
const SLOW: [&str; 2] = ["--exclude=lanyard-desktop", "--exclude=ui"];

/// Runs all checks and tests; with `--fast` only those that need no window. Other arguments go to the runner.
pub fn test(host: &Host, args: &[&str]) -> Result<ExitCode> {
    let fast = args.contains(&"--fast");
    let agents = agents(args)?;
    let is_ours = |arg: &str| arg == "--fast" || arg.starts_with("--agents");
    let names: Vec<&str> = args.iter().copied().filter(|arg| !is_ours(arg)).collect();
    let compiler = setup(host, Level::Test)?;
    let programs = tools::agents(host, &agents)?;
    let page = ui::page(host, ui::Build::Small, compiler)?;

    let failed = if fast { Vec::new() } else { failed_checks(host)? };
    let slow: &[&str] = if fast { &SLOW } else { &[] };
    say("building the programs and the tests");
    run(host.cargo(&["build", "--quiet", "--locked", "--workspace", "--all-targets"]).args(slow))?;

    say("testing");
    let mut runner = host.cargo(&["nextest", "run", "--locked", "--workspace", "--no-fail-fast"]);
    runner.args(slow).args(names);
    if fast {
        runner.args(["--filterset", "not binary(face)"]);
    }
    runner
        .env("LANYARD_BIN_DIR", host.target.join("debug"))
        .env("LANYARD_UI", page)
        .env("LANYARD_AGENTS", agents.join(","))
        .env("LANYARD_AGENTS_BIN", programs)
        .env("TAURI_DRIVER", host.target.join("tools/bin/tauri-driver"));
    let status = runner.status()?;
    if status.success() && !failed.is_empty() {
        anyhow::bail!("the tests passed, but not: {}; what they say stands above", failed.join(", "));
    }
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The agents whose own programs are tested: those that `--agents` names, or all.
fn agents<'a>(args: &[&'a str]) -> Result<Vec<&'a str>> {
    let known = tools::AGENTS.map(|(name, _)| name);
    let Some(asked) = args.iter().find_map(|arg| arg.strip_prefix("--agents")) else {
        return Ok(Vec::new());
    };
    let Some(named) = asked.strip_prefix('=') else { return Ok(known.to_vec()) };
    let named: Vec<&str> = named.split(',').collect();
    match named.iter().find(|name| !known.contains(name)) {
        Some(other) => anyhow::bail!("{other:?} is no agent; known are {}", known.join(", ")),
        None => Ok(named),
    }
}

/// Runs every check, the later ones too when one fails, and names those that failed.
fn failed_checks(host: &Host) -> Result<Vec<String>> {
    let mut failed = Vec::new();
    for mut check in checks(host) {
        let name = line(&check).replacen(&*host.cargo.to_string_lossy(), "cargo", 1);
        say(&name);
        if !succeeds(&mut check)? {
            say(format!("`{name}` failed; the tests run all the same"));
            failed.push(format!("`{name}`"));
        }
    }
    Ok(failed)
}

/// Advisories are not among them: their database lies on a host that not every machine reaches.
fn checks(host: &Host) -> [Command; 3] {
    [
        host.cargo(&["fmt", "--all", "--check"]),
        host.cargo(&[
            "clippy",
            "--quiet",
            "--locked",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
        host.cargo(&["deny", "--workspace", "--locked", "check", "licenses", "bans", "sources"]),
    ]
}
