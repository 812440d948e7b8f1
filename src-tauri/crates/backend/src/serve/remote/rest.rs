//! What an answer leaves of its request is read away before it goes: a connection that is closed while the other
//! side still sends is reset, and the answer lost with it. And no request takes for ever to come in.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use std::future::poll_fn;
use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long a request may take to come in, whatever asks for it.
const COMING: Duration = Duration::from_secs(90);
/// How much of one is read away, for how long, and how long it may say nothing meanwhile.
const AWAY_MAX: usize = 64 * 1024 * 1024;
const AWAY: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(1);

/// Answers a request, and reads away what nobody has read of it.
pub async fn read_away(ending: CancellationToken, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let waits = head.headers.contains_key(header::EXPECT);
    let over = async move {
        tokio::select! { () = sleep(COMING) => {}, () = ending.cancelled() => {} }
    };
    let parts = Parts { body, over: Some(Box::pin(over)), was_asked_for: false };
    let rest = Rest(Arc::new(Mutex::new(parts)));
    let response = next.run(Request::from_parts(head, Body::new(rest.clone()))).await;
    // Whoever waits to be asked for it has sent nothing yet.
    if !waits || rest.parts().was_asked_for {
        // More than that nobody is owed.
        let _over = timeout(AWAY, rest.read()).await;
    }
    response
}

/// A request's body, of which we keep what the one who answers leaves.
#[derive(Clone)]
struct Rest(Arc<Mutex<Parts>>);

struct Parts {
    body: Body,
    /// Done when no more of it is waited for; none once that is so.
    over: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    was_asked_for: bool,
}

impl Rest {
    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    async fn read(mut self) {
        let mut read = 0;
        while read <= AWAY_MAX && !self.is_end_stream() {
            let next = poll_fn(|cx| Pin::new(&mut self).poll_frame(cx));
            let Ok(Some(Ok(frame))) = timeout(SILENCE, next).await else { return };
            read += frame.data_ref().map_or(0, Bytes::len);
        }
    }
}

impl HttpBody for Rest {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut parts = self.parts();
        parts.was_asked_for = true;
        if parts.over.as_mut().is_none_or(|over| over.as_mut().poll(cx).is_ready()) {
            parts.over = None;
            return Poll::Ready(Some(Err(axum::Error::new(Error::from(ErrorKind::TimedOut)))));
        }
        Pin::new(&mut parts.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.parts().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.parts().body.size_hint()
    }
}
