//! A letter from outside: it comes while the page or the window is open, and its layout, links and files do what they
//! should and nothing else.

use crate::page::Page;
use crate::{browser, window};
use std::fs;
use std::time::Instant;
use tests::server::{Reply, Server};
use tests::{DEADLINE, World};

const BILL: &str = "This is the bill for November.\n";
/// The same as base64, as it comes in a mail.
const BILL_AS_BASE64: &str = "VGhpcyBpcyB0aGUgYmlsbCBmb3IgTm92ZW1iZXIuCg==";

/// A letter with a text, a layout, and a file whose name hides its true ending.
fn letter(subject: &str, words: &str, html: &str) -> String {
    format!(
        "From: =?utf-8?Q?Z=C3=BCrich_Shop?= <shop@example.com>\nTo: ada@lanyard.localhost\nSubject: {subject}\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=outer\n\n\
         --outer\nContent-Type: multipart/alternative; boundary=inner\n\n\
         --inner\nContent-Type: text/plain; charset=utf-8\n\n{words}\n\n\
         --inner\nContent-Type: text/html; charset=utf-8\n\n{html}\n\n--inner--\n\
         --outer\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\
         Content-Disposition: attachment; filename*=utf-8''bill%E2%80%AEfdp.txt\n\n{BILL_AS_BASE64}\n--outer--\n"
    )
}

/// Saves the file of the letter that is open, and waits until all of it is there.
#[track_caller]
fn save(world: &World, page: &Page) {
    page.says("file", "billfdp.txt");
    page.click("save-file");
    page.says("notice", "billfdp.txt goes to your downloads.");
    let (saved, until) = (browser::downloads(world).join("billfdp.txt"), Instant::now() + DEADLINE);
    while !fs::read(&saved).is_ok_and(|bytes| bytes == BILL.as_bytes()) {
        let there: Vec<_> = fs::read_dir(browser::downloads(world)).into_iter().flatten().flatten().collect();
        assert!(Instant::now() < until, "the file is not saved; there are {there:?}");
        page.read("new Promise(go => setTimeout(go, 25))");
    }
}

#[test]
fn a_file_of_a_letter_is_saved_under_the_name_that_is_shown_in_the_browser() {
    browser::with(crate::inbox::furnish, |world, page| {
        fs::create_dir_all(browser::downloads(world)).expect("a folder for what is saved");
        page.see("badge-1");
        world.deliver_letter("ada@lanyard.localhost", &letter("Your bill", "It is enclosed.", "<p>Look</p>"));
        page.click("unread-1");
        page.click("letter");
        page.says("subject", "Your bill");
        page.says("message", "Zürich Shop");
        save(world, page);
        page.shot("letter-file");
    });
}

#[test]
fn a_letter_that_comes_while_the_window_is_open_is_read_there_and_its_links_lead_to_the_owners_browser() {
    let outside = Server::start(|_| Reply::bare(204));
    let url = outside.url();
    let html = format!(
        "<html><body><a href=\"{url}/verify?token=abcdef0123456789\">Verify your address</a><h1>Welcome</h1>\
         <img src=\"{url}/look.png\"><script>fetch('{url}/run')</script></body></html>"
    );
    let prepare = |world: &mut World| {
        window::browser_that_tells(world);
        fs::create_dir_all(browser::downloads(world)).expect("a folder for what is saved");
        let settings = world.path(".config");
        fs::create_dir_all(&settings).expect("a folder for settings");
        let folders = format!("XDG_DOWNLOAD_DIR=\"{}\"\n", browser::downloads(world).display());
        fs::write(settings.join("user-dirs.dirs"), folders).expect("it says where downloads go");
        world.set("XDG_CONFIG_HOME", settings.display().to_string());
    };
    window::with(prepare, |world, page| {
        page.see("first");
        world.seat(1, "ada", "API_KEY", "value");
        page.see("open-1");
        world.deliver_letter("ada@lanyard.localhost", &letter("Your code", "Your code is 482913.", &html));
        page.says("unread-1", "1");
        page.says("fresh", "482 913");
        page.shot("wall-mail");
        page.click("unread-1");
        page.click("letter");
        page.says("found-code", "482 913");
        page.says("text", "Your code is 482913.");
        page.until("!document.querySelector('[data-test=unread-all]').innerText");
        page.shot("letter");
        page.click("copy-found");
        page.says("notice", "The code is copied");
        page.click("as-html");
        page.see("html");
        page.shot("letter-html");
        // The link is what the layout begins with.
        page.click_into("html", 60, 27);
        assert_eq!(window::told_address(world), format!("{url}/verify?token=abcdef0123456789"));
        page.says("subject", "Your code");
        assert!(outside.asked().is_empty(), "the letter fetched {:?}", outside.asked());
        save(world, page);
    });
}
