//! One message as it is read: who it says it is from, what was found in it, its text, its files, and its thread.

use super::compose::Writing;
use super::files::Files;
use super::found::FoundPart;
use super::html::HtmlFrame;
use super::text;
use super::thread::{ThreadPart, thread_of};
use super::view::Reading;
use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::icons::{Icon, MAIL, REPLY, REPLY_ALL, TRASH_2};
use crate::words;
use api::inbox::{DeleteMessage, Direction, Medium, Message, MessageBody, ReadMessage, Sending};
use leptos::prelude::*;

/// So much of a text is shown at once; a page with more of it would be slow.
const TEXT_SHOWN: usize = 100_000;

/// The message.
#[component]
pub fn Reader(
    /// Its id.
    id: String,
    /// Where it is read.
    reading: Reading,
) -> impl IntoView {
    let face = face();
    let body = RwSignal::new(None::<MessageBody>);
    let fetching = Attempt::new();
    let call = ReadMessage { message: id.clone(), peek: false };
    fetching.run(face.call(call), move |read| {
        reading.letters.put(read.message.clone());
        // Another may have been opened meanwhile.
        let _ = body.try_set(Some(read));
    });
    // What changes of it, read or sent, the list is told.
    let message = Memo::new(move |_| {
        let held = reading.letters.held.with(|held| held.iter().flatten().find(|m| m.id == id).cloned());
        held.or_else(|| body.with(|body| body.as_ref().map(|body| body.message.clone())))
    });
    let thread = thread_of(message);
    view! {
        <article class="message" data-test="message" aria-busy=move || body.with(Option::is_none).to_string()>
            <Problem of=fetching/>
            {move || message.with(Option::is_some).then(|| view! { <Head message thread reading/> })}
            {move || body.get().map(|read| {
                let number = read.message.number;
                view! {
                    <ThreadPart all=thread number before=true reading/>
                    <section class="letter-body"><Facts message/><FoundPart message=read.message.clone()/><Words read=read.clone()/>
                        <Files message=read.message.id.clone() files=read.files/></section>
                    <ThreadPart all=thread number before=false reading/>
                }
            })}
        </article>
    }
}

#[component]
fn Head(message: Memo<Option<Message>>, thread: RwSignal<Vec<Message>>, reading: Reading) -> impl IntoView {
    let text =
        move |get: fn(&Message) -> String| move || message.with(|m| m.as_ref().map(get).unwrap_or_default());
    let flag = move |get: fn(&Message) -> bool| move || message.with(|m| m.as_ref().is_some_and(get));
    let several = flag(|m| m.medium == Medium::Email && m.to.len() + m.cc.len() > 1);
    let reply = move |all: bool| {
        if let Some(to) = message.get_untracked() {
            reading.write(Writing::Reply { to: Box::new(to), all });
        }
    };
    let mark = move |_| {
        if let Some(message) = message.get_untracked() {
            reading.mark(message.id, !message.unread);
        }
    };
    let is_unread = flag(|m| m.unread);
    let count = move || Some(thread.with(Vec::len)).filter(|n| *n > 1);
    view! {
        <header class="message-head">
            <h2 class="grow"><bdi data-test="subject">{text(text::title)}</bdi>
                {move || count().map(|n| view! { <span class="tag">{format!("{n} in this thread")}</span> })}</h2>
            <button class="button" data-test="reply" title="Reply (r)" on:click=move |_| reply(false)><Icon of=REPLY/>"Reply"</button>
            {move || several().then(|| view! { <button class="button" data-test="reply-all" title="Reply to all (Shift r)" on:click=move |_| reply(true)><Icon of=REPLY_ALL/>"To all"</button> })}
            <button class="quiet" data-test="mark" disabled=move || reading.acting.busy.get() title="Read or unread (u)" on:click=mark>
                <Icon of=MAIL/>{move || if is_unread() { "Mark read" } else { "Mark unread" }}</button>
            <button class="quiet harms" data-test="delete-message" aria-label="Delete this message" title="Delete (Del)" on:click=move |_| reading.deleting.set(true)><Icon of=TRASH_2/></button>
        </header>
        <Problem of=reading.acting/>
        {move || reading.deleting.get().then(|| message.get()).flatten().map(|message| view! { <DeleteQuestion message reading/> })}
    }
}

#[component]
fn DeleteQuestion(message: Message, reading: Reading) -> impl IntoView {
    let face = face();
    let id = message.id.clone();
    let delete = move |_| {
        let gone = id.clone();
        reading.acting.run(face.call(DeleteMessage { message: id.clone() }), move |_| reading.after(&gone));
    };
    let files = match message.attachments {
        0 => String::new(),
        n => format!(" and its {}", words::count(n, "file")),
    };
    view! {
        <div class="stack tight asked" role="group" aria-label="Delete it?" data-test="delete-question">
            <p>"“"<bdi>{text::subject(&message)}</bdi>{format!("”{files} is gone from Lanyard for good. No mail server is told.")}</p>
            <div class="row end">
                <button class="button" data-test="cancel" on:click=move |_| reading.deleting.set(false)>"Keep it"</button>
                <button class="button harm" data-test="confirm" disabled=move || reading.acting.busy.get() on:click=delete>"Delete message"</button>
            </div>
        </div>
    }
}

