//! The system's packages: which are missing is asked of the machine itself, so that it takes no
//! package manager to be quick; they are installed through the manager that is there.

use super::Level;
use crate::host::Host;
use crate::shell::{line, quietly, run, say};
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;

/// How to see that something is installed.
enum Sign {
    Program(&'static str),
    /// A library that pkg-config knows.
    Library(&'static str),
}

/// One thing that the system must have, and its package by apt, dnf and pacman; "" where we are not sure.
struct Need {
    level: Level,
    sign: Sign,
    packages: [&'static str; 3],
}

const fn need(level: Level, sign: Sign, packages: [&'static str; 3]) -> Need {
    Need { level, sign, packages }
}

use Level::{Bench, Page, Test, Window};
use Sign::{Library, Program};

const NEEDS: &[Need] = &[
    need(Page, Program("git"), ["git", "git", "git"]),
    need(Page, Program("cc"), ["gcc libc6-dev", "gcc", "gcc"]),
    need(Page, Program("node"), ["nodejs", "nodejs", "nodejs"]),
    need(Page, Program("npm"), ["npm", "nodejs-npm", "npm"]),
    need(Window, Program("pkg-config"), ["pkg-config", "pkgconf-pkg-config", "pkgconf"]),
    need(
        Window,
        Library("webkit2gtk-4.1"),
        ["libwebkit2gtk-4.1-dev", "webkit2gtk4.1-devel", "webkit2gtk-4.1"],
    ),
    need(
        Window,
        Library("ayatana-appindicator3-0.1"),
        ["libayatana-appindicator3-dev", "libayatana-appindicator-gtk3-devel", "libayatana-appindicator"],
    ),
    need(Window, Library("dbus-1"), ["libdbus-1-dev", "dbus-devel", "dbus"]),
    need(Test, Program("dbus-run-session"), ["dbus", "dbus-daemon", "dbus"]),
    need(Test, Program("gnome-keyring-daemon"), ["gnome-keyring", "gnome-keyring", "gnome-keyring"]),
    need(Test, Program("secret-tool"), ["libsecret-tools", "libsecret", "libsecret"]),
    need(Test, Program("WebKitWebDriver"), ["webkit2gtk-driver", "", ""]),
    need(Test, Program("chromium"), ["chromium", "chromium", "chromium"]),
    need(Test, Program("chromedriver"), ["chromium-driver", "chromedriver", "chromium"]),
    need(Test, Program("Xvfb"), ["xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb"]),
    need(Test, Program("openbox"), ["openbox", "openbox", "openbox"]),
    need(Test, Program("xdotool"), ["xdotool", "xdotool", "xdotool"]),
    need(Test, Program("dunst"), ["dunst", "dunst", "dunst"]),
    need(Test, Program("gdbus"), ["libglib2.0-bin", "glib2", "glib2"]),
    need(Test, Program("kill"), ["procps", "procps-ng", "procps-ng"]),
    need(Test, Program("jq"), ["jq", "jq", "jq"]),
    need(Test, Program("pip3"), ["python3-pip", "python3-pip", "python-pip"]),
    need(Test, Program("ssh-keygen"), ["openssh-client", "openssh-clients", "openssh"]),
    need(Test, Program("sshd"), ["openssh-server", "openssh-server", "openssh"]),
    need(Test, Program("gh"), ["gh", "gh", "github-cli"]),
    need(Test, Program("swaks"), ["swaks libnet-ssleay-perl", "swaks", "swaks"]),
    need(Test, Program("faketime"), ["faketime", "libfaketime", "libfaketime"]),
    need(Test, Program("dovecot"), ["dovecot-imapd", "dovecot", "dovecot"]),
    need(Test, Program("unshare"), ["util-linux", "util-linux", "util-linux"]),
    need(Test, Program("ip"), ["iproute2", "iproute", "iproute2"]),
    need(Test, Program("python3"), ["python3", "python3", "python"]),
    need(Bench, Program("tmux"), ["tmux", "tmux", "tmux"]),
    need(Bench, Program("pass"), ["pass", "pass", "pass"]),
    need(Bench, Program("gpg"), ["gnupg", "gnupg2", "gnupg"]),
];

/// Installs what `level` needs and the system lacks.
pub fn install(host: &Host, level: Level) -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|n| n.level <= level && !is_there(host, &n.sign)).collect();
    // What the bench alone wants are peers to measure against: it names those that are missing.
    let (peers, needed): (Vec<&Need>, Vec<&Need>) = missing.into_iter().partition(|n| n.level == Bench);
    if !needed.is_empty() {
        install_needs(host, &needed)?;
    }
    if !peers.is_empty()
        && let Err(error) = install_needs(host, &peers)
    {
        say(format!("going on without some peers of the bench: {error:#}"));
    }
    Ok(())
}

fn is_there(host: &Host, sign: &Sign) -> bool {
    match sign {
        // Programs for administrators are not on everybody's PATH.
        Program(name) => host.has(name) || Path::new("/usr/sbin").join(name).is_file(),
        Library(name) => quietly(Command::new("pkg-config").args(["--exists", name])),
    }
}

fn sign_name(sign: &Sign) -> &'static str {
    match sign {
        Program(name) | Library(name) => name,
    }
}

fn install_needs(host: &Host, needs: &[&Need]) -> Result<()> {
    let names: Vec<&str> = needs.iter().map(|need| sign_name(&need.sign)).collect();
    let managers = ["apt-get", "dnf", "pacman"];
    let Some(manager) = managers.iter().position(|name| host.has(name)) else {
        bail!("missing: {}. Install them by your system's package manager, then try again", names.join(", "));
    };
    let unknown: Vec<&str> =
        needs.iter().filter(|n| n.packages[manager].is_empty()).map(|n| sign_name(&n.sign)).collect();
    if !unknown.is_empty() {
        bail!("missing: {}. Install the packages that hold them, then try again", unknown.join(", "));
    }
    let mut packages: Vec<&str> = needs.iter().flat_map(|n| n.packages[manager].split(' ')).collect();
    packages.sort_unstable();
    packages.dedup();
    install_packages(host, managers[manager], &packages)?;
    match needs.iter().find(|need| !is_there(host, &need.sign)) {
        Some(need) => bail!("{} is still missing after the installation", sign_name(&need.sign)),
        None => Ok(()),
    }
}

/// Installs packages as root, or through `sudo -n`; where that may not be, tells the command to run.
pub fn install_packages(host: &Host, manager: &str, packages: &[&str]) -> Result<()> {
    let steps = steps(manager, packages);
    let by_hand = || {
        let lines: Vec<String> = steps.iter().map(|step| format!("sudo {}", step.join(" "))).collect();
        lines.join(" && ")
    };
    let prefix: &[&str] = match host.is_root() {
        true => &[],
        false if quietly(Command::new("sudo").args(["-n", "true"])) => &["sudo", "-n"],
        false => bail!("packages are missing and setup may not install them. Run:\n  {}", by_hand()),
    };
    say(format!("installing {}", packages.join(" ")));
    for step in &steps {
        let words: Vec<&str> = prefix.iter().copied().chain(step.iter().copied()).collect();
        let mut command = host.command(words[0]);
        command.args(&words[1..]);
        if let Err(error) = run(&mut command) {
            bail!("{error:#} ({}). To do it by hand:\n  {}", line(&command), by_hand());
        }
    }
    Ok(())
}

/// The commands that install packages, without their `sudo`.
fn steps<'a>(manager: &'a str, packages: &[&'a str]) -> Vec<Vec<&'a str>> {
    let with = |words: &[&'a str]| [words, packages].concat();
    match manager {
        "apt-get" => vec![
            vec!["apt-get", "update", "-qq"],
            with(&[
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "install",
                "-y",
                "-q",
                "--no-install-recommends",
            ]),
        ],
        "dnf" => vec![with(&["dnf", "install", "-y"])],
        _ => vec![with(&["pacman", "-S", "--noconfirm", "--needed"])],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_has_its_package_on_debian() {
        for need in NEEDS {
            assert!(!need.packages[0].is_empty(), "{}", sign_name(&need.sign));
        }
    }

    #[test]
    fn apt_reads_its_lists_before_it_installs_and_asks_nothing() {
        let steps = steps("apt-get", &["tmux"]);
        assert_eq!(steps[0][..2], ["apt-get", "update"]);
        assert!(steps[1].contains(&"-y") && steps[1].ends_with(&["tmux"]), "{:?}", steps[1]);
    }
}
