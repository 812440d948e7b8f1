//! Building the programs that people run.

use crate::host::Host;
use crate::shell::run;
use anyhow::Result;
use std::path::PathBuf;

/// Builds the daemon, the command line and, where it is wanted, the window; gives the folder that they are in.
pub fn programs(host: &Host, release: bool, window: bool) -> Result<PathBuf> {
    let mut build = host.cargo(&["build", "--package=backend"]);
    if window {
        build.arg("--package=lanyard-desktop");
    }
    if !release {
        run(build.arg("--package=cli"))?;
        return Ok(host.target.join("debug"));
    }
    run(build.arg("--release"))?;
    let mut build = host.cargo(&["rustc", "--release", "--package=cli", "--bin=lanyard"]);
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        // Agents run `lanyard` at every turn, and a third of its time would go into finding its libraries.
        build.args(["--", "-Ctarget-feature=+crt-static"]);
    }
    run(&mut build)?;
    Ok(host.target.join("release"))
}
