//! The environment of a session: an allowlist, the slot's own places, and the identity's credentials.
//!
//! Nothing of the owner's environment passes that is not named here or in the project's allowlist, and
//! every tool that keeps a login is pointed to a place of the identity's own.

mod ravi;

pub use ravi::Access;

use crate::store::IdentityRow;
use api::SecretText;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What a terminal needs of the owner's environment. None of these carries a login.
const PASSED: [&str; 22] = [
    "PATH",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_ADDRESS",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_IDENTIFICATION",
    "LC_MEASUREMENT",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NAME",
    "LC_NUMERIC",
    "LC_PAPER",
    "LC_TELEPHONE",
    "LC_TIME",
    "TZ",
    "SHELL",
    "USER",
    "LOGNAME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// The names that Lanyard sets itself: neither a secret nor an allowlist can take their place.
const RESERVED: [&str; 40] = [
    "PATH",
    "HOME",
    "SHELL",
    "TERM",
    "COLORTERM",
    "USER",
    "LOGNAME",
    "PWD",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_TERMINAL_PROMPT",
    "GIT_SSH_COMMAND",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
    "GH_CONFIG_DIR",
    "GLAB_CONFIG_DIR",
    "NPM_CONFIG_USERCONFIG",
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "DOCKER_CONFIG",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "GNUPGHOME",
    "NETRC",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
];

/// Whether Lanyard sets this variable itself.
pub fn is_reserved(name: &str) -> bool {
    name.starts_with("LANYARD_") || name.starts_with("GIT_CONFIG_") || RESERVED.contains(&name)
}

/// What is known of a session when its environment is made.
pub struct Place<'a> {
    /// Whose session it is.
    pub identity: &'a IdentityRow,
    /// The identity's home.
    pub home: &'a Path,
    /// The folder of Lanyard's own commands, first on the PATH.
    pub commands: &'a Path,
    /// Names that the project takes over from the owner's environment.
    pub allowed: &'a [String],
    /// What git reads of Lanyard.
    pub git: GitFiles,
    /// The session itself; none for a single command of `lanyard run`.
    pub session: Option<Seat<'a>>,
}

/// What git reads of Lanyard: how commits are signed, whose signatures count, and the owner's settings.
pub struct GitFiles {
    /// The file with the settings that the owner's git has.
    pub settings: PathBuf,
    /// The file with the keys of the servers that the owner knows.
    pub known_hosts: PathBuf,
    /// Whether commits are signed at all.
    pub signs: bool,
    /// The file with the identity's public key.
    pub key: PathBuf,
    /// The file with the public keys of all identities.
    pub signers: PathBuf,
}

/// The session that an environment is for.
pub struct Seat<'a> {
    /// Its id.
    pub session: &'a str,
    /// Its slot.
    pub slot: u32,
    /// Its own socket.
    pub socket: &'a Path,
    /// The socket of its SSH agent.
    pub ssh: &'a Path,
    /// The folder of Lanyard's Python modules.
    pub python: &'a Path,
    /// Its key; none while the web door is closed.
    pub access: Option<&'a Access>,
}

