//! Issuers over HTTP, against stand-ins that know which tokens live: what a person sees when all goes well, and
//! when an issuer fails.

use serde_json::{Value, json};
use tests::github::{APP_KEY, CLIENT_ID};
use tests::providers::{Kind, Provider, SEED};
use tests::server::Fault;
use tests::{GitHub, Outcome, World, client, text};

/// Adds an issuer whose tokens an agent gets without asking.
fn add(world: &World, name: &str, kind: &str, url: &str, settings: &[&str], secret: &str) -> Outcome {
    let mut args =
        vec!["issuers", "add", name, "--kind", kind, "--url", url, "--secret", "-", "--policy", "auto"];
    settings.iter().for_each(|setting| args.extend(["--set", setting]));
    world.lanyard_with(&args, secret)
}

fn app(world: &World, url: &str) {
    add(world, "app", "github-app", url, &[&format!("client_id={CLIENT_ID}")], APP_KEY).ok();
}

fn value(world: &World, token: &Value) -> String {
    world.lanyard(&["tokens", "show", text(token, "id"), "--value"]).ok().trim().to_string()
}

fn world() -> World {
    let world = World::new();
    world.identity("ada");
    world
}

/// The repositories that a token of the stand-in can see, or its refusal.
fn sees(github: &GitHub, token: &str) -> Result<Vec<String>, u16> {
    let url = format!("{}/installation/repositories", github.url());
    let answer = client().build().unwrap().get(url).bearer_auth(token).send().unwrap();
    if answer.status() != 200 {
        return Err(answer.status().as_u16());
    }
    let body: Value = answer.json().unwrap();
    Ok(body["repositories"].as_array().unwrap().iter().map(|r| text(r, "full_name").to_string()).collect())
}

#[test]
fn an_apps_token_is_limited_works_and_is_revoked() {
    let (world, github) = (world(), GitHub::new());
    app(&world, github.url());
    let token =
        world.json(&["tokens", "request", "app", "--repo", "octo/shop", "--permission", "contents=read"]);
    assert_eq!(token["repositories"], json!(["octo/shop"]));
    assert_eq!(token["permissions"], json!({ "contents": "read", "metadata": "read" }));
    let left = token["expires_at"].as_i64().unwrap() - token["requested_at"].as_i64().unwrap();
    assert!((3_500_000..3_700_000).contains(&left), "it lives for {left} ms");
    let value = value(&world, &token);
    assert_eq!(sees(&github, &value).unwrap(), ["octo/shop"]);

    let revoked = world.json(&["tokens", "revoke", text(&token, "id")]);
    assert_eq!(text(&revoked, "state"), "revoked");
    assert_eq!((sees(&github, &value), github.living().len()), (Err(401), 0));
    assert!(!world.log().contains(&value) && !world.log().contains("PRIVATE KEY"));
}

#[test]
fn a_token_that_github_ended_by_itself_counts_as_revoked() {
    let (world, github) = (world(), GitHub::new());
    app(&world, github.url());
    let token = world.json(&["tokens", "request", "app"]);
    github.expire(&value(&world, &token));
    assert_eq!(text(&world.json(&["tokens", "revoke", text(&token, "id")]), "state"), "revoked");
}

#[test]
fn a_repository_that_the_app_cannot_see_is_told() {
    let (world, github) = (world(), GitHub::new());
    app(&world, github.url());
    let request = |more: &[&str]| world.lanyard(&[&["tokens", "request", "app"], more].concat()).fails(1);
    let told = request(&["--repo", "octo/nowhere"]);
    assert!(told.contains("does not exist or is not accessible"), "{told}");
    let told = request(&["--repo", "acme/shop"]);
    assert!(told.contains("not know an installation of the App at \"acme\""), "{told}");
    let told = request(&["--permission", "administration=write"]);
    assert!(told.contains("not granted to this installation"), "{told}");
    for (ttl, why) in [("0s", "0"), ("1m", "shorter"), ("2h", "longer")] {
        assert!(world.lanyard(&["tokens", "request", "app", "--ttl", ttl]).fails(1).contains(why), "{ttl}");
    }
    assert!(github.given().is_empty());
}

