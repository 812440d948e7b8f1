//! What a server says when it doesn't say yes, as a failure: bounded, escaped, and without our secrets.

use super::Failure;
use api::Millis;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;
use std::time::{Duration, UNIX_EPOCH};
use vault::Secret;

/// How much of an issuer's words is told, in characters.
const WORDS_MAX: usize = 200;
/// How long an issuer may make us wait: none may keep a revocation from being tried again for ever.
const WAIT_MAX: Duration = Duration::from_secs(3600);
/// So many bytes of a secret in a row are too many to be told.
const PIECE: usize = 8;

/// An answer that is not a yes.
pub struct Complaint<'a> {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: &'a [u8],
}

impl Complaint<'_> {
    /// The failure that it means. None of the `hidden` secrets is told.
    pub fn failure(&self, hidden: &[&Secret], now: Millis) -> Failure {
        let after = self.wait(now);
        let words = || words(self.body, hidden);
        match self.status {
            status @ 300..400 => Failure::Refused {
                status,
                message: "a redirect, which credentials do not follow; give its final address".into(),
            },
            404 | 410 => {
                let words = words().map(|words| format!(": {words}")).unwrap_or_default();
                Failure::NotFound(format!("what it was asked for{words}"))
            }
            429 => Failure::RateLimited { after: self.said_in_body().or(after) },
            // GitHub limits with 403 as well; a server that is down for a while says until when.
            403 | 503 if after.is_some() => Failure::RateLimited { after },
            status => {
                Failure::Refused { status, message: words().unwrap_or_else(|| "it gives no reason".into()) }
            }
        }
    }

    /// How long to wait, as the body says it: Ravi does.
    fn said_in_body(&self) -> Option<Duration> {
        let body: Value = serde_json::from_slice(self.body).ok()?;
        Some(Duration::from_secs(body["retry_after_seconds"].as_u64()?).min(WAIT_MAX))
    }

    /// How long to wait, where the issuer says so.
    fn wait(&self, now: Millis) -> Option<Duration> {
        let text = |name: &str| self.headers.get(name)?.to_str().ok().map(str::trim);
        let until = |at: Millis| Duration::from_millis(u64::try_from(at - now).unwrap_or(0));
        let wait = match text(RETRY_AFTER.as_str()) {
            Some(said) => match said.parse() {
                Ok(seconds) => Duration::from_secs(seconds),
                Err(_) => until(from_http_date(said)?),
            },
            None => {
                if text("x-ratelimit-remaining")? != "0" {
                    return None;
                }
                until(text("x-ratelimit-reset")?.parse::<Millis>().ok()?.checked_mul(1000)?)
            }
        };
        Some(wait.min(WAIT_MAX))
    }
}

fn from_http_date(text: &str) -> Option<Millis> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Millis::try_from(since.as_millis()).ok()
}

/// The issuer's own words: what the usual fields of an error hold. A page is not quoted.
fn words(body: &[u8], hidden: &[&Secret]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let first = |field: &str| match &body[field] {
        Value::Array(all) => all.first().cloned(),
        other => Some(other.clone()),
    };
    let said = ["message", "error_description", "error", "errors", "detail"].into_iter().filter_map(first);
    let said: String =
        said.filter_map(|value| sentence(&value)).next()?.chars().take(WORDS_MAX + 1).collect();
    if hidden.iter().any(|secret| holds_piece(&said, secret)) {
        return Some("its words are left out, since they repeat a secret".into());
    }
    let cut: String = said.chars().take(WORDS_MAX).collect();
    let more = if cut.len() < said.len() { "…" } else { "" };
    Some(format!("{}{more}", cut.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"")))
}

/// What stands in an error's field: text, or something that has text as its message.
fn sentence(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_string()),
        Value::Object(fields) => match fields.get("message") {
            Some(message) => sentence(message),
            // GitLab names the field, then what is wrong with it.
            None => Some(value.to_string()).filter(|_| !fields.is_empty()),
        },
        _ => None,
    }
}

/// Whether a text repeats a piece of a secret.
pub fn holds_piece(text: &str, secret: &Secret) -> bool {
    // EXPOSE: it is only looked for.
    let secret = secret.expose();
    let piece = PIECE.min(secret.len().max(1));
    secret.windows(piece).any(|window| text.as_bytes().windows(piece).any(|part| part == window))
}

