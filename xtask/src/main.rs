//! What cargo alone cannot do: `cargo xtask setup | ui | run | test | bench | soak`.

mod bench;
mod daemon;
mod fuzz;
mod host;
mod programs;
mod run;
mod setup;
mod shell;
mod soak;
mod test;
mod ui;

use host::Host;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask setup                 install what is missing, for `run`, `test` and `bench`
cargo xtask ui [--dev]            build the page into target/ui
cargo xtask run [--release]       build Lanyard and open its window (without a display: serve its page)
cargo xtask test [--fast] [--agents[=claude,codex,opencode]] [NAME…]
                                  check and test everything (--fast: no lints, no licences, no window;
                                  --agents: with the agents' own programs, hundreds of megabytes each)
cargo xtask bench [WORD…]         measure Lanyard beside its peers (only: secret, session, bytes, idle …)
cargo xtask soak [KILLS]          kill the daemon at random while tokens come and go (200 times)
cargo xtask soak fuzz [SECONDS]   mails, codes and the mail server's conversations by chance (300 seconds)";

fn main() -> ExitCode {
    let host = match Host::new(|name| std::env::var_os(name)) {
        Ok(host) => host,
        Err(error) => return failed(&error),
    };
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["setup"] => setup::setup(&host, setup::Level::Bench).map(|_| ExitCode::SUCCESS),
        ["ui"] => ui::ui(&host, ui::Build::Small).map(|_| ExitCode::SUCCESS),
        ["ui", "--dev"] => ui::ui(&host, ui::Build::Dev).map(|_| ExitCode::SUCCESS),
        ["run"] => run::run(&host, false),
        ["run", "--release"] => run::run(&host, true),
        ["test", rest @ ..] => test::test(&host, rest),
        ["soak"] => soak::soak(&host, soak::KILLS).map(|()| ExitCode::SUCCESS),
        ["soak", kills] if kills.parse::<u32>().is_ok() => {
            soak::soak(&host, kills.parse().unwrap_or(soak::KILLS)).map(|()| ExitCode::SUCCESS)
        }
        ["soak", "fuzz"] => fuzz::fuzz(&host, fuzz::SECONDS).map(|()| ExitCode::SUCCESS),
        ["soak", "fuzz", seconds] if seconds.parse::<u32>().is_ok() => {
            fuzz::fuzz(&host, seconds.parse().unwrap_or(fuzz::SECONDS)).map(|()| ExitCode::SUCCESS)
        }
        ["bench", words @ ..] => bench::bench(&host, words).map(|()| ExitCode::SUCCESS),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    done.unwrap_or_else(|error| failed(&error))
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
