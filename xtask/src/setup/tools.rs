//! What comes from cargo, rustup and npm: pinned, and inside the checkout.

use crate::host::Host;
use crate::shell::{read, run, say, succeeds};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;

/// The test runner's version, where the machine has none.
pub const NEXTEST: &str = "0.9.143";
/// The version of the WebDriver for the window.
pub const TAURI_DRIVER: &str = "2.1.0";
/// The version of the licence check.
pub const DENY: &str = "0.20.2";

/// The agents' own programs: what each is called, and its package.
pub const AGENTS: [(&str, &str); 3] = [
    ("claude", "@anthropic-ai/claude-code@2.1.329"),
    ("codex", "@openai/codex@0.169.0"),
    ("opencode", "opencode-ai@1.18.33"),
];

/// Ravi's own library for Python: the version that can be told where its server is, and what it is built on.
const RAVI_SDK: [&str; 3] = ["ravi-sdk==0.2.0", "httpx==0.28.1", "pydantic==2.14.3"];
/// GitHub's description of its API, and the one file of that archive which is kept.
const DESCRIPTION: &str = "@octokit/openapi@23.0.2";
const DESCRIPTION_FILE: &str = "package/generated/api.github.com.json";

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

/// Installs the servers that the tests talk to, as xtask/servers locks them, and GitHub's description, into
/// target/tools/servers.
pub fn servers(host: &Host) -> Result<()> {
    let (ours, folder) = (host.top.join("xtask/servers"), host.target.join("tools/servers"));
    let lock = fs::read_to_string(ours.join("package-lock.json")).context("reading the servers' lock")?;
    let (stamp, wanted) = (folder.join(".installed"), format!("{lock}{DESCRIPTION}"));
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    say(format!("installing the tests' servers and {DESCRIPTION} into {} (once)", folder.display()));
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        fs::copy(ours.join(name), folder.join(name)).with_context(|| format!("copying {name}"))?;
    }
    let npm = |words: &[&str]| {
        let mut npm = host.command("npm");
        npm.args(words).arg("--loglevel=error").current_dir(&folder);
        npm
    };
    run(&mut npm(&["ci", "--ignore-scripts"]))?;
    // The archive unpacks to 385 MB, of which one file of 13 MB is wanted.
    let archive = folder.join(read(&mut npm(&["pack", "--silent", DESCRIPTION]))?);
    let unpack = ["--strip-components=2", "-xzf"];
    run(host.command("tar").args(unpack).arg(&archive).arg(DESCRIPTION_FILE).current_dir(&folder))?;
    fs::remove_file(&archive).with_context(|| format!("removing {}", archive.display()))?;
    fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))
}

/// Installs Ravi's library into target/tools/ravi-sdk, for the Python that is there.
pub fn ravi_sdk(host: &Host) -> Result<()> {
    let folder = host.target.join("tools/ravi-sdk");
    let (stamp, wanted) = (folder.join(".installed"), RAVI_SDK.join("\n"));
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    say(format!("installing {} into {} (once)", RAVI_SDK[0], folder.display()));
    let quiet = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--upgrade"];
    run(host.command("python3").args(quiet).arg("--target").arg(&folder).args(RAVI_SDK))?;
    fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))
}

/// Installs agents into target/tools/agents, each once, and tells where their programs are.
pub fn agents(host: &Host, names: &[&str]) -> Result<PathBuf> {
    let folder = host.target.join("tools/agents");
    for (name, package) in AGENTS.into_iter().filter(|(name, _)| names.contains(name)) {
        let stamp = folder.join(format!(".{name}"));
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == package) {
            continue;
        }
        say(format!("installing {package} into {} (once)", folder.display()));
        let quiet =
            ["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
        let prefix = folder.join(name);
        fs::create_dir_all(&prefix).with_context(|| format!("making {}", prefix.display()))?;
        run(host.command("npm").args(quiet).arg("--prefix").arg(&prefix).arg(package))?;
        let program = folder.join("bin").join(name);
        fs::create_dir_all(folder.join("bin")).context("making the folder of the agents' programs")?;
        fs::remove_file(&program).ok();
        // From the folder itself, so that it can be moved or copied as a whole.
        std::os::unix::fs::symlink(format!("../{name}/node_modules/.bin/{name}"), &program)
            .with_context(|| format!("linking {}", program.display()))?;
        fs::write(&stamp, package).with_context(|| format!("writing {}", stamp.display()))?;
    }
    Ok(folder.join("bin"))
}
