//! An identity's key: it signs the commits of its sessions, and nobody else's.

use tests::{DEADLINE, Outcome, World, run, text};

/// Commits, and says who it was.
const COMMIT: &str = "git commit --quiet --allow-empty --message work";

fn world() -> World {
    let world = World::new();
    world.project("work");
    for (slot, name) in [("1", "ada"), ("2", "bob")] {
        world.identity(name);
        world.lanyard(&["slot", "set", slot, "--identity", name]).ok();
    }
    world
}

/// `git verify-commit` as the owner, with the file that Lanyard keeps.
fn verified(world: &World, branch: &str) -> Outcome {
    let signers = world.json(&["keys", "show", "--identity", "ada"])["allowed_signers"].take();
    let setting = format!("gpg.ssh.allowedSignersFile={}", signers.as_str().unwrap());
    let mut command = world.command("git");
    command.arg("-C").arg(world.path("work")).args([
        "-c",
        &setting,
        "-c",
        "gpg.ssh.program=ssh-keygen",
        "verify-commit",
        "-v",
        branch,
    ]);
    run(command, b"", DEADLINE)
}

#[test]
fn a_commit_of_a_slot_is_its_identitys_and_verifies_there_and_for_the_owner() {
    let world = world();
    let script = format!("{COMMIT} && git verify-commit HEAD && git tag -m one v1 && git verify-tag v1");
    let outcome = world.as_agent(1, "one", &script);
    assert!(outcome.stderr.contains("Good \"git\" signature for ada@lanyard.localhost"), "{outcome:?}");
    outcome.ok();
    let said = verified(&world, "one");
    assert!(said.stderr.contains("Good \"git\" signature for ada@lanyard.localhost"), "{said:?}");
    said.ok();
    let format = "--format=%an %ae %cn %ce %G?";
    let told = world.git(&world.path("work"), &["log", "-1", format, "one"]);
    assert!(told.starts_with("ada ada@lanyard.localhost ada ada@lanyard.localhost"), "{told}");
    // Another identity's commit is told to be of the other, in any slot.
    world.as_agent(2, "two", COMMIT).ok();
    let outcome = world.as_agent(1, "three", "git verify-commit two");
    assert!(outcome.stderr.contains("for bob@lanyard.localhost"), "{outcome:?}");
    outcome.ok();
}

#[test]
fn a_signature_by_a_foreign_key_does_not_verify() {
    let world = world();
    let script = format!(
        "ssh-keygen -q -t ed25519 -N '' -f \"$HOME/foreign\" && \
         git -c user.signingkey=\"$HOME/foreign\" {} && ! git verify-commit HEAD",
        COMMIT.trim_start_matches("git ")
    );
    world.as_agent(1, "one", &script).ok();
    verified(&world, "one").fails(1);
    world.as_agent(1, "two", &format!("git -c commit.gpgsign=false {}", &COMMIT[4..])).ok();
    assert_eq!(verified(&world, "two").status, Some(1), "what is not signed does not verify either");
}

#[test]
fn the_owners_and_the_repositorys_signing_keys_are_out_of_use() {
    let world = world();
    let repository = world.path("work");
    let own = world.path("owner/.ssh/id_ed25519").display().to_string();
    std::fs::create_dir_all(world.path("owner/.ssh")).unwrap();
    let mut command = world.command("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-f", &own]);
    run(command, b"", DEADLINE).ok();
    for scope in ["--global", "--local"] {
        world.git(&repository, &["config", scope, "user.signingkey", &own]);
        world.git(&repository, &["config", scope, "gpg.format", "ssh"]);
        world.git(&repository, &["config", scope, "gpg.ssh.program", "/nowhere/signer"]);
    }
    world.as_agent(1, "one", COMMIT).ok();
    let said = verified(&world, "one");
    assert!(said.stderr.contains("ada@lanyard.localhost"), "{said:?}");
    said.ok();
}

