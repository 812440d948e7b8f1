//! What this browser remembers of how its person likes the page: theme and the terminal's font size.

use leptos::prelude::*;

/// The smallest and largest size of the terminal's font.
pub const FONT_SIZES: std::ops::RangeInclusive<u32> = 9..=24;
const FONT_SIZE: u32 = 13;

/// Light, dark, or as the system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the system is.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Its name in the page's markup and in the browser's memory.
    pub fn name(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

/// The preferences, as signals.
#[derive(Clone, Copy)]
pub struct Prefs {
    /// The theme.
    pub theme: RwSignal<Theme>,
    /// The terminal's font size in pixels.
    pub font_size: RwSignal<u32>,
}

impl Prefs {
    /// Reads what is remembered and keeps it up to date.
    pub fn load() -> Self {
        let theme = match recall("theme").as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        };
        let size =
            recall("font-size").and_then(|size| size.parse().ok()).filter(|size| FONT_SIZES.contains(size));
        let prefs = Self { theme: RwSignal::new(theme), font_size: RwSignal::new(size.unwrap_or(FONT_SIZE)) };
        Effect::new(move |_| {
            let name = prefs.theme.get().name();
            remember("theme", name);
            if let Some(root) = document().document_element() {
                // The attribute's name is a constant and valid.
                let _ = root.set_attribute("data-theme", name);
            }
        });
        Effect::new(move |_| remember("font-size", &prefs.font_size.get().to_string()));
        prefs
    }
}

fn memory() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn recall(what: &str) -> Option<String> {
    memory()?.get_item(&format!("lanyard.{what}")).ok().flatten()
}

fn remember(what: &str, value: &str) {
    if let Some(memory) = memory() {
        // A browser that keeps nothing starts with the defaults again.
        let _ = memory.set_item(&format!("lanyard.{what}"), value);
    }
}
