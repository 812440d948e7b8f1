//! Prepares Tauri's build: the commands that the page may call, and a clear word when the page is missing.

use std::path::Path;

/// The commands of the window; `capabilities/main.json` allows each of them.
const COMMANDS: &[&str] = &["call", "link", "slot_asked", "attach", "attach_ack", "attach_write", "detach"];

fn main() {
    println!("cargo:rerun-if-changed=../target/ui/index.html");
    if !Path::new("../target/ui/index.html").exists() {
        println!("cargo:warning=the window's page is not built yet: run `cargo xtask ui` first");
        std::process::exit(1);
    }
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        println!("cargo:warning=preparing the window: {error:#}");
        std::process::exit(1);
    }
}
