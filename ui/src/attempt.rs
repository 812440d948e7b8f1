//! One try at something that can fail: busy while it runs, its error shown where the person is looking.

use crate::icons::{CIRCLE_ALERT, Icon};
use api::{Error, Result};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;

/// A try and what came of it.
#[derive(Clone, Copy)]
pub struct Attempt {
    /// Whether it runs now.
    pub busy: RwSignal<bool>,
    /// Why the last one failed.
    pub problem: RwSignal<Option<Error>>,
}

impl Attempt {
    /// Nothing tried yet.
    pub fn new() -> Self {
        Self { busy: RwSignal::new(false), problem: RwSignal::new(None) }
    }

    /// Tries `work`, unless a try is running; `then` gets what it made.
    pub fn run<T: 'static>(
        self,
        work: impl Future<Output = Result<T>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let result = work.await;
            // Whoever tried may have gone from the page meanwhile; then nobody is told.
            let _ = self.busy.try_set(false);
            match result {
                Ok(made) => then(made),
                Err(error) => {
                    let _ = self.problem.try_set(Some(error));
                }
            }
        });
    }
}

/// The error of an attempt, or nothing.
#[component]
pub fn Problem(
    /// Whose.
    of: Attempt,
) -> impl IntoView {
    move || of.problem.get().map(|error| view! { <ErrorBox error/> })
}

/// An error: what happened, and what to do.
#[component]
pub fn ErrorBox(
    /// Which.
    error: Error,
) -> impl IntoView {
    view! {
        <div class="problem" role="alert" data-test="problem">
            <Icon of=CIRCLE_ALERT/>
            <div>
                <p>{sentence(&error.message)}</p>
                {error.hint.map(|hint| view! { <p class="hint">{sentence(&hint)}</p> })}
            </div>
        </div>
    }
}

/// Text with a capital and a full stop.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// The same, where there may be no text.
pub fn sentence_or_nothing(text: &str) -> String {
    if text.is_empty() { String::new() } else { sentence(text) }
}
