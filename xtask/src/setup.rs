//! `cargo xtask setup`: checks what a level of work needs and installs what is missing.

mod packages;
pub mod tools;
pub mod wasm;

use crate::host::Host;
use anyhow::Result;

/// How much is needed; each level needs all that stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Building the page, the daemon and the command line.
    Page,
    /// Building the window.
    Window,
    /// Testing everything.
    Test,
    /// Measuring Lanyard beside its peers.
    Bench,
}

/// Installs what `level` needs and this machine lacks, and tells which compiler makes the page.
pub fn setup(host: &Host, level: Level) -> Result<wasm::Compiler> {
    packages::install(host, level)?;
    if level >= Level::Test {
        tools::components(host)?;
        tools::tool(host, "cargo-nextest", tools::NEXTEST)?;
        tools::tool(host, "cargo-deny", tools::DENY)?;
        tools::tool(host, "tauri-driver", tools::TAURI_DRIVER)?;
        tools::servers(host)?;
        tools::ravi_sdk(host)?;
    }
    tools::node_modules(host)?;
    wasm::compiler(host)
}