/// Why no whole answer came. The address is not told: it is the issuer's, which the caller names.
pub fn lost(error: &reqwest::Error) -> Failure {
    if error.is_timeout() && !error.is_connect() {
        return Failure::Broken("nothing came in time".into());
    }
    if error.is_connect() || error.is_builder() {
        let text = root(error).chars().take(WORDS_MAX).collect::<String>();
        return Failure::Unreachable(text.escape_debug().to_string());
    }
    if error.is_body() || error.is_decode() {
        return Failure::Broken("it ended half-way".into());
    }
    Failure::Broken("the connection was ended without one".into())
}

fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// How a body differs from what was expected; nothing of the body is told.
pub fn misfit(body: &[u8], error: &serde_json::Error) -> String {
    let start = body.trim_ascii_start().first();
    match (start, error.classify()) {
        (None, _) => "it is empty".into(),
        (Some(b'<'), _) => "it is a page, not JSON".into(),
        (_, serde_json::error::Category::Data) => {
            let text = error.to_string();
            let field = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
            match field {
                Some(field) => format!("it has no {field}"),
                None => "it has another shape than expected".into(),
            }
        }
        _ => "it is no JSON".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, headers: &[(&'static str, &str)], body: &str) -> Failure {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let secret = Secret::from("ghp_verysecret".to_string());
        Complaint { status, headers: &headers, body: body.as_bytes() }.failure(&[&secret], 1_000_000)
    }

    #[test]
    fn every_status_has_its_meaning() {
        let refused =
            |status| matches!(failure(status, &[], "{}"), Failure::Refused { status: s, .. } if s == status);
        assert!([302, 400, 401, 403, 409, 422, 500, 502, 503, 599].into_iter().all(refused));
        assert!(matches!(failure(404, &[], ""), Failure::NotFound(_)));
        assert!(matches!(failure(429, &[], ""), Failure::RateLimited { after: None }));
    }

    #[test]
    fn it_may_say_how_long_to_wait_but_not_for_ever() {
        let after = |status, headers: &[_]| match failure(status, headers, "") {
            Failure::RateLimited { after } => after.map(|after| after.as_secs()),
            _ => Some(u64::MAX),
        };
        assert_eq!(after(429, &[("retry-after", "7")]), Some(7));
        assert_eq!(after(429, &[("retry-after", "99999999999")]), Some(3600));
        assert_eq!(after(429, &[("retry-after", "Thu, 01 Jan 1970 00:17:00 GMT")]), Some(20));
        assert_eq!(after(429, &[("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")]), Some(0));
        assert_eq!(after(429, &[("retry-after", "soon")]), None);
        assert_eq!(after(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1060")]), Some(60));
        assert_eq!(
            after(403, &[("x-ratelimit-remaining", "5"), ("x-ratelimit-reset", "1060")]),
            Some(u64::MAX)
        );
        assert_eq!(after(503, &[("retry-after", "2")]), Some(2));
    }

    fn said(body: &str) -> String {
        match failure(422, &[], body) {
            Failure::Refused { message, .. } => message,
            _ => panic!("{body}"),
        }
    }

    #[test]
    fn the_issuers_own_words_are_told_whichever_field_holds_them() {
        assert_eq!(said(r#"{"message":"Bad credentials"}"#), "Bad credentials");
        assert_eq!(said(r#"{"error":{"code":"forbidden","message":"No."}}"#), "No.");
        assert_eq!(said(r#"{"success":false,"errors":[{"code":1,"message":"Invalid"}]}"#), "Invalid");
        assert_eq!(
            said(r#"{"message":{"expires_at":["is in the past"]}}"#),
            r#"{"expires_at":["is in the past"]}"#
        );
        assert_eq!(said("<html>Sign in</html>"), "it gives no reason");
    }

    #[test]
    fn they_are_bounded_and_escaped_and_repeat_no_secret() {
        let long = said(&format!(r#"{{"message":"{}"}}"#, "x".repeat(5000)));
        assert_eq!(long.chars().count(), WORDS_MAX + 1);
        assert_eq!(said(r#"{"message":"\u001b[2J'gone'"}"#), r"\u{1b}[2J'gone'");
        for echo in ["no ghp_verysecret here", "token …rysecret is bad", "ghp_very…"] {
            let told = said(&serde_json::json!({ "message": echo }).to_string());
            assert!(!told.contains("ghp_ver") && !told.contains("rysecret"), "{told}");
        }
    }
}
