//! `lanyardd`: the daemon, and by `lanyardd keep` a session's keeper.

use anyhow::{Context, Result};
use backend::backend::Backend;
use backend::config::Config;
use backend::failpoint::Failpoints;
use backend::hidden::hiding;
use backend::serve::{notification, remote, socket};
use backend::telling::told;
use rustix::process::{DumpableBehavior, Resource, Rlimit};
use std::fs::File;
use std::io::Write;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

const USAGE: &str = "usage: lanyardd [--ready-fd N]   the daemon, in the foreground\n\
                     usage: lanyardd keep            a session's keeper, started by the daemon\n\
                     usage: lanyardd mint FD         one call to an issuer, started by the daemon\n\
                     usage: lanyardd mcp             the tools of a slot, for its agent\n\
                     usage: lanyardd examine [--sms] [--json]   what is found in the message on standard input";

/// How long the daemon waits for what it has begun before it ends.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// How many files may be open at once: the seats of the doors of some dozens of sessions, and as much again.
const FILES: u64 = 8192;

/// How many clicks on notifications may wait to be passed on.
const CLICKS: usize = 16;

fn main() -> ExitCode {
    // Where it broke and no more: a panic's words may hold what they were about.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        eprintln!("lanyardd: broke at {place}");
    }));
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let ready = match words[..] {
        ["keep", "--in-place", number] => return keep_in_place(number),
        ["mint", number] => {
            harden();
            let point = std::env::var_os(backend::failpoint::VARIABLE);
            return backend::tokens::minting::mint(number, &Failpoints::named(point.as_deref()));
        }
        ["mcp"] => return mcp(),
        ["examine", ref options @ ..] => return backend::examine::examine(options),
        ["keep", ..] => return backend::keeper::keep(&args[1..]),
        [] => None,
        ["--ready-fd", number] => match ready_file(number) {
            Some(file) => Some(file),
            None => return usage(),
        },
        _ => return usage(),
    };
    if std::env::var_os("LANYARD_SOCKET").is_some() && std::env::var_os("LANYARD_HOME").is_none() {
        return fail(ready, "this is a slot's terminal: the owner's daemon is not started from here");
    }
    harden();
    make_room();
    match run(ready.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(ready, &told(&e).to_string()),
    }
}

/// `lanyard run`: the command sees no more than a session does, but the folder that it is run in if that is
/// a worktree.
fn keep_in_place(number: &str) -> ExitCode {
    let here = std::env::current_dir().context("finding the working folder");
    let exe = std::env::current_exe().context("finding the daemon's own program");
    let config = exe.and_then(|exe| Config::read(std::env::vars_os().collect(), &exe));
    match config.and_then(|config| Ok((config, here?))) {
        Ok((config, here)) => {
            let kept = if here.starts_with(config.worktrees()) { vec![here] } else { Vec::new() };
            let hiding = hiding(&config, kept, vec![config.commands(), config.git()]);
            backend::keeper::in_place::run_spec(number, hiding)
        }
        Err(e) => fail(None, &told(&e).to_string()),
    }
}

/// `lanyard mcp`.
fn mcp() -> ExitCode {
    harden();
    match backend::mcp::serve(std::env::var_os("LANYARD_SOCKET").map(Into::into)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(None, &told(&e).to_string()),
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn fail(ready: Option<File>, message: &str) -> ExitCode {
    eprintln!("lanyardd: {message}");
    if let Some(mut ready) = ready {
        writeln!(ready, "{message}").ok();
    }
    ExitCode::FAILURE
}

/// The descriptor on which a starter waits for "ready".
fn ready_file(number: &str) -> Option<File> {
    let number: i32 = number.parse().ok().filter(|n| *n > 2)?;
    // SAFETY: whoever starts the daemon with this number passes the descriptor over; nothing here owns it.
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    // A keeper must not hold the starter's pipe open.
    rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC).ok()?;
    Some(File::from(fd))
}

/// Keeps the daemon's memory from core dumps and from other processes of the same user.
fn harden() {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).ok();
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(Resource::Core, nothing).ok();
}

