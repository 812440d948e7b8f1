//! `cargo xtask ui`: compiles the page to WASM and lays its folder, target/ui.

mod bundle;
mod stamp;

use crate::host::Host;
use crate::setup::wasm::{Compiler, TARGET};
use crate::setup::{Level, setup};
use crate::shell::{run, say};
use anyhow::{Context, Result, bail};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs;
use std::path::{Path, PathBuf};
use wasm_bindgen_cli_support::Bindgen;

/// How the page is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// Small and quick to load.
    Small,
    /// Quick to compile, with names in its traces.
    Dev,
}

impl Build {
    /// Cargo's profile, and the folder that cargo puts its results in.
    fn profile(self) -> (&'static str, &'static str) {
        match self {
            Build::Small => ("wasm", "wasm"),
            Build::Dev => ("dev", "debug"),
        }
    }
}

/// Sets up and builds the page; returns its folder.
pub fn ui(host: &Host, build: Build) -> Result<PathBuf> {
    let compiler = setup(host, Level::Page)?;
    page(host, build, compiler)
}

/// Builds the page unless it is there and nothing that it is made of has changed; returns its folder.
pub fn page(host: &Host, build: Build, compiler: Compiler) -> Result<PathBuf> {
    let folder = host.target.join("ui");
    let stamp_file = host.target.join("ui.stamp");
    let stamp = stamp::stamp(host, &format!("{build:?} {compiler:?}"))?;
    if folder.join("index.html").exists() && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(folder);
    }
    say("building the page");
    same_bindgen(&fs::read_to_string(host.top.join("Cargo.lock")).context("reading Cargo.lock")?)?;
    let wasm = compile(host, build, compiler)?;
    let fresh = host.target.join("ui.new");
    remove(&fresh)?;
    fs::create_dir_all(&fresh).with_context(|| format!("creating {}", fresh.display()))?;
    bind(&wasm, &fresh, build)?;
    bundle::copy(&host.top.join("ui"), &fresh)?;
    replace(&fresh, &folder)?;
    fs::write(&stamp_file, stamp).context("writing the page's stamp")?;
    Ok(folder)
}

fn compile(host: &Host, build: Build, compiler: Compiler) -> Result<PathBuf> {
    let (profile, results) = build.profile();
    let target = host.target.join("wasm");
    let mut cargo = host.cargo(&["build", "--package", "ui", "--profile", profile]);
    compiler.prepare(&mut cargo);
    // A target folder of its own, so that two compilers never rebuild each other's work.
    run(cargo.env("CARGO_TARGET_DIR", &target))?;
    Ok(target.join(TARGET).join(results).join("ui.wasm"))
}

fn bind(wasm: &Path, folder: &Path, build: Build) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name("lanyard").typescript(false);
    bindgen.debug(build == Build::Dev).keep_debug(build == Build::Dev);
    bindgen.remove_name_section(build == Build::Small);
    bindgen.web(true).context("asking wasm-bindgen for a page's modules")?;
    bindgen.generate(folder).context("binding the page's WASM to JavaScript")
}

/// Puts `fresh` where `folder` is, in one step, so that whoever serves the page never sees half of it.
fn replace(fresh: &Path, folder: &Path) -> Result<()> {
    if !folder.exists() {
        return fs::rename(fresh, folder).context("putting the page in its place");
    }
    renameat_with(CWD, fresh, CWD, folder, RenameFlags::EXCHANGE).context("putting the page in its place")?;
    remove(fresh)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// The page's wasm-bindgen and ours must be of one version: they share an unstable format.
fn same_bindgen(lock: &str) -> Result<()> {
    let page = locked_version(lock, "wasm-bindgen").context("Cargo.lock has no wasm-bindgen")?;
    let ours = locked_version(lock, "wasm-bindgen-cli-support").context("Cargo.lock lacks xtask's parts")?;
    if page != ours {
        bail!(
            "Cargo.lock has wasm-bindgen {page}, and xtask binds with {ours}. Write \
             `wasm-bindgen-cli-support = \"={page}\"` in xtask/Cargo.toml"
        );
    }
    Ok(())
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, after) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    after.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(page: &str, ours: &str) -> String {
        format!(
            "[[package]]\nname = \"wasm-bindgen\"\nversion = \"{page}\"\n\n\
             [[package]]\nname = \"wasm-bindgen-cli-support\"\nversion = \"{ours}\"\n"
        )
    }

    #[test]
    fn one_version_of_wasm_bindgen_is_fine() {
        assert!(same_bindgen(&lock("0.2.130", "0.2.130")).is_ok());
    }

    #[test]
    fn two_versions_of_wasm_bindgen_are_an_error_that_says_what_to_write() {
        let error = same_bindgen(&lock("0.2.131", "0.2.130")).unwrap_err().to_string();
        assert!(error.contains("\"=0.2.131\""), "{error}");
    }
}
