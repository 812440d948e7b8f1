//! What an identity writes: a new message, a reply, or a reply to all. A draft lives as long as the page.

use super::text;
use super::view::Reading;
use crate::attempt::{Attempt, Problem};
use crate::face::{Face, face};
use crate::field::{Choice, Hint, HintLine, TextField};
use crate::slots::identity_options;
use crate::words;
use api::SecretText;
use api::inbox::{Direction, Medium, Message, SMS_MAX, SendMessage, Sending};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// What is being written.
#[derive(Debug, Clone, PartialEq)]
pub enum Writing {
    /// A new message.
    New,
    /// A reply.
    Reply {
        /// To this one.
        to: Box<Message>,
        /// To everybody in it.
        all: bool,
    },
}

/// What was written, while nobody looks at it.
#[derive(Debug, Clone, Default)]
pub struct Written {
    from: String,
    is_text: bool,
    to: String,
    cc: String,
    bcc: String,
    subject: String,
    text: String,
}

/// What is written now.
#[derive(Clone, Copy)]
struct Draft {
    from: RwSignal<String>,
    is_text: RwSignal<bool>,
    to: RwSignal<String>,
    cc: RwSignal<String>,
    bcc: RwSignal<String>,
    subject: RwSignal<String>,
    text: RwSignal<String>,
}

impl Draft {
    fn of(old: Written) -> Self {
        Self {
            from: RwSignal::new(old.from),
            is_text: RwSignal::new(old.is_text),
            to: RwSignal::new(old.to),
            cc: RwSignal::new(old.cc),
            bcc: RwSignal::new(old.bcc),
            subject: RwSignal::new(old.subject),
            text: RwSignal::new(old.text),
        }
    }

    fn written(self) -> Written {
        Written {
            from: self.from.get(),
            is_text: self.is_text.get(),
            to: self.to.get(),
            cc: self.cc.get(),
            bcc: self.bcc.get(),
            subject: self.subject.get(),
            text: self.text.get(),
        }
    }

    fn call(self, writing: &Writing) -> SendMessage {
        let Written { from, is_text, to, cc, bcc, subject, text } = untrack(|| self.written());
        let (answers, to_all) = match writing {
            Writing::New => (None, false),
            Writing::Reply { to, all } => (Some(to.id.clone()), *all),
        };
        SendMessage {
            identity: Some(from),
            medium: if is_text { Medium::Sms } else { Medium::Email },
            to: people(&to, is_text),
            cc: people(&cc, is_text),
            bcc: people(&bcc, is_text),
            subject: Some(subject.trim().to_string()).filter(|subject| !subject.is_empty()),
            text: SecretText::new(text),
            html: None,
            answers,
            to_all,
            reason: None,
            wait_ms: None,
        }
    }

    /// What must still be written before it can be sent.
    fn lacks(self, writing: &Writing) -> Option<&'static str> {
        let is_new = *writing == Writing::New;
        if self.from.with(String::is_empty) {
            Some("choose who sends it")
        } else if is_new && self.to.with(|to| people(to, self.is_text.get()).is_empty()) {
            Some("say whom it goes to")
        } else if self.text.with(|text| text.trim().is_empty()) {
            Some("write something")
        } else if self.is_text.get() && self.text.with(|text| text.chars().count() > SMS_MAX) {
            Some("a text message is shorter than this")
        } else {
            None
        }
    }
}

/// Addresses as one writes them in a line. A number may be written in groups, an address may not.
fn people(line: &str, numbers: bool) -> Vec<String> {
    let parts = |c: char| matches!(c, ',' | ';' | '\n') || (c == ' ' && !numbers);
    let groups = |c: &char| numbers && " -./()\u{a0}".contains(*c);
    let bare = |one: &str| one.trim().chars().filter(|c| !groups(c)).collect::<String>();
    line.split(parts).map(bare).filter(|one| !one.is_empty()).collect()
}

