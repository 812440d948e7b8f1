//! GitHub's own description: what we ask fits it, and so does what our stand-in answers.

use serde_json::{Value, json};
use tests::github::{APP_KEY, CLIENT_ID};
use tests::{GitHub, World, client, text};

fn world() -> World {
    let world = World::new();
    world.identity("ada");
    world
}

fn app(world: &World, url: &str) {
    let client_id = format!("client_id={CLIENT_ID}");
    let args = ["issuers", "add", "app", "--kind", "github-app", "--url", url, "--set", &client_id];
    world.lanyard_with(&[&args[..], &["--secret", "-", "--policy", "auto"]].concat(), APP_KEY).ok();
}

#[test]
fn what_is_asked_of_github_fits_its_description() {
    let world = world();
    let prism = world.prism();
    // The description's examples have one installation at which the App's tokens are made.
    let settings = ["--set", "installation_id=1"];
    app(&world, &prism.url);
    world.lanyard(&[&["issuers", "update", "app"], &settings[..]].concat()).ok();
    let request = |more: &[&str]| world.lanyard(&[&["tokens", "request", "app"], more].concat());
    // The example ended in 2016, so that it is not handed out; but it was asked for as GitHub wants it.
    request(&["--repo", "Hello-World", "--permission", "contents=read"]).fails(1);
    let token = world.json(&["tokens", "list", "--all"])[0].take();
    assert_eq!(token["repositories"], json!(["octocat/Hello-World"]), "{token}");
    assert_eq!(token["expires_at"], 1_468_275_250_000_i64);
    assert_ne!(text(&token, "state"), "active", "a token of 2016 was handed out");
    // Prism does look: a level that GitHub does not know is refused by the description.
    let told = request(&["--permission", "contents=admin"]).fails(1);
    assert!(told.contains("422"), "{told}");

    let args = ["issuers", "add", "mine", "--kind", "github-pat", "--url", &prism.url, "--policy", "auto"];
    world.lanyard_with(&[&args[..], &["--secret", "-"]].concat(), "ghp_0123456789").ok();
    let token = world.json(&["tokens", "request", "mine"]);
    // Prism forgets the revocation at once, and is not believed.
    let mut door = world.listening();
    let params = json!({ "token": token["id"], "force": true, "wait_ms": 0 });
    assert_eq!(door.ask("tokens.revoke", params)["Ok"]["state"], "revoking");
    let told = loop {
        let told = world.json(&["tokens", "show", text(&token, "id")]);
        if told["attempts"] != 0 {
            break told;
        }
        door.event(|event| event["TokenChanged"]["token"] == token["id"]);
    };
    assert_eq!(text(&told, "state"), "revoking");
    assert!(text(&told, "last_error").contains("the order was taken"), "{told}");
}

#[test]
fn what_the_stand_in_answers_fits_githubs_description() {
    let (world, github) = (world(), GitHub::new());
    let prism = world.prism_before(github.url());
    app(&world, &prism.url);
    for more in [&["--repo", "octo/shop", "--permission", "issues=write"][..], &[]] {
        let token = world.json(&[&["tokens", "request", "app"], more].concat());
        assert_eq!(github.living().len(), 1);
        let value = world.lanyard(&["tokens", "show", text(&token, "id"), "--value"]).ok();
        let seen = client().build().unwrap().get(format!("{}/installation/repositories", prism.url));
        assert_eq!(seen.bearer_auth(value.trim()).send().unwrap().status(), 200);
        assert_eq!(text(&world.json(&["tokens", "revoke", text(&token, "id")]), "state"), "revoked");
        assert!(github.living().is_empty());
    }

    github.store("ghp_0123456789");
    let args = ["issuers", "add", "mine", "--kind", "github-pat", "--url", &prism.url, "--policy", "auto"];
    world.lanyard_with(&[&args[..], &["--secret", "-"]].concat(), "ghp_0123456789").ok();
    let token = world.json(&["tokens", "request", "mine"]);
    let revoked = world.json(&["tokens", "revoke", text(&token, "id"), "--force"]);
    assert_eq!(text(&revoked, "state"), "revoked", "{revoked}");

    // The description is enforced: what does not fit it would not have come this far.
    let wrong = client().build().unwrap().post(format!("{}/credentials/revoke", prism.url)).json(&json!({}));
    let answer = wrong.send().unwrap();
    assert_eq!(answer.status(), 422, "{}", answer.json::<Value>().unwrap());
}
