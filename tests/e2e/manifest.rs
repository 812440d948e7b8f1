//! A GitHub App is made by its manifest: a page of ours, a page of GitHub's, and back with a code.

use reqwest::blocking::{Client, Response};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use tests::{GitHub, World, client, text};

/// A browser that shows each page, and goes on only when it is told to.
fn browser() -> Client {
    client().redirect(Policy::none()).build().unwrap()
}

fn begin(world: &World, name: &str, github: &GitHub) -> Value {
    let params = json!({ "name": name, "base_url": github.url(), "policy": "auto" });
    world.door().ask("issuers.manifest", params)["Ok"].take()
}

/// What stands in an attribute of the page.
fn attribute(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    let value = rest.split_once('"').unwrap().0;
    value.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&amp;", "&")
}

/// Sends the form of the first page, as its button does, and gives the address that GitHub sends back to.
fn agree(page: &str) -> String {
    let (action, manifest) = (attribute(page, "action"), attribute(page, "value"));
    let coded: String = manifest.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answer = browser().post(action).body(format!("manifest={coded}")).send().unwrap();
    assert_eq!(answer.status(), 302, "{:?}", answer.text());
    answer.headers()["location"].to_str().unwrap().to_string()
}

fn get(address: &str) -> Response {
    browser().get(address).send().unwrap()
}

#[test]
fn an_app_is_made_by_its_manifest_and_its_key_is_sealed() {
    let (world, github) = (World::new(), GitHub::new());
    world.identity("ada");
    let begun = begin(&world, "shop-app", &github);
    let page = get(text(&begun, "url"));
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_string();
    assert!(policy.contains(&format!("form-action 'self' {}", github.url())), "{policy}");
    let back = agree(&page.text().unwrap());
    let made = get(&back);
    assert_eq!(made.status(), 200);
    assert!(made.text().unwrap().contains("https://github.example/apps/stand-in/installations/new"));

    let issuer = &world.json(&["issuers", "list"])[0];
    assert_eq!((text(issuer, "name"), text(issuer, "kind")), ("shop-app", "github-app"));
    assert_eq!((&issuer["has_secret"], &issuer["policy"]), (&json!(true), &json!("auto")));
    let token = world.json(&["tokens", "request", "shop-app", "--repo", "octo/shop"]);
    assert_eq!((text(&token, "state"), github.living().len()), ("active", 1));

    assert_eq!(get(&back).status(), 403, "a state was taken twice");
    assert_eq!(get(text(&begun, "url")).status(), 403);
    let audit = world.json(&["audit", "list"]).to_string();
    assert!(audit.contains("issuers.made"), "{audit}");
    let state = back.rsplit('=').next().unwrap();
    assert!(!world.log().contains(state) && !audit.contains(state) && !audit.contains("PRIVATE KEY"));
}

#[test]
fn who_does_not_know_the_state_makes_no_app() {
    let (world, github) = (World::new(), GitHub::new());
    let begun = begin(&world, "shop-app", &github);
    let back = agree(&get(text(&begun, "url")).text().unwrap());
    let (address, _) = back.split_once("&state=").unwrap();
    for state in ["", "&state=", "&state=x", "&state=%00"] {
        assert_eq!(get(&format!("{address}{state}")).status(), 403, "{state:?}");
    }
    assert!(github.asked().iter().all(|asked| !asked.contains("conversions")), "the code was tried");
    assert_eq!(world.json(&["issuers", "list"]), json!([]));
    // The state is still good: nobody else could use it up.
    assert_eq!(get(&back).status(), 200);
}

#[test]
fn a_code_that_github_does_not_know_is_told_on_the_page() {
    let (world, github) = (World::new(), GitHub::new());
    let begun = begin(&world, "shop-app", &github);
    let back = agree(&get(text(&begun, "url")).text().unwrap()).replace("code-1", "code-2");
    let page = get(&back);
    assert_eq!(page.status(), 403);
    let told = page.text().unwrap();
    assert!(told.contains("does not know what it was asked for") && !told.contains("<script"), "{told}");
    assert_eq!(world.json(&["issuers", "list"]), json!([]));
}

#[test]
fn a_manifest_that_could_not_be_kept_is_not_begun() {
    let (world, github) = (World::new(), GitHub::new());
    let refused = |params: Value| world.door().ask("issuers.manifest", params)["Err"]["message"].to_string();
    begin(&world, "shop-app", &github);
    assert!(refused(json!({ "name": "a/b" })).contains("no name"));
    assert!(refused(json!({ "name": "x".repeat(35) })).contains("34"));
    assert!(refused(json!({ "name": "a", "base_url": "http://git.example" })).contains("https"));
    assert!(refused(json!({ "name": "a", "organization": "../settings" })).contains("no name"));
}

#[test]
fn the_command_line_tells_the_address_and_waits_for_the_app() {
    let (world, github) = (World::new(), GitHub::new());
    world.lanyard(&["status"]).ok();
    let mut command = world.command(tests::program("lanyard"));
    command.args([
        "issuers",
        "github-app",
        "--name",
        "shop-app",
        "--org",
        "acme",
        "--url",
        github.url(),
        "--json",
    ]);
    let mut waiting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(waiting.stderr.take().unwrap()).lines().map_while(Result::ok);
    let address = told.find(|line| line.contains("http://127.0.0.1:")).expect("it tells the address");
    let page = get(address.trim()).text().unwrap();
    assert!(attribute(&page, "action").contains("/organizations/acme/settings/apps/new"));
    assert_eq!(get(&agree(&page)).status(), 200);
    assert!(tests::wait_for_end(&waiting, tests::DEADLINE), "it waits although the App is made");
    let out = waiting.wait_with_output().unwrap();
    let issuer: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((text(&issuer, "name"), out.status.code()), ("shop-app", Some(0)));
}
