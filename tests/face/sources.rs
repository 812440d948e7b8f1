//! Sources on the settings page: the form, how each one is in words, its progress, and where others post to.

use crate::browser;
use crate::inbox::furnish;
use crate::page::Page;
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use tests::{MAILBOX_PASSWORD, text};

/// Shows the sources.
#[track_caller]
fn go_there(page: &Page) {
    page.click("place-settings");
    page.fill("settings-search", "sources");
}

#[test]
fn sources_are_added_watched_changed_and_removed_on_the_settings_page() {
    browser::with(furnish, |world, page| {
        page.see("badge-1");
        go_there(page);
        let smtp = world.json(&["status"])["smtp"].as_str().expect("the mail server listens").to_string();
        page.says("source-local", &smtp);
        page.says("source-local", "Listening");
        page.click("add-source");
        page.fill("source-name", "mailbox");
        page.choose("source-kind", "IMAP");
        page.fill("source-url", &format!("imap://127.0.0.1:{}", crate::driver::free_port()));
        page.fill("source-settings", "nothing of that form");
        page.says("dialog", "One NAME=VALUE a line.");
        page.fill("source-settings", "nobody=knows");
        page.fill("source-secret", "the mailbox's own password");
        page.choose("source-identity", "ada");
        page.click("save-source");
        page.see("problem");
        page.shot("source-form");
        page.fill("source-settings", "username=ada@example.test");
        page.click("save-source");
        page.gone("dialog");
        page.says("source-mailbox", "for ada");
        page.until(
            "document.querySelector('[data-test=source-mailbox] .trouble').innerText.includes('Tried again')",
        );
        page.click("sync-mailbox");
        page.shot("sources");
        page.click("edit-source-mailbox");
        page.fill("source-settings", "username=ada@example.test\nfolder=Other");
        page.click("save-source");
        page.gone("dialog");
        let all = world.json(&["sources", "list"]);
        let mailbox =
            all.as_array().into_iter().flatten().find(|one| one["name"] == "mailbox").expect("it is listed");
        assert_eq!((&mailbox["settings"]["folder"], &mailbox["secret"]), (&json!("Other"), &json!(true)));
        assert!(!page.read("document.body.innerText").to_string().contains("own password"));
        page.click("remove-source-mailbox");
        page.click("confirm");
        page.gone("source-mailbox");
    });
}

/// A way to a server that holds back the second ask for headings, and all that follows it, until it is opened.
fn gate(server: u16) -> (u16, Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it has an address").port();
    let (opens, opened) = channel();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", server)).expect("the server answers");
            let (mut from, mut to) = (server.try_clone(), client.try_clone());
            std::thread::spawn(move || std::io::copy(from.as_mut().ok()?, to.as_mut().ok()?).ok());
            lead(client, server, &opened);
        }
    });
    (port, opens)
}

fn lead(client: TcpStream, mut server: TcpStream, opened: &Receiver<()>) {
    let (mut client, mut line, mut asked) = (BufReader::new(client), Vec::new(), 0);
    while client.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if line.windows(11).any(|words| words == b"RFC822.SIZE") {
            asked += 1;
            // A test that has failed opens nothing any more.
            let _over = (asked == 2).then(|| opened.recv());
        }
        if server.write_all(&line).is_err() {
            return;
        }
        line.clear();
    }
}

#[test]
fn a_source_that_takes_over_says_how_far_it_is_and_nothing_jumps() {
    browser::with(furnish, |world, page| {
        let mut dovecot = world.dovecot("");
        for n in 0..60 {
            dovecot.deliver(&format!(
                "From: Shop <shop@example.com>\nTo: me+ada@example.com\nSubject: Letter {n}\nMessage-ID: <{n}@shop>\n\nHi\n"
            ));
        }
        let (port, open) = gate(dovecot.port);
        go_there(page);
        let call = json!({ "name": "box", "kind": "imap", "url": format!("imap://127.0.0.1:{port}"),
            "settings": { "username": "me@example.com" }, "secret": MAILBOX_PASSWORD });
        let added = world.door().ask("sources.add", call);
        assert!(added["Ok"].is_object(), "{added}");
        page.says("source-box", "Taking over what is there: 50 of 60");
        assert_eq!(page.read("document.querySelector('[data-test=source-box] progress').value"), 50);
        page.says("source-box", "50 messages");
        page.shot("source-syncing");
        let below = "document.querySelector('[data-test=source-local]').getBoundingClientRect().top";
        let before = page.read(below);
        open.send(()).expect("the gate is there");
        page.says("source-box", "Listening");
        page.says("source-box", "60 messages");
        page.until("!document.querySelector('[data-test=source-box] progress')");
        assert_eq!(page.read(below), before, "what stands below it has jumped");
        page.click("place-inbox");
        page.says("letters", "Letter 59");
    });
}

#[test]
fn where_others_post_to_is_shown_and_copied_and_what_comes_there_is_read() {
    browser::with(furnish, |world, page| {
        world.lanyard(&["identity", "update", "ada", "--phone", "+15550100"]).ok();
        go_there(page);
        page.click("add-source");
        page.fill("source-name", "hook");
        page.choose("source-kind", "webhook");
        page.says("dialog", "public=https://");
        page.gone("source-url");
        page.fill("source-secret", "a key that is long enough");
        page.shot("source-form-webhook");
        page.click("save-source");
        page.gone("dialog");
        let sources = world.json(&["sources", "list"]);
        let hook = sources.as_array().into_iter().flatten().find(|one| one["name"] == "hook");
        let address = text(hook.expect("it is listed"), "posted_to").to_string();
        assert!(address.starts_with("http://127.0.0.1:") && address.ends_with("/inbox/hook"), "{address}");
        page.says("posted-to-hook", &address);
        page.gone("sync-hook");
        page.says("source-hook", "on this machine alone");
        page.click("copy-posted-to-hook");
        page.says("notice", "The address is copied.");
        // There is somebody, who takes nothing that is not signed.
        let client = tests::client().build().expect("a client");
        let refused = client.post(&address).body("{}").send().expect("it answers");
        assert_eq!(refused.status(), 401);
        page.click("edit-source-hook");
        page.fill("source-settings", "public=https://tunnel.example/inbox/hook");
        page.click("save-source");
        page.gone("dialog");
        page.says("posted-to-hook", "https://tunnel.example/inbox/hook");
        let shown = page.read("document.querySelector('[data-test=source-hook]').innerText").to_string();
        assert!(!shown.contains("on this machine alone"), "{shown}");
        page.shot("sources-posted");
    });
}
