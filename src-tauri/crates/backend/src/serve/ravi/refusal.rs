//! How a request fails: one body that all of Ravi's clients understand, old and new.

use crate::serve::remote::json;
use crate::telling::told;
use api::{Code, Error};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request is not answered.
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    /// A refusal with these words.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error::new(code, message).into()
    }

    /// Nobody knows the key, or there is none.
    pub fn unauthenticated() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "auth.unauthenticated",
            message: "Authentication credentials were not provided, or are worth nothing.".into(),
        }
    }

    /// The key is good, but not for this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, code: "auth.forbidden", message: message.into() }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, code) = match error.code {
            Code::Invalid => (StatusCode::BAD_REQUEST, "validation.failed"),
            Code::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Code::Ambiguous | Code::Conflict | Code::Unconfirmed => (StatusCode::CONFLICT, "conflict"),
            Code::Refused => (StatusCode::FORBIDDEN, "refused"),
            Code::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Code::Unsupported => (StatusCode::NOT_IMPLEMENTED, "unsupported"),
            Code::Timeout => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
            Code::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, "disk_full"),
            Code::Locked | Code::Ending => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Code::Git | Code::Version | Code::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        Self { status, code, message: error.to_string() }
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        told(&error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = json!({ "code": self.code, "message": self.message, "details": null });
        let mut response = json(self.status, &json!({ "detail": self.message, "error": error }));
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
        }
        response
    }
}

/// The login of Ravi's command, which has envelopes of its own: there is nothing to log in to.
pub async fn no_login() -> Response {
    let why = "Lanyard gives each session its key by itself: RAVI_API_KEY";
    json(StatusCode::BAD_REQUEST, &json!({ "error": "access_denied", "error_description": why }))
}
