//! A real Dovecot on loopback, with one mailbox in the world's folder.

use crate::beside::CERTIFICATE;
use crate::run::wait_for_end;
use crate::{DEADLINE, World};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The mailbox's password.
pub const MAILBOX_PASSWORD: &str = "letters-of-everybody";

/// A Dovecot; it ends when it is dropped.
pub struct Dovecot {
    child: Child,
    folder: PathBuf,
    command: Vec<String>,
    environment: BTreeMap<String, String>,
    letters: u32,
    /// Where it speaks in clear, and upgrades to TLS.
    pub port: u16,
    /// Where it speaks TLS.
    pub tls_port: u16,
}

impl World {
    /// A Dovecot whose one mailbox is empty, and takes [`MAILBOX_PASSWORD`] from everybody. Its certificate is that
    /// of the world's `loopback.pem`. Lines of configuration may be added.
    #[track_caller]
    pub fn dovecot(&self, more: &str) -> Dovecot {
        let folder = self.path("dovecot");
        ["run", "Maildir/new", "Maildir/cur", "Maildir/tmp"].iter().for_each(|name| {
            fs::create_dir_all(folder.join(name)).expect("its folders are made");
        });
        fs::write(self.path("loopback.pem"), CERTIFICATE).expect("its certificate is written");
        // Both are bound at once, so that they differ.
        let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port is free"));
        let [port, tls_port] = free.map(|one| one.local_addr().expect("it has an address").port());
        // Dovecot serves no mail as root. Where the test is root, it runs in a namespace where it is nobody.
        let root = rustix::process::getuid().is_root();
        let names = if root {
            ["nobody".into(), "nogroup".into()]
        } else {
            ["-un", "-gn"].map(|what| {
                let mut id = self.command("id");
                id.arg(what);
                crate::run(id, b"", DEADLINE).ok().trim().to_string()
            })
        };
        let config = folder.join("conf");
        fs::write(&config, settings(&folder, &self.path("loopback.pem"), &names, [port, tls_port], more))
            .expect("its settings are written");
        let apart = ["unshare", "--user", "--map-user=65534", "--map-group=65534"];
        let mut command: Vec<String> = apart.iter().filter(|_| root).map(|word| word.to_string()).collect();
        command.extend(["/usr/sbin/dovecot", "-F", "-c"].map(String::from));
        command.push(config.display().to_string());
        let environment = self.environment().clone();
        let child = start(&command, &environment, &folder, port);
        Dovecot { child, folder, command, environment, letters: 0, port, tls_port }
    }
}

impl Dovecot {
    /// Delivers a letter as a mail server does: into the `Maildir`, at once. Its lines may end as a text's do.
    pub fn deliver(&mut self, letter: &str) {
        self.letters += 1;
        let name = format!("{}.{}.test", 1_700_000_000 + self.letters, self.letters);
        let maildir = self.folder.join("Maildir");
        let (written, delivered) = (maildir.join("tmp").join(&name), maildir.join("new").join(&name));
        fs::write(&written, letter.replace("\r\n", "\n").replace('\n', "\r\n"))
            .expect("the letter is written");
        fs::rename(written, delivered).expect("the letter is delivered");
    }

    /// Makes a folder `Archive` with this letter in it. It counts as the one of what comes does.
    pub fn archive(&self, letter: &str) {
        let (maildir, archive) = (self.folder.join("Maildir"), self.folder.join("Maildir/.Archive"));
        ["new", "cur", "tmp"]
            .iter()
            .for_each(|name| fs::create_dir_all(archive.join(name)).expect("it is made"));
        let list = fs::read_to_string(maildir.join("dovecot-uidlist")).expect("it has a list");
        let validity =
            list.split(' ').find_map(|word| word.strip_prefix('V')).expect("it says its numbering");
        let list = format!("3 V{validity} N1 Gfedcba9876543210fedcba9876543210\n");
        fs::write(archive.join("dovecot-uidlist"), list).expect("its list is written");
        fs::write(archive.join("new/1700000000.1.test"), letter.replace('\n', "\r\n"))
            .expect("it is written");
    }