/// Makes an environment out of the owner's, the place, and the credentials that are injected.
pub fn build(
    owner: &BTreeMap<OsString, OsString>,
    place: &Place<'_>,
    secrets: Vec<(String, SecretText)>,
) -> Vec<(String, SecretText)> {
    let mut env = BTreeMap::new();
    let allowed = place.allowed.iter().map(String::as_str).filter(|name| !is_reserved(name));
    for name in PASSED.into_iter().chain(allowed) {
        if let Some(value) = owner.get(OsStr::new(name)).and_then(|value| value.to_str()) {
            env.insert(name.to_string(), value.to_string());
        }
    }
    env.insert("PATH".into(), path(owner, place.commands));
    env.extend(own_places(place.home));
    env.insert("GIT_SSH_COMMAND".into(), ssh(place));
    env.insert("GIT_CONFIG_SYSTEM".into(), place.git.settings.to_string_lossy().into_owned());
    env.extend(author(place.identity));
    env.extend(settings(place.identity, &place.git, place.session.is_some()));
    env.extend(place.session.as_ref().map(seat).unwrap_or_default());
    if let Some(seat) = &place.session {
        // Behind what the owner has allowed: a module of theirs is found first.
        let before = env.get("PYTHONPATH").filter(|path| !path.is_empty()).map(|path| format!("{path}:"));
        env.insert("PYTHONPATH".into(), format!("{}{}", before.unwrap_or_default(), seat.python.display()));
    }
    env.insert("LANYARD_IDENTITY".into(), place.identity.name.clone());
    env.extend(toolchains(owner));
    let mut env: BTreeMap<String, SecretText> =
        env.into_iter().map(|(name, value)| (name, SecretText::new(value))).collect();
    let access = place.session.as_ref().and_then(|seat| seat.access);
    // Whoever has a key of Ravi's own speaks to Ravi.
    if !secrets.iter().any(|(name, _)| name == ravi::API_KEY) {
        env.extend(access.map(ravi::variables).into_iter().flatten());
    }
    env.extend(secrets.into_iter().filter(|(name, _)| !is_reserved(name)));
    env.into_iter().collect()
}

fn path(owner: &BTreeMap<OsString, OsString>, commands: &Path) -> String {
    let path =
        owner.get(OsStr::new("PATH")).and_then(|p| p.to_str()).unwrap_or("/usr/local/bin:/usr/bin:/bin");
    format!("{}:{path}", commands.display())
}

/// Where tools keep their logins: below the identity's home, whatever they would choose themselves.
fn own_places(home: &Path) -> Vec<(String, String)> {
    let below = |place: &str| home.join(place).to_string_lossy().into_owned();
    [
        ("HOME", below("")),
        ("TERM", "xterm-256color".into()),
        ("COLORTERM", "truecolor".into()),
        ("XDG_CONFIG_HOME", below(".config")),
        ("XDG_DATA_HOME", below(".local/share")),
        ("XDG_STATE_HOME", below(".local/state")),
        ("XDG_CACHE_HOME", below(".cache")),
        ("GIT_CONFIG_GLOBAL", below(".gitconfig")),
        ("GIT_TERMINAL_PROMPT", "0".into()),
        ("GH_CONFIG_DIR", below(".config/gh")),
        ("GLAB_CONFIG_DIR", below(".config/glab-cli")),
        ("NPM_CONFIG_USERCONFIG", below(".npmrc")),
        ("CLAUDE_CONFIG_DIR", below(".claude")),
        ("CODEX_HOME", below(".codex")),
        ("DOCKER_CONFIG", below(".docker")),
        ("AWS_CONFIG_FILE", below(".aws/config")),
        ("AWS_SHARED_CREDENTIALS_FILE", below(".aws/credentials")),
        ("CARGO_HOME", below(".cargo")),
        ("GNUPGHOME", below(".gnupg")),
        ("NETRC", below(".netrc")),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_string(), value.trim_end_matches('/').to_string()))
    .collect()
}

/// How git runs SSH. OpenSSH looks up the home of the user id, not HOME: it must be told to read nothing of
/// the owner's. Nobody sits there to be asked whether a server is the right one.
fn ssh(place: &Place<'_>) -> String {
    let quoted = |path: &Path| format!("\"{}\"", path.to_string_lossy().replace('\'', "'\\''"));
    let agent = if place.session.is_some() { "SSH_AUTH_SOCK" } else { "none" };
    format!(
        "ssh -F none -o BatchMode=yes -o IdentityFile=none -o IdentityAgent={agent} -o 'UserKnownHostsFile={}' \
         -o 'GlobalKnownHostsFile=/etc/ssh/ssh_known_hosts {}'",
        quoted(&place.home.join(".ssh/known_hosts")),
        quoted(&place.git.known_hosts)
    )
}

