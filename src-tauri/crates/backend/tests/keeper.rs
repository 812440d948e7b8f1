//! A real keeper, driven as the daemon drives it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use api::SecretText;
use api::sessions::{Exit, Size};
use api::wire::{CHUNK_HEAD, Kind, chunk_head, read_chunk_head, read_size, size_payload};
use backend::keeper::control::{Change, Ended, Guard, Hello};
use backend::keeper::hiding::Hiding;
use backend::keeper::launch::launch;
use backend::keeper::link::Link;
use backend::keeper::spec::{SCROLLBACK, Spec};
use std::future::Future;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

const LANYARDD: &str = env!("CARGO_BIN_EXE_lanyardd");
/// How long anything may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.unwrap_or_else(|_| panic!("{what} takes too long"))
}

/// A session with a folder of its own, ended when the test is.
struct World {
    folder: TempDir,
    link: Link,
    hello: Hello,
}

impl World {
    async fn start(command: &[&str]) -> Self {
        Self::try_start(command).await.expect("the command starts")
    }

    async fn try_start(command: &[&str]) -> api::Result<Self> {
        let folder = tempfile::tempdir().unwrap();
        let spec = spec(folder.path(), command);
        let hello = soon("a start", launch(Path::new(LANYARDD), &spec)).await?;
        Ok(Self { link: Link::new(&spec.socket), folder, hello })
    }

    async fn shell(script: &str) -> Self {
        Self::start(&["sh", "-c", script]).await
    }

    async fn attach(&self, size: Option<Size>, scrollback: bool) -> Face {
        let (mine, theirs) = UnixStream::pair().unwrap();
        let theirs = OwnedFd::from(theirs.into_std().unwrap());
        let keeper = self.link.knock().await.unwrap();
        soon("an attach", keeper.attach(&theirs, size, scrollback)).await.unwrap();
        Face { socket: mine, shown: Vec::new(), sizes: Vec::new(), repaints: 0, exit: None }
    }

    async fn ended(&self) -> Ended {
        let mut watch = self.link.watch().await.unwrap();
        let Some(Change::Ended(ended)) = soon("the end", watch.next()).await else {
            panic!("no end is told")
        };
        ended
    }

