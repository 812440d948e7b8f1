//! What a keeper is told at its start, over its standard input: never by argv or its own environment.

use super::hiding::Hiding;
use api::SecretText;
use api::sessions::Size;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// How many lines of scrollback a session keeps by default.
pub const SCROLLBACK: usize = 10_000;
/// The longest spec that a keeper reads: arguments and environment of one process fit well.
const SPEC_MAX: u64 = 8 * 1024 * 1024;

/// What to run, where, and with which environment.
#[derive(Debug)]
pub struct Spec {
    /// The session's id.
    pub session: String,
    /// Where the keeper listens (`keep.sock`); its folder exists.
    pub socket: PathBuf,
    /// The command and its arguments; the command is looked up on the PATH of `env`.
    pub command: Vec<String>,
    /// The whole environment of the command.
    pub env: Vec<(String, SecretText)>,
    /// Where the command runs.
    pub cwd: PathBuf,
    /// The terminal's first size.
    pub size: Size,
    /// How many lines of scrollback to keep.
    pub scrollback: usize,
    /// Whether what programs print about themselves is heard.
    pub listens: bool,
    /// What the command cannot see.
    pub hiding: Hiding,
}

/// The part of a spec that is no secret, as the first line on the wire.
#[derive(Serialize, Deserialize)]
struct Head {
    session: String,
    socket: PathBuf,
    command: Vec<String>,
    cwd: PathBuf,
    size: Size,
    scrollback: usize,
    #[serde(default)]
    listens: bool,
    #[serde(default)]
    hiding: Hiding,
}

impl Spec {
    /// The spec as bytes: one line of JSON, then `NAME=VALUE` entries that each end with a NUL. JSON
    /// would copy the values into buffers that nobody wipes.
    pub fn to_bytes(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        let head = Head {
            session: self.session.clone(),
            socket: self.socket.clone(),
            command: self.command.clone(),
            cwd: self.cwd.clone(),
            size: self.size,
            scrollback: self.scrollback,
            listens: self.listens,
            hiding: self.hiding.clone(),
        };
        let head = serde_json::to_vec(&head)?;
        // EXPOSE: the values are handed to the process that they are meant for. The buffer has its full
        // size from the start, so that growing leaves no copy behind.
        let env: usize = self.env.iter().map(|(name, value)| name.len() + value.expose().len() + 2).sum();
        let mut bytes = Zeroizing::new(Vec::with_capacity(head.len() + 1 + env));
        bytes.extend_from_slice(&head);
        bytes.push(b'\n');
        for (name, value) in &self.env {
            // EXPOSE: see above.
            let value = value.expose();
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("the variable {} cannot stand in an environment", api::names::shown(name)),
                ));
            }
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(b'=');
            bytes.extend_from_slice(value.as_bytes());
            bytes.push(0);
        }
        Ok(bytes)
    }
}

/// A spec as the keeper reads it: its environment stays one block that is wiped as a whole.
pub(super) struct Told {
    pub session: String,
    pub socket: PathBuf,
    pub command: Vec<String>,
    pub cwd: PathBuf,
    pub size: Size,
    pub scrollback: usize,
    pub listens: bool,
    pub hiding: Hiding,
    /// `NAME=VALUE` entries, each with a NUL at its end.
    pub env: Zeroizing<Vec<u8>>,
}

impl Told {
    /// Reads a spec up to the end of `from`.
    pub fn read(from: impl Read) -> io::Result<Self> {
        let mut from = from.take(SPEC_MAX);
        let mut head = Vec::new();
        let mut env = Zeroizing::new(Vec::new());
        // The first line is read with the bytes that happen to follow it; those move to `env`.
        let mut block = Zeroizing::new(vec![0u8; 64 * 1024]);
        let mut in_env = false;
        loop {
            let count = from.read(&mut block)?;
            let Some(bytes) = block.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
            match bytes.iter().position(|byte| *byte == b'\n').filter(|_| !in_env) {
                Some(end) => {
                    head.extend_from_slice(&bytes[..end]);
                    append(&mut env, &bytes[end + 1..]);
                    in_env = true;
                }
                None if in_env => append(&mut env, bytes),
                None => head.extend_from_slice(bytes),
            }
        }
        if !in_env || env.last().is_some_and(|last| *last != 0) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the spec was cut short"));
        }
        let head: Head = serde_json::from_slice(&head)?;
        let Head { session, socket, command, cwd, size, scrollback, listens, hiding } = head;
        Ok(Self { session, socket, command, cwd, size: size.clamped(), scrollback, listens, hiding, env })
    }

    /// The value of a variable of the session's environment.
    pub fn var(&self, name: &str) -> Option<&[u8]> {
        self.env
            .split(|byte| *byte == 0)
            .filter_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
            .next()
    }
}

/// Appends to a wiped buffer without leaving a copy behind where it has to grow.
fn append(to: &mut Zeroizing<Vec<u8>>, bytes: &[u8]) {
    if to.capacity() - to.len() < bytes.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity((to.len() + bytes.len()) * 2));
        larger.extend_from_slice(to);
        *to = larger;
    }
    to.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> Spec {
        Spec {
            session: "s".into(),
            socket: "/run/keep.sock".into(),
            command: vec!["sh".into(), "-c".into(), "echo \"a\nb\"".into()],
            env: vec![
                ("PATH".into(), SecretText::new("/bin".into())),
                ("KEY".into(), SecretText::new("-----BEGIN-----\nä=\"x\"\n".into())),
            ],
            cwd: "/".into(),
            size: Size::DEFAULT,
            scrollback: SCROLLBACK,
            listens: true,
            hiding: Hiding::default(),
        }
    }

    #[test]
    fn a_spec_reads_back_with_every_byte_of_its_environment() {
        let told = Told::read(&spec().to_bytes().unwrap()[..]).unwrap();
        assert_eq!(told.command, spec().command);
        assert_eq!(told.var("PATH"), Some(&b"/bin"[..]));
        assert_eq!(told.var("KEY"), Some("-----BEGIN-----\nä=\"x\"\n".as_bytes()));
        assert_eq!(told.var("KE"), None);
    }

    #[test]
    fn a_spec_that_was_cut_short_is_refused() {
        let bytes = spec().to_bytes().unwrap();
        assert!(Told::read(&bytes[..bytes.len() - 1]).is_err());
        assert!(Told::read(&bytes[..10]).is_err());
    }

    #[test]
    fn a_value_with_a_nul_is_refused_without_showing_it() {
        let mut spec = spec();
        spec.env.push(("TOKEN".into(), SecretText::new("ghp_\0x".into())));
        let error = spec.to_bytes().unwrap_err().to_string();
        assert!(error.contains("TOKEN") && !error.contains("ghp_"), "{error}");
    }
}