/// By what a draft is kept: a reply by what it answers.
fn key(writing: &Writing) -> String {
    match writing {
        Writing::New => String::new(),
        Writing::Reply { to, .. } => to.id.clone(),
    }
}

/// What is written already, else an empty one.
fn begun(face: Face, writing: &Writing, from: Option<String>) -> Written {
    let kept = face.inboxes.drafts.with_value(|drafts| drafts.get(&key(writing)).cloned());
    let fresh = match writing {
        Writing::New => Written { from: from.unwrap_or_default(), ..Written::default() },
        Writing::Reply { to, .. } => Written {
            from: to.identity_name.clone(),
            is_text: to.medium == Medium::Sms,
            ..Written::default()
        },
    };
    kept.unwrap_or(fresh)
}

/// The form.
#[component]
pub fn Compose(
    /// What is written.
    writing: Writing,
    /// Where.
    reading: Reading,
    /// Who sends it, where that is known.
    from: Option<String>,
) -> impl IntoView {
    let face = face();
    let draft = Draft::of(begun(face, &writing, from.clone()));
    let sending = Attempt::new();
    let of = key(&writing);
    let kept = of.clone();
    Effect::new(move |_| {
        let written = draft.written();
        face.inboxes.drafts.update_value(|drafts| drop(drafts.insert(kept.clone(), written)));
    });
    let discard = Callback::new(move |()| {
        reading.writing.set(None);
        face.inboxes.drafts.update_value(|drafts| drop(drafts.remove(&of)));
        reading.focus();
    });
    let form = NodeRef::<html::Form>::new();
    Effect::new(move |_| {
        let first = form.get().and_then(|form| form.query_selector("input, textarea").ok().flatten());
        if let Some(first) = first.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
            // It was just put on the page and can take the focus.
            let _ = first.focus();
        }
    });
    let what = StoredValue::new(writing.clone());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call = what.with_value(|writing| draft.call(writing));
        sending.run(face.call(call), move |sent: Message| {
            face.notices.tell(told(&sent));
            discard.run(());
        });
    };
    let lacks = Memo::new(move |_| what.with_value(|writing| draft.lacks(writing)));
    view! {
        <form class="compose stack tight" data-test="compose-form" node_ref=form on:submit=submit>
            <h2>{title(&writing)}</h2>
            {everybody(face, &writing).map(|all| view! { <p class="soft small"><bdi data-test="reply-to">{all}</bdi></p> })}
            <Fields draft writing=writing.clone() fixed=from.is_some()/>
            <Text draft/>
            <Problem of=sending/>
            <div class="row end">
                <span class="soft small grow">{move || lacks.get().map(crate::attempt::sentence)}</span>
                <button class="quiet harms" type="button" data-test="discard" on:click=move |_| discard.run(())>"Discard"</button>
                <button class="button" type="button" data-test="put-away" title="Esc; what you wrote is kept while this page is open" on:click=move |_| {
                    reading.writing.set(None);
                    reading.focus();
                }>"Put away"</button>
                <button class="button main" data-test="send" disabled=move || sending.busy.get() || lacks.with(Option::is_some)>
                    {move || if sending.busy.get() { "Sending…" } else { "Send" }}</button>
            </div>
        </form>
    }
}

fn title(writing: &Writing) -> String {
    match writing {
        Writing::New => "New message".into(),
        Writing::Reply { to, all } => {
            let whom = match (*all, to.direction) {
                (true, _) => "everybody".to_string(),
                (false, Direction::Outgoing) => text::line(&to.to.join(", ")),
                (false, Direction::Incoming) => text::other_side(to),
            };
            format!("Reply to {whom}")
        }
    }
}

/// Whom a reply to all reaches: all that the message names, but for whoever answers.
fn everybody(face: Face, writing: &Writing) -> Option<String> {
    let Writing::Reply { to, all: true } = writing else { return None };
    let own = face.identities.with_untracked(|all| {
        all.iter().flatten().find(|one| one.id == to.identity).map(|one| one.email.clone())
    });
    let others = std::iter::once(&to.from).chain(&to.to).chain(&to.cc).map(|one| text::line(one));
    Some(others.filter(|one| own.as_ref() != Some(one)).collect::<Vec<_>>().join(", "))
}

