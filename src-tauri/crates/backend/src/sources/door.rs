//! What the doors of sources have in common: for whom a request is meant, and what whoever posted is told.

use super::source::{Answer, Failure, Posted, Setup};
use api::names::shown;
use api::sources::SourceKind;
use std::collections::BTreeMap;
use url::Url;

pub use crate::inbox::RAW_MAX as LETTER_MAX;

/// Where all doors of sources are, below the address of the web door.
pub const PLACE: &str = "/inbox/";

/// Where a source is posted to, if it is; `web` is the address of the web door. Twilio posts where it was told a public
/// address, and is asked else.
pub fn posted_to(
    kind: SourceKind,
    name: &str,
    settings: &BTreeMap<String, String>,
    web: Option<&str>,
) -> Option<String> {
    let here = || Some(format!("{}{PLACE}{name}", web?));
    match (kind, settings.get("public")) {
        (SourceKind::Webhook | SourceKind::Twilio, Some(public)) => Some(public.clone()),
        (SourceKind::Webhook, None) => here(),
        _ => None,
    }
}

/// The address under which a source's door is known outside of this machine, if it is: a tunnel's.
pub fn public(setup: &Setup) -> Result<Option<Url>, String> {
    let Some(text) = setup.may("public") else { return Ok(None) };
    let url = Url::parse(&text).map_err(|e| format!("{} is no address: {e}", shown(&text)))?;
    if !["https", "http"].contains(&url.scheme()) || url.host_str().is_none() {
        return Err(format!("{} is neither https:// nor http://", shown(&text)));
    }
    Ok(Some(url))
}

/// Whether a request was meant for us: it names this machine's loopback, or the public address. A page in somebody's
/// browser says where it is from, and has no business here.
pub fn is_for_us(posted: &Posted, public: Option<&Url>) -> bool {
    let host = posted.header("host").unwrap_or_default().to_ascii_lowercase();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.parse::<u16>().is_ok())
        .map_or(&*host, |(name, _)| name);
    let is_public = public.is_some_and(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        url.host_str().is_some_and(|own| host == format!("{own}{port}") || host == own)
    });
    (["127.0.0.1", "localhost"].contains(&name) || is_public) && posted.header("origin").is_none()
}

/// It was taken.
pub fn taken(new: bool) -> Answer {
    json(200, if new { r#"{"taken":"new"}"# } else { r#"{"taken":"known"}"# }.into())
}

/// It is not taken, and will not be.
pub fn refused(status: u16, why: &str) -> Answer {
    json(status, serde_json::json!({ "error": why }).to_string())
}

/// The same words for all that is not signed by our key, and for a source that does not exist.
pub fn unsigned() -> Answer {
    refused(401, "no source of this name has signed this")
}

/// It cannot be taken now.
pub fn later(failure: &Failure) -> Answer {
    tracing::warn!("what was posted to a source cannot be kept now: {}", failure.said);
    refused(503, "it cannot be kept now; try again")
}

fn json(status: u16, body: String) -> Answer {
    Answer { status, content_type: "application/json", body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(host: &str, origin: Option<&str>, public: Option<&str>) -> bool {
        let mut headers = vec![("host".to_string(), host.to_string())];
        headers.extend(origin.map(|origin| ("origin".to_string(), origin.to_string())));
        let posted = Posted { url: String::new(), headers, body: Vec::new() };
        is_for_us(&posted, public.map(|text| Url::parse(text).unwrap()).as_ref())
    }

    #[test]
    fn only_what_names_this_machine_or_the_public_address_is_for_us() {
        let public = Some("https://Hooks.example/inbox/phone");
        assert!(meant("127.0.0.1:7000", None, None) && meant("localhost:7000", None, public));
        assert!(meant("hooks.example", None, public) && meant("HOOKS.example", None, public));
        assert!(meant("hooks.example:8443", None, Some("https://hooks.example:8443/x")));
        for host in
            ["evil.example", "127.0.0.1.evil.example:7000", "", "hooks.example.evil", "hooks.example:1"]
        {
            assert!(!meant(host, None, public), "{host}");
        }
        assert!(!meant("hooks.example", None, None));
        assert!(!meant("127.0.0.1:7000", Some("http://127.0.0.1:7000"), public));
    }
}
