//! The owner as a user who is not root: the mount namespace then needs a user namespace, whose covers are locked.

use rustix::process::getuid;
use std::process::Command;
use tests::{DEADLINE, World, program, run};

/// The user that stands in for an owner where the tests run as root.
const NOBODY: &str = "65534";

/// What the owner does, in one script: everything in it runs as a plain user.
const STORY: &str = r#"
set -eu
lanyard identity create --name ada >/dev/null
lanyard secrets set GITHUB_TOKEN ghp_of_ada >/dev/null
lanyard slot set 1 --identity ada >/dev/null
git init -q repo
git -C repo -c user.name=o -c user.email=o@o.test commit -q --allow-empty -m first
lanyard project add "$PWD/repo" --json >/dev/null
mkdir -p "$HOME/.ssh"; echo owners-key >"$HOME/.ssh/id"
cat >pry.sh <<'PRY'
echo "token=$GITHUB_TOKEN"
umount "$1/l" 2>/dev/null && echo uncovered
unshare -Urm umount "$1/l" 2>/dev/null && echo uncovered
cat "$1/l/lanyard.db" 2>/dev/null && echo database-seen
cat "$1/owner/.ssh/id" 2>/dev/null
kill -9 $PPID 2>/dev/null && echo keeper-killed
cat /proc/$PPID/environ 2>/dev/null && echo keeper-read
git commit -q --allow-empty -m second && git log -1 --format='author=%an'
lanyard secrets get GITHUB_TOKEN
echo finished
PRY
lanyard start --slot 1 --project repo --branch one -- sh "$PWD/pry.sh" "$PWD" >/dev/null
lanyard sessions attach 1 || true
lanyard run --identity ada -- sh -c 'test ! -e "$0/l/lanyard.db" && echo "run=$GITHUB_TOKEN"' "$PWD"
"#;

#[test]
fn an_owner_who_is_not_root_is_protected_just_as_well() {
    let mut world = World::new();
    let bin = world.path("bin");
    std::fs::create_dir(&bin).unwrap();
    for name in ["lanyard", "lanyardd"] {
        std::fs::copy(program(name), bin.join(name)).unwrap();
    }
    let path = format!("{}:{}", bin.display(), world.environment()["PATH"]);
    world.set("PATH", path);
    let said = as_plain_user(&world, STORY).ok();
    assert!(said.contains("run=ghp_of_ada"), "{said}");
    for expected in ["token=ghp_of_ada", "author=ada", "finished"] {
        assert!(said.contains(expected), "no {expected} in {said}");
    }
    for forbidden in ["uncovered", "database-seen", "owners-key", "keeper-killed", "keeper-read"] {
        assert!(!said.contains(forbidden), "{forbidden} in {said}");
    }
    as_plain_user(&world, "lanyard sessions stop 1 2>/dev/null; lanyard daemon stop");
}

/// Runs a script in the world's folder as a user who is not root.
fn as_plain_user(world: &World, script: &str) -> tests::Outcome {
    if !getuid().is_root() {
        let mut command = world.command("sh");
        command.args(["-c", script]);
        return run(command, b"", DEADLINE);
    }
    let owned =
        Command::new("chown").args(["-R", &format!("{NOBODY}:{NOBODY}")]).arg(world.path("")).status();
    assert!(owned.is_ok_and(|status| status.success()), "the world is given to another user");
    let mut command = world.command("setpriv");
    let user = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")];
    command.args(user).args(["--clear-groups", "sh", "-c", script]);
    run(command, b"", DEADLINE)
}