/// Who it says it is from, whom it went to, how it came and when.
#[component]
fn Facts(message: Memo<Option<Message>>) -> impl IntoView {
    let face = face();
    move || {
        let m = message.get()?;
        let incoming = m.direction == Direction::Incoming;
        let name = m.from_name.as_deref().map(text::line).filter(|name| !name.is_empty());
        let people = |all: &[String]| text::line(&all.join(", "));
        let (source, at) = (text::line(&m.source), m.at);
        let came = move || format!("{} · {}", words::ago(face.now.get() - at), words::moment(at, true));
        Some(view! {
            <dl class="facts small">
                <dt>"From"</dt>
                <dd>{name.map(|name| view! { <b><bdi>{name}</bdi></b>" " })}<code><bdi>{text::line(&m.from)}</bdi></code>
                    {incoming.then(|| view! { " "<span class="tag" title="Anybody can write any sender into a message; nothing here has checked it">"as it claims, unproven"</span> })}</dd>
                <dt>"To"</dt><dd><bdi>{people(&m.to)}</bdi></dd>
                {(!m.cc.is_empty()).then(|| view! { <dt>"Copy to"</dt><dd><bdi>{people(&m.cc)}</bdi></dd> })}
                <dt>{if incoming { "Came" } else { "Sent" }}</dt>
                <dd>{came}{incoming.then(|| format!(" · by {source}"))}" "<SendingTag sending=m.sending/></dd>
            </dl>
        })
    }
}

#[component]
fn SendingTag(sending: Option<Sending>) -> impl IntoView {
    match sending? {
        Sending::Queued => Some(view! { <span class="tag pending" data-test="sending">"on its way"</span> }.into_any()),
        Sending::Sent => Some(view! { <span class="tag" data-test="sending">"sent"</span> }.into_any()),
        Sending::Failed { reason } => Some(
            view! { <p class="trouble" data-test="sending">{format!("It was not sent: {}", text::line(&reason))}</p> }.into_any(),
        ),
    }
}

/// The text, or the sender's own layout of it.
#[component]
fn Words(read: MessageBody) -> impl IntoView {
    let MessageBody { text: words, html, .. } = read;
    let (no_text, has_html) = (words.trim().is_empty(), html.is_some());
    let as_html = RwSignal::new(no_text && has_html);
    let (words, html) =
        (StoredValue::new(text::plain(words.trim_end())), StoredValue::new(html.unwrap_or_default()));
    let choose = move |to: bool, label: &'static str, test: &'static str| {
        view! { <button data-test=test aria-pressed=move || (as_html.get() == to).to_string() on:click=move |_| as_html.set(to)>{label}</button> }
    };
    view! {
        {has_html.then(|| view! {
            <div class="row"><div class="choices" role="group" aria-label="How it is shown">{choose(false, "Text", "as-text")}{choose(true, "Layout", "as-html")}</div>
                {move || as_html.get().then(|| view! { <span class="soft small">"Without scripts, forms and pictures from elsewhere."</span> })}</div>
        })}
        {move || match as_html.get() {
            true => view! { <HtmlFrame html=html.get_value()/> }.into_any(),
            false if no_text => view! { <p class="soft">"It has no text."</p> }.into_any(),
            false => view! { <Plain words/> }.into_any(),
        }}
    }
}

/// The text, the addresses in it as links.
#[component]
fn Plain(words: StoredValue<String>) -> impl IntoView {
    let whole = RwSignal::new(false);
    let cut = words.with_value(|words| words.char_indices().nth(TEXT_SHOWN).map(|(at, _)| at));
    let shown = move || {
        let end = cut.filter(|_| !whole.get());
        words.with_value(|words| linked(&words[..end.unwrap_or(words.len())]))
    };
    view! {
        <div class="letter-text" dir="auto" data-test="text">{shown}</div>
        {move || (cut.is_some() && !whole.get()).then(|| view! {
            <button class="button" on:click=move |_| whole.set(true)>"Show the rest of this long text"</button>
        })}
    }
}

/// Text with its web addresses as links; each is shown as the address that it is.
fn linked(words: &str) -> Vec<AnyView> {
    let (mut parts, mut plain) = (Vec::new(), String::new());
    for word in words.split_inclusive(char::is_whitespace) {
        let core = word.trim_matches(|c: char| c.is_whitespace() || "<>()[]\"',;.!".contains(c));
        let Some((before, after)) =
            Some(core).filter(|core| text::is_web(core)).and_then(|core| word.split_once(core))
        else {
            plain.push_str(word);
            continue;
        };
        plain.push_str(before);
        parts.push(std::mem::take(&mut plain).into_any());
        let (href, shown) = (core.to_string(), core.to_string());
        parts.push(view! { <a href=href target="_blank" rel="noopener noreferrer">{shown}</a> }.into_any());
        plain.push_str(after);
    }
    parts.push(plain.into_any());
    parts
}
