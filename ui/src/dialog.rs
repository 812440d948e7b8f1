//! A dialog over the page: it keeps the focus inside, ends with Escape, and gives the focus back.

use crate::icons::{Icon, X};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

const FOCUSABLE: &str =
    "button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), a[href]";

/// The veil and what lies on it; `label` is its name for screen readers.
#[component]
pub fn Veil(
    /// Its name.
    #[prop(into)]
    label: String,
    /// A class for the sheet.
    #[prop(default = "dialog")]
    class: &'static str,
    /// Closes it.
    #[prop(into)]
    close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let sheet = NodeRef::<html::Div>::new();
    let before =
        StoredValue::new_local(document().active_element().and_then(|e| e.dyn_into::<HtmlElement>().ok()));
    Effect::new(move |_| {
        if let Some(sheet) = sheet.get() {
            focus_first(&sheet);
        }
    });
    on_cleanup(move || {
        if let Some(Some(element)) = before.try_get_value() {
            // It may have left the page meanwhile; then the focus starts at the top.
            let _ = element.focus();
        }
    });
    let key = move |event: KeyboardEvent| match event.key().as_str() {
        "Escape" => {
            event.stop_propagation();
            close.run(());
        }
        "Tab" => {
            if let Some(sheet) = sheet.get_untracked() {
                keep_inside(&event, &sheet);
            }
        }
        _ => {}
    };
    view! {
        <div class="veil" on:keydown=key on:mousedown=move |_| close.run(())>
            <div
                class=class
                node_ref=sheet
                role="dialog"
                aria-modal="true"
                aria-label=label
                tabindex="-1"
                data-test="dialog"
                on:mousedown=|event| event.stop_propagation()
            >
                {children()}
            </div>
        </div>
    }
}

/// A veil with a title and a button that closes it.
#[component]
pub fn Sheet(
    /// Its title.
    #[prop(into)]
    title: String,
    /// Closes it.
    #[prop(into)]
    close: Callback<()>,
    children: Children,
) -> impl IntoView {
    view! {
        <Veil label=title.clone() close=close>
            <header>
                <h2>{title}</h2>
                <button class="quiet" type="button" aria-label="Close" on:click=move |_| close.run(())>
                    <Icon of=X/>
                </button>
            </header>
            <div class="body">{children()}</div>
        </Veil>
    }
}

fn focusable(sheet: &HtmlElement) -> Vec<HtmlElement> {
    let Ok(found) = sheet.query_selector_all(FOCUSABLE) else { return Vec::new() };
    (0..found.length()).filter_map(|i| found.item(i)?.dyn_into().ok()).collect()
}

/// Focuses what asks for it by `data-focus`, else the first field, else the first button.
fn focus_first(sheet: &HtmlElement) {
    let chosen = [
        "[data-focus]",
        "input:not(:disabled), select:not(:disabled), textarea:not(:disabled)",
        "button.main:not(:disabled)",
        "button",
    ]
    .iter()
    .find_map(|which| sheet.query_selector(which).ok().flatten());
    let chosen = chosen.and_then(|e| e.dyn_into::<HtmlElement>().ok()).unwrap_or_else(|| sheet.clone());
    // A dialog that cannot take the focus is still closed by its button.
    let _ = chosen.focus();
}

fn keep_inside(event: &KeyboardEvent, sheet: &HtmlElement) {
    let all = focusable(sheet);
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return };
    let active = document().active_element();
    let at = |end: &HtmlElement| active.as_ref().is_some_and(|a| a.is_same_node(Some(end)));
    let wrapped = if event.shift_key() { at(first).then_some(last) } else { at(last).then_some(first) };
    if let Some(target) = wrapped {
        event.prevent_default();
        let _ = target.focus();
    }
}
