//! The web door on loopback: the page, `POST /session`, `POST /call`, two WebSockets, `POST /inbox/<source>`, and
//! Ravi's REST shape.
//!
//! `/socket` carries the frames of the owner's socket, one per text message, after a first message with
//! the token. `/attach` carries one terminal: chunks as binary messages (see [`api::wire`]).

mod crowd;
mod github;
mod guard;
mod inbox;
mod pages;
mod rest;
mod terminal;
mod websocket;

use crate::audit::{Audit, By, Fact, REFUSED};
use crate::backend::Backend;
use crate::caller::Caller;
use crate::config::write_whole;
use crate::serve::{answer, answered, ravi, read};
use crate::telling::told;
use anyhow::{Context, Result};
use api::audit::{Door, Kind};
use api::wire::REQUEST_MAX;
use api::{Code, Error, Request, Role, SecretText};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use crowd::Crowd;
pub use crowd::Theirs;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;

/// Binds the web door's port on loopback: the one that is set, else the one that the last daemon had, which running
/// sessions know, else any.
pub async fn bind(backend: &Backend) -> Result<TcpListener> {
    let (set, last) = (backend.config.settings.web_port, backend.config.runtime.join("web_port"));
    let known =
        std::fs::read_to_string(&last).ok().and_then(|port| port.trim().parse().ok()).filter(|_| set == 0);
    let listener = match known {
        Some(port) => match bind_to(port).await {
            Ok(listener) => listener,
            Err(_) => bind_to(set).await?,
        },
        None => bind_to(set).await?,
    };
    let address = listener.local_addr().context("reading the web door's address")?;
    write_whole(&last, format!("{}\n", address.port()).as_bytes())?;
    backend.members.set_address(format!("http://{address}"));
    Ok(listener)
}

async fn bind_to(port: u16) -> Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.with_context(|| format!("taking the port {port} on 127.0.0.1"))
}

/// Serves the web door until the daemon ends.
pub async fn serve(backend: Backend, listener: TcpListener) -> Result<()> {
    let address = listener.local_addr().context("reading the web door's address")?;
    let ending = backend.ending.clone();
    let app = router(backend, address.port()).into_make_service_with_connect_info::<Theirs>();
    axum::serve(Crowd::new(listener), app)
        .with_graceful_shutdown(async move { ending.cancelled().await })
        .await
        .context("serving the web door")
}

fn router(backend: Backend, port: u16) -> Router {
    let pages = pages::router(backend.config.ui.clone());
    let (audit, ending) = (backend.audit.clone(), backend.ending.clone());
    Router::new()
        .route("/session", post(session))
        .route("/call", post(call))
        .route("/socket", get(websocket::open))
        .route("/attach", get(terminal::open))
        .merge(github::router())
        .merge(inbox::router())
        .nest("/api", ravi::router())
        .layer(DefaultBodyLimit::max(REQUEST_MAX))
        .with_state(backend)
        .merge(pages)
        .layer(axum::middleware::from_fn(move |request, next| {
            guard::check(port, audit.clone(), request, next)
        }))
        .layer(axum::middleware::from_fn(move |request, next| rest::read_away(ending.clone(), request, next)))
}

#[derive(Deserialize)]
struct Exchange {
    code: SecretText,
}

#[derive(Serialize)]
struct Token {
    token: SecretText,
}

/// Exchanges a one-time code for a token.
async fn session(State(backend): State<Backend>, body: Bytes) -> Response {
    let exchange: Exchange = match serde_json::from_slice(&body) {
        Ok(exchange) => exchange,
        Err(_) => return refusal(StatusCode::BAD_REQUEST, &Error::invalid("the body is no {\"code\":…}")),
    };
    // EXPOSE: the code is hashed and compared.
    match backend.members.exchange(exchange.code.expose()) {
        Ok(token) => {
            let by = By::Caller(&Caller::Member { role: Role::Owner });
            let fact = Fact::done(Kind::Member, "members.enter", "");
            match backend.audit.record(by, fact).await {
                Ok(()) => json(StatusCode::OK, &Token { token }),
                Err(e) => refusal(StatusCode::SERVICE_UNAVAILABLE, &told(&e)),
            }
        }
        Err(e) => {
            refused(&backend.audit, Kind::Member, "members.enter", "a wrong, used or old code").await;
            refusal(StatusCode::FORBIDDEN, &told(&e))
        }
    }
}

/// Answers one request.
async fn call(State(backend): State<Backend>, headers: HeaderMap, body: Bytes) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let Some(caller) = caller(&backend, token).await else {
        return refusal(StatusCode::UNAUTHORIZED, &no_token());
    };
    let (id, request) = read(&body);
    let line = match request {
        Err(error) => answer(id, &Err(error)),
        Ok(Request::AttachSession(_) | Request::Subscribe(_)) => answer(id, &Err(needs_socket())),
        Ok(request) => {
            // A call goes on and is recorded when its browser is gone.
            let tasks = backend.tasks.clone();
            let answered = async move { answered(&backend, &caller, id, request).await };
            tasks.spawn(answered).await.unwrap_or_else(|_| answer(id, &Err(Error::internal())))
        }
    };
    (StatusCode::OK, json_type(), line.to_vec()).into_response()
}

/// Who the bearer of a token is. One that is worth nothing is recorded.
async fn caller(backend: &Backend, token: &str) -> Option<Caller> {
    match backend.members.role(token) {
        Some(role @ Role::Owner) => Some(Caller::Member { role }),
        Some(Role::Approver | Role::Viewer | Role::Agent) | None => {
            refused(&backend.audit, Kind::Door, "door.refused", "no token, or one that is worth nothing")
                .await;
            None
        }
    }
}

/// Records whom the web door refused.
pub(super) async fn refused(audit: &Audit, kind: Kind, action: &str, why: &str) {
    let at = Door::Web.name();
    let fact = Fact { outcome: REFUSED.into(), detail: why.into(), ..Fact::done(kind, action, at) };
    if let Err(e) = audit.note(By::Stranger(Door::Web), fact).await {
        tracing::error!("recording a refusal at the web door: {e:#}");
    }
}

fn no_token() -> Error {
    Error::refused("the token is missing, unknown or too old").hint("ask for a new address: lanyard web")
}

fn needs_socket() -> Error {
    Error::new(Code::Unsupported, "that needs a WebSocket")
        .hint("use /socket for events, /attach for a terminal")
}

fn refusal(status: StatusCode, error: &Error) -> Response {
    json(status, &serde_json::json!({ "error": error }))
}

/// An answer as JSON, which nobody keeps.
pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    (status, json_type(), serde_json::to_vec(value).unwrap_or_default()).into_response()
}

fn json_type() -> [(header::HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")]
}
