//! `cargo xtask setup`: checks what a level of work needs and installs what is missing.

mod packages;
mod tools;
pub mod wasm;

use crate::host::Host;
use anyhow::Result;

/// How much is needed; each level needs all that stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Building the page alone.
    Page,
    /// Building and running Lanyard.
    Run,
    /// Testing it without a window.
    Fast,
    /// Testing it.
    Test,
    /// Measuring it beside its peers.
    Bench,
}

/// Installs what `level` needs and this machine lacks, and tells which compiler makes the page.
pub fn setup(host: &Host, level: Level) -> Result<wasm::Compiler> {
    packages::install(host, level)?;
    if level >= Level::Fast {
        tools::components(host)?;
        tools::tool(host, "cargo-nextest", tools::NEXTEST)?;
    }
    if level >= Level::Test {
        tools::tool(host, "tauri-driver", tools::TAURI_DRIVER)?;
        tools::tool(host, "cargo-deny", tools::DENY)?;
    }
    tools::node_modules(host)?;
    wasm::compiler(host)
}