#[test]
fn the_public_key_is_shown_and_the_private_part_is_nowhere() {
    let world = world();
    let shown = world.json(&["keys", "show", "--identity", "ada"]);
    let key = text(&shown, "public_key");
    assert!(key.starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"), "{key}");
    let identity = world.json(&["identity", "show", "ada"]);
    assert!(key.starts_with(text(&identity, "public_key")), "{identity}");
    let listed = world.as_agent(1, "one", "ssh-add -L; ssh-add -l").ok();
    assert!(listed.starts_with(&format!("{key}\n")), "{listed}");
    assert!(listed.contains(text(&shown, "fingerprint")), "{listed}");
    // Nothing goes in or out of the agent, and no file of the session is a private key.
    let script = "ssh-keygen -q -t ed25519 -N '' -f k; ssh-add k; ssh-add -D; ssh-add -L; \
        rm k; grep -rl 'PRIVATE KEY' \"$HOME\" .";
    let outcome = world.as_agent(1, "two", script);
    assert_eq!(outcome.stdout, format!("{key}\n"), "{outcome:?}");
    // An agent does not change its own key's rules.
    for command in ["keys rotate", "keys set --policy auto"] {
        let name = command.split(' ').nth(1).unwrap();
        world.as_agent(1, name, &format!("lanyard {command}")).fails(1);
    }
}

#[test]
fn a_key_that_was_replaced_signs_no_more_but_what_it_signed_still_counts() {
    let world = world();
    let before = world.json(&["keys", "show", "--identity", "ada"]);
    let session = world.start(1, "one", &["sh"]);
    let id = text(&session, "id");
    let mut terminal = world.terminal(id);
    terminal.type_in(&format!("{COMMIT}; echo first-$?\n"));
    terminal.wait_for("first-0");
    let after = world.json(&["keys", "rotate", "--identity", "ada"]);
    assert_ne!(before["public_key"], after["public_key"]);
    terminal.type_in(&format!("{COMMIT}; echo second-$?; ssh-add -L\n"));
    terminal.wait_for("second-0");
    for commit in ["one", "one~1"] {
        verified(&world, commit).ok();
    }
    // An identity that has another address now, and one that is gone, still say who it was.
    world.lanyard(&["sessions", "stop", "1"]).ok();
    world.lanyard(&["identity", "update", "ada", "--author-email", "ada@new.test"]).ok();
    let said = verified(&world, "one");
    assert!(said.stderr.contains("for ada@new.test"), "{said:?}");
    let signers = std::path::Path::new(text(&before, "allowed_signers"));
    world.lanyard(&["identity", "delete", "ada", "--force"]).ok();
    let kept = std::fs::read_to_string(signers).unwrap();
    assert_eq!(kept.matches("ada@new.test").count(), 2, "{kept}");
}

#[test]
fn an_owner_can_keep_a_key_from_signing() {
    let world = world();
    let script = format!("read go <go; {COMMIT}");
    let pipe = |branch: &str| format!("mkfifo go; echo ready; {script}; echo {branch}-$?");
    let session = world.start(1, "one", &["sh", "-c", &pipe("one")]);
    world.wait_for_screen(text(&session, "id"), "ready");
    world.lanyard(&["keys", "set", "--identity", "ada", "--policy", "deny"]).ok();
    let worktree = std::path::PathBuf::from(text(&session, "path"));
    std::fs::write(worktree.join("go"), "go\n").unwrap();
    let ended = world.ended(text(&session, "id"));
    let screen = world.screen(text(&session, "id"));
    assert!(screen.contains("one-128"), "{ended} {screen}");
    // A session that begins under the rule does not even try.
    world.as_agent(1, "two", COMMIT).ok();
    assert_eq!(verified(&world, "two").status, Some(1));
}

#[test]
fn an_agent_cannot_use_the_ssh_agent_of_another_slot() {
    for hide in [true, false] {
        let world = world();
        if !hide {
            std::fs::write(world.home().join("settings.toml"), "hide = false\n").unwrap();
            world.lanyard(&["daemon", "stop"]).ok();
        }
        let bob = world.start(2, "bobs", &["sh", "-c", "echo ready; cat"]);
        let id = text(&bob, "id");
        world.wait_for_screen(id, "ready");
        let socket = world.home().join("run/s").join(&id[id.len() - 12..]).join("ssh.sock");
        assert!(socket.exists(), "{}", socket.display());
        let script = format!("SSH_AUTH_SOCK={} ssh-add -L", socket.display());
        let outcome = world.as_agent(1, "one", &script);
        assert_ne!(outcome.status, Some(0), "{outcome:?}");
        assert!(!outcome.stdout.contains("ssh-ed25519"), "{outcome:?}");
        // Nor can the owner by mistake: it is the session's.
        let mut command = world.command("ssh-add");
        command.arg("-L").env("SSH_AUTH_SOCK", &socket);
        let outcome = run(command, b"", DEADLINE);
        assert!(outcome.status != Some(0) && !outcome.stdout.contains("ssh-ed25519"), "{outcome:?}");
    }
}

#[test]
fn a_signature_that_is_asked_for_waits_for_the_owner() {
    let world = world();
    world.lanyard(&["keys", "set", "--identity", "ada", "--policy", "ask"]).ok();
    let fingerprint = world.json(&["keys", "show", "--identity", "ada"])["fingerprint"].take();
    let mut door = world.listening();
    let mut asked = || {
        let event = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
        event["ApprovalChanged"]["approval"].clone()
    };
    let session = world.start(
        1,
        "one",
        &["sh", "-c", &format!("{COMMIT}; echo first-$?; {COMMIT}; echo then-$?; cat")],
    );
    let approval = asked();
    assert_eq!((&approval["action"], &approval["subject"]), (&"sign".into(), &fingerprint), "{approval}");
    assert!(approval.to_string().contains("\"git\""), "{approval}");
    world.lanyard(&["approvals", "approve", text(&approval, "id")]).ok();
    world.wait_for_screen(text(&session, "id"), "first-0");
    let approval = asked();
    world.lanyard(&["approvals", "deny", text(&approval, "id"), "--because", "not now"]).ok();
    world.wait_for_screen(text(&session, "id"), "then-128");
    verified(&world, "one").ok();
    let count = world.git(&world.path("work"), &["rev-list", "--count", "main..one"]);
    assert_eq!(count.trim(), "1");
}

#[test]
fn each_signature_is_in_the_audit_with_what_it_was_for() {
    let world = world();
    world.as_agent(1, "one", COMMIT).ok();
    let key = world.json(&["keys", "show", "--identity", "ada"]);
    let records = world.json(&["audit", "list", "--kind", "key"]);
    let signed: Vec<_> =
        records.as_array().unwrap().iter().filter(|record| record["action"] == "keys.sign").collect();
    assert_eq!(signed.len(), 1, "{records}");
    assert_eq!((&signed[0]["subject"], &signed[0]["slot"]), (&key["fingerprint"], &1.into()), "{records}");
    assert!(text(signed[0], "detail").contains("git"), "{records}");
}

/// Messages that no client of SSH's agent would send. Whatever they are, the next client is served.
const BAD_MESSAGES: &str = r#"
import os, socket, struct
def say(raw, end=False):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(os.environ["SSH_AUTH_SOCK"])
    try:
        s.sendall(raw)
        if end:
            s.shutdown(socket.SHUT_WR)
        return s.recv(65536)
    except OSError:
        return b""
def message(body):
    return struct.pack(">I", len(body)) + body
def word(data):
    return struct.pack(">I", len(data)) + data
failure = message(b"\x05")
listed = say(message(b"\x0b"))
key = listed[9:9 + 4 + struct.unpack(">I", listed[9:13])[0]]
commit = b"SSHSIG" + word(b"git") + word(b"") + word(b"sha512") + word(b"x" * 64)
sign = lambda key, data: message(b"\x0d" + key + word(data) + b"\0\0\0\0")
assert say(sign(key, commit))[4] == 14
for raw in [message(b""), message(b"\x0d"), message(b"\x0d" + b"\xff" * 8), message(b"\x11" + b"x" * 100), message(b"\xff"),
        message(b"\x1b" + word(b"session-bind@openssh.com")), sign(word(b"other"), commit), sign(key, b"anything"),
        sign(key, commit + b"more"), sign(key, commit[:-1]), sign(key, b"SSHSIG")]:
    assert say(raw) == failure, raw
for raw in [struct.pack(">I", 0xffffffff), struct.pack(">I", 256 * 1024 + 1) + b"x"]:
    assert say(raw) == b"", raw
assert say(struct.pack(">I", 100) + b"\x0b", end=True) == b""
assert say(message(b"\x0b")) == listed
print("served")
"#;

#[test]
fn an_agent_that_sends_nonsense_is_answered_with_a_failure_and_harms_nobody() {
    let Some(python) = tests::python() else { return };
    let world = world();
    let script = world.path("bad.py");
    std::fs::write(&script, BAD_MESSAGES).unwrap();
    let said = world.as_agent(1, "one", &format!("{} {}", python.display(), script.display()));
    assert_eq!(said.clone().ok(), "served\n", "{said:?}");
}
