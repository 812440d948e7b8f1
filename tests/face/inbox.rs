//! The inbox on the page: a message that arrives, what is done with its code and link, an answer, a search, and HTML
//! that must do nothing.

use crate::browser;
use crate::page::{Page, key};
use serde_json::{Value, json};
use tests::World;
use tests::server::{Reply, Server};

/// Sends a mail from brin to ada, who are both of this Lanyard.
#[track_caller]
pub fn send(world: &World, subject: &str, text: &str, html: Option<&str>) -> Value {
    let call = json!({ "identity": "brin", "medium": "email", "to": ["ada@lanyard.localhost"],
        "subject": subject, "text": text, "html": html });
    let sent = world.door().ask("inbox.send", call);
    assert!(sent["Ok"].is_object(), "{sent}");
    sent["Ok"].clone()
}

/// Ada sits in slot 1 and brin in slot 2.
pub fn furnish(world: &World) {
    world.seat(1, "ada", "API_KEY", "value");
    world.seat(2, "brin", "API_KEY", "value");
}

/// How many lines there are, and where the line of this subject stands on the screen.
fn line(subject: &str) -> String {
    format!(
        "Math.round([...document.querySelectorAll('[data-test=letter]')].find(l => l.innerText.includes({})).getBoundingClientRect().top)",
        json!(subject)
    )
}

#[test]
fn a_code_that_arrives_is_seen_copied_handed_over_and_its_mail_answered_in_the_browser() {
    browser::with(furnish, |world, page| {
        world.project("work");
        world.start(1, "signup", &["cat"]);
        page.see("stop-1");
        let link = "https://sign.up.test/verify?token=abcdef0123456789";
        send(
            world,
            "Your verification code",
            &format!("Your verification code is 482913.\n\nOr verify your address here: {link}\n"),
            None,
        );
        page.says("unread-1", "1");
        page.says("fresh", "482 913");
        page.says("unread-all", "1");
        page.shot("wall-mail");
        page.click("fresh");
        page.says("notice", "The code is copied");
        page.click("unread-1");
        page.says("letter", "Your verification code");
        page.shot("inbox");
        page.keys(&format!("j{}", key::ENTER));
        page.says("subject", "Your verification code");
        page.says("found-code", "482 913");
        page.says("found-link", "sign.up.test");
        page.says("message", "unproven");
        page.until("!document.querySelector('[data-test=unread-all]').innerText");
        page.shot("message");
        hand_over(page, link);
        answer(world, page);
        search(page);
        looks(page);
    });
}

/// The code goes to the terminal at once, the link after a look at it.
#[track_caller]
fn hand_over(page: &Page, link: &str) {
    page.until("(b => b && (b.click(), true))(document.querySelector('[data-test=found-code] [data-test=hand-over]'))");
    page.until("[...document.querySelectorAll('[data-test=notice]')].some(n => n.innerText.includes('typed into slot 1'))");
    page.until("(b => b && (b.click(), true))(document.querySelector('[data-test=found-link] [data-test=hand-over]'))");
    page.says("hand-question", link);
    page.shot("hand-over");
    page.click("confirm");
    page.gone("hand-question");
    page.click("place-slots");
    page.click("open-1");
    page.terminal_says(1, &format!("482913{link}"));
    page.click("tab-inbox");
    page.click("letter");
    page.says("subject", "Your verification code");
    page.shot("desk-inbox");
    page.click("back");
    page.see("letter");
    page.click("place-inbox");
}

/// A reply is written, put away, found again, and sent; its answer stands in the thread.
#[track_caller]
fn answer(world: &World, page: &Page) {
    page.click("letter");
    page.says("subject", "Your verification code");
    page.keys("r");
    page.fill("send-body", "Thank you, brin.");
    page.shot("reply");
    page.keys(&key::ESCAPE.to_string());
    page.click("put-away");
    page.gone("compose-form");
    page.click("reply");
    page.until("document.querySelector('[data-test=send-body]').value === 'Thank you, brin.'");
    page.click("send");
    page.gone("compose-form");
    page.says("thread-line", "Thank you, brin.");
    let got = world.door().ask("inbox.list", json!({ "identity": "brin", "direction": "incoming" }));
    assert_eq!(got["Ok"]["messages"][0]["subject"], "Re: Your verification code", "{got}");
    page.shot("thread");
}