fn told(sent: &Message) -> String {
    let to = text::line(&sent.to.join(", "));
    match &sent.sending {
        Some(Sending::Failed { reason }) => format!("It was not sent to {to}: {}", text::line(reason)),
        Some(Sending::Queued) => format!("The message to {to} is on its way."),
        _ => format!("The message to {to} is sent."),
    }
}

#[component]
fn Fields(draft: Draft, writing: Writing, fixed: bool) -> impl IntoView {
    let face = face();
    let is_new = writing == Writing::New;
    let copies =
        RwSignal::new(untrack(|| !draft.cc.with(String::is_empty) || !draft.bcc.with(String::is_empty)));
    let senders = Signal::derive(move || {
        let none = draft.from.with(String::is_empty).then(|| (String::new(), "Choose…".to_string()));
        none.into_iter().chain(identity_options(face, false)).collect::<Vec<_>>()
    });
    let medium = move |is_text: bool, label: &'static str, test: &'static str| {
        view! { <button type="button" data-test=test aria-pressed=move || (draft.is_text.get() == is_text).to_string() on:click=move |_| draft.is_text.set(is_text)>{label}</button> }
    };
    let example = Signal::derive(move || {
        if draft.is_text.get() { "+49 170 1234567" } else { "someone@example.com" }.to_string()
    });
    let mail = move || !draft.is_text.get();
    view! {
        {is_new.then(|| view! {
            <div class="row wrap">
                {match fixed {
                    true => view! { <span class="soft">"From "<b>{draft.from}</b></span> }.into_any(),
                    false => view! { <Choice name="From" value=draft.from test="send-from" options=senders/> }.into_any(),
                }}
                <div class="choices" role="group" aria-label="What it is">{medium(false, "Mail", "send-mail")}{medium(true, "Text message", "send-text")}</div>
            </div>
            <TextField name="To" value=draft.to test="send-to" mono=true hinted=false placeholder=example/>
        })}
        {move || (mail() && copies.get()).then(|| view! {
            <div class="two">
                <TextField name="Copy to" value=draft.cc test="send-cc" mono=true hinted=false/>
                <TextField name="Hidden copy to" value=draft.bcc test="send-bcc" mono=true hinted=false/>
            </div>
        })}
        {move || (mail() && is_new).then(|| view! { <TextField name="Subject" value=draft.subject test="send-subject" hinted=false/> })}
        {move || (mail() && !copies.get()).then(|| view! { <button class="link" type="button" data-test="copies" on:click=move |_| copies.set(true)>"Add copies"</button> })}
    }
}

#[component]
fn Text(draft: Draft) -> impl IntoView {
    let hint = move || {
        let count = draft.text.with(|text| text.chars().count());
        match (draft.is_text.get(), count > SMS_MAX) {
            (false, _) => Hint::None,
            (true, false) => Hint::Say(format!("{count} of {SMS_MAX} characters")),
            (true, true) => Hint::Wrong(format!(
                "{}, {SMS_MAX} at most",
                words::count(u32::try_from(count).unwrap_or(u32::MAX), "character")
            )),
        }
    };
    view! {
        <label class="field">
            <span>"Text"</span>
            <textarea class="input" rows="8" data-test="send-body" prop:value=move || draft.text.get()
                on:input=move |event| draft.text.set(event_target_value(&event))></textarea>
            <HintLine hint=Signal::derive(hint)/>
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_parted_by_commas_and_a_number_may_be_written_in_groups() {
        assert_eq!(people("a@x.test, b@x.test; c@x.test d@x.test", false).len(), 4);
        assert_eq!(people("+49 170 12, +1 (555) 01-00", true), ["+4917012", "+15550100"]);
    }
}