    /// What the mailbox holds: each letter's name, which says its flags, and its bytes.
    pub fn letters(&self) -> BTreeMap<String, Vec<u8>> {
        let mut all = BTreeMap::new();
        for folder in ["new", "cur"] {
            for entry in fs::read_dir(self.folder.join("Maildir").join(folder)).expect("it reads").flatten() {
                let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
                all.insert(name, fs::read(entry.path()).expect("a letter reads"));
            }
        }
        all
    }

    /// Kills it with all that it has started, as a machine does that loses its power.
    pub fn kill(&mut self) {
        // What serves a connection is its child, and would go on for a while.
        let mine = crate::mentioning(&self.folder.display().to_string());
        let _gone = self.child.kill();
        let _gone = self.child.wait();
        for process in mine.iter().filter(|process| process.command_line().starts_with("dovecot")) {
            process.kill();
        }
    }

    /// Comes back after [`Dovecot::kill`], at the same ports.
    #[track_caller]
    pub fn revive(&mut self) {
        self.child = start(&self.command, &self.environment, &self.folder, self.port);
    }

    /// Forgets which letter has which number, as a mailbox does that was restored. It must not run.
    pub fn renumber(&self, validity: u32) {
        let maildir = self.folder.join("Maildir");
        for entry in fs::read_dir(&maildir).expect("it reads").flatten() {
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                fs::remove_file(entry.path()).expect("what it remembers is removed");
            }
        }
        let list = format!("3 V{validity} N1 G0123456789abcdef0123456789abcdef\n");
        fs::write(maildir.join("dovecot-uidlist"), list).expect("its list is written");
    }

    /// What it has written down.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.kill();
    }
}

fn settings(folder: &Path, certificate: &Path, names: &[String; 2], ports: [u16; 2], more: &str) -> String {
    let (folder, certificate, [user, group]) = (folder.display(), certificate.display(), names);
    let [port, tls_port] = ports;
    format!(
        "base_dir = {folder}/run\nstate_dir = {folder}/run\nlog_path = {folder}/log\nprotocols = imap\n\
         listen = 127.0.0.1\ndefault_internal_user = {user}\ndefault_internal_group = {group}\n\
         default_login_user = {user}\nfirst_valid_uid = 0\nmail_location = maildir:{folder}/Maildir\n\
         ssl = yes\nssl_cert = <{certificate}\nssl_key = <{certificate}\ndisable_plaintext_auth = no\n\
         auth_failure_delay = 0\nauth_mechanisms = plain\n\
         passdb {{\n  driver = static\n  args = password={MAILBOX_PASSWORD}\n}}\n\
         userdb {{\n  driver = static\n  args = uid={user} gid={group} home={folder}/home\n}}\n\
         service anvil {{\n  chroot =\n}}\n\
         service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {port}\n  }}\n  \
         inet_listener imaps {{\n    port = {tls_port}\n    ssl = yes\n  }}\n}}\n{more}\n"
    )
}

/// Starts it, and waits for its greeting.
#[track_caller]
fn start(command: &[String], environment: &BTreeMap<String, String>, folder: &Path, port: u16) -> Child {
    let mut dovecot = Command::new(&command[0]);
    dovecot.args(&command[1..]).env_clear().envs(environment).current_dir(folder);
    let complaints = fs::File::create(folder.join("err")).expect("a file for its complaints");
    let child = dovecot.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints).spawn();
    let child = child.expect("dovecot starts: it is among what setup installs");
    let until = Instant::now() + DEADLINE;
    // There is nothing to wait for but its end; a short wait for that is the pause between two tries.
    while !greets(port) {
        let told = || fs::read_to_string(folder.join("err")).unwrap_or_default();
        let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert!(!wait_for_end(&child, Duration::from_millis(10)), "dovecot ended: {}{}", told(), log());
        assert!(Instant::now() < until, "dovecot does not answer: {}{}", told(), log());
    }
    child
}

fn greets(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut greeting = String::new();
    let read = stream.set_read_timeout(Some(DEADLINE)).and_then(|()| {
        stream.write_all(b"a LOGOUT\r\n")?;
        BufReader::new(&stream).read_line(&mut greeting)
    });
    read.is_ok() && greeting.starts_with("* OK")
}
