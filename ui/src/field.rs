//! Fields of a form: a name above, a hint below that says at once what is wrong.

use leptos::prelude::*;

/// A line of text.
#[component]
pub fn TextField(
    /// Its name.
    #[prop(into)]
    name: String,
    /// Its value.
    value: RwSignal<String>,
    /// Its hook for tests.
    #[prop(into)]
    test: String,
    /// Shown while it is empty.
    #[prop(into, default = Signal::stored(String::new()))]
    placeholder: Signal<String>,
    /// What is said below it: a hint, or what is wrong.
    #[prop(into, default = Signal::stored(Hint::None))]
    hint: Signal<Hint>,
    /// Whether it holds an address, path or key.
    #[prop(default = false)]
    mono: bool,
    /// `text`, `password` or another type of input.
    #[prop(default = "text")]
    kind: &'static str,
    /// The id of a list of suggestions.
    #[prop(default = "")]
    list: &'static str,
    /// Whether a hint may come, so that its line is kept free.
    #[prop(default = true)]
    hinted: bool,
) -> impl IntoView {
    view! {
        <label class="field">
            <span>{name}</span>
            <input
                class="input"
                class:mono=mono
                type=kind
                data-test=test
                list=list
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                placeholder=placeholder
                aria-invalid=move || hint.with(Hint::is_wrong).to_string()
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
            {hinted.then(|| view! { <HintLine hint/> })}
        </label>
    }
}

/// What is said below a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Nothing.
    None,
    /// Something useful.
    Say(String),
    /// What is wrong with the value.
    Wrong(String),
}

impl Hint {
    /// What a check says of a value; an empty value is not yet wrong.
    pub fn of(value: &str, check: impl Fn(&str) -> api::Result<()>, otherwise: impl Into<String>) -> Self {
        match check(value) {
            Err(error) if !value.is_empty() => Hint::Wrong(error.hint.unwrap_or(error.message)),
            _ => Hint::Say(otherwise.into()),
        }
    }

    /// Whether the value is wrong.
    pub fn is_wrong(&self) -> bool {
        matches!(self, Hint::Wrong(_))
    }

    fn text(&self) -> String {
        match self {
            Hint::None => String::new(),
            Hint::Say(text) | Hint::Wrong(text) => crate::attempt::sentence_or_nothing(text),
        }
    }
}

/// The line below a field.
#[component]
pub fn HintLine(
    /// What it says.
    hint: Signal<Hint>,
) -> impl IntoView {
    view! { <span class="hint" class:wrong=move || hint.with(Hint::is_wrong)>{move || hint.with(Hint::text)}</span> }
}

/// A choice among named values.
#[component]
pub fn Choice(
    /// Its name.
    #[prop(into)]
    name: String,
    /// The value that is chosen.
    value: RwSignal<String>,
    /// Values and what they are called.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    /// Its hook for tests.
    #[prop(into)]
    test: String,
    /// Whether it can't be changed now.
    #[prop(into, default = Signal::stored(false))]
    disabled: Signal<bool>,
) -> impl IntoView {
    let option = move |(key, label): (String, String)| {
        let (chosen, of) = (key.clone(), key.clone());
        view! { <option value=of prop:selected=move || value.with(|v| *v == chosen)>{label}</option> }
    };
    view! {
        <label class="field">
            <span>{name}</span>
            <select
                class="input"
                data-test=test
                disabled=disabled
                on:change=move |event| value.set(event_target_value(&event))
            >
                <For each=move || options.get() key=|option| option.clone() children=option/>
            </select>
        </label>
    }
}
