//! The page itself: files of one folder, under a strict content security policy.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::routing::get;
use std::path::PathBuf;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// What the page may do; the same text stands in the window's configuration.
const POLICY: &str = include_str!("../../../../../../ui/csp.txt");

/// Serves the files of `ui`, or says that there are none.
pub fn router(ui: Option<PathBuf>) -> Router {
    let router = match ui {
        Some(folder) => Router::new().fallback_service(ServeDir::new(folder)),
        None => Router::new().fallback(get(|| async { (StatusCode::NOT_FOUND, "No page was found.\n") })),
    };
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY.trim()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    fixed.into_iter().fold(router, |router, (name, value)| {
        router.layer(SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value)))
    })
}