#[track_caller]
fn search(page: &Page) {
    page.until("document.querySelectorAll('[data-test=letter]').length > 1");
    page.fill("inbox-search", "verific");
    page.until("document.querySelectorAll('[data-test=letter]').length > 0");
    page.fill("inbox-search", "zebra");
    page.says("no-messages", "No message has these words");
    page.fill("inbox-search", "thank you");
    page.says("letter", "Thank you, brin.");
}

/// Pictures in the dark and where there is little room.
#[track_caller]
fn looks(page: &Page) {
    page.paint("dark");
    page.click("letter");
    page.see("message");
    page.shot("inbox-dark");
    page.click("place-slots");
    page.see("badge-1");
    page.shot("wall-mail-dark");
    page.narrow(900);
    page.shot("wall-mail-narrow");
    page.click("place-inbox");
    page.click("letter");
    page.see("message");
    page.shot("inbox-narrow-dark");
    page.paint("light");
    page.shot("inbox-narrow");
    page.click("compose");
    page.shot("compose-narrow");
    page.fits();
    page.click("place-slots");
    page.click("open-1");
    page.click("tab-inbox");
    page.see("letter");
    page.shot("desk-inbox-narrow");
    on_a_small_screen(page);
}

/// There is room for the list or for what is read, and each leads to the other.
#[track_caller]
fn on_a_small_screen(page: &Page) {
    page.narrow(420);
    page.click("place-slots");
    page.see("badge-1");
    page.shot("wall-small");
    page.fits();
    page.click("place-inbox");
    page.click("letter");
    page.see("message");
    page.until("!document.querySelector('[data-test=letters]').getClientRects().length");
    page.shot("message-small");
    page.fits();
    page.paint("dark");
    page.shot("message-small-dark");
    page.paint("light");
    page.click("reply");
    page.says("compose-form", "Reply to brin@lanyard.localhost");
    page.shot("reply-small");
    page.fits();
    page.click("put-away");
    page.click("back");
    page.see("letter");
    page.shot("inbox-small");
    page.fits();
}

#[test]
fn html_shows_no_script_no_form_and_fetches_nothing() {
    let hit = Server::start(|_| Reply::bare(204));
    let url = hit.url();
    let html = format!(
        "<html><head><link rel=stylesheet href=\"{url}/a.css\"><style>@import url({url}/b.css); p {{ background: url({url}/c.png) }}</style>\
         <meta http-equiv=refresh content=\"0;url={url}/d\"></head><body onload=\"fetch('{url}/e')\"><h1>Welcome, ada</h1>\
         <script>fetch('{url}/f'); top.document.title = 'owned'</script><img src=\"{url}/g.png\" onerror=\"fetch('{url}/h')\">\
         <p style=\"background:url({url}/i.png)\">Words of the layout</p><iframe src=\"{url}/j\"></iframe>\
         <form action=\"{url}/k\"><input name=p autofocus><button>Sign in</button></form>\
         <a href=\"javascript:top.owned=1\">trap</a> <a href=\"{url}/l\" ping=\"{url}/m\">leads out</a>\
         <svg><image href=\"{url}/n.png\"/></svg><video src=\"{url}/o\" poster=\"{url}/p\"></video></body></html>"
    );
    browser::with(furnish, |world, page| {
        page.see("badge-1");
        send(world, "Hello \u{202e}txt.exe\u{202c} pay\u{200b}pal", "Words of the text", Some(&html));
        page.click("place-inbox");
        page.click("letter");
        page.says("subject", "Hello txt.exe paypal");
        page.says("text", "Words of the text");
        page.click("as-html");
        let frame = page.see("html");
        page.driver.command("/frame", &json!({ "id": { "element-6066-11e4-a52e-4f735466cecf": frame } }));
        let text = page
            .until("document.body?.innerText.includes('Words of the layout') && document.body.innerText")
            .to_string();
        assert!(text.contains("Welcome, ada") && text.contains("leads out"), "{text}");
        let left = page.read("document.querySelectorAll('script, form, input, iframe, video, svg, link, [onload], [onerror], [ping], img[src^=http]').length");
        assert_eq!(left, 0, "{}", page.read("document.body.innerHTML"));
        let links = page.read("[...document.links].map(a => [a.protocol, a.target, a.rel].join(' '))");
        assert_eq!(links, json!(["http: _blank noopener noreferrer"]));
        page.driver.command("/frame", &json!({ "id": null }));
        page.shot("html");
        assert_ne!(page.read("document.title"), "owned");
        assert!(hit.asked().is_empty(), "the message fetched {:?}", hit.asked());
    });
}

