//! `POST /inbox/<source>`: the doors of the sources that others post to. Who posts is known by the signature alone.

use super::refused;
use crate::backend::Backend;
use crate::sources::door::{LETTER_MAX, refused as answer, unsigned};
use crate::sources::source::{Answer, Posted};
use crate::telling::told;
use api::audit::Kind;
use api::status::VaultState;
use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout};

/// How long a request may take to come in.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is larger than this is taken in only a few at a time, since nobody knows yet who sends it.
const SMALL: u64 = 256 * 1024;
const LARGE_AT_ONCE: usize = 3;
/// How long a refusal takes, whatever its reason: it must not tell which sources there are.
const REFUSING: Duration = Duration::from_millis(300);
/// In how many seconds whoever cannot be served now shall try again.
const AGAIN: HeaderValue = HeaderValue::from_static("30");

/// The places for what is large.
type Large = Extension<Arc<Semaphore>>;

/// The doors.
pub fn router() -> Router<Backend> {
    let large: Large = Extension(Arc::new(Semaphore::new(LARGE_AT_ONCE)));
    Router::new().route("/inbox/{source}", post(take)).layer(large)
}

async fn take(
    State(backend): State<Backend>,
    Path(source): Path<String>,
    Extension(large): Large,
    request: Request,
) -> Response {
    let length: Option<u64> =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let _place = match length {
        Some(length) if length > LETTER_MAX as u64 => return respond(answer(413, "it is too large")),
        Some(length) if length <= SMALL => None,
        _ => match large.try_acquire_owned() {
            Ok(place) => Some(place),
            Err(_) => return respond(answer(503, "too much comes at once; try again")),
        },
    };
    let (head, body) = request.into_parts();
    let headers = read(&head.headers);
    let body = match timeout(PATIENCE, to_bytes(body, LETTER_MAX)).await {
        Ok(Ok(body)) => body.to_vec(),
        Ok(Err(_)) if backend.ending.is_cancelled() => {
            return respond(answer(503, "the daemon ends; try again"));
        }
        Ok(Err(_)) => return respond(answer(413, "it is too large, or was cut off")),
        Err(_) => return respond(answer(408, "it did not come in time")),
    };
    let until = Instant::now() + REFUSING;
    let posted = Posted { url: head.uri.to_string(), headers, body };
    let heard = hear(&backend, source, posted).await;
    if (400..500).contains(&heard.status) {
        refused(&backend.audit, Kind::Source, "sources.posted", &format!("refused ({})", heard.status)).await;
    }
    if heard.status == 401 {
        sleep_until(until).await;
    }
    respond(heard)
}

/// Gives it to the source. A locked vault answers for all names, since it keeps all keys.
async fn hear(backend: &Backend, source: String, posted: Posted) -> Answer {
    if !matches!(backend.safe.state(), VaultState::Open { .. }) {
        return answer(503, "it cannot be kept now; try again");
    }
    // It goes on when who posted it is gone.
    let sources = backend.sources.clone();
    match backend.tasks.spawn(async move { sources.hear(&source, &posted).await }).await {
        Ok(Ok(heard)) => heard.unwrap_or_else(unsigned),
        // One that cannot be set up has no door.
        Ok(Err(e)) => {
            tracing::warn!("what was posted to a source cannot be taken: {}", told(&e));
            unsigned()
        }
        Err(_) => answer(500, "it failed; the log says why"),
    }
}

fn read(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &axum::http::HeaderValue| value.to_str().ok().map(String::from);
    headers.iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect()
}

fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [(header::CONTENT_TYPE, answer.content_type), (header::CACHE_CONTROL, "no-store")];
    let mut response = (status, headers, answer.body).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, AGAIN);
    }
    response
}
