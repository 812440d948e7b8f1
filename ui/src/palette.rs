//! The palette: slots, identities, projects and actions, found by a few letters.

use crate::dialog::Veil;
use crate::face::{Dialog, Face, face};
use crate::icons::{ARROW_RIGHT, COLUMNS_2, FOLDER_GIT_2, ID_CARD, Icon, PLAY, SQUARE_TERMINAL};
use crate::place::Place;
use crate::prefs::Theme;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

/// What choosing an entry does.
#[derive(Clone, PartialEq)]
enum Act {
    Go(Place),
    Beside(u32),
    Ask(Dialog),
    Wear(Theme),
}

#[derive(Clone, PartialEq)]
struct Entry {
    icon: &'static str,
    text: String,
    what: &'static str,
    act: Act,
}

fn entry(icon: &'static str, text: impl Into<String>, what: &'static str, act: Act) -> Entry {
    Entry { icon, text: text.into(), what, act }
}

/// Everything that can be found now.
fn entries(face: Face) -> Vec<Entry> {
    let mut all = Vec::new();
    for badge in face.badges.get().unwrap_or_default() {
        let name = badge.identity.as_ref().map(|w| w.name.clone());
        let on =
            badge.session.as_ref().map(|s| format!(" · {} · {}", s.project, s.branch)).unwrap_or_default();
        let slot = badge.slot;
        let Some(name) = name else {
            all.push(entry(
                PLAY,
                format!("Start in slot {slot}"),
                "free slot",
                Act::Ask(Dialog::Start(slot)),
            ));
            continue;
        };
        all.push(entry(
            SQUARE_TERMINAL,
            format!("{slot} {name}{on}"),
            "open slot",
            Act::Go(Place::Desks(vec![slot])),
        ));
        if badge.session.as_ref().is_some_and(|s| s.is_running()) {
            all.push(entry(COLUMNS_2, format!("{slot} {name} beside"), "open beside", Act::Beside(slot)));
        } else {
            all.push(entry(
                PLAY,
                format!("Start in slot {slot}, {name}"),
                "start",
                Act::Ask(Dialog::Start(slot)),
            ));
        }
    }
    for identity in face.identities.get().unwrap_or_default() {
        let name = identity.name.clone();
        all.push(entry(ID_CARD, name, "change identity", Act::Ask(Dialog::EditIdentity(Box::new(identity)))));
    }
    for project in face.projects.get().unwrap_or_default() {
        all.push(entry(FOLDER_GIT_2, project.name, "project", Act::Go(Place::Projects)));
    }
    all.extend(actions());
    all
}

fn actions() -> Vec<Entry> {
    vec![
        entry(ARROW_RIGHT, "All slots", "place", Act::Go(Place::Home)),
        entry(ARROW_RIGHT, "Inbox", "place", Act::Go(Place::Inbox)),
        entry(ARROW_RIGHT, "Identities", "place", Act::Go(Place::Identities)),
        entry(ARROW_RIGHT, "Projects and worktrees", "place", Act::Go(Place::Projects)),
        entry(ARROW_RIGHT, "Tokens, standing answers and issuers", "place", Act::Go(Place::Tokens)),
        entry(ARROW_RIGHT, "Ledger", "place", Act::Go(Place::Ledger)),
        entry(ARROW_RIGHT, "Settings", "place", Act::Go(Place::Settings)),
        entry(ARROW_RIGHT, "New identity", "action", Act::Ask(Dialog::NewIdentity)),
        entry(ARROW_RIGHT, "Add a project", "action", Act::Ask(Dialog::AddProject)),
        entry(ARROW_RIGHT, "Request a token", "action", Act::Ask(Dialog::RequestToken(None))),
        entry(ARROW_RIGHT, "Add an issuer", "action", Act::Ask(Dialog::AddIssuer)),
        entry(ARROW_RIGHT, "Keys", "help", Act::Ask(Dialog::Keys)),
        entry(ARROW_RIGHT, "Light theme", "setting", Act::Wear(Theme::Light)),
        entry(ARROW_RIGHT, "Dark theme", "setting", Act::Wear(Theme::Dark)),
        entry(ARROW_RIGHT, "Theme as the system", "setting", Act::Wear(Theme::System)),
    ]
}

fn choose(face: Face, act: Act) {
    face.dialog.set(None);
    match act {
        Act::Go(place) => face.place.set(place),
        Act::Beside(slot) => face.place.update(|place| *place = place.beside(slot)),
        Act::Ask(dialog) => face.dialog.set(Some(dialog)),
        Act::Wear(theme) => face.prefs.theme.set(theme),
    }
}

/// Whether all words of the search stand in the text.
fn matches(text: &str, search: &str) -> bool {
    let text = text.to_lowercase();
    search.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// The palette.
#[component]
pub fn Palette(
    /// Closes it.
    close: Callback<()>,
) -> impl IntoView {
    let face = face();
    let search = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let found = Memo::new(move |_| {
        let search = search.get();
        entries(face)
            .into_iter()
            .filter(|e| matches(&format!("{} {}", e.text, e.what), &search))
            .collect::<Vec<_>>()
    });
    let key = move |event: KeyboardEvent| {
        let count = found.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => at.update(|at| *at = (*at + count - 1) % count),
            "Enter" => {
                if let Some(entry) = found.with_untracked(|f| f.get(at.get_untracked()).cloned()) {
                    choose(face, entry.act);
                }
            }
            _ => return,
        }
        event.prevent_default();
        scroll_to(at.get_untracked());
    };
    let typed = move |event| {
        search.set(event_target_value(&event));
        at.set(0);
    };
    view! {
        <Veil label="Find anything" class="dialog palette" close>
            <input role="combobox" aria-expanded="true" aria-controls="palette-list" data-test="palette-input" autocomplete="off"
                aria-label="Find anything" aria-activedescendant=move || format!("palette-{}", at.get())
                placeholder="A slot, an identity, a project, an action" on:keydown=key on:input=typed/>
            {move || found.with(Vec::is_empty).then(|| view! { <p class="none">"Nothing has these words."</p> })}
            <ul id="palette-list" role="listbox" aria-label="Found" data-test="palette">
                {move || found.get().into_iter().enumerate().map(|(index, entry)| view! { <Line index entry at/> }).collect::<Vec<_>>()}
            </ul>
        </Veil>
    }
}

#[component]
fn Line(index: usize, entry: Entry, at: RwSignal<usize>) -> impl IntoView {
    let face = face();
    let act = entry.act;
    view! {
        <li id=format!("palette-{index}") role="option" aria-selected=move || (at.get() == index).to_string()
            on:mousemove=move |_| at.set(index) on:click=move |_| choose(face, act.clone())>
            <Icon of=entry.icon/>
            <span class="cut">{entry.text}</span>
            <span class="what">{entry.what}</span>
        </li>
    }
}

fn scroll_to(index: usize) {
    if let Some(line) = document().get_element_by_id(&format!("palette-{index}")) {
        let how = web_sys::ScrollIntoViewOptions::new();
        how.set_block(web_sys::ScrollLogicalPosition::Nearest);
        line.scroll_into_view_with_scroll_into_view_options(&how);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_of_a_search_must_be_there_in_any_order() {
        assert!(matches("3 agent-deploy-1 · shop-api", "shop 3"));
        assert!(!matches("3 agent-deploy-1", "shop"));
        assert!(matches("anything", " "));
    }
}