#[test]
fn a_long_list_draws_few_lines_and_never_jumps_when_a_message_arrives() {
    browser::with(furnish, |world, page| {
        page.see("badge-1");
        let mut door = world.door();
        for n in 0..250 {
            let sent = door.ask(
                "inbox.send",
                json!({ "identity": "brin", "medium": "email", "to": ["ada@lanyard.localhost"],
                "subject": format!("Build {n:03} has ended"), "text": "All tests have passed." }),
            );
            assert!(sent["Ok"].is_object(), "{sent}");
        }
        page.click("place-inbox");
        page.choose("inbox-identity", "ada");
        page.says("letters", "Build 249");
        let drawn =
            page.read("document.querySelectorAll('[data-test=letter]').length").as_u64().expect("a number");
        assert!((5..40).contains(&drawn), "{drawn} lines are drawn");
        // Where one reads further down, nothing moves.
        page.read("document.querySelector('[data-test=letters]').scrollTop = 72 * 60 + 10");
        let before = page.until(&line("Build 187"));
        send(world, "One more has come", "Look here.", None);
        page.says("newer-messages", "1 new message");
        assert_eq!(page.read(&line("Build 187")), before, "the list has jumped");
        page.shot("inbox-newer");
        page.click("newer-messages");
        page.says("letters", "One more has come");
        page.gone("newer-messages");
        // Where the pointer is over the list, a click must not hit another line.
        let before = page.until(&line("Build 249"));
        send(world, "And another one", "Look here.", None);
        page.says("newer-messages", "1 new message");
        assert_eq!(page.read(&line("Build 249")), before, "the list has jumped");
        page.click("place-inbox");
        page.says("letters", "And another one");
        // The keys go down beyond what is drawn, and the oldest is reached.
        page.keys(&"j".repeat(30));
        let all = world.door().ask("inbox.list", json!({ "identity": "ada", "limit": 50 }));
        let thirtieth = tests::text(&all["Ok"]["messages"][29], "id").to_string();
        page.until(&format!(
            "document.querySelector('[data-test=letter][aria-selected=true]').dataset.id === '{thirtieth}'"
        ));
        page.until("(l => { l.scrollTop = l.scrollHeight; return l.innerText.includes('where it begins') })(document.querySelector('[data-test=letters]'))");
        page.says("letters", "Build 000");
    });
}

#[test]
fn a_message_is_written_with_its_errors_beside_it_deleted_with_a_question_and_kept_as_long_as_wanted() {
    browser::with(furnish, |world, page| {
        page.see("badge-1");
        page.click("place-inbox");
        page.see("no-messages");
        page.shot("inbox-empty");
        page.keys("c");
        page.choose("send-from", "ada");
        page.fill("send-to", "no address at all");
        page.fill("send-subject", "Hello");
        page.fill("send-body", "A first letter.");
        page.click("send");
        page.see("problem");
        page.shot("compose");
        page.click("place-slots");
        page.click("place-inbox");
        page.click("compose");
        page.until("document.querySelector('[data-test=send-body]').value === 'A first letter.'");
        page.fill("send-to", "brin@lanyard.localhost");
        page.click("send");
        page.gone("compose-form");
        page.says("letters", "Hello");
        page.click("letter");
        page.see("message");
        page.click("delete-message");
        page.says("delete-question", "Hello");
        page.click("cancel");
        page.gone("delete-question");
        page.click("delete-message");
        page.click("confirm");
        page.until("document.querySelectorAll('[data-test=letter]').length === 1");
        keeping(world, page);
    });
}

