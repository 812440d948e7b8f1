//! The owner of a world: a home with logins of their own, which no agent may ever see.

use crate::{PASSPHRASE, World};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The owner's own credentials. None of them may show up in a session.
pub const OWNERS_LOGINS: &[&str] = &[
    "owners-gh-token",
    "owners-git-password",
    "owners-netrc-password",
    "owners-npm-token",
    "owners-variable-token",
    "owners-browser-cookie",
    "Olivia Owner",
];

const GITCONFIG: &str = "[user]\n\tname = Olivia Owner\n\temail = olivia@owner.test\n\
    [credential]\n\thelper = store\n[init]\n\tdefaultBranch = main\n[safe]\n\tdirectory = *\n";

const FILES: &[(&str, &str)] = &[
    (".gitconfig", GITCONFIG),
    (".git-credentials", "https://olivia:owners-git-password@git.example.test\n"),
    (".netrc", "machine git.example.test login olivia password owners-netrc-password\n"),
    (".mozilla/firefox/a.default/cookies.sqlite", "owners-browser-cookie\n"),
    (".config/google-chrome/Default/Cookies", "owners-browser-cookie\n"),
    (".npmrc", "//packages.example.test/:_authToken=owners-npm-token\n"),
    (".config/gh/hosts.yml", "git.example.test:\n    user: olivia\n    oauth_token: owners-gh-token\n"),
];

const VARIABLES: &[(&str, &str)] = &[
    ("LANG", "C.UTF-8"),
    ("USER", "olivia"),
    ("LOGNAME", "olivia"),
    ("SHELL", "/bin/sh"),
    ("TERM", "xterm-256color"),
    ("GITHUB_TOKEN", "owners-variable-token"),
    ("GH_TOKEN", "owners-variable-token"),
    ("NPM_TOKEN", "owners-variable-token"),
    ("AWS_SECRET_ACCESS_KEY", "owners-variable-token"),
    ("SSH_AUTH_SOCK", "/tmp/owners-variable-token.sock"),
    ("OWNERS_EDITOR", "ed"),
];

/// Gives a fresh world its owner.
pub(crate) fn settle(world: &mut World) {
    let home = world.path("owner");
    for (name, content) in FILES {
        write_private(&home.join(name), content);
    }
    write_private(&world.passphrase_file(), PASSPHRASE);
    let runtime = world.path("x");
    fs::create_dir(&runtime).expect("the runtime folder is made");
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).expect("it is made private");
    for (name, value) in VARIABLES {
        world.set(name, value);
    }
    // The web door serves a page; what it looks like is no matter here.
    write_private(&world.path("ui/index.html"), "<!doctype html><title>Lanyard</title>\n");
    let path = std::env::var("PATH").expect("the tests have a PATH");
    for (name, value) in [
        ("PATH", path),
        ("HOME", home.display().to_string()),
        ("LANYARD_HOME", world.home().display().to_string()),
        ("LANYARD_PASSPHRASE_FILE", world.passphrase_file().display().to_string()),
        ("LANYARD_UI", world.path("ui").display().to_string()),
        ("XDG_RUNTIME_DIR", runtime.display().to_string()),
    ] {
        world.set(name, value);
    }
}

fn write_private(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the folder is made");
    fs::write(path, content).expect("the file is written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("it is made private");
}
