//! The vault: sealed on disk, opened by the right key alone, never made a second time.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tests::{DEADLINE, World, present, python, run, text};

const PLAIN: &str = "ghp_plaintext_that_must_not_be_found";

fn restarted(world: &World) -> Value {
    world.lanyard(&["daemon", "stop"]).ok();
    world.json(&["status"])["vault"].clone()
}

/// Runs a script with Python's own SQLite, to look into the database from outside.
pub fn query(world: &World, sql: &str) -> Option<String> {
    let script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); r=c.execute(sys.argv[2]).fetchall(); \
        c.commit(); print(';'.join(','.join(v.hex() if isinstance(v,bytes) else str(v) for v in w) for w in r))";
    let mut command = world.command(python()?);
    command.args(["-c", script]).arg(world.home().join("lanyard.db")).arg(sql);
    Some(run(command, b"", DEADLINE).ok().trim().to_string())
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    files.filter(|path| path.is_file()).collect()
}

fn holds(path: &Path, bytes: &[u8]) -> bool {
    std::fs::read(path).unwrap_or_default().windows(bytes.len()).any(|part| part == bytes)
}

#[test]
fn no_file_of_lanyards_holds_a_plaintext_secret() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "GITHUB_TOKEN", PLAIN);
    world
        .as_agent(1, "one", "lanyard secrets get GITHUB_TOKEN >/dev/null; lanyard secrets get NOTHING")
        .fails(1);
    world.lanyard(&["secrets", "set", "BAD KEY", PLAIN, "--identity", "ada"]).fails(1);
    world.lanyard(&["secrets", "set", "GITHUB_TOKEN", PLAIN, "--policy", "ask", "--identity", "ada"]).ok();
    let look = |when: &str| {
        let files = files_of(&world.home());
        assert!(files.iter().any(|path| path.ends_with("lanyard.db")));
        for path in files {
            assert!(!holds(&path, PLAIN.as_bytes()), "{when}: {} holds the secret", path.display());
            assert!(
                !holds(&path, tests::PASSPHRASE.as_bytes()),
                "{when}: {} holds the passphrase",
                path.display()
            );
        }
    };
    look("while it runs");
    world.daemon_process().kill();
    look("after a crash");
    world.lanyard(&["status"]).ok();
    world.lanyard(&["daemon", "stop"]).ok();
    look("after its end");
}

#[test]
fn the_passphrase_opens_the_vault_again_and_it_is_said_which_key_is_in_use() {
    let world = World::new();
    world.seat(1, "ada", "KEY", "value");
    assert_eq!(restarted(&world), json!({"state": "open", "key": "passphrase"}));
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok(), "value\n");
    let said = world.lanyard(&["status"]).ok();
    assert!(said.contains("passphrase"), "{said}");
    assert!(world.log().contains("passphrase"));
}

#[test]
fn a_wrong_passphrase_is_told_and_changes_nothing() {
    let world = World::new();
    world.seat(1, "ada", "KEY", "value");
    std::fs::write(world.passphrase_file(), "another passphrase").unwrap();
    assert_eq!(text(&restarted(&world), "state"), "locked");
    let told = world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).fails(1);
    assert!(told.contains("passphrase") && told.contains("wrong"), "{told}");
    world.lanyard(&["secrets", "set", "KEY", "other", "--identity", "ada"]).fails(1);
    world.lanyard(&["identity", "create", "--name", "eve"]).fails(1);
    world.lanyard_with(&["unlock"], "still wrong").fails(1);
    world.lanyard_with(&["unlock"], &format!("{}\n", tests::PASSPHRASE)).ok();
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok(), "value\n");
}

#[test]
fn without_keychain_and_passphrase_a_passphrase_is_asked_for() {
    let mut world = World::new();
    world.unset("LANYARD_PASSPHRASE_FILE");
    assert_eq!(world.json(&["status"])["vault"], json!({"state": "new"}));
    let told = world.lanyard(&["identity", "create", "--name", "ada"]).fails(1);
    assert!(told.contains("lanyard unlock"), "{told}");
    let told = world.lanyard_with(&["unlock"], "short").fails(1);
    assert!(told.contains('8'), "{told}");
    world.lanyard_with(&["unlock"], "a good long passphrase\n").ok();
    world.seat(1, "ada", "KEY", "value");
    assert_eq!(text(&restarted(&world), "state"), "locked");
    world.lanyard_with(&["unlock"], "a good long passphrase\n").ok();
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok(), "value\n");
}