/// Takes as many open files as it may have, up to what all doors could need: with fewer, those who are connected
/// already could keep others out.
fn make_room() {
    let may = rustix::process::getrlimit(Resource::Nofile);
    let wanted = may.maximum.unwrap_or(FILES).min(FILES);
    if may.current.is_some_and(|current| current < wanted) {
        rustix::process::setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..may }).ok();
    }
}

fn run(ready: Option<&File>) -> Result<()> {
    let exe = std::env::current_exe().context("finding the daemon's own program")?;
    let config = Config::read(std::env::vars_os().collect(), &exe)?;
    config.make_folders()?;
    // The folder that the daemon was started in may be unmounted or removed while it runs.
    std::env::set_current_dir("/").context("leaving the folder of the start")?;
    let socket_path = config.owner_socket();
    log_to(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the daemon's threads")?;
    runtime.block_on(async {
        let socket = socket::bind(&socket_path).await?;
        serve(config, Arc::new(socket), ready).await
    })
}

async fn serve(config: Config, owner: Arc<socket::OwnerSocket>, ready: Option<&File>) -> Result<()> {
    tracing::info!(version = api::VERSION, data = %config.data.display(), "the daemon starts");
    let (backend, doors) = Backend::open(config, Arc::new(vault::OsKeychain)).await?;
    backend.tasks.spawn(socket::serve_agents(backend.clone(), doors));
    let (answers, answered) = mpsc::channel(CLICKS);
    backend.tasks.spawn(notification::serve(backend.clone(), answered));
    // Sessions that begin at once are told where the web door is.
    let web = open_web(&backend).await;
    backend.begin(answers).await?;
    if let Some(listener) = web {
        let served = remote::serve(backend.clone(), listener);
        backend.tasks.spawn(async { served.await.unwrap_or_else(|e| tracing::error!("{e:#}")) });
    }
    // In a task: what runs beside the tasks would be woken by one of them for each connection.
    backend.tasks.spawn(socket::serve_owner(backend.clone(), owner.clone()));
    tell_ready(ready);
    tokio::select! {
        () = backend.asked_to_end.cancelled() => {}
        () = told_to_end() => {}
    }
    tracing::info!("the daemon ends; sessions go on");
    owner.close();
    backend.ending.cancel();
    backend.tasks.close();
    tokio::time::timeout(LAST_WAIT, backend.tasks.wait()).await.ok();
    backend.close().await;
    Ok(())
}

/// Binds the web door, where there is a page to serve.
async fn open_web(backend: &Backend) -> Option<tokio::net::TcpListener> {
    if backend.config.ui.is_none() {
        tracing::warn!("the web door stays closed: no page was found; set LANYARD_UI to its folder");
        return None;
    }
    match remote::bind(backend).await {
        Ok(listener) => Some(listener),
        Err(e) => {
            tracing::warn!("the web door stays closed: {e:#}");
            None
        }
    }
}

fn tell_ready(ready: Option<&File>) {
    if let Some(mut ready) = ready {
        writeln!(ready, "ready").ok();
    }
}

async fn told_to_end() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

/// Logs to the file, which only the owner can read. A log that has grown large starts anew.
fn log_to(config: &Config) -> Result<()> {
    const LARGE: u64 = 16 * 1024 * 1024;
    let old = config.log.with_extension("log.old");
    if config.log.metadata().is_ok_and(|meta| meta.len() > LARGE) {
        std::fs::rename(&config.log, &old).context("putting the old log aside")?;
    }
    let file = File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&config.log)
        .with_context(|| format!("opening the log {}", config.log.display()))?;
    tracing_subscriber::fmt().with_ansi(false).with_writer(Arc::new(file)).init();
    Ok(())
}
