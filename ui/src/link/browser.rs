//! The browser's side of the link: the address's code for a token, then a WebSocket that is kept open.

use super::{Heard, LinkState, Listener, broken};
use api::wire::Outgoing;
use api::{Call, Result};
use futures_channel::oneshot;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::value::RawValue;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, RequestInit, Response, WebSocket};

type Waiting = oneshot::Sender<Result<Box<RawValue>>>;

/// The socket and who waits at it.
pub struct Socket {
    state: RwSignal<LinkState>,
    heard: Listener,
    /// Held in memory only: it ends with the page.
    token: RefCell<Option<String>>,
    socket: RefCell<Option<WebSocket>>,
    waiting: RefCell<HashMap<u64, Waiting>>,
    tries: Cell<u32>,
}

impl Socket {
    /// Exchanges the code of the address and connects.
    pub fn open(state: RwSignal<LinkState>, heard: Listener) -> Rc<Self> {
        let it = Rc::new(Self {
            state,
            heard,
            token: RefCell::default(),
            socket: RefCell::default(),
            waiting: RefCell::default(),
            tries: Cell::new(0),
        });
        let opening = it.clone();
        spawn_local(async move {
            match exchange(take_code()).await {
                Some(token) => {
                    *opening.token.borrow_mut() = Some(token);
                    opening.connect();
                }
                None => opening.state.set(LinkState::NoCode),
            }
        });
        it
    }

    /// The token, for a terminal's own WebSocket.
    pub fn token(&self) -> Option<String> {
        self.token.borrow().clone()
    }

    /// Sends one question and waits for its answer.
    pub async fn ask(&self, id: u64, question: String) -> Result<Box<RawValue>> {
        let (tell, told) = oneshot::channel();
        {
            let socket = self.socket.borrow();
            let socket =
                socket.as_ref().filter(|_| self.state.get_untracked() == LinkState::Up).ok_or_else(broken)?;
            self.waiting.borrow_mut().insert(id, tell);
            socket.send_with_str(&question).map_err(|_| broken())?;
        }
        told.await.unwrap_or_else(|_| Err(broken()))
    }

    fn connect(self: &Rc<Self>) {
        let address = location().host().map(|host| format!("ws://{host}/socket"));
        let Ok(socket) = address.and_then(|address| WebSocket::new(&address)) else {
            return self.state.set(LinkState::NoCode);
        };
        let it = self.clone();
        let opened = socket.clone();
        on(&socket, "open", move |_: web_sys::Event| {
            let token = it.token.borrow().clone().unwrap_or_default();
            // A socket that refuses this closes, and closing is heard below.
            let _ = opened.send_with_str(&serde_json::json!({ "token": token }).to_string());
        });
        let it = self.clone();
        on(&socket, "message", move |message: MessageEvent| {
            if let Some(text) = message.data().as_string() {
                it.read(&text);
            }
        });
        let it = self.clone();
        on(&socket, "close", move |_: web_sys::Event| it.closed());
        *self.socket.borrow_mut() = Some(socket);
    }

    fn read(&self, text: &str) {
        match serde_json::from_str(text) {
            Ok(Outgoing::Hello(hello)) if hello.version != api::VERSION => {
                self.state.set(LinkState::OtherVersion(hello.version));
            }
            Ok(Outgoing::Hello(_)) => self.up(),
            Ok(Outgoing::Answer(answer)) => {
                if let Some(waiting) = self.waiting.borrow_mut().remove(&answer.id) {
                    // Nobody waits any more where its component has gone.
                    let _ = waiting.send(answer.result);
                }
            }
            Ok(Outgoing::Event(event)) => (self.heard)(Heard::Event(event)),
            // An event that this version does not know may have changed anything.
            Err(_) => (self.heard)(Heard::Event(api::Event::Lagged { missed: 1 })),
        }
    }

    fn up(&self) {
        self.tries.set(0);
        self.state.set(LinkState::Up);
        let subscribe =
            serde_json::json!({ "id": 0, "method": api::status::Subscribe::METHOD, "params": {} });
        if let Some(socket) = self.socket.borrow().as_ref() {
            // A broken socket closes, and closing is heard.
            let _ = socket.send_with_str(&subscribe.to_string());
        }
        (self.heard)(Heard::Up);
    }

    fn closed(self: &Rc<Self>) {
        self.socket.borrow_mut().take();
        self.waiting.borrow_mut().clear();
        if matches!(self.state.get_untracked(), LinkState::OtherVersion(_)) {
            return;
        }
        if self.state.get_untracked() == LinkState::Up {
            self.state.set(LinkState::Down);
        }
        let tries = self.tries.get();
        self.tries.set(tries + 1);
        let it = self.clone();
        set_timeout(
            move || spawn_local(it.again()),
            Duration::from_millis((250_u64 << tries.min(4)).min(4000)),
        );
    }

    /// Connects again, unless the daemon does not know the token any more.
    async fn again(self: Rc<Self>) {
        let token = self.token().unwrap_or_default();
        let body = serde_json::json!({ "id": 0, "method": api::status::GetStatus::METHOD, "params": {} });
        match post("/call", &body.to_string(), Some(&token)).await {
            Some(answer) if matches!(answer.status(), 401 | 403) => self.state.set(LinkState::NoCode),
            Some(_) => self.connect(),
            None => self.closed(),
        }
    }
}

fn on<E: wasm_bindgen::convert::FromWasmAbi + 'static>(
    socket: &WebSocket,
    name: &str,
    act: impl Fn(E) + 'static,
) {
    let act = Closure::<dyn Fn(E)>::new(act);
    // Adding a listener to a living socket cannot fail.
    let _ = socket.add_event_listener_with_callback(name, act.as_ref().unchecked_ref());
    act.forget();
}

fn location() -> web_sys::Location {
    window().location()
}

/// Takes the code out of the address, so that neither history nor a screenshot holds it.
fn take_code() -> Option<String> {
    let hash = location().hash().ok()?;
    let code = hash.strip_prefix("#code=")?.to_string();
    let path = location().pathname().ok()?;
    let _ = window().history().ok()?.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    Some(code)
}

#[derive(serde::Deserialize)]
struct Token {
    token: String,
}

async fn exchange(code: Option<String>) -> Option<String> {
    let body = serde_json::json!({ "code": code? }).to_string();
    let answer = post("/session", &body, None).await.filter(Response::ok)?;
    let text = JsFuture::from(answer.text().ok()?).await.ok()?.as_string()?;
    serde_json::from_str::<Token>(&text).ok().map(|t| t.token)
}

async fn post(path: &str, body: &str, token: Option<&str>) -> Option<Response> {
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_body(&JsValue::from_str(body));
    let headers = web_sys::Headers::new().ok()?;
    headers.set("Content-Type", "application/json").ok()?;
    if let Some(token) = token {
        headers.set("Authorization", &format!("Bearer {token}")).ok()?;
    }
    request.set_headers(&headers);
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &request)).await.ok()?;
    answer.dyn_into().ok()
}
