//! The two pages of setting up a GitHub App: one sends the manifest there, the other takes the browser back.

use crate::backend::Backend;
use crate::telling::told;
use crate::tokens::issuers::manifest::{BACK, Form, START};
use api::Error;
use api::audit::Kind;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

#[derive(Deserialize)]
struct Start {
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
}

/// The two pages.
pub fn router() -> Router<Backend> {
    Router::new().route(START, get(start)).route(BACK, get(back))
}

async fn start(State(backend): State<Backend>, Query(start): Query<Start>) -> Response {
    match backend.manifests.form(&start.state) {
        Ok(Form { server, action, manifest }) => {
            let form = format!(
                "<p>GitHub will show what the App may do, and ask you to make it. Its key comes back here and is \
                 sealed; nobody else gets it.</p><form method=\"post\" action=\"{}?state={}\"><input \
                 type=\"hidden\" name=\"manifest\" value=\"{}\"><button autofocus>Go on to GitHub</button></form>",
                escaped(&action),
                escaped(&start.state),
                escaped(&manifest)
            );
            page(StatusCode::OK, "Make a GitHub App", &form, &format!("'self' {server}"))
        }
        Err(error) => refused(&backend, &told(&error)).await,
    }
}

async fn back(State(backend): State<Backend>, Query(back): Query<Back>) -> Response {
    // It goes on when the browser is gone: the code is good for one try.
    let tasks = backend.tasks.clone();
    let finishing = {
        let backend = backend.clone();
        async move { backend.manifests.finish(&back.state, &back.code).await }
    };
    let finished = tasks.spawn(finishing).await.unwrap_or_else(|_| Err(Error::internal().into()));
    match finished {
        Ok(made) => {
            let text = format!(
                "<p>The App is made, and its key is sealed in your vault: the issuer is called <b>{}</b>.</p>\
                 <p>Now say which repositories it may see: <a href=\"{}\">install the App</a>.</p>",
                escaped(&made.name),
                escaped(&made.install)
            );
            page(StatusCode::OK, "The App is made", &text, "'none'")
        }
        Err(error) => refused(&backend, &told(&error)).await,
    }
}

async fn refused(backend: &Backend, error: &Error) -> Response {
    super::refused(&backend.audit, Kind::Issuer, "issuers.made", &error.message).await;
    let hint = error.hint.as_deref().unwrap_or_default();
    let text = format!("<p>{}.</p><p>{}</p>", escaped(&error.message), escaped(hint));
    page(StatusCode::FORBIDDEN, "That did not work", &text, "'none'")
}

fn page(status: StatusCode, title: &str, body: &str, form_action: &str) -> Response {
    let policy = format!(
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action {form_action}; style-src 'unsafe-inline'"
    );
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title} · Lanyard</title>\
         <style>body{{font:16px/1.5 system-ui;max-width:34em;margin:4em auto;padding:0 1em;color-scheme:light dark}}\
         button{{font:inherit;padding:.5em 1em;cursor:pointer}}\
         </style><h1>{title}</h1>{body}</html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_string()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store".to_string()),
        (header::REFERRER_POLICY, "no-referrer".to_string()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_string()),
    ];
    (status, headers, html).into_response()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(super::escaped("<a href='x' b=\"&\">"), "&lt;a href=&#39;x&#39; b=&quot;&amp;&quot;&gt;");
    }
}