    async fn screen(&self) -> String {
        self.link.screen().await.unwrap().lines.join("\n")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A test that failed must not leave a keeper behind; one that is gone already is fine.
        for pid in [self.hello.keeper, self.hello.child] {
            let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

fn spec(folder: &Path, command: &[&str]) -> Spec {
    let env = [
        ("PATH", std::env::var("PATH").unwrap()),
        ("TERM", "xterm".into()),
        ("TOKEN", "ghp_quite_secret".into()),
    ];
    Spec {
        session: "0198".into(),
        socket: folder.join("keep.sock"),
        command: command.iter().map(ToString::to_string).collect(),
        env: env.into_iter().map(|(name, value)| (name.to_string(), SecretText::new(value))).collect(),
        cwd: folder.to_path_buf(),
        size: Size { rows: 10, cols: 60 },
        scrollback: SCROLLBACK,
        listens: true,
        hiding: Hiding::default(),
    }
}

/// An attached client.
struct Face {
    socket: UnixStream,
    shown: Vec<u8>,
    sizes: Vec<Size>,
    repaints: usize,
    exit: Option<Exit>,
}

impl Face {
    /// Reads one chunk; false at the end.
    async fn read(&mut self) -> bool {
        let mut head = [0; CHUNK_HEAD];
        if self.socket.read_exact(&mut head).await.is_err() {
            return false;
        }
        let (kind, len) = read_chunk_head(head).unwrap();
        let mut payload = vec![0; len];
        self.socket.read_exact(&mut payload).await.unwrap();
        match kind {
            Kind::Output => self.shown.extend(payload),
            Kind::Repaint => {
                self.shown = payload;
                self.repaints += 1;
            }
            Kind::Resize => self.sizes.push(read_size(&payload).unwrap()),
            Kind::Exit => self.exit = Some(serde_json::from_slice(&payload).unwrap()),
            Kind::Input => panic!("a keeper sends no input"),
        }
        true
    }

    async fn until(&mut self, text: &str) {
        let shows = |face: &Self| String::from_utf8_lossy(&face.shown).contains(text);
        while !shows(self) {
            if !soon(text, self.read()).await {
                panic!("{text:?} is not in {:?}", String::from_utf8_lossy(&self.shown));
            }
        }
    }

    async fn send(&mut self, kind: Kind, payload: &[u8]) {
        self.socket.write_all(&chunk_head(kind, payload.len())).await.unwrap();
        self.socket.write_all(payload).await.unwrap();
    }
}

#[tokio::test]
async fn a_session_starts_takes_input_shows_its_screen_and_tells_its_end() {
    let world = World::shell("read line; echo got $line; exit 7").await;
    assert_eq!(world.hello.guard, Guard::Held);
    let mut face = world.attach(None, false).await;
    world.link.send(b"hello\n").await.unwrap();
    face.until("got hello").await;
    let ended = world.ended().await;
    assert_eq!(ended.exit, Exit::Code(7));
    assert!(world.screen().await.contains("got hello"), "the screen stays readable after the end");
    while face.read().await {}
    assert_eq!(face.exit, Some(Exit::Code(7)));
    assert_eq!(world.link.hello().await.unwrap().ended, Some(ended));
}

#[tokio::test]
async fn whoever_attaches_after_the_end_sees_the_last_screen_and_the_exit() {
    let world = World::shell("echo last words").await;
    world.ended().await;
    let mut face = world.attach(None, true).await;
    while soon("the end", face.read()).await {}
    assert!(String::from_utf8_lossy(&face.shown).contains("last words"));
    assert_eq!(face.exit, Some(Exit::Code(0)));
}

#[tokio::test]
async fn a_command_that_does_not_exist_is_told_by_its_name_and_leaves_nothing() {
    for (command, word) in [("nowhere-to-be-found", "PATH"), ("/nowhere/at/all", "/nowhere/at/all")] {
        let error = World::try_start(&[command]).await.err().unwrap();
        assert_eq!(error.code, api::Code::NotFound, "{error}");
        assert!(error.message.contains(command) && error.message.contains(word), "{error}");
    }
    let error = World::try_start(&["/etc"]).await.err().unwrap();
    assert_eq!(error.code, api::Code::Refused, "{error}");
}

#[tokio::test]
async fn a_stop_ends_the_whole_tree_double_forks_and_stubborn_ones_too() {
    // The shell shuts its own ears first: the file tells that both are deaf.
    let world = World::shell(
        "trap '' HUP; (setsid sh -c 'trap \"\" HUP TERM; echo $$ >pid; while :; do sleep 1; done' &) ; cat",
    )
    .await;
    let file = world.folder.path().join("pid");
    let pid: u32 = soon("the daemon", async {
        loop {
            match std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok()) {
                Some(pid) => return pid,
                None => tokio::task::yield_now().await,
            }
        }
    })
    .await;
    assert!(Path::new(&format!("/proc/{pid}")).exists());
    let ended = soon("the stop", world.link.stop(200)).await.unwrap();
    assert_eq!(ended.exit, Exit::Signal(9));
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    assert!(!Path::new(&format!("/proc/{}", world.hello.child)).exists());
}

#[tokio::test]
async fn what_a_command_leaves_behind_ends_with_it() {
    let world = World::shell("sleep 1000 & echo $! >pid; exit 3").await;
    assert_eq!(world.ended().await.exit, Exit::Code(3));
    let pid = std::fs::read_to_string(world.folder.path().join("pid")).unwrap();
    assert!(!Path::new(&format!("/proc/{}", pid.trim())).exists());
}

#[tokio::test]
async fn the_size_follows_whoever_types_or_resizes() {
    let world = World::shell("while read line; do stty size; done").await;
    let small = Size { rows: 5, cols: 30 };
    let large = Size { rows: 30, cols: 100 };
    let mut one = world.attach(Some(small), false).await;
    let mut two = world.attach(Some(large), false).await;
    one.send(Kind::Input, b"\n").await;
    one.until("5 30").await;
    two.send(Kind::Input, b"\n").await;
    two.until("30 100").await;
    one.send(Kind::Resize, &size_payload(Size { rows: 7, cols: 40 })).await;
    one.send(Kind::Input, b"\n").await;
    one.until("7 40").await;
    assert_eq!(one.sizes.last(), Some(&Size { rows: 7, cols: 40 }));
    assert_eq!(world.link.screen().await.unwrap().size, Size { rows: 7, cols: 40 });
}

#[tokio::test]
async fn a_client_that_sends_nonsense_is_closed_and_the_others_go_on() {
    let world = World::shell("cat").await;
    let mut good = world.attach(None, false).await;
    for nonsense in [&b"?????"[..], &chunk_head(Kind::Input, 1 << 20), &chunk_head(Kind::Exit, 0)] {
        let mut bad = world.attach(None, false).await;
        bad.socket.write_all(nonsense).await.unwrap();
        while soon("the close", bad.read()).await {}
    }
    good.send(Kind::Input, b"still here\n").await;
    good.until("still here").await;
}

#[tokio::test]
async fn a_client_that_never_reads_does_not_stall_the_program() {
    let world =
        World::shell("yes 0123456789012345678901234567890123456789 | head -c 30000000; echo; echo finished")
            .await;
    let stuck = world.attach(None, true).await;
    let ended = world.ended().await;
    assert_eq!(ended.exit, Exit::Code(0));
    assert!(world.screen().await.contains("finished"));
    drop(stuck);
}

#[tokio::test]
async fn a_client_that_was_stuck_gets_a_fresh_repaint_when_it_reads_again() {
    let world =
        World::shell("yes 0123456789012345678901234567890123456789 | head -c 30000000; echo; echo finished")
            .await;
    let mut face = world.attach(None, false).await;
    world.ended().await;
    while soon("the rest", face.read()).await {}
    assert!(face.repaints >= 2);
    assert!(String::from_utf8_lossy(&face.shown).contains("finished"));
    assert!(face.shown.len() < 100_000);
    assert_eq!(face.exit, Some(Exit::Code(0)));
}

#[tokio::test]
async fn a_question_to_the_terminal_is_answered_once_whether_somebody_looks_or_not() {
    let ask = "stty raw -echo; printf '\\033[6n'; head -c 6 | od -c | head -1; stty sane; echo ready; read x";
    let alone = World::shell(ask).await;
    let mut face = alone.attach(None, false).await;
    face.until("ready").await;
    let text = String::from_utf8_lossy(&face.shown).into_owned();
    assert!(text.contains("033") && text.contains('R'), "{text}");
    let watched = World::shell(&format!("read start; {ask}")).await;
    let mut face = watched.attach(None, false).await;
    face.send(Kind::Input, b"\n").await;
    face.until("ready").await;
    assert!(!face.shown.windows(4).any(|bytes| bytes == b"\x1b[6n"), "the question is not passed on");
}

#[tokio::test]
async fn a_process_of_the_session_may_not_talk_to_its_keeper() {
    let world = World::shell(
        "python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.connect(\"keep.sock\"); print(\"heard\", s.recv(100))'; read x",
    )
    .await;
    let mut face = world.attach(None, false).await;
    face.until("heard b''").await;
}

#[tokio::test]
async fn no_secret_stands_in_argv_or_in_the_keepers_own_environment() {
    let world = World::shell("echo $TOKEN; read x").await;
    let mut face = world.attach(None, false).await;
    face.until("ghp_quite_secret").await;
    for pid in [world.hello.keeper, world.hello.child] {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
        assert!(!String::from_utf8_lossy(&line).contains("ghp_quite_secret"));
    }
    let own = std::fs::read(format!("/proc/{}/environ", world.hello.keeper)).unwrap_or_default();
    assert!(own.is_empty());
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", world.hello.keeper)).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_ascii_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
}

#[tokio::test]
async fn a_keeper_whose_socket_was_removed_goes_when_its_session_has_ended() {
    let world = World::shell("read x").await;
    let mut watch = world.link.watch().await.unwrap();
    let mut face = world.attach(None, false).await;
    std::fs::remove_file(world.folder.path().join("keep.sock")).unwrap();
    face.send(Kind::Input, b"\n").await;
    assert!(matches!(soon("the end", watch.next()).await, Some(Change::Ended(_))));
    assert_eq!(soon("the keeper's end", watch.next()).await, None);
}

#[tokio::test]
async fn a_keeper_is_nobodys_child_and_leads_its_own_session() {
    let world = World::shell("read x").await;
    let keeper = world.hello.keeper;
    let stat = std::fs::read_to_string(format!("/proc/{keeper}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_ascii_whitespace().collect();
    assert_ne!(fields[1], std::process::id().to_string(), "its parent");
    assert_eq!(fields[3], keeper.to_string(), "its session");
    for fd in 0..3 {
        let file = std::fs::read_link(format!("/proc/{keeper}/fd/{fd}")).unwrap();
        assert_eq!(file, Path::new("/dev/null"));
    }
}

#[tokio::test]
async fn a_released_keeper_goes_when_its_session_has_ended() {
    let world = World::shell("read x").await;
    world.link.release().await.unwrap();
    let mut watch = world.link.watch().await.unwrap();
    world.link.send(b"\n").await.unwrap();
    assert!(matches!(soon("the end", watch.next()).await, Some(Change::Ended(_))));
    assert_eq!(soon("the keeper's end", watch.next()).await, None);
    assert_eq!(world.link.hello().await.unwrap_err().code, api::Code::NotFound);
}