/// Whose commits they are.
fn author(identity: &IdentityRow) -> impl Iterator<Item = (String, String)> {
    let (name, email) = (&identity.author_name, &identity.author_email);
    ["AUTHOR", "COMMITTER"].into_iter().flat_map(move |role| {
        [(format!("GIT_{role}_NAME"), name.clone()), (format!("GIT_{role}_EMAIL"), email.clone())]
    })
}

/// What git is told. Settings from the environment outrank every file, so a repository's own helper that
/// knows the owner's login, and a signing key of the owner's, are put out of use as well.
fn settings(identity: &IdentityRow, git: &GitFiles, in_session: bool) -> Vec<(String, String)> {
    let (key, signers) = (git.key.to_string_lossy(), git.signers.to_string_lossy());
    let signs = if git.signs { "true" } else { "false" };
    let settings = [
        ("user.name", identity.author_name.as_str()),
        ("user.email", &identity.author_email),
        ("user.signingkey", &key),
        ("gpg.format", "ssh"),
        ("gpg.ssh.program", "ssh-keygen"),
        ("gpg.ssh.allowedSignersFile", &signers),
        ("commit.gpgsign", signs),
        ("tag.gpgsign", signs),
        // An empty one takes all away that were named before.
        ("credential.helper", ""),
        ("credential.helper", "!lanyard git-credential"),
    ];
    // Without a session there is nobody for the helper to ask.
    let settings = if in_session { &settings[..] } else { &settings[..settings.len() - 1] };
    let set = settings.iter().enumerate().flat_map(|(n, (key, value))| {
        [
            (format!("GIT_CONFIG_KEY_{n}"), key.to_string()),
            (format!("GIT_CONFIG_VALUE_{n}"), value.to_string()),
        ]
    });
    set.chain([("GIT_CONFIG_COUNT".into(), settings.len().to_string())]).collect()
}

fn seat(seat: &Seat<'_>) -> Vec<(String, String)> {
    vec![
        ("LANYARD_SOCKET".into(), seat.socket.to_string_lossy().into_owned()),
        ("SSH_AUTH_SOCK".into(), seat.ssh.to_string_lossy().into_owned()),
        ("LANYARD_SLOT".into(), seat.slot.to_string()),
        ("LANYARD_SESSION".into(), seat.session.to_string()),
    ]
}

/// Toolchains that a shim finds through the owner's home. They hold compilers, no logins.
fn toolchains(owner: &BTreeMap<OsString, OsString>) -> Option<(String, String)> {
    let set = owner.get(OsStr::new("RUSTUP_HOME")).map(PathBuf::from);
    let place = set.or_else(|| Some(PathBuf::from(owner.get(OsStr::new("HOME"))?).join(".rustup")))?;
    place.is_dir().then(|| ("RUSTUP_HOME".into(), place.to_string_lossy().into_owned()))
}

