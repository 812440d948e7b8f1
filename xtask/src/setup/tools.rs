//! What comes from cargo, rustup and npm: pinned, and inside the checkout.

use crate::host::Host;
use crate::shell::{run, say, succeeds};
use anyhow::{Context, Result, bail};
use std::fs;

/// The test runner's version, where the machine has none.
pub const NEXTEST: &str = "0.9.143";
/// The version of the WebDriver for the window.
pub const TAURI_DRIVER: &str = "2.1.0";
/// The version of the licence check.
pub const DENY: &str = "0.20.2";

/// Installs a tool of cargo's into target/tools, unless it is there. Any nextest on the PATH will do.
pub fn tool(host: &Host, name: &str, version: &str) -> Result<()> {
    let root = host.target.join("tools");
    let installed = fs::read_to_string(root.join(".crates.toml")).unwrap_or_default();
    let ours = installed.contains(&format!("\"{name} {version} "));
    if ours || (name == "cargo-nextest" && host.has(name)) {
        return Ok(());
    }
    say(format!("installing {name} {version} into {} (minutes, once)", root.display()));
    let mut install = host.cargo(&["install", "--quiet", "--locked", "--root"]);
    run(install.arg(&root).arg(format!("{name}@{version}")))
}

/// Adds clippy and rustfmt, which a minimal toolchain lacks.
pub fn components(host: &Host) -> Result<()> {
    let beside = |name: &str| std::path::Path::new(&host.cargo).with_file_name(name).is_file();
    for (program, component) in [("cargo-clippy", "clippy"), ("cargo-fmt", "rustfmt")] {
        if beside(program) || host.has(program) {
            continue;
        }
        say(format!("adding {component} to the toolchain"));
        if !host.has("rustup") || !succeeds(host.command("rustup").args(["component", "add", component]))? {
            bail!("{component} is missing. Run:\n  rustup component add {component}");
        }
    }
    Ok(())
}

/// Installs the page's npm packages when ui/package-lock.json is not the one that they came from.
pub fn node_modules(host: &Host) -> Result<()> {
    let ui = host.top.join("ui");
    let lock = fs::read(ui.join("package-lock.json")).context("reading ui/package-lock.json")?;
    let stamp = ui.join("node_modules/.installed-from.json");
    if fs::read(&stamp).is_ok_and(|old| old == lock) {
        return Ok(());
    }
    say("installing the page's npm packages");
    let quiet = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    run(host.command("npm").args(quiet).current_dir(&ui))?;
    fs::write(&stamp, lock).with_context(|| format!("writing {}", stamp.display()))
}