#[test]
fn a_missing_passphrase_file_is_named() {
    let world = World::new();
    std::fs::remove_file(world.passphrase_file()).unwrap();
    let outcome = world.lanyard(&["identity", "create", "--name", "ada"]);
    assert_ne!(outcome.status, Some(0));
    assert!(outcome.stderr.contains("passphrase"), "{}", outcome.stderr);
}

#[test]
fn a_damaged_header_is_told_and_never_replaced() {
    let world = World::new();
    world.seat(1, "ada", "KEY", "value");
    world.lanyard(&["daemon", "stop"]).ok();
    if query(&world, "update vault set header = replace(header, '\"format\":1', '\"format\":9')").is_none() {
        return;
    }
    let vault = world.json(&["status"])["vault"].clone();
    assert_eq!(text(&vault, "state"), "broken");
    assert!(text(&vault, "reason").contains("format 9"), "{vault}");
    world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).fails(1);
    world.lanyard_with(&["unlock"], tests::PASSPHRASE).fails(1);
    query(&world, "update vault set header = replace(header, '\"format\":9', '\"format\":1')");
    assert_eq!(text(&restarted(&world), "state"), "open");
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok(), "value\n");
}

#[test]
fn a_secret_that_was_moved_to_another_place_in_the_database_does_not_open() {
    let world = World::new();
    world.seat(1, "ada", "KEY", "of-ada");
    world.seat(2, "bob", "KEY", "of-bob");
    world.lanyard(&["secrets", "set", "OTHER", "other-of-ada", "--identity", "ada"]).ok();
    world.lanyard(&["daemon", "stop"]).ok();
    let swap = "update secrets set sealed = (select sealed from secrets where key = 'OTHER') \
        where key = 'KEY' and identity_id = (select id from identities where name = 'ada')";
    if query(&world, swap).is_none() {
        return;
    }
    query(
        &world,
        "update secrets set identity_id = (select id from identities where name = 'ada'), key = 'BOBS' \
        where identity_id = (select id from identities where name = 'bob')",
    );
    for key in ["KEY", "BOBS"] {
        let outcome = world.lanyard(&["secrets", "get", key, "--identity", "ada"]);
        assert!(outcome.stdout.is_empty(), "{}", outcome.stdout);
        outcome.fails(1);
    }
    assert_eq!(world.lanyard(&["secrets", "get", "OTHER", "--identity", "ada"]).ok(), "other-of-ada\n");
}

#[test]
fn a_deleted_identitys_key_is_destroyed() {
    let world = World::new();
    world.seat(1, "ada", "KEY", "value");
    let Some(key) = query(&world, "select wrapped_key from identities") else { return };
    let sealed = query(&world, "select sealed from secrets").unwrap();
    world.lanyard(&["slot", "clear", "1"]).ok();
    world.lanyard(&["identity", "delete", "ada", "--force"]).ok();
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    for path in files_of(&world.home()) {
        assert!(!holds(&path, &bytes(&key)), "{} still holds the identity's key", path.display());
        assert!(!holds(&path, &bytes(&sealed)), "{} still holds the sealed secret", path.display());
    }
}

#[test]
fn a_database_of_a_newer_version_is_left_as_it_is() {
    let world = World::new();
    world.seat(1, "ada", "KEY", "value");
    world.lanyard(&["daemon", "stop"]).ok();
    let later = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
        values (99990101000000, 'later', true, x'00', 0)";
    if query(&world, later).is_none() {
        return;
    }
    let before = std::fs::read(world.home().join("lanyard.db")).unwrap();
    let outcome = world.daemon_that_ends();
    assert_ne!(outcome.status, Some(0));
    assert!(outcome.stderr.contains("newer"), "{}", outcome.stderr);
    let told = world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).fails(3);
    assert!(told.contains("newer"), "{told}");
    assert_eq!(std::fs::read(world.home().join("lanyard.db")).unwrap(), before);
    query(&world, "delete from _sqlx_migrations where version = 99990101000000");
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok(), "value\n");
}

/// A bus of our own with an unlocked keyring; it ends with its input.
struct Keyring {
    bus: Child,
    address: String,
}

