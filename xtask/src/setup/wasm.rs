//! A compiler for the page: rustup's with its WASM target, else Debian's with its library's source.

use super::packages::install_packages;
use crate::host::Host;
use crate::shell::{read, say, succeeds};
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;

/// The target that the page is compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// The oldest compiler that takes our code: `rust-version` in Cargo.toml.
const OLDEST_MINOR: u32 = 95;
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Which compiler makes the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compiler {
    /// The toolchain's own, which has the target's library.
    Ordinary,
    /// Debian's, which builds the library from its source.
    Debian,
}

impl Compiler {
    /// Makes a cargo command build for WASM by this compiler.
    pub fn prepare(self, cargo: &mut Command) {
        cargo.args(["--target", TARGET]);
        if self == Compiler::Debian {
            // Debian ships the library's source but not the compiled library, and building that is
            // still called unstable.
            cargo
                .env("RUSTC", DEBIAN_RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld")
                .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort");
        }
    }
}

/// Finds a compiler for the page, or installs one.
pub fn compiler(host: &Host) -> Result<Compiler> {
    if let Some(compiler) = present(host) {
        return Ok(compiler);
    }
    if host.has("rustup") {
        say(format!("adding the target {TARGET} to the toolchain"));
        if succeeds(host.command("rustup").args(["target", "add", TARGET]))? && ordinary(host) {
            return Ok(Compiler::Ordinary);
        }
    }
    if host.has("apt-get") {
        say("rustup could not; taking Debian's compiler");
        install_packages(host, "apt-get", &["rustc-web", "rust-web-src", "lld"])?;
    }
    match present(host) {
        Some(compiler) => Ok(compiler),
        None => bail!("no compiler for the page. Run:\n  rustup target add {TARGET}"),
    }
}

fn present(host: &Host) -> Option<Compiler> {
    if ordinary(host) {
        return Some(Compiler::Ordinary);
    }
    let source = Path::new("/usr/lib/rustlib/src/rust/library/Cargo.toml").exists();
    (source && host.has("wasm-ld") && debian_is_new_enough()).then_some(Compiler::Debian)
}

fn ordinary(host: &Host) -> bool {
    let sysroot = read(host.command("rustc").args(["--print", "sysroot"]));
    sysroot.is_ok_and(|root| Path::new(&root).join("lib/rustlib").join(TARGET).join("lib").exists())
}

fn debian_is_new_enough() -> bool {
    let version = read(Command::new(DEBIAN_RUSTC).arg("--version")).unwrap_or_default();
    minor(&version).is_some_and(|minor| minor >= OLDEST_MINOR)
}

/// The minor version in `rustc 1.96.0 (…)`.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("rustc 1.")?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn the_compilers_minor_version_is_read() {
        assert_eq!(minor("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"), Some(96));
        assert_eq!(minor("clang 19"), None);
    }
}