#[test]
fn a_key_file_that_is_no_key_is_refused_when_the_issuer_is_added() {
    let world = world();
    for (secret, why) in [
        ("hello", "no private key"),
        (&APP_KEY[..APP_KEY.len() / 2], "cut off"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n", "EC PRIVATE KEY"),
    ] {
        let settings = ["client_id=Iv1.x"];
        let told = add(&world, "app", "github-app", "https://git.example", &settings, secret).fails(1);
        assert!(told.contains(why) && !told.contains("MHcC"), "{told}");
    }
    let told = add(&world, "app", "github-app", "http://git.example", &["client_id=x"], APP_KEY).fails(1);
    assert!(told.contains("https"), "{told}");
    let told = add(&world, "app", "github-app", "https://git.example", &[], APP_KEY).fails(1);
    assert!(told.contains("client_id"), "{told}");
    assert_eq!(world.json(&["issuers", "list"]), json!([]));
}

#[test]
fn each_way_in_which_an_issuer_fails_is_told_in_its_own_words() {
    let (world, github) = (world(), GitHub::new());
    app(&world, github.url());
    let faults = [
        (Fault::Status(401), "may be wrong or expired"),
        (Fault::Status(403), "may not be allowed"),
        (Fault::Status(404), "does not know"),
        (Fault::Status(422), "422"),
        (Fault::Limited(None), "too often"),
        (Fault::Limited(Some("7".into())), "7 s"),
        (Fault::Limited(Some("Fri, 01 Jan 2100 00:00:00 GMT".into())), "3600 s"),
        (Fault::Status(500), "500"),
        (Fault::Page, "a page, not JSON"),
        (Fault::Nothing, "ended without one"),
        (Fault::Half, "ended half-way"),
    ];
    for (fault, why) in faults {
        github.fails("POST /app/installations", fault.clone());
        let told = world.lanyard(&["tokens", "request", "app"]).fails(1);
        assert!(told.contains(why), "{fault:?}: {told}");
        github.heals();
    }
    let nobody = GitHub::new().url().to_string();
    world.lanyard(&["issuers", "update", "app", "--url", &nobody]).ok();
    let told = world.lanyard(&["tokens", "request", "app"]).fails(1);
    assert!(told.contains("cannot be reached"), "{told}");
    let tokens = world.json(&["tokens", "list", "--all"]);
    let states = tokens.as_array().unwrap().iter().map(|token| text(token, "state"));
    assert!(states.clone().all(|state| state != "active"), "{tokens}");
}

#[test]
fn a_stored_token_is_ended_for_good_only_when_asked_twice() {
    let (world, github) = (world(), GitHub::new());
    github.store("ghp_stored-by-its-owner");
    add(&world, "mine", "github-pat", github.url(), &[], "ghp_stored-by-its-owner\n").ok();
    let token = world.json(&["tokens", "request", "mine"]);
    assert_eq!(token["undoable"], false);
    assert_eq!(value(&world, &token), "ghp_stored-by-its-owner");
    let id = text(&token, "id");
    world.lanyard(&["tokens", "revoke", id]).fails(1);
    assert!(github.takes("ghp_stored-by-its-owner"), "it was ended without a second word");
    let revoked = world.json(&["tokens", "revoke", id, "--force"]);
    assert_eq!(text(&revoked, "state"), "revoked");
    assert!(!github.takes("ghp_stored-by-its-owner"));
    let told = world.lanyard(&["tokens", "request", "mine"]).fails(1);
    assert!(told.contains("Bad credentials"), "a dead token was handed out: {told}");
}

#[test]
fn gitlab_cloudflare_and_vercel_tokens_live_until_they_are_revoked() {
    let world = world();
    let policies = r#"policies=[{"effect":"allow","permission_groups":[{"id":"g"}],"resources":{"*":"*"}}]"#;
    for (name, stand_in, setting) in [
        ("gitlab-project", Kind::Gitlab, "project=shop/front"),
        ("gitlab-group", Kind::Gitlab, "group=shop"),
        ("cloudflare", Kind::Cloudflare, policies),
        ("vercel", Kind::Vercel, "project_id=p1"),
    ] {
        let provider = Provider::new(stand_in);
        add(&world, name, name, provider.url(), &[setting], SEED).ok();
        let token = world.json(&["tokens", "request", name]);
        assert_eq!(provider.living(), [value(&world, &token)], "{name}");
        let revoked = world.json(&["tokens", "revoke", text(&token, "id")]);
        assert_eq!((text(&revoked, "state"), provider.living().len()), ("revoked", 0), "{name}");

        // Made, but its answer never came: the orphan is found by its name and revoked.
        provider.fails("POST", Fault::Lost);
        world.lanyard(&["tokens", "request", name]).fails(1);
        provider.heals();
        wait_until_none_may_live(&world);
        assert!(provider.living().is_empty(), "{name} keeps an orphan");

        let wrong = format!("{name}-wrong");
        add(&world, &wrong, name, provider.url(), &[setting], "another secret").ok();
        let told = world.lanyard(&["tokens", "request", &wrong]).fails(1);
        assert!(told.contains("refused (40") && !told.contains("another secret"), "{told}");
    }
}

/// Waits until every token is revoked, expired or was never made.
#[track_caller]
fn wait_until_none_may_live(world: &World) {
    let mut door = world.listening();
    while world.json(&["tokens", "list"]) != json!([]) {
        door.event(|event| !event["TokenChanged"].is_null());
    }
}

#[test]
fn a_server_that_nobody_vouches_for_is_not_told_a_secret() {
    let mut world = world();
    let (server, certificate) = world.refusing();
    add(&world, "vercel", "vercel", &server.url, &[], SEED).ok();
    let told = world.lanyard(&["tokens", "request", "vercel"]).fails(1);
    assert!(told.contains("cannot be reached") && told.contains("certificate"), "{told}");
    // A server of one's own is trusted as everywhere on the machine.
    world.lanyard(&["daemon", "stop"]).ok();
    world.set("SSL_CERT_FILE", certificate.display().to_string());
    let told = world.lanyard(&["tokens", "request", "vercel"]).fails(1);
    assert!(told.contains("refused (401)"), "{told}");
}

#[test]
fn each_way_in_which_revoking_fails_is_tried_again() {
    let (world, github) = (world(), GitHub::new());
    app(&world, github.url());
    let mut door = world.listening();
    let faults = [
        (Fault::Status(403), "403"),
        (Fault::Status(422), "422"),
        (Fault::Limited(None), "too often"),
        (Fault::Limited(Some("7".into())), "7 s"),
        (Fault::Status(500), "500"),
        (Fault::Page, "a page, not JSON"),
        (Fault::Nothing, "ended without one"),
    ];
    for (fault, why) in faults {
        let token = world.json(&["tokens", "request", "app"]);
        github.fails("DELETE", fault.clone());
        door.ask("tokens.revoke", json!({ "token": token["id"], "wait_ms": 0 }));
        let told = loop {
            let told = world.json(&["tokens", "show", text(&token, "id")]);
            if told["attempts"] != 0 || text(&told, "state") != "revoking" {
                break told;
            }
            door.event(|event| event["TokenChanged"]["token"] == token["id"]);
        };
        assert_eq!(text(&told, "state"), "revoking", "{fault:?}: {told}");
        assert!(text(&told, "last_error").contains(why), "{fault:?}: {told}");
        assert_eq!(github.living().len(), 1, "{fault:?}");
        github.heals();
        assert_eq!(
            text(&world.json(&["tokens", "revoke", text(&token, "id")]), "state"),
            "revoked",
            "{fault:?}"
        );
        assert!(github.living().is_empty());
    }
    // Done, but its answer never came, or half of it: the next try hears that the token is gone.
    for fault in [Fault::Lost, Fault::Half] {
        let token = world.json(&["tokens", "request", "app"]);
        github.fails("DELETE", fault);
        door.ask("tokens.revoke", json!({ "token": token["id"], "wait_ms": 0 }));
        while !github.living().is_empty() {
            door.event(|event| event["TokenChanged"]["token"] == token["id"]);
        }
        github.heals();
        assert_eq!(text(&world.json(&["tokens", "revoke", text(&token, "id")]), "state"), "revoked");
    }
}
