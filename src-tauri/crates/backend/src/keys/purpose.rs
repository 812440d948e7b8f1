//! What a signature is for, read from the bytes that are to be signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest, Sha256};
use ssh_encoding::Decode;
use std::fmt;

/// What begins the bytes of a signature over a file or a commit.
const SSHSIG: &[u8] = b"SSHSIG";
/// The number of SSH's message by which a user logs in.
const USERAUTH_REQUEST: u8 = 50;

/// What a signature is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// To show whose a text is: `git` for commits and tags.
    Text {
        /// What the signature counts for, for example `git`.
        namespace: String,
    },
    /// To open an SSH session.
    Login {
        /// The user on the server.
        user: String,
        /// What for, as a rule `ssh-connection`.
        service: String,
        /// The server's own key, where the client has told it.
        server: Option<String>,
    },
}

impl Purpose {
    /// Reads it; none where the bytes are neither, or a login by another key than `key`.
    pub fn read(data: &[u8], key: &[u8]) -> Option<Self> {
        match data.strip_prefix(SSHSIG) {
            Some(rest) => text(rest),
            None => login(data, key),
        }
    }

    /// What the owner is shown.
    pub fn details(&self) -> Vec<(String, String)> {
        let pair = |name: &str, value: &str| (name.to_string(), value.escape_debug().take(200).collect());
        match self {
            Purpose::Text { namespace } => vec![pair("for", "a signature"), pair("namespace", namespace)],
            Purpose::Login { user, service, server } => {
                let mut details =
                    vec![pair("for", "an SSH login"), pair("user", user), pair("service", service)];
                details.extend(server.as_deref().map(|server| pair("server's key", server)));
                details
            }
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details: Vec<String> =
            self.details().into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
        f.write_str(&details.join(", "))
    }
}

/// The fingerprint of a public key, as OpenSSH shows it.
pub fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob)))
}

/// Namespace, a reserved word, the hash's name and the hash.
fn text(mut rest: &[u8]) -> Option<Purpose> {
    let namespace = String::decode(&mut rest).ok()?;
    for _ in 0..3 {
        Vec::<u8>::decode(&mut rest).ok()?;
    }
    (rest.is_empty() && !namespace.is_empty()).then_some(Purpose::Text { namespace })
}

/// RFC 4252, section 7, and OpenSSH's way to bind it to the server's key.
fn login(mut data: &[u8], key: &[u8]) -> Option<Purpose> {
    let data = &mut data;
    let _session = Vec::<u8>::decode(data).ok()?;
    if u8::decode(data).ok()? != USERAUTH_REQUEST {
        return None;
    }
    let (user, service) = (String::decode(data).ok()?, String::decode(data).ok()?);
    let method = String::decode(data).ok()?;
    let (signed, _algorithm) = (u8::decode(data).ok()?, String::decode(data).ok()?);
    let by = Vec::<u8>::decode(data).ok()?;
    let server = match method.as_str() {
        "publickey" => None,
        "publickey-hostbound-v00@openssh.com" => Some(fingerprint(&Vec::<u8>::decode(data).ok()?)),
        _ => return None,
    };
    (signed == 1 && by == key && data.is_empty()).then_some(Purpose::Login { user, service, server })
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    fn a_login(method: &str, by: &[u8], after: &[&[u8]]) -> Vec<u8> {
        let mut data = words(&[b"session"]).unwrap();
        data.push(USERAUTH_REQUEST);
        data.extend(words(&[b"git", b"ssh-connection", method.as_bytes()]).unwrap());
        data.push(1);
        data.extend(words(&[b"ssh-ed25519", by]).unwrap());
        data.extend(words(after).unwrap());
        data
    }

    #[test]
    fn a_commit_and_a_login_are_told_apart() {
        let mut commit = SSHSIG.to_vec();
        commit.extend(words(&[b"git", b"", b"sha512", b"hash"]).unwrap());
        assert_eq!(Purpose::read(&commit, b"key"), Some(Purpose::Text { namespace: "git".into() }));

        let read = Purpose::read(&a_login("publickey", b"key", &[]), b"key").unwrap();
        assert_eq!(read.to_string(), "for: an SSH login, user: git, service: ssh-connection");
        let bound = a_login("publickey-hostbound-v00@openssh.com", b"key", &[b"host"]);
        assert!(Purpose::read(&bound, b"key").unwrap().to_string().contains("SHA256:"));
    }

    #[test]
    fn what_is_neither_has_no_purpose() {
        let mut long = SSHSIG.to_vec();
        long.extend(words(&[b"git", b"", b"sha512", b"hash", b"more"]).unwrap());
        let short = &a_login("publickey", b"key", &[])[..40];
        let other = a_login("publickey", b"another", &[]);
        let method = a_login("password", b"key", &[]);
        for data in [&long[..], short, &other, &method, b"", b"SSHSIG", b"anything else"] {
            assert_eq!(Purpose::read(data, b"key"), None, "{data:?}");
        }
    }
}