/// Makes the places of an identity's home that tools expect to exist.
pub fn furnish(home: &Path) -> anyhow::Result<()> {
    for place in
        ["", ".config", ".codex", ".claude", ".ssh", ".gnupg", ".local/share", ".local/state", ".cache"]
    {
        crate::config::make_folder(&home.join(place))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> IdentityRow {
        IdentityRow {
            id: "i1".into(),
            name: "build".into(),
            email: "build@lanyard.localhost".into(),
            phone: None,
            author_name: "Build Bot".into(),
            author_email: "build@lanyard.localhost".into(),
            wrapped_key: Vec::new(),
            created_at: 0,
            updated_at: 0,
        }
    }

    fn access() -> Access {
        Access { key: SecretText::new("ravi_id_1".into()), address: "http://127.0.0.1:1".into() }
    }

    fn built(owner: &[(&str, &str)], allowed: &[&str], secrets: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owner = owner.iter().map(|(k, v)| (OsString::from(k), OsString::from(v))).collect();
        let allowed: Vec<_> = allowed.iter().map(|s| s.to_string()).collect();
        let secrets = secrets.iter().map(|(k, v)| (k.to_string(), SecretText::new(v.to_string()))).collect();
        let place = Place {
            identity: &identity(),
            home: Path::new("/data/homes/i1"),
            commands: Path::new("/data/bin"),
            allowed: &allowed,
            git: GitFiles {
                settings: "/data/git/gitconfig".into(),
                known_hosts: "/data/git/known_hosts".into(),
                signs: true,
                key: "/data/git/i1.pub".into(),
                signers: "/data/git/all".into(),
            },
            session: Some(Seat {
                session: "s1",
                slot: 3,
                socket: Path::new("/run/agent.sock"),
                ssh: Path::new("/run/ssh.sock"),
                python: Path::new("/data/bin/python"),
                access: Some(&access()),
            }),
        };
        build(&owner, &place, secrets).into_iter().map(|(k, v)| (k, v.expose().to_string())).collect()
    }

    #[test]
    fn only_what_is_named_passes_from_the_owner() {
        let env = built(
            &[("GITHUB_TOKEN", "owner"), ("LANG", "C"), ("SSH_AUTH_SOCK", "/s"), ("FOO", "f")],
            &["FOO"],
            &[],
        );
        assert_eq!(env.get("LANG").map(String::as_str), Some("C"));
        assert_eq!(env.get("FOO").map(String::as_str), Some("f"));
        assert!(!env.contains_key("GITHUB_TOKEN") && env["SSH_AUTH_SOCK"] == "/run/ssh.sock");
    }

    #[test]
    fn logins_are_looked_for_below_the_identitys_home() {
        let env =
            built(&[("HOME", "/home/owner"), ("GH_CONFIG_DIR", "/home/owner/gh")], &["GH_CONFIG_DIR"], &[]);
        for name in
            ["HOME", "GH_CONFIG_DIR", "GIT_CONFIG_GLOBAL", "NPM_CONFIG_USERCONFIG", "CLAUDE_CONFIG_DIR"]
        {
            assert!(env[name].starts_with("/data/homes/i1"), "{name}={}", env[name]);
        }
        assert!(env.values().all(|value| !value.contains("/home/owner")));
    }

    #[test]
    fn a_secret_is_injected_but_takes_no_place_of_lanyards() {
        let env = built(&[], &[], &[("GITHUB_TOKEN", "t1"), ("HOME", "/evil"), ("LANYARD_SOCKET", "/evil")]);
        assert_eq!(env["GITHUB_TOKEN"], "t1");
        assert_eq!(env["HOME"], "/data/homes/i1");
        assert_eq!(env["LANYARD_SOCKET"], "/run/agent.sock");
    }

    #[test]
    fn programs_that_speak_ravi_find_lanyard_unless_they_have_a_key_of_ravis_own() {
        let env = built(&[("PYTHONPATH", "/owners")], &[], &[]);
        assert_eq!(
            (env["RAVI_API_KEY"].as_str(), env["RAVI_BASE_URL"].as_str()),
            ("ravi_id_1", "http://127.0.0.1:1")
        );
        assert_eq!(env["PYTHONPATH"], "/data/bin/python");
        let env = built(&[("PYTHONPATH", "/owners")], &["PYTHONPATH"], &[("RAVI_API_KEY", "ravi_mgmt_2")]);
        assert_eq!(env["RAVI_API_KEY"], "ravi_mgmt_2");
        assert!(!env.contains_key("RAVI_API_URL") && !env.contains_key("RAVI_BASE_URL"));
        assert_eq!(env["PYTHONPATH"], "/owners:/data/bin/python");
    }

    #[test]
    fn commits_carry_the_identitys_name() {
        let env = built(&[("GIT_AUTHOR_NAME", "Owner")], &[], &[]);
        assert_eq!(env["GIT_AUTHOR_NAME"], "Build Bot");
        assert_eq!(env["GIT_COMMITTER_EMAIL"], "build@lanyard.localhost");
    }
}