impl Keyring {
    fn start(world: &World) -> Option<Self> {
        if !present("dbus-run-session") || !present("gnome-keyring-daemon") || !present("secret-tool") {
            return None;
        }
        let script = "echo -n pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null \
            && echo \"$DBUS_SESSION_BUS_ADDRESS\" && cat >/dev/null";
        let mut command = world.command("dbus-run-session");
        command
            .args(["--", "sh", "-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut bus = command.spawn().expect("the bus starts");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Some(Self { bus, address: address.trim().to_string() })
    }

    fn tool(&self, world: &World, args: &[&str]) -> Command {
        let mut command = world.command("secret-tool");
        command.args(args).env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        drop(self.bus.stdin.take());
        let _ended = self.bus.wait();
    }
}

#[test]
fn a_real_keyring_keeps_the_key_and_a_lost_key_makes_no_second_vault() {
    let mut world = World::new();
    let Some(keyring) = Keyring::start(&world) else { return };
    world.set("DBUS_SESSION_BUS_ADDRESS", &keyring.address);
    world.unset("LANYARD_PASSPHRASE_FILE");
    assert_eq!(world.json(&["status"])["vault"], json!({"state": "open", "key": "keychain"}));
    world.seat(1, "ada", "KEY", PLAIN);
    assert_eq!(restarted(&world), json!({"state": "open", "key": "keychain"}));
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok(), format!("{PLAIN}\n"));
    let search = ["search", "--all", "service", "lanyard"];
    let found = run(keyring.tool(&world, &search), b"", DEADLINE);
    assert!(
        found.stdout.contains("service = lanyard") || found.stderr.contains("service = lanyard"),
        "{found:?}"
    );
    let key = run(keyring.tool(&world, &["lookup", "service", "lanyard"]), b"", DEADLINE).ok();
    for path in files_of(&world.home()) {
        assert!(!holds(&path, key.trim().as_bytes()), "{} holds the master key", path.display());
    }

    run(keyring.tool(&world, &["clear", "service", "lanyard"]), b"", DEADLINE).ok();
    let vault = restarted(&world);
    assert_eq!(text(&vault, "state"), "broken", "{vault}");
    assert!(text(&vault, "reason").contains("no longer holds"), "{vault}");
    let told = world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).fails(1);
    assert!(told.contains("key"), "{told}");
    world.lanyard(&["secrets", "set", "KEY", "new", "--identity", "ada"]).fails(1);
    world.lanyard(&["identity", "create", "--name", "eve"]).fails(1);
    world.lanyard_with(&["unlock"], "a passphrase for nothing").fails(1);
    let none = run(keyring.tool(&world, &["lookup", "service", "lanyard"]), b"", DEADLINE);
    assert!(none.stdout.trim().is_empty(), "a second key was made");

    // Another key under the vault's id is no better.
    let id = query(&world, "select id from vault").unwrap_or_default();
    let other = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";
    let store = ["store", "--label=x", "service", "lanyard", "username", &id];
    run(keyring.tool(&world, &store), other.as_bytes(), DEADLINE).ok();
    let vault = restarted(&world);
    assert_eq!(text(&vault, "state"), "broken", "{vault}");
    assert!(text(&vault, "reason").contains("not this vault's"), "{vault}");

    // With the right key back, all is as it was.
    run(keyring.tool(&world, &store), key.trim().as_bytes(), DEADLINE).ok();
    assert_eq!(text(&restarted(&world), "state"), "open");
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok(), format!("{PLAIN}\n"));
}

#[test]
fn a_keychain_that_never_answers_does_not_hold_the_daemon_for_ever() {
    let mut world = World::new();
    // Something listens where the bus should be and says nothing.
    let socket = world.path("silent-bus");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    world.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
    world.unset("LANYARD_PASSPHRASE_FILE");
    let vault = world.json(&["status"])["vault"].clone();
    assert_ne!(text(&vault, "state"), "open", "{vault}");
    let told = world.lanyard(&["identity", "create", "--name", "ada"]).fails(1);
    assert!(told.contains("keychain"), "{told}");
    let told = world.lanyard_with(&["unlock"], "a good long passphrase\n").fails(1);
    assert!(told.contains("keychain"), "{told}");
}
