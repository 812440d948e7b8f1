//! A page in a test's hands: what can be seen is waited for, what is pressed is really pressed.

use crate::driver::Driver;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Instant;
use tests::DEADLINE;

/// Keys that have no letter, as WebDriver names them.
pub mod key {
    pub const ENTER: char = '\u{E007}';
    pub const BACKSPACE: char = '\u{E003}';
    pub const ESCAPE: char = '\u{E00C}';
    pub const TAB: char = '\u{E004}';

    pub const SHIFT: char = '\u{E008}';
    pub const CONTROL: char = '\u{E009}';
}

/// The word for an element in WebDriver's answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Lanyard's page in a browser or in the window.
pub struct Page {
    pub driver: Driver,
    /// `browser` or `window`: how its pictures are named.
    face: &'static str,
}

impl Page {
    /// The page that `driver` shows.
    pub fn of(driver: Driver, face: &'static str) -> Self {
        Self { driver, face }
    }

    /// Evaluates an expression in the page.
    #[track_caller]
    pub fn read(&self, expression: &str) -> Value {
        self.driver.command("/execute/sync", &json!({ "script": format!("return {expression}"), "args": [] }))
    }

    /// Waits until an expression is true in the page, and gives its value.
    #[track_caller]
    pub fn until(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1], until = Date.now() + {};
             const look = () => {{
               let value; try {{ value = {expression} }} catch {{ value = null }}
               if (value) done(value);
               else if (Date.now() > until) done(null);
               else setTimeout(look, 25);
             }};
             look();",
            DEADLINE.as_millis()
        );
        let found = self.driver.command("/execute/async", &json!({ "script": script, "args": [] }));
        assert!(!found.is_null(), "never became true: {expression}\n{}", self.told());
        found
    }

    /// Waits until a hook is to be seen and can be used.
    #[track_caller]
    pub fn see(&self, hook: &str) -> String {
        let usable = "(e => e && e.getClientRects().length && !e.matches(':disabled') && e)";
        let found = self.until(&format!("{usable}(document.querySelector('{}'))", selector(hook)));
        found[ELEMENT].as_str().expect("a reference to an element").to_string()
    }

    /// Waits until a hook can be used and has not moved for a moment: what is drawn above it when a list arrives would
    /// take the click.
    #[track_caller]
    fn see_still(&self, hook: &str) -> String {
        self.see(hook);
        let found = self.until(&format!(
            "(e => {{ const at = JSON.stringify(e.getBoundingClientRect()); e.still = at === e.at ? e.still + 1 : 0; \
             e.at = at; return e.still > 2 && e }})(document.querySelector('{}'))",
            selector(hook)
        ));
        found[ELEMENT].as_str().expect("a reference to an element").to_string()
    }

    /// Waits until a hook is gone.
    #[track_caller]
    pub fn gone(&self, hook: &str) {
        self.until(&format!("!document.querySelector('{}')", selector(hook)));
    }

    /// Waits until a hook's text holds this.
    #[track_caller]
    pub fn says(&self, hook: &str, text: &str) {
        self.until(&format!(
            "document.querySelector('{}').innerText.includes({})",
            selector(hook),
            json!(text)
        ));
    }

    /// Clicks on a hook as a mouse would.
    #[track_caller]
    pub fn click(&self, hook: &str) {
        // The page may draw anew between finding and clicking; a click on what is gone is no failure.
        let until = Instant::now() + DEADLINE;
        while let Err(error) =
            self.driver.post(&format!("/element/{}/click", self.see_still(hook)), &json!({}))
        {
            assert!(Instant::now() < until, "{hook} can't be clicked: {error}\n{}", self.told());
        }
    }

    /// Puts a text into a field in place of what is there.
    #[track_caller]
    pub fn fill(&self, hook: &str, text: &str) {
        let field = self.see(hook);
        self.read(&format!("document.querySelector('{}').select()", selector(hook)));
        self.driver.command(&format!("/element/{field}/value"), &json!({ "text": text }));
    }

    /// Chooses an entry of a list by its text.
    #[track_caller]
    pub fn choose(&self, hook: &str, entry: &str) {
        let list = self.see(hook);
        let option = format!(
            "[...document.querySelector('{}').options].find(o => o.text.includes({}))",
            selector(hook),
            json!(entry)
        );
        self.until(&option);
        // A click on an option opens a native list, which no driver can see; the list takes it as a value.
        let _list = list;
        self.read(&format!(
            "(() => {{ const o = {option}, s = o.parentElement.closest('select') ?? o.parentElement;
              s.value = o.value; s.dispatchEvent(new Event('input', {{ bubbles: true }}));
              s.dispatchEvent(new Event('change', {{ bubbles: true }})); return true; }})()"
        ));
    }

    /// Types on the keyboard, to whatever has the focus.
    #[track_caller]
    pub fn keys(&self, keys: &str) {
        let strokes = keys.chars().flat_map(|key| [down(key), up(key)]).collect::<Vec<_>>();
        self.act(strokes);
    }

    /// Presses keys together, the last one first to be let go.
    #[track_caller]
    pub fn chord(&self, keys: &[char]) {
        let strokes = keys.iter().map(|key| down(*key)).chain(keys.iter().rev().map(|key| up(*key)));
        self.act(strokes.collect());
    }

    #[track_caller]
    fn act(&self, strokes: Vec<Value>) {
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.driver.command("/actions", &json!({ "actions": [keyboard] }));
    }

    /// Types a line into the terminal of a slot's desk.
    #[track_caller]
    pub fn type_line(&self, slot: u32, line: &str) {
        let terminal = format!("[data-test=desk-{slot}] [data-test=terminal]");
        self.until(&format!("document.querySelector('{terminal}').dataset.link === 'up'"));
        self.read(&format!("document.querySelector('{terminal} textarea').focus()"));
        self.keys(line);
        self.keys(&key::ENTER.to_string());
    }

    /// Clicks with Control into the first line of a slot's terminal, as on a link there.
    #[track_caller]
    pub fn control_click_first_line(&self, slot: u32) {
        let screen = format!(
            "document.querySelector('[data-test=desk-{slot}] .xterm-screen').getBoundingClientRect()"
        );
        let at = |side: &str| self.read(&format!("Math.round({screen}.{side})")).as_i64().expect("a number");
        let (x, y) = (at("left") + 60, at("top") + 8);
        let (still, to) = (json!({ "type": "pause" }), json!({ "type": "pointerMove", "x": x, "y": y }));
        let near = json!({ "type": "pointerMove", "x": x + 8, "y": y });
        let (press, let_go) =
            (json!({ "type": "pointerDown", "button": 0 }), json!({ "type": "pointerUp", "button": 0 }));
        let pointer =
            json!({ "type": "pointer", "id": "mouse", "actions": [near, to, still, press, let_go, still] });
        let strokes = [
            still.clone(),
            still.clone(),
            down(key::CONTROL),
            still.clone(),
            still.clone(),
            up(key::CONTROL),
        ];
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.driver.command("/actions", &json!({ "actions": [pointer, keyboard] }));
    }

    /// Clicks near the upper left corner of a hook, whatever lies there: the page in a frame as well.
    #[track_caller]
    pub fn click_into(&self, hook: &str, right: i64, down: i64) {
        self.see_still(hook);
        let corner = format!("document.querySelector('{}').getBoundingClientRect()", selector(hook));
        let at = |side: &str| self.read(&format!("Math.round({corner}.{side})")).as_i64().expect("a number");
        let to = json!({ "type": "pointerMove", "x": at("left") + right, "y": at("top") + down });
        let (press, let_go) =
            (json!({ "type": "pointerDown", "button": 0 }), json!({ "type": "pointerUp", "button": 0 }));
        let mouse = json!({ "type": "pointer", "id": "mouse", "actions": [to, press, let_go] });
        self.driver.command("/actions", &json!({ "actions": [mouse] }));
    }

    /// Shows the page as on a screen of this width, which may be narrower than any window of a browser.
    pub fn narrow(&self, width: u32) {
        let params = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        let screen = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": params });
        self.driver.command("/goog/cdp/execute", &screen);
    }

    /// Checks that nothing reaches beyond the side of the page.
    #[track_caller]
    pub fn fits(&self) {
        let wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
        assert_eq!(self.read(wide), false, "the page is wider than its window");
    }

    /// Shows the page in `light` or `dark`.
    pub fn paint(&self, theme: &str) {
        self.read(&format!("document.documentElement.setAttribute('data-theme', '{theme}')"));
    }

    /// Goes to the tab that was opened last.
    #[track_caller]
    pub fn last_tab(&self) {
        let until = Instant::now() + DEADLINE;
        while self.tabs().len() < 2 {
            assert!(Instant::now() < until, "no tab was opened\n{}", self.told());
        }
        self.driver.command("/window", &json!({ "handle": self.tabs().last() }));
    }

    /// Goes back to the first tab.
    #[track_caller]
    pub fn first_tab(&self) {
        self.driver.command("/window", &json!({ "handle": self.tabs().first() }));
    }

    #[track_caller]
    fn tabs(&self) -> Vec<Value> {
        self.driver.get("/window/handles").as_array().cloned().unwrap_or_default()
    }

    /// Waits until the terminal of a slot's desk holds this text.
    #[track_caller]
    pub fn terminal_says(&self, slot: u32, text: &str) {
        let terminal = format!("[data-test=desk-{slot}] [data-test=terminal]");
        self.until(&format!("document.querySelector('{terminal}').lanyardText().includes({})", json!(text)));
    }

    /// All that the terminal of a slot's desk holds.
    #[track_caller]
    pub fn terminal_text(&self, slot: u32) -> String {
        let terminal = format!("[data-test=desk-{slot}] [data-test=terminal]");
        let text = self.read(&format!("document.querySelector('{terminal}').lanyardText()"));
        text.as_str().unwrap_or_default().to_string()
    }

    /// Takes a picture into `target/shots`.
    pub fn shot(&self, name: &str) {
        // What was written last is drawn with the next frame.
        let drawn =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(1)))";
        let _hidden = self.driver.post("/execute/async", &json!({ "script": drawn, "args": [] }));
        let picture = self.driver.get("/screenshot");
        let picture = picture.as_str().expect("a picture is text");
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD.decode(picture).expect("a picture is base64");
        let path = shots().join(format!("{}-{name}.png", self.face));
        std::fs::write(path, bytes).expect("the picture is written");
    }

    /// What the browser complained of: what the content security policy forbids is among it. The window's
    /// WebDriver keeps no such log.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.driver.post("/se/log", &json!({ "type": "browser" })).unwrap_or_default();
        let severe = |entry: &&Value| entry["level"] == "SEVERE";
        log.as_array()
            .into_iter()
            .flatten()
            .filter(severe)
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    /// What the page shows now, for the message of a failure; a picture is taken too.
    fn told(&self) -> String {
        self.shot("failed");
        let text = self.read("document.body.innerText");
        format!("the page says:\n{}\n{}", text.as_str().unwrap_or_default(), self.complaints().join("\n"))
    }
}

fn selector(hook: &str) -> String {
    format!("[data-test=\"{hook}\"]")
}

fn down(key: char) -> Value {
    json!({ "type": "keyDown", "value": key })
}

fn up(key: char) -> Value {
    json!({ "type": "keyUp", "value": key })
}

/// The folder of the pictures: `target/shots`.
pub fn shots() -> PathBuf {
    let exe = std::env::current_exe().expect("a test has a path");
    // target/debug/deps/face-0123456789abcdef
    let folder = exe.ancestors().nth(3).expect("a test lies in target/debug/deps").join("shots");
    std::fs::create_dir_all(&folder).expect("a folder for the pictures");
    folder
}
