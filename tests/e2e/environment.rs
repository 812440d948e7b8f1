//! The environment of a session: an allowlist, and nothing of the owner's logins.

use std::collections::BTreeMap;
use tests::{OWNERS_LOGINS, World, present, text};

fn world() -> World {
    let world = World::new();
    world.project("work");
    world.identity("ada");
    world.lanyard(&["slot", "set", "1", "--identity", "ada"]).ok();
    world
}

fn variables(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect()
}

#[track_caller]
fn shows_no_login(said: &str) {
    for login in OWNERS_LOGINS {
        assert!(!said.contains(login), "the owner's {login:?} is visible:\n{said}");
    }
}

#[test]
fn nothing_of_the_owners_environment_passes_but_what_a_terminal_needs() {
    let world = world();
    world.lanyard(&["secrets", "set", "MY_TOKEN", "mine", "--identity", "ada"]).ok();
    let said = world.as_agent(1, "one", "env").ok();
    shows_no_login(&said);
    let env = variables(&said);
    let owner = world.environment();
    for name in ["LANG", "USER", "SHELL"] {
        assert_eq!(env.get(name), owner.get(name), "{name}");
    }
    assert!(env["PATH"].ends_with(&owner["PATH"]), "{}", env["PATH"]);
    for name in ["GITHUB_TOKEN", "GH_TOKEN", "NPM_TOKEN", "AWS_SECRET_ACCESS_KEY", "OWNERS_EDITOR"] {
        assert_eq!(env.get(name), None, "{name}");
    }
    for name in ["LANYARD_HOME", "LANYARD_PASSPHRASE_FILE", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"] {
        assert_eq!(env.get(name), None, "{name}");
    }
    // The SSH agent is the session's own.
    assert_ne!(env["SSH_AUTH_SOCK"], owner["SSH_AUTH_SOCK"]);
    assert!(env["SSH_AUTH_SOCK"].starts_with(&world.home().display().to_string()));
    assert_eq!(env["MY_TOKEN"], "mine");
    assert!(!env["HOME"].starts_with(&owner["HOME"]), "{}", env["HOME"]);
}

#[test]
fn a_session_knows_who_and_where_it_is() {
    let world = world();
    let env = variables(&world.as_agent(1, "one", "env").ok());
    let session = &world.json(&["sessions", "list", "--all"])[0];
    assert_eq!(env["LANYARD_IDENTITY"], "ada");
    assert_eq!(env["LANYARD_SLOT"], "1");
    assert_eq!(env["LANYARD_SESSION"], text(session, "id"));
    assert!(env["LANYARD_SOCKET"].ends_with("/agent.sock"));
    for role in ["AUTHOR", "COMMITTER"] {
        assert_eq!(env[&format!("GIT_{role}_NAME")], "ada");
        assert_eq!(env[&format!("GIT_{role}_EMAIL")], "ada@lanyard.localhost");
    }
    let status = world.as_agent(1, "two", "lanyard status --json").json();
    assert_eq!((text(&status, "role"), text(&status, "identity")), ("agent", "ada"));
    assert!(status["pid"].is_null() && status["data"].is_null(), "{status}");
}

#[test]
fn a_secret_of_many_lines_arrives_byte_for_byte() {
    let world = world();
    let key = "-----BEGIN KEY-----\n  $HOME `id` \"quoted\" 'x' \\n ü\n-----END KEY-----";
    world.lanyard_with(&["secrets", "set", "SIGNING_KEY", "-", "--identity", "ada"], key).ok();
    assert_eq!(world.as_agent(1, "one", "printf %s \"$SIGNING_KEY\"").ok(), key);
    assert_eq!(world.as_agent(1, "two", "lanyard secrets get SIGNING_KEY").ok(), format!("{key}\n"));
}

#[test]
fn git_knows_the_identity_and_not_the_owner() {
    let world = world();
    let script = "git config --list; git var GIT_AUTHOR_IDENT; \
        printf 'protocol=https\\nhost=git.example.test\\n\\n' | git credential fill 2>&1; \
        git config user.name; git config user.email; echo end";
    let said = world.as_agent(1, "one", script).ok();
    shows_no_login(&said);
    assert!(said.contains("ada <ada@lanyard.localhost>"), "{said}");
    assert!(said.ends_with("ada\nada@lanyard.localhost\nend\n"), "{said}");
}

