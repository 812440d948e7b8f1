//! What an agent's process may not do: be the owner, be another agent, look into or signal what is not its own.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tests::{World, python, text};

/// Two agents, of whom ada pries and bob has something to hide.
struct Pair {
    world: World,
    python: PathBuf,
    bob: Value,
}

const HIDDEN: &str = "ghp_hidden_of_bob";

/// What every prying script begins with. `ask` sends one request to a socket and gives all that comes back.
const PRELUDE: &str = r#"
import os, socket, sys
def ask(path, request):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    answer = b""
    try:
        s.connect(path)
        s.sendall(request.encode() + b"\n")
        while answer.count(b"\n") < 2:
            part = s.recv(65536)
            if not part:
                break
            answer += part
    except OSError as e:
        answer += str(e).encode()
    return answer.decode()
"#;

impl Pair {
    fn new() -> Option<Self> {
        Self::settled("")
    }

    /// The same where nothing is hidden from sessions, so that the doors have to stand by themselves.
    fn in_plain_view() -> Option<Self> {
        Self::settled("hide = false\n")
    }

    fn settled(settings: &str) -> Option<Self> {
        let python = python()?;
        let world = World::new();
        std::fs::create_dir(world.home()).unwrap();
        std::fs::set_permissions(world.home(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        std::fs::write(world.home().join("settings.toml"), settings).unwrap();
        world.project("work");
        world.seat(1, "ada", "GITHUB_TOKEN", "ghp_of_ada");
        world.seat(2, "bob", "GITHUB_TOKEN", HIDDEN);
        let pid = world.path("bob.pid");
        let bob =
            world.start(2, "bobs", &["sh", "-c", &format!("echo $$ >{}; echo ready; cat", pid.display())]);
        world.wait_for_screen(text(&bob, "id"), "ready");
        Some(Self { world, python, bob })
    }

    /// Runs a script as ada's agent and gives all that it said.
    fn pry(&self, branch: &str, script: &str) -> String {
        let file = self.world.path(&format!("{branch}.py"));
        std::fs::write(&file, format!("{PRELUDE}\n{script}")).unwrap();
        let command = format!("{} {}", self.python.display(), file.display());
        let outcome = self.world.as_agent(1, branch, &command);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!said.contains(HIDDEN), "bob's secret was seen: {said}");
        assert!(!said.contains("Traceback"), "the script itself is broken: {said}");
        assert!(!said.trim().is_empty(), "the script said nothing");
        said
    }

    fn bobs_pid(&self) -> i32 {
        std::fs::read_to_string(self.world.path("bob.pid")).unwrap().trim().parse().unwrap()
    }

    /// Where bob's keeper listens.
    fn keepers_socket(&self) -> PathBuf {
        let id = text(&self.bob, "id");
        self.world.home().join("run/k").join(format!("{}.sock", &id[id.len() - 12..]))
    }

    fn bobs_socket(&self) -> PathBuf {
        let id = text(&self.bob, "id");
        self.world.home().join("run/s").join(&id[id.len() - 12..]).join("agent.sock")
    }
}

#[track_caller]
fn is_refused(said: &str) {
    // Where the kernel can hide the folder of the sockets, an agent does not even find the door.
    let shut_out = ["refused", "Connection reset", "Broken pipe", "Permission denied", "No such file"];
    assert!(shut_out.iter().any(|word| said.contains(word)), "it was not refused: {said}");
    assert!(!said.contains(r#""Ok""#), "it was answered: {said}");
}

fn read_request(identity: &str) -> String {
    format!(r#"{{"id":1,"method":"secrets.read","params":{{"identity":"{identity}","key":"GITHUB_TOKEN"}}}}"#)
}

fn ask_call(socket: &Path, request: &str) -> String {
    format!("ask({:?}, {request:?})", socket.display().to_string())
}

#[test]
fn an_agent_may_not_name_another_identity() {
    let Some(pair) = Pair::new() else { return };
    let outcome = pair.world.as_agent(1, "one", "lanyard secrets get GITHUB_TOKEN --identity bob");
    assert!(!outcome.stdout.contains(HIDDEN));
    let told = outcome.fails(1);
    assert!(told.contains("identity"), "{told}");
    let outcome = pair.world.as_agent(1, "two", "lanyard secrets list --identity bob");
    outcome.fails(1);
    // Its own name is no other identity.
    assert_eq!(pair.world.as_agent(1, "three", "lanyard secrets get GITHUB_TOKEN").ok(), "ghp_of_ada\n");
}

#[test]
fn an_agent_gets_no_row_of_the_table_that_is_the_owners() {
    let Some(pair) = Pair::new() else { return };
    for (number, command) in [
        "slot list",
        "identity list",
        "identity create --name eve",
        "identity use ada",
        "secrets delete GITHUB_TOKEN",
        "project list",
        "sessions list",
        "sessions screen 2",
        "sessions send 2 x",
        "sessions attach 2",
        "worktrees list",
        "watch",
        "web",
        "daemon stop",
        "run --identity bob -- env",
        "start --slot 1 --project work --branch evil",
    ]
    .iter()
    .enumerate()
    {
        let outcome = pair.world.as_agent(1, &format!("b{number}"), &format!("lanyard {command}"));
        assert!(!outcome.stdout.contains(HIDDEN));
        let told = outcome.fails(1);
        assert!(told.contains("owner") || told.contains("agent"), "{command}: {told}");
    }
}

#[test]
fn an_agent_that_tries_the_owners_socket_is_refused() {
    let Some(pair) = Pair::new() else { return };
    let owner = pair.world.owner_socket();
    let said = pair.pry("one", &format!("print({})", ask_call(&owner, &read_request("bob"))));
    is_refused(&said);
    // By the command as well, once its socket is unset.
    let command = format!(
        "unset LANYARD_SOCKET; LANYARD_HOME={} lanyard secrets get GITHUB_TOKEN --identity bob",
        pair.world.home().display()
    );
    let outcome = pair.world.as_agent(1, "two", &command);
    assert!(outcome.status != Some(0) && !outcome.stdout.contains(HIDDEN), "{outcome:?}");
}

/// Runs a script below something that the daemon must take for a keeper, where no folder is hidden from it.
fn below_a_keeper(pair: &Pair, script: &str) -> String {
    let folder = pair.world.path("keeper");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy("/bin/sh", folder.join("lanyardd")).unwrap();
    std::fs::write(folder.join("pry.py"), format!("{PRELUDE}\n{script}")).unwrap();
    // A shell by another name: its first argument is a script that is called `keep`.
    std::fs::write(folder.join("keep"), format!("{} pry.py\n", pair.python.display())).unwrap();
    let mut command = pair.world.command(folder.join("lanyardd"));
    command.arg("keep").current_dir(&folder);
    let outcome = tests::run(command, b"", tests::DEADLINE);
    format!("{}{}", outcome.stdout, outcome.stderr)
}

#[test]
fn the_owners_socket_refuses_whoever_lives_below_a_keeper_and_writes_it_down() {
    let Some(pair) = Pair::new() else { return };
    let owner = pair.world.owner_socket();
    let script = format!("print({})", ask_call(&owner, &read_request("bob")));
    let said = below_a_keeper(&pair, &script);
    assert!(said.contains("refused") && !said.contains(HIDDEN), "{said}");
    let other =
        below_a_keeper(&pair, &format!("print({})", ask_call(&pair.bobs_socket(), &read_request("bob"))));
    assert!(other.contains("refused") && !other.contains(HIDDEN), "{other}");
    let written = pair.world.door().ask("audit.list", json!({ "kind": "door" }));
    assert_eq!(written["Ok"].as_array().map(Vec::len), Some(2), "{written}");
}

#[test]
fn a_double_fork_does_not_make_an_agent_the_owner() {
    for pair in [Pair::new(), Pair::in_plain_view()].into_iter().flatten() {
        double_fork(&pair);
    }
}

fn double_fork(pair: &Pair) {
    let fork = |then: &str| {
        format!(
            r#"
r, w = os.pipe()
if os.fork() == 0:
    os.setsid()
    parent = os.getpid()
    if os.fork() != 0:
        os._exit(0)
    # The grandchild waits until its parent is gone, and is then a child of whoever takes it in.
    os.close(r)
    import select
    try:
        select.select([os.pidfd_open(parent)], [], [], 10)
    except ProcessLookupError:
        pass
    os.write(w, ({then}).encode())
    os._exit(0)
os.close(w)
os.wait()
data = b""
while True:
    part = os.read(r, 65536)
    if not part:
        break
    data += part
print(data.decode())
"#
        )
    };
    let owner = ask_call(&pair.world.owner_socket(), &read_request("bob"));
    is_refused(&pair.pry("one", &fork(&owner)));
    let other = ask_call(&pair.bobs_socket(), &read_request("bob"));
    is_refused(&pair.pry("two", &fork(&other)));
    // Its own socket is still its own.
    let own = r#"ask(os.environ["LANYARD_SOCKET"], '{"id":1,"method":"secrets.read","params":{"key":"GITHUB_TOKEN"}}')"#;
    let said = pair.pry("three", &fork(own));
    assert!(said.contains("ghp_of_ada"), "{said}");
}

#[test]
fn the_doors_stand_by_themselves_where_nothing_is_hidden() {
    let Some(pair) = Pair::in_plain_view() else { return };
    let sockets = [pair.world.owner_socket(), pair.bobs_socket()];
    let asks: String =
        sockets.iter().map(|socket| format!("print({})\n", ask_call(socket, &read_request("bob")))).collect();
    let said = pair.pry("one", &asks);
    assert_eq!(said.matches(r#""code":"refused""#).count(), 2, "{said}");
    let written = pair.world.door().ask("audit.list", json!({ "kind": "door" }));
    assert_eq!(written["Ok"].as_array().map(Vec::len), Some(2), "{written}");
    let said =
        pair.pry("two", &format!("print('said:', {})", ask_call(&pair.keepers_socket(), r#"{"screen":{}}"#)));
    assert!(!said.contains("lines") && !said.contains("keeper\""), "{said}");
}

#[test]
fn an_agent_at_another_sessions_socket_is_refused() {
    let Some(pair) = Pair::new() else { return };
    let said = pair.pry("one", &format!("print({})", ask_call(&pair.bobs_socket(), &read_request("bob"))));
    is_refused(&said);
    let own = r#"{"id":1,"method":"secrets.read","params":{"key":"GITHUB_TOKEN"}}"#;
    is_refused(&pair.pry("two", &format!("print({})", ask_call(&pair.bobs_socket(), own))));
}

#[test]
fn an_agent_at_a_keepers_socket_gets_no_terminal() {
    let Some(pair) = Pair::new() else { return };
    pair.world.lanyard(&["sessions", "send", "2", HIDDEN]).ok();
    pair.world.wait_for_screen("2", HIDDEN);
    let keeper = pair.keepers_socket();
    assert!(keeper.exists(), "{} is not where a keeper listens", keeper.display());
    let asks = [r#""screen""#, r#"{"screen":{}}"#];
    let script: String = asks.iter().map(|ask| format!("print({})\n", ask_call(&keeper, ask))).collect();
    // A daemon's hello would come before any question: whoever is below a keeper does not get even that.
    for said in [pair.pry("one", &script), below_a_keeper(&pair, &script)] {
        assert!(!said.contains(HIDDEN) && !said.contains("keeper\""), "{said}");
        assert!(!said.contains("lines"), "{said}");
    }
    let own = format!("print({})", ask_call(&keeper, r#"{"screen":{}}"#));
    let mut command = pair.world.command(&pair.python);
    command.args(["-c", &format!("{PRELUDE}\n{own}")]);
    let said = tests::run(command, b"", tests::DEADLINE).ok();
    assert!(
        said.contains(HIDDEN),
        "the owner's own process is not let in, so this test shows nothing: {said}"
    );
}

#[test]
fn an_agent_cannot_look_into_processes_that_are_not_its_own() {
    let Some(pair) = Pair::new() else { return };
    let (bob, daemon) = (pair.bobs_pid(), pair.world.daemon_process().pid());
    let script = format!(
        r#"
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
stat = open("/proc/{bob}/stat").read()
keeper = int(stat.rsplit(")", 1)[1].split()[1])
for pid in [{bob}, keeper, {daemon}]:
    for name in ["environ", "mem", "maps", "fd/0", "cwd/.", "root/."]:
        try:
            with open(f"/proc/{{pid}}/{{name}}", "rb") as f:
                f.read(64)
            if name in ["environ", "mem", "maps"]:
                print("READ", pid, name)
        except OSError as e:
            print("no", pid, name, e.strerror)
    for request in [16, 0x4206]:
        if libc.ptrace(request, pid, 0, 0) != -1:
            print("TRACED", pid, request)
    for signal in [0, 9, 15, 19]:
        try:
            os.kill(pid, signal)
            print("SIGNALLED", pid, signal)
        except OSError as e:
            print("no", pid, signal, e.strerror)
own = open("/proc/self/environ").read()
print("own" if "ghp_of_ada" in own else "OWN ENVIRONMENT UNREADABLE")
"#
    );
    let said = pair.pry("one", &script);
    for done in ["READ", "TRACED", "SIGNALLED", "UNREADABLE"] {
        assert!(!said.contains(done), "{said}");
    }
    assert_eq!(pair.world.daemon_process().pid(), daemon);
    pair.world.lanyard(&["sessions", "send", "2", "alive"]).ok();
    pair.world.wait_for_screen("2", "alive");
}

#[test]
fn an_agent_does_not_see_lanyards_files_nor_another_agents() {
    let Some(pair) = Pair::new() else { return };
    let bobs_home = pair.world.home().join("homes").join(text(&pair.bob, "identity_id"));
    std::fs::write(bobs_home.join("note"), HIDDEN).unwrap();
    let bobs_tree = std::path::Path::new(text(&pair.bob, "path"));
    std::fs::write(bobs_tree.join("note"), HIDDEN).unwrap();
    let home = pair.world.home();
    let (daemon, bob) = (pair.world.daemon_process().pid(), pair.bobs_pid());
    let mut places: Vec<PathBuf> =
        ["lanyard.db", "lanyard.db-wal", "lanyard.log", "run/owner.sock", "run/owner.lock"]
            .iter()
            .map(|name| home.join(name))
            .collect();
    places.extend([
        bobs_home.join("note"),
        bobs_tree.join("note"),
        pair.bobs_socket(),
        pair.world.passphrase_file(),
    ]);
    let script = format!(
        r#"
import stat
for place in {places:?}:
    for root in ["", "/proc/1/root", "/proc/{daemon}/root", "/proc/{bob}/root", "/proc/{bob}/cwd/../../../.."]:
        try:
            # What is covered may be there as an empty file or a folder, but never as what it is.
            if stat.S_ISSOCK(os.stat(root + place).st_mode) or open(root + place, "rb").read():
                print("SEEN", root + place)
        except OSError as e:
            print("no", root + place, e.strerror)
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        open(place, "w").write("forged")
        print("wrote", place)
    except OSError as e:
        print("no", place, e.strerror)
"#
    );
    let said = pair.pry("one", &script);
    assert!(!said.contains("SEEN"), "{said}");
    // What it wrote went into its own view alone.
    assert_eq!(std::fs::read_to_string(bobs_home.join("note")).unwrap(), HIDDEN);
    assert_eq!(std::fs::read_to_string(bobs_tree.join("note")).unwrap(), HIDDEN);
    assert_eq!(std::fs::read_to_string(pair.world.passphrase_file()).unwrap(), tests::PASSPHRASE);
    assert_eq!(pair.world.daemon_process().pid(), daemon);
    assert_eq!(
        pair.world.lanyard(&["secrets", "get", "GITHUB_TOKEN", "--identity", "bob"]).ok(),
        format!("{HIDDEN}\n")
    );
}

#[test]
fn an_agent_cannot_end_its_own_keeper() {
    let Some(pair) = Pair::new() else { return };
    let script = r#"
pid = os.getpid()
while True:
    stat = open(f"/proc/{pid}/stat").read()
    if open(f"/proc/{pid}/cmdline").read().split("\0")[1:2] == ["keep"]:
        break
    pid = int(stat.rsplit(")", 1)[1].split()[1])
try:
    os.kill(pid, 9)
    print("KILLED")
except OSError as e:
    print("no:", e.strerror)
"#;
    let said = pair.pry("one", script);
    assert!(said.contains("no:"), "{said}");
}

#[test]
fn nothing_in_the_table_of_processes_shows_a_secret() {
    let Some(pair) = Pair::new() else { return };
    // Other tests run beside this one, and their secrets are called the same.
    let ours = tests::mentioning(&pair.world.path("").display().to_string());
    let lines: Vec<String> = ours.iter().map(tests::Process::command_line).collect();
    assert!(lines.iter().any(|line| line.contains("keep")), "its processes were not found: {lines:?}");
    for secret in [HIDDEN, "ghp_of_ada"] {
        assert!(!lines.concat().contains(secret), "{lines:?}");
    }
}

#[test]
fn no_process_of_lanyard_or_of_an_agent_leaves_a_core_dump() {
    let Some(pair) = Pair::new() else { return };
    let bob = pair.bobs_pid();
    let stat = std::fs::read_to_string(format!("/proc/{bob}/stat")).unwrap();
    let keeper = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().to_string();
    for pid in [pair.world.daemon_process().pid().to_string(), keeper, bob.to_string()] {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let numbers: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
        assert_eq!(numbers, ["0", "0"], "{pid}: {core}");
    }
}