/// How long messages are kept, and what an agent may send, is set at the identity.
#[track_caller]
fn keeping(world: &World, page: &Page) {
    page.click("place-identities");
    page.click("identity-ada");
    page.choose("keep-days", "30 days");
    page.choose("sending-policy", "you approve each message");
    let mut door = world.door();
    let until = std::time::Instant::now() + tests::DEADLINE;
    loop {
        let now = door.ask("inbox.settings", json!({ "identity": "ada" }));
        if now["Ok"]["keep_days"] == 30 && now["Ok"]["sending"] == "ask" {
            break;
        }
        assert!(std::time::Instant::now() < until, "{now}");
    }
    page.shot("keeping");
}

#[test]
fn what_is_unread_is_counted_on_each_badge_and_one_inbox_shows_it_for_all_of_them() {
    browser::with(furnish, |world, page| {
        page.see("badge-2");
        send(world, "For ada", "How are you?", None);
        world.deliver("brin@lanyard.localhost", "For brin", "Your code is 771204.");
        let call = json!({ "identity": "ada", "medium": "email", "to": ["brin@lanyard.localhost"],
            "subject": LONG, "text": "مرحبا 👩‍💻" });
        assert!(world.door().ask("inbox.send", call)["Ok"].is_object());
        page.says("unread-1", "1");
        page.says("unread-2", "2");
        page.says("unread-all", "3");
        page.shot("wall-unread");
        page.click("place-inbox");
        page.says("letters", "For ada");
        page.says("letters", "For brin");
        page.shot("inbox-all");
        page.click("inbox-unread");
        page.until("document.querySelectorAll('[data-test=letter]').length === 3");
        page.click("letter");
        page.says("subject", "Ein sehr langer Betreff");
        page.says("unread-all", "2");
        page.shot("message-long");
        // What was just read stays where it is as long as it is looked at.
        page.until("document.querySelectorAll('[data-test=letter]').length === 3");
        page.keys("u");
        page.says("unread-all", "3");
        page.choose("inbox-identity", "ada");
        page.until("document.querySelectorAll('[data-test=letter]').length === 1");
        page.says("letters", "For ada");
        page.until("document.querySelector('[data-test=unread-here]').innerText === '1'");
        page.choose("inbox-identity", "Everybody");
        page.fill("inbox-search", "771204");
        page.until("document.querySelectorAll('[data-test=letter]').length === 1");
        page.says("letter", "For brin");
        page.says("letter", "771 204");
    });
}

/// A subject that has all that a line must stand: length, both directions of reading, pictures.
const LONG: &str = "Ein sehr langer Betreff, der in keine Zeile passt, mit \u{5e9}\u{5dc}\u{5d5}\u{5dd} und 🎉🎉 und noch viel mehr Worten dahinter";

#[test]
fn text_messages_are_read_written_and_answered() {
    let numbered = |world: &World| {
        furnish(world);
        for (name, number) in [("ada", "+15550100"), ("brin", "+15550200")] {
            world.lanyard(&["identity", "update", name, "--phone", number]).ok();
        }
    };
    browser::with(numbered, |world, page| {
        page.see("badge-1");
        let text = "Your Shop code is 4827. Never tell it to anybody.";
        let call = json!({ "identity": "brin", "medium": "sms", "to": ["+15550100"], "text": text });
        assert!(world.door().ask("inbox.send", call)["Ok"].is_object());
        send(world, "A mail", "Not a text.", None);
        page.says("unread-1", "2");
        page.click("place-inbox");
        page.choose("inbox-medium", "Text messages");
        page.until("document.querySelectorAll('[data-test=letter]').length === 2");
        page.choose("inbox-identity", "ada");
        page.until("document.querySelectorAll('[data-test=letter]').length === 1");
        page.click("letter");
        page.says("text", text);
        page.says("found-code", "4827");
        page.says("message", "+15550200");
        page.shot("text-message");
        page.keys("r");
        page.fill("send-body", &"x".repeat(1601));
        page.says("compose-form", "1601 characters, 1600 at most");
        page.until("document.querySelector('[data-test=send]').disabled");
        page.fill("send-body", "Thanks, it works.");
        page.says("compose-form", "17 of 1600 characters");
        page.shot("text-reply");
        page.click("send");
        page.gone("compose-form");
        page.says("thread-line", "Thanks, it works.");
        page.shot("text-thread");
        page.keys("c");
        page.click("send-text");
        page.gone("send-subject");
        page.fill("send-to", "+1 555 0200");
        page.fill("send-body", "A new one.");
        page.shot("text-compose");
        page.click("send");
        page.gone("compose-form");
        let got = world.json(&["sms", "list", "--received", "--identity", "brin"]);
        let texts: Vec<_> = got["messages"].as_array().into_iter().flatten().map(|m| &m["preview"]).collect();
        assert_eq!(texts, ["A new one.", "Thanks, it works."], "{got}");
    });
}

