//! Host and Origin: the web door answers only to its own address, so that no other page can reach it
//! through a rebound name or a foreign form. The doors of sources have their own check: others post there by the
//! name of a tunnel, and are known by their signature.

use super::refused;
use crate::audit::Audit;
use crate::sources::door::PLACE;
use api::audit::Kind;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses a request whose Host or Origin is not the web door's own.
pub async fn check(port: u16, audit: Audit, request: Request, next: Next) -> Response {
    let posts = request.method() == Method::POST && request.uri().path().starts_with(PLACE);
    match posts || is_own(port, request.headers()) {
        true => next.run(request).await,
        false => {
            refused(&audit, Kind::Door, "door.refused", "a foreign Host or Origin").await;
            (StatusCode::FORBIDDEN, "This door answers only to its own address.\n").into_response()
        }
    }
}

fn is_own(port: u16, headers: &HeaderMap) -> bool {
    let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let text = |name| headers.get(name).map(|value: &axum::http::HeaderValue| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).is_some_and(|host| hosts.iter().any(|own| own == host));
    let own_origin =
        |origin: &str| origin.strip_prefix("http://").is_some_and(|o| hosts.iter().any(|own| own == o));
    host && text(header::ORIGIN).is_none_or(own_origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_its_own_host_and_origin_are_let_in() {
        assert!(is_own(80, &headers("127.0.0.1:80", None)));
        assert!(is_own(80, &headers("localhost:80", Some("http://localhost:80"))));
        assert!(!is_own(80, &headers("evil.example:80", None)));
        assert!(!is_own(80, &headers("127.0.0.1:80", Some("http://evil.example"))));
        assert!(!is_own(80, &headers("127.0.0.1:80", Some("null"))));
        assert!(!is_own(80, &headers("127.0.0.1:81", None)));
        assert!(!is_own(80, &HeaderMap::new()));
    }
}
