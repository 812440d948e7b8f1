//! The manners of the page: everything has a name, the focus is seen, and the keyboard is enough.

use crate::browser;
use crate::page::{Page, key};

/// What can be used but has no name for those who don't see it, or is too small to hit.
const NAMELESS: &str = r#"(() => {
  const shown = e => e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden';
  const text = e => (e?.innerText ?? '').trim();
  const by = e => (e.getAttribute('aria-labelledby') ?? '').split(' ').map(id => text(document.getElementById(id))).join('');
  const name = e => (e.getAttribute('aria-label') ?? '').trim() || by(e) || [...(e.labels ?? [])].map(text).join('')
    || (/^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName) ? '' : text(e)) || e.title;
  const all = document.querySelectorAll('button, a[href], input, select, textarea, [role=button], [role=tab], [role=option]');
  const told = e => e.outerHTML.slice(0, 120);
  const small = e => { const r = e.getBoundingClientRect(); return r.width < 28 || r.height < 28; };
  const exempt = e => e.matches('p a, .xterm *') || e.labels?.length && /^(checkbox|radio)$/.test(e.type);
  return [...all].filter(shown).filter(e => !e.closest('.xterm')).flatMap(e => [
    name(e) ? [] : ['no name: ' + told(e)],
    small(e) && !exempt(e) ? ['too small: ' + told(e)] : [],
  ]).flat();
})()"#;

/// The element with the focus: its name for a message, and whether its focus is to be seen.
const FOCUS: &str = r#"(() => {
  const e = document.activeElement, s = getComputedStyle(e);
  const ring = (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none';
  const inside = e.matches('.xterm *');
  return { at: e.dataset.test ?? e.tagName, seen: ring || inside || e === document.body };
})()"#;

#[track_caller]
fn everything_has_a_name(page: &Page, place: &str) {
    let found = page.read(NAMELESS);
    assert_eq!(found, serde_json::json!([]), "in {place}");
}

#[test]
fn every_control_has_a_name_and_can_be_hit() {
    if !browser::possible() {
        return;
    }
    let world = browser::world();
    let page = browser::open(&world);
    page.see("first");
    everything_has_a_name(&page, "the first start");
    world.seat(1, "ada", "GITHUB_TOKEN", "token-of-ada");
    world.seat(2, "brin", "NPM_TOKEN", "token-of-brin");
    world.project("work");
    world.start(1, "named", &["sh"]);
    page.see("stop-1");
    everything_has_a_name(&page, "the wall");
    page.click("open-1");
    page.see("terminal");
    everything_has_a_name(&page, "the desk");
    for place in ["place-identities", "place-projects", "place-tokens", "place-ledger", "place-settings"] {
        page.click(place);
        page.until("document.activeElement && document.querySelector('main')");
        everything_has_a_name(&page, place);
    }
    page.click("place-slots");
    page.click("start-3");
    page.see("start-go");
    everything_has_a_name(&page, "the dialog to start");
    page.driver.quit();
}

#[test]
fn the_focus_is_always_seen() {
    if !browser::possible() {
        return;
    }
    let world = browser::world();
    let page = browser::open(&world);
    world.seat(1, "ada", "GITHUB_TOKEN", "token-of-ada");
    page.see("open-1");
    for _ in 0..40 {
        page.keys(&key::TAB.to_string());
        let focus = page.read(FOCUS);
        assert_eq!(focus["seen"], true, "the focus at {} is not seen", focus["at"]);
    }
    page.driver.quit();
}

#[test]
fn the_keyboard_alone_leads_from_nothing_to_a_running_shell() {
    if !browser::possible() {
        return;
    }
    let world = browser::world();
    let repository = world.repository("shop-api");
    let page = browser::open(&world);
    page.see("first-name");
    tab_to(&page, "first-name");
    page.chord(&[key::CONTROL, 'a']);
    page.keys(&format!("ada{}", key::ENTER));
    page.see("first-path");
    tab_to(&page, "first-path");
    page.keys(&format!("{}{}", repository.display(), key::ENTER));
    page.see("first-start");
    tab_to(&page, "first-start");
    page.keys(&key::ENTER.to_string());
    page.see("desk-1");
    page.until("document.querySelector('[data-test=terminal]').dataset.link === 'up'");
    page.until("document.activeElement.closest('[data-test=terminal]')");
    page.keys(&format!("echo typed-$((6*7)){}", key::ENTER));
    page.terminal_says(1, "typed-42");
    page.chord(&[key::CONTROL, 'k']);
    page.see("palette-input");
    page.keys(&format!("settings{}", key::ENTER));
    page.see("theme-dark");
    page.driver.quit();
}

/// Presses Tab until a hook has the focus.
#[track_caller]
fn tab_to(page: &Page, hook: &str) {
    for _ in 0..60 {
        if page.read("document.activeElement.dataset.test ?? ''") == hook {
            return;
        }
        page.keys(&key::TAB.to_string());
    }
    panic!("Tab never leads to {hook}");
}
