//! The operating system's keychain with a real Secret Service on a bus of its own.

use std::path::Path;
use std::process::Command;
use vault::{DataKey, Header, Key, KeychainError, OpenError, OsKeychain, create, open};

/// Runs one ignored test of this file again, in an environment of its own.
fn run_inside(test: &str, mut command: Command, folder: &Path) {
    let output = command
        .env("XDG_RUNTIME_DIR", folder)
        .env("HOME", folder)
        .env("LANYARD_INNER_TEST", test)
        .env("LANYARD_TEST_EXE", std::env::current_exe().expect("the test has a path"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

const INNER: &str = "\"$LANYARD_TEST_EXE\" --ignored --exact \"$LANYARD_INNER_TEST\"";

#[test]
fn a_real_keyring_keeps_the_key_and_tells_when_it_is_lost() {
    for program in ["dbus-run-session", "gnome-keyring-daemon"] {
        if Command::new(program).arg("--version").output().is_err() {
            eprintln!("not run: {program} is not installed");
            return;
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    // The keyring leaves its bus when the bus ends, and the bus ends with the script.
    let script =
        format!("echo -n pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null && {INNER}");
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-c", &script]);
    run_inside("inside_a_session_with_a_keyring", command, folder.path());
}

#[test]
fn without_a_bus_the_reason_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("sh");
    command.args(["-c", INNER]);
    run_inside("inside_a_session_without_a_bus", command, folder.path());
}

#[test]
#[ignore = "run by a_real_keyring_keeps_the_key_and_tells_when_it_is_lost"]
fn inside_a_session_with_a_keyring() {
    let (header, master) = create("v1", Key::Keychain(&OsKeychain)).expect("the keyring takes a key");
    let wrapped = master.wrap(&DataKey::random(), "i1");
    let header = Header::read(&header.to_json()).expect("the header reads back");
    let again = open(&header, &OsKeychain, None).expect("the vault opens again");
    assert!(again.unwrap(&wrapped, "i1").is_ok());

    vault::Keychain::delete(&OsKeychain, "v1").expect("the keyring forgets");
    vault::Keychain::delete(&OsKeychain, "v1").expect("forgetting twice is no error");
    assert_eq!(open(&header, &OsKeychain, None).err(), Some(OpenError::KeyLost));

    let (other, _) = create("v2", Key::Keychain(&OsKeychain)).expect("another vault is made");
    let stolen = other.to_json().replace("\"v2\"", "\"v1\"");
    let stolen = Header::read(&stolen).expect("it still reads");
    assert_eq!(open(&stolen, &OsKeychain, None).err(), Some(OpenError::KeyLost));
}

#[test]
#[ignore = "run by without_a_bus_the_reason_is_told"]
fn inside_a_session_without_a_bus() {
    let error = vault::Keychain::read(&OsKeychain, "v1").err().expect("there is no keychain");
    let KeychainError::Unavailable(reason) = error else { panic!("it is told as damaged: {error}") };
    assert_eq!(reason, "there is no D-Bus session bus");
}
