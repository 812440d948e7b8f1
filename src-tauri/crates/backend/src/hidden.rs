//! What agents, and git on their repositories, shall not see: Lanyard's own files, the owner's logins and
//! the sockets through which the owner's other programs would act for them.

use crate::config::Config;
use crate::keeper::hiding::Hiding;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Where the owner's programs keep their logins, below the owner's home. Folders come first: a file that
/// its program replaces comes back into view, a folder does not.
const LOGINS: [&str; 32] = [
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".config/gh",
    ".config/glab-cli",
    ".config/gcloud",
    ".config/op",
    ".password-store",
    ".local/share/keyrings",
    // Who has a browser's folder is logged in wherever its owner is.
    ".mozilla",
    ".thunderbird",
    ".config/google-chrome",
    ".config/chromium",
    ".config/BraveSoftware",
    ".config/microsoft-edge",
    ".config/vivaldi",
    "snap/firefox",
    "snap/chromium",
    ".var/app",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".config/git/credentials",
    ".docker/config.json",
    ".cargo/credentials.toml",
    ".claude/.credentials.json",
    ".claude.json",
    ".codex/auth.json",
    ".local/share/opencode/auth.json",
];

/// What is covered for everything that runs below Lanyard, with what stays in view in spite of it: `kept`
/// can be written to, `shown` cannot.
pub fn hiding(config: &Config, kept: Vec<PathBuf>, shown: Vec<PathBuf>) -> Hiding {
    if !config.settings.hide {
        return Hiding::default();
    }
    let env = |name: &str| config.owner_env.get(OsStr::new(name)).map(PathBuf::from);
    let uid = rustix::process::getuid().as_raw();
    let mut covered = config.own_folders();
    covered.extend(config.passphrase_file.clone());
    covered.push(PathBuf::from(format!("/run/user/{uid}")));
    covered.push(PathBuf::from(format!("/tmp/tmux-{uid}")));
    covered.extend(env("HOME").into_iter().flat_map(|home| LOGINS.map(|place| home.join(place))));
    covered.extend(env("SSH_AUTH_SOCK"));
    covered.extend(env("DBUS_SESSION_BUS_ADDRESS").as_deref().and_then(bus_socket));
    Hiding { covered, kept, shown }
}

/// The file of a D-Bus address such as `unix:path=/run/user/1000/bus,guid=…`.
fn bus_socket(address: &Path) -> Option<PathBuf> {
    let address = address.to_str()?.strip_prefix("unix:")?;
    let path = address.split(',').find_map(|pair| pair.strip_prefix("path="))?;
    Some(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_of_a_bus_is_found_in_its_address() {
        let socket = bus_socket(Path::new("unix:path=/run/user/1/bus,guid=abc"));
        assert_eq!(socket, Some(PathBuf::from("/run/user/1/bus")));
        assert_eq!(bus_socket(Path::new("unix:abstract=/tmp/x")), None);
    }
}
