//! Every issuer against every way in which a server can fail it.

use super::open;
use super::stand_in::{StandIn, json, says};
use crate::tokens::issuer::{Failure, Found, Held, Issuer, Order, Setup};
use api::issuers::Kind;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use vault::Secret;

const KINDS: [Kind; 8] = [
    Kind::GithubApp,
    Kind::GithubPat,
    Kind::GitlabProject,
    Kind::GitlabGroup,
    Kind::Npm,
    Kind::Cloudflare,
    Kind::Vercel,
    Kind::Ravi,
];

/// What no error may repeat.
const SECRET: &str = "sesame-sesame-open";

/// An RSA key that is used nowhere but here.
pub(super) const KEY: &str = include_str!("../../../tests/app_key.pem");

fn issuer(kind: Kind, url: &str) -> Box<dyn Issuer> {
    let settings = [
        ("client_id", "Iv1.abc"),
        ("installation_id", "7"),
        ("project", "shop/front"),
        ("group", "shop"),
        ("username", "ada"),
        ("policies", r#"[{"effect":"allow"}]"#),
    ];
    let secret = if kind == Kind::GithubApp { KEY } else { SECRET };
    opened(kind, url, &settings, secret).unwrap()
}

pub(super) fn opened(
    kind: Kind,
    url: &str,
    settings: &[(&str, &str)],
    secret: &str,
) -> Result<Box<dyn Issuer>, Failure> {
    open(Setup {
        kind,
        base_url: Some(url.into()),
        settings: settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        secret: Some(Secret::from(secret.to_string())),
    })
}

pub(super) fn order() -> Order {
    Order {
        id: "0190".into(),
        name: "lanyard-ada-0190".into(),
        account: Some("6f1c2c1e".into()),
        repositories: Vec::new(),
        permissions: BTreeMap::new(),
        ttl: None,
        now: 1_700_000_000_000,
    }
}

pub(super) fn held() -> Held {
    Held {
        value: Some(Secret::from(SECRET.to_string())),
        upstream_id: Some("42".into()),
        name: "lanyard-ada-0190".into(),
        expires_at: None,
        now: 1_700_000_000_000,
    }
}

/// What a server does, its answer, and what that is to us.
type Row = (&'static str, String, fn(&Failure) -> bool);

fn table() -> Vec<Row> {
    let echo = format!("{{\"message\":\"no {SECRET} here\"}}");
    vec![
        ("401", says(401, "", &echo), |f| matches!(f, Failure::Refused { status: 401, .. })),
        ("403", says(403, "", &echo), |f| matches!(f, Failure::Refused { status: 403, .. })),
        ("404", says(404, "", &echo), |f| matches!(f, Failure::NotFound(_))),
        ("422", says(422, "", &echo), |f| matches!(f, Failure::Refused { status: 422, .. })),
        ("429", says(429, "", "slow down"), |f| matches!(f, Failure::RateLimited { after: None })),
        ("429 after 7 s", says(429, "Retry-After: 7\r\n", ""), |f| {
            *f == Failure::RateLimited { after: Some(Duration::from_secs(7)) }
        }),
        ("500", says(500, "", "<html>"), |f| matches!(f, Failure::Refused { status: 500, .. })),
        ("a redirect", says(307, "Location: http://127.0.0.1:1/\r\n", ""), |f| {
            matches!(f, Failure::Refused { status: 307, .. })
        }),
        ("a page", says(200, "Content-Type: text/html\r\n", "<html>Sign in</html>"), broken),
        ("an empty answer", says(200, "", ""), broken),
        ("nothing", String::new(), broken),
        ("half an answer", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"token\":\"gh".into(), broken),
        ("half a head", "HTTP/1.1 200 O".into(), broken),
        ("endless words", says(200, "", &"x".repeat(2 << 20)), broken),
    ]
}

fn broken(failure: &Failure) -> bool {
    matches!(failure, Failure::Broken(_))
}

fn check(kind: Kind, what: &str, failure: &Failure, expected: fn(&Failure) -> bool) {
    assert!(expected(failure), "{} and {what}: {failure:?}", kind.name());
    let told = format!("{failure} {failure:?} {}", failure.told("x"));
    assert!(!told.contains("sesame") && !told.contains("PRIVATE"), "{} and {what}: {told}", kind.name());
    assert!(told.len() < 2000, "{told}");
}

#[tokio::test]
async fn each_failure_at_minting_is_told_as_what_it_is() {
    for kind in KINDS {
        for (what, answer, expected) in table() {
            // An App sends no secret to mint, only its word.
            let answer = if kind == Kind::GithubApp {
                answer.replace(SECRET, &".".repeat(SECRET.len()))
            } else {
                answer
            };
            let server = StandIn::saying([answer]).await;
            let minted = issuer(kind, &server.url).mint(&order()).await;
            check(kind, what, &minted.err().unwrap(), expected);
            assert_eq!(server.asked().len(), 1, "{} tried again by itself", kind.name());
        }
        let strange = StandIn::saying([json(201, json!({ "value": SECRET }))]).await;
        let failure = issuer(kind, &strange.url).mint(&order()).await.err().unwrap();
        check(kind, "another shape", &failure, broken);
        let nobody = StandIn::saying([]).await;
        let failure = issuer(kind, &nobody.url).mint(&order()).await.err().unwrap();
        check(kind, "nobody", &failure, |f| matches!(f, Failure::Unreachable(_)));
    }
}

#[tokio::test]
async fn each_failure_at_revoking_is_told_and_none_is_taken_for_done() {
    for kind in KINDS {
        for (what, answer, expected) in table() {
            let gone = match kind {
                // The token itself was sent, so what is refused is the token.
                Kind::GithubApp | Kind::GithubPat => "401",
                _ => "404",
            };
            let server = StandIn::saying([answer]).await;
            let revoked = issuer(kind, &server.url).revoke(&held()).await;
            match revoked {
                Ok(()) => assert_eq!(what, gone, "{}: taken for revoked", kind.name()),
                Err(failure) => {
                    assert_ne!(what, gone, "{}: {failure:?}", kind.name());
                    check(kind, what, &failure, expected);
                }
            }
        }
        let nobody = StandIn::saying([]).await;
        let failure = issuer(kind, &nobody.url).revoke(&held()).await.unwrap_err();
        check(kind, "nobody", &failure, |f| matches!(f, Failure::Unreachable(_)));
    }
}

#[tokio::test]
async fn who_cannot_list_says_so_and_a_failed_list_is_no_answer() {
    for kind in KINDS {
        for (what, answer, expected) in table() {
            let server = StandIn::saying([answer]).await;
            match issuer(kind, &server.url).find("lanyard-ada-0190").await {
                Ok(Found::CannotTell) => assert_eq!(kind, Kind::GithubApp),
                Ok(Found::None) => assert_eq!(kind, Kind::GithubPat),
                Ok(Found::Is(id)) => panic!("{} found {id} after {what}", kind.name()),
                Err(failure) => check(kind, what, &failure, expected),
            }
        }
    }
}

#[test]
fn a_set_up_that_lacks_something_is_told_with_what_it_lacks() {
    let url = "https://git.example";
    let lacks = |kind, settings: &[_], secret| match opened(kind, url, settings, secret) {
        Err(Failure::Invalid(why)) => why,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("{} was taken", kind.name()),
    };
    assert!(lacks(Kind::GithubApp, &[], KEY).contains("client_id"));
    assert!(lacks(Kind::GithubApp, &[("client_id", "a")], "").contains("private key"));
    assert!(
        lacks(Kind::GithubApp, &[("client_id", "a"), ("installation_id", "../7")], KEY).contains("number")
    );
    assert!(lacks(Kind::GithubPat, &[], " \n").contains("personal access token"));
    assert!(lacks(Kind::GitlabProject, &[], SECRET).contains("project"));
    assert!(
        lacks(Kind::GitlabGroup, &[("group", "g"), ("access_level", "12")], SECRET).contains("access_level")
    );
    assert!(lacks(Kind::Npm, &[], SECRET).contains("username"));
    assert!(lacks(Kind::Cloudflare, &[], SECRET).contains("policies"));
    assert!(lacks(Kind::Cloudflare, &[("policies", "[]")], SECRET).contains("policies"));
    assert!(lacks(Kind::Vercel, &[], "").contains("token"));
    let Err(clear) = opened(Kind::Vercel, "http://git.example", &[], SECRET) else { panic!("sent in clear") };
    assert!(clear.to_string().contains("https"), "{clear}");
}

#[test]
fn a_key_file_that_is_no_key_is_told_as_that_and_not_repeated() {
    let damaged = KEY.replace("MII", "!!!");
    let cut: String = KEY.chars().take(400).collect();
    let other = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    let public = KEY.replace("RSA PRIVATE", "PUBLIC");
    let empty = "-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\n";
    for no_key in ["not a key", SECRET, &damaged, &cut, other, &public, empty] {
        let Err(failure) = opened(Kind::GithubApp, "https://x.example", &[("client_id", "a")], no_key) else {
            panic!("taken for a key: {no_key}")
        };
        let told = failure.to_string();
        assert!(told.contains("key") && !told.contains("sesame") && !told.contains("MII"), "{told}");
    }
}
