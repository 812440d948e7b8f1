//! Tokens of a real npm registry: made, listed, used, revoked, and then refused.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{World, client, text};

const PASSWORD: &str = "pass-of-ada";

#[test]
fn a_token_of_a_real_registry_works_until_it_is_revoked() {
    let world = World::new();
    world.identity("ada");
    let registry = world.verdaccio();
    let http = client().build().unwrap();
    let at = |path: &str| format!("{}{path}", registry.url);
    let account =
        http.put(at("/-/user/org.couchdb.user:ada")).json(&json!({ "name": "ada", "password": PASSWORD }));
    assert_eq!(account.send().unwrap().status(), StatusCode::CREATED);
    let listed = || -> Vec<Value> {
        let answer = http.get(at("/-/npm/v1/tokens")).basic_auth("ada", Some(PASSWORD)).send().unwrap();
        answer.json::<Value>().unwrap()["objects"].as_array().unwrap().clone()
    };
    // Whoever is not logged in may not even ask for a package; whoever is, learns that there is none.
    let used = |token: &str| http.get(at("/nothing")).bearer_auth(token).send().unwrap().status();

    let add = |name: &str, secret: &str| {
        let args = ["issuers", "add", name, "--kind", "npm", "--url", &registry.url, "--set", "username=ada"];
        world.lanyard_with(&[&args[..], &["--secret", "-", "--policy", "auto"]].concat(), secret).ok();
    };
    add("npm", PASSWORD);
    let token = world.json(&["tokens", "request", "npm", "--permission", "packages=write", "--ttl", "1d"]);
    let value = world.lanyard(&["tokens", "show", text(&token, "id"), "--value"]).ok().trim().to_string();
    assert_eq!(listed().len(), 1);
    assert_eq!(used(&value), StatusCode::NOT_FOUND);

    assert_eq!(text(&world.json(&["tokens", "revoke", text(&token, "id")]), "state"), "revoked");
    assert_eq!(listed(), [] as [Value; 0]);
    let refused = used(&value);
    assert!(
        [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&refused),
        "it still works: {refused}"
    );

    add("wrong", "another-password");
    let told = world.lanyard(&["tokens", "request", "wrong"]).fails(1);
    assert!(told.contains("401") && !told.contains("another-password"), "{told}");
    assert!(world.lanyard(&["tokens", "request", "npm", "--ttl", "91d"]).fails(1).contains("longer"));
    assert!(world.lanyard(&["tokens", "request", "npm", "--ttl", "1h"]).fails(1).contains("shorter"));
    assert!(!world.log().contains(PASSWORD));
}