#[test]
fn a_reply_to_all_reaches_everybody_but_its_writer() {
    let three = |world: &World| {
        furnish(world);
        world.identity("cleo");
    };
    browser::with(three, |world, page| {
        page.see("badge-1");
        let call = json!({ "identity": "brin", "medium": "email", "to": ["ada@lanyard.localhost"],
            "cc": ["cleo@lanyard.localhost"], "subject": "Lunch", "text": "Today at noon?" });
        assert!(world.door().ask("inbox.send", call)["Ok"].is_object());
        page.click("unread-1");
        page.click("letter");
        page.says("message", "cleo@lanyard.localhost");
        page.click("reply-all");
        page.says("compose-form", "Reply to everybody");
        page.says("reply-to", "brin@lanyard.localhost, cleo@lanyard.localhost");
        page.fill("send-body", "With pleasure.");
        page.shot("reply-all");
        page.click("send");
        page.gone("compose-form");
        page.says("thread-line", "With pleasure.");
        for name in ["brin", "cleo"] {
            let got =
                world.json(&["email", "list", "--received", "--search", "pleasure", "--identity", name]);
            assert_eq!(got["messages"][0]["subject"], "Re: Lunch", "{got}");
        }
        let own = world.json(&["email", "list", "--received", "--search", "pleasure", "--identity", "ada"]);
        assert_eq!(own["messages"], json!([]), "it came back to its writer");
    });
}

#[test]
fn chips_copy_a_link_and_open_it_in_the_browser() {
    let site = Server::start(|_| Reply::bare(204));
    let link = format!("{}/verify?token=abcdef0123456789", site.url().replace("127.0.0.1", "localhost"));
    browser::with(furnish, |world, page| {
        page.see("badge-1");
        send(world, "Please verify", &format!("Verify your address: {link}"), None);
        page.click("unread-1");
        page.click("letter");
        page.says("found-link", "localhost");
        page.until("(b => b && (b.click(), true))(document.querySelector('[data-test=found-link] [data-test=copy-found]'))");
        page.says("notice", "The link is copied");
        assert!(site.asked().is_empty(), "it was fetched by being shown: {:?}", site.asked());
        page.click("open-link");
        page.last_tab();
        page.first_tab();
        assert_eq!(site.asked(), ["GET /verify"]);
    });
}

#[test]
fn while_the_vault_is_locked_the_inbox_says_so_and_is_there_again_after_it() {
    if !browser::possible() {
        return;
    }
    let mut world = browser::world();
    furnish(&world);
    send(&world, "Before the lock", "Still here.", None);
    world.daemon_process().kill();
    world.unset("LANYARD_PASSPHRASE_FILE");
    let page = browser::open(&world);
    page.see("vault-locked");
    page.click("look-without");
    page.click("place-inbox");
    page.says("letters", "locked");
    page.shot("inbox-locked");
    page.click("compose");
    page.choose("send-from", "ada");
    page.fill("send-to", "brin@lanyard.localhost");
    page.fill("send-body", "Hello");
    page.click("send");
    page.says("compose-form", "locked");
    let mut door = world.door();
    let opened = door.ask("vault.unlock", json!({ "passphrase": tests::PASSPHRASE }));
    assert!(opened["Ok"].is_object(), "{opened}");
    page.says("letters", "Before the lock");
    page.until("!document.querySelector('[data-test=letters] [data-test=problem]')");
    page.driver.quit();
}