#[test]
fn tools_look_for_logins_only_in_the_identitys_own_places() {
    let world = world();
    let script = "for f in \"$HOME/.netrc\" \"$HOME/.git-credentials\" \"$HOME/.npmrc\" \"$NPM_CONFIG_USERCONFIG\" \
        \"$GH_CONFIG_DIR/hosts.yml\" \"$GIT_CONFIG_GLOBAL\" \"$XDG_CONFIG_HOME/gh/hosts.yml\" ~/.gitconfig; \
        do echo \"$f:\"; cat \"$f\" 2>/dev/null; done; ls -A \"$HOME\" \"$GH_CONFIG_DIR\" 2>/dev/null; echo end";
    let said = world.as_agent(1, "one", script).ok();
    shows_no_login(&said);
    assert!(!said.contains(&world.environment()["HOME"]), "{said}");
}

#[test]
fn npm_does_not_find_the_owners_login() {
    if !present("npm") {
        return;
    }
    let world = world();
    let said = world
        .as_agent(1, "one", "npm config list --long 2>&1; cat \"$(npm config get userconfig)\" 2>&1; true")
        .ok();
    shows_no_login(&said);
    assert!(!said.contains("packages.example.test"), "{said}");
}

#[test]
fn a_project_can_allow_more_names() {
    let world = world();
    world.lanyard(&["project", "allow", "work", "OWNERS_EDITOR", "NOT_SET"]).ok();
    let said = world.as_agent(1, "one", "env").ok();
    shows_no_login(&said);
    let env = variables(&said);
    assert_eq!(env.get("OWNERS_EDITOR").map(String::as_str), Some("ed"));
    assert_eq!(env.get("NOT_SET"), None);
    world.lanyard(&["project", "allow", "work"]).ok();
    assert!(!world.as_agent(1, "two", "env").ok().contains("OWNERS_EDITOR"));
}

#[test]
fn no_allowlist_and_no_secret_takes_the_place_of_what_lanyard_sets() {
    let world = world();
    for name in ["HOME", "GIT_CONFIG_GLOBAL", "LANYARD_SOCKET", "SSH_AUTH_SOCK"] {
        let told = world.lanyard(&["project", "allow", "work", name]).fails(1);
        assert!(told.contains(name), "{told}");
        world.lanyard(&["secrets", "set", name, "/evil", "--identity", "ada"]).fails(1);
    }
    world.lanyard(&["project", "allow", "work", "not a name"]).fails(1);
}

#[test]
fn two_identities_have_two_homes() {
    let world = world();
    world.identity("bob");
    world.lanyard(&["slot", "set", "2", "--identity", "bob"]).ok();
    world.as_agent(1, "one", "echo of-ada >\"$HOME/note\"").ok();
    world.as_agent(2, "two", "test ! -e \"$HOME/note\"").ok();
    assert_eq!(world.as_agent(1, "three", "cat \"$HOME/note\"").ok(), "of-ada\n");
}

#[test]
fn one_command_runs_here_as_an_identity() {
    let world = world();
    world.lanyard(&["secrets", "set", "MY_TOKEN", "mine", "--identity", "ada"]).ok();
    let outcome = world.lanyard(&["run", "--identity", "ada", "--", "sh", "-c", "env; pwd; exit 7"]);
    assert_eq!(outcome.status, Some(7), "{}", outcome.stderr);
    shows_no_login(&outcome.stdout);
    let env = variables(&outcome.stdout);
    assert_eq!((env["MY_TOKEN"].as_str(), env["LANYARD_IDENTITY"].as_str()), ("mine", "ada"));
    assert_eq!(env.get("LANYARD_SESSION"), None);
    let said = world.lanyard_with(&["run", "--identity", "ada", "--", "cat"], "through a pipe").ok();
    assert_eq!(said, "through a pipe");
    world.lanyard(&["run", "--identity", "ada", "--", "no-such-command-xyz"]).fails(127);
}
