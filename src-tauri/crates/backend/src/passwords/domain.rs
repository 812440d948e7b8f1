//! The host that a login is for: in lower case and in ASCII, however it was written.

use anyhow::{Result, bail};
use api::Error;
use api::names::shown;
use url::Host;

/// The longest name that DNS takes, and the longest part of one, in bytes.
const NAME_MAX: usize = 253;
const LABEL_MAX: usize = 63;

/// The host that `text` names, with the port where one is given. It is no address: no scheme and no path.
pub fn normalise(text: &str) -> Result<String> {
    match host_and_port(text) {
        Some(domain) => Ok(domain),
        None => bail!(
            Error::invalid(format!("{} is no domain", shown(text)))
                .hint("give the host alone, for example github.com, or with a port: localhost:8080")
        ),
    }
}

fn host_and_port(text: &str) -> Option<String> {
    // The parser of addresses would decode or drop these in silence.
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || "%/\\@?#\u{ad}".contains(c)) {
        return None;
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port = match port {
        Some(port) => Some(number(port)?),
        None => None,
    };
    let host = match Host::parse(host.strip_suffix('.').unwrap_or(host)).ok()? {
        Host::Domain(name) if !is_name(&name) => return None,
        host => host.to_string(),
    };
    Some(port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

/// A port. A number's own parser would take a sign as well.
fn number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_MAX && name.split('.').all(|label| (1..=LABEL_MAX).contains(&label.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_one_spelling() {
        for (text, domain) in [
            ("GitHub.com", "github.com"),
            ("github.com.", "github.com"),
            ("Bücher.example", "xn--bcher-kva.example"),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("localhost:8080", "localhost:8080"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]:8443", "[::1]:8443"),
            ("[0:0::1]", "[::1]"),
        ] {
            assert_eq!(normalise(text).unwrap(), domain, "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let (long, longer) = (format!("{}.com", "a".repeat(64)), "a.".repeat(200) + "com");
        for text in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "https://github.com",
            "github.com/login",
            "a\\b",
            "a b",
            "a\tb",
            "a\nb",
            "a\0b",
            "a\x1b[2Jb",
            "user@host",
            "a?b",
            "a#b",
            "a%2eb",
            "a:",
            "a:0",
            "a:65536",
            "a:+80",
            "a:-1",
            "::1",
            "a:b:c",
            "[::1",
            "git\u{202e}hub.com",
            "git\u{ad}hub.com",
            "xn--a",
            &long,
            &longer,
        ] {
            assert!(normalise(text).is_err(), "{text:?} became {:?}", normalise(text));
        }
    }
}
