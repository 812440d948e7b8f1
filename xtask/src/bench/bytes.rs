//! A flood of coloured log lines to one attached client: Lanyard, tmux, node-pty and a bare PTY.

use super::pty::{Bare, Shows, wait_for};
use super::table::{Row, median};
use super::world::World;
use crate::shell::{read, run};
use anyhow::{Context, Result};
use portable_pty::CommandBuilder;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

const RUNS: usize = 5;
/// The flood is a file of this size, shown this often: 200 MB.
const FILE: usize = 20_000_000;
const TIMES: usize = 10;
const WHAT: &str = "200 MB of output";
const NODE_PTY: &str = "@lydell/node-pty@1.1.0";

/// Measures all in turns, in megabytes a second.
pub fn measure(world: &World) -> Result<Vec<Row>> {
    let file = world.path("flood");
    std::fs::write(&file, log_lines())?;
    let script = script(&file);
    let node = node_pty(world);
    let has_tmux = world.host.has("tmux");
    let (mut ours, mut bare, mut tmux) = (Vec::new(), Vec::new(), Vec::new());
    let (mut npm, mut npm_raw) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(lanyard(world, &script)?);
        bare.push(flood(&mut Bare::start(shell(&script))?)?);
        if has_tmux {
            tmux.push(in_tmux(world, &script)?);
        }
        if let Ok(folder) = &node {
            npm.push(in_node(world, folder, &script, "utf8")?);
            npm_raw.push(in_node(world, folder, &script, "")?);
        }
    }
    let ours = median(&ours);
    let row = |peer: &str, speeds: &[f64], goal: f64, goal_text: &str| {
        let theirs = median(speeds);
        let times = ours / theirs;
        let beside = format!("{times:.2} × {peer} ({theirs:.0} MB/s)");
        Row::new(WHAT, format!("{ours:.0} MB/s"), beside, goal_text, times >= goal)
    };
    let mut rows = vec![row("draining a bare PTY", &bare, 0.75, "≥ 0.75 ×")];
    rows.push(match has_tmux {
        true => row("tmux, attached", &tmux, 1.0, "> 1 ×"),
        false => Row::missing(WHAT, "tmux"),
    });
    match &node {
        Ok(_) => {
            rows.push(row("`@lydell/node-pty`, strings, its default", &npm, 1.0, "> 1 ×"));
            rows.push(row("`@lydell/node-pty`, raw bytes", &npm_raw, 1.0, "> 1 ×"));
        }
        Err(_) => rows.push(Row::missing(WHAT, "`@lydell/node-pty`")),
    }
    Ok(rows)
}

/// Some 20 MB of coloured lines.
pub fn log_lines() -> String {
    let mut lines = String::with_capacity(FILE + 200);
    let levels =
        ["\x1b[32mINFO\x1b[0m", "\x1b[33mWARN\x1b[0m", "\x1b[1;31mERROR\x1b[0m", "\x1b[2mDEBUG\x1b[0m"];
    for number in 0.. {
        if lines.len() >= FILE {
            break;
        }
        let (level, took) = (levels[number % levels.len()], number * 7919 % 997);
        let _ = writeln!(
            lines,
            "\x1b[90m2026-11-21T00:00:{:02}Z\x1b[0m {level} request id={number} path=/api/v1/items/{took} took={took}ms",
            number % 60
        );
    }
    lines
}

/// Says when it is ready, floods when a line is typed, says when it is done, and waits to be ended. What
/// is typed is not echoed, so that the words can only come from the script.
pub fn script(file: &Path) -> String {
    let files = vec![file.display().to_string(); TIMES].join(" ");
    format!("stty -echo; printf 'now-ready\\n'; read _; cat {files}; printf 'all-done'; read _")
}

fn shell(script: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new("/bin/sh");
    command.args(["-c", script]);
    command
}

/// Lets the flood loose, and tells its speed.
fn flood(shows: &mut dyn Shows) -> Result<f64> {
    wait_for(b"now-ready", shows)?;
    let begin = Instant::now();
    shows.write(b"\r")?;
    wait_for(b"all-done", shows)?;
    Ok(speed(begin.elapsed().as_secs_f64()))
}

fn speed(seconds: f64) -> f64 {
    (FILE * TIMES) as f64 / 1e6 / seconds
}

/// The speed at which Lanyard shows the flood to an attached client.
pub fn lanyard(world: &World, script: &str) -> Result<f64> {
    let session = world.start(1, script)?;
    let speed = flood(&mut world.attach(&session)?)?;
    world.stop(&session)?;
    Ok(speed)
}

fn in_tmux(world: &World, script: &str) -> Result<f64> {
    let socket = world.path("tmux");
    let mut command = CommandBuilder::new("tmux");
    command.arg("-S");
    command.arg(&socket);
    command.args(["-f", "/dev/null", "new-session", script]);
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    command.env_remove("TMUX");
    let speed = flood(&mut Bare::start(command)?);
    crate::shell::quietly(world.host.command("tmux").arg("-S").arg(&socket).arg("kill-server"));
    speed
}

/// Installs node-pty below the target folder, unless it is there.
fn node_pty(world: &World) -> Result<std::path::PathBuf> {
    let folder = world.host.target.join("bench");
    if !folder.join("node_modules/@lydell/node-pty").exists() {
        std::fs::create_dir_all(&folder)?;
        let quiet = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"];
        run(world.host.command("npm").args(quiet).arg(&folder).arg(NODE_PTY))?;
    }
    Ok(folder)
}

const NODE_SCRIPT: &str = r#"
const pty = require(process.argv[1] + "/node_modules/@lydell/node-pty");
const shell = pty.spawn("/bin/sh", ["-c", process.argv[2]], { cols: 120, rows: 40, encoding: process.argv[3] || null });
let begin, tail = "";
shell.onData((data) => {
  tail = (tail + data.slice(-64).toString("latin1")).slice(-80);
  if (!begin && tail.includes("now-ready")) {
    begin = process.hrtime.bigint();
    shell.write("\r");
  } else if (tail.includes("all-done")) {
    console.log(Number(process.hrtime.bigint() - begin) / 1e9);
    process.exit(0);
  }
});
"#;

fn in_node(world: &World, folder: &Path, script: &str, encoding: &str) -> Result<f64> {
    let mut node = world.host.command("node");
    let seconds = read(node.args(["-e", NODE_SCRIPT]).arg(folder).args([script, encoding]))?;
    Ok(speed(seconds.parse().with_context(|| format!("node said {seconds:?}"))?))
}
