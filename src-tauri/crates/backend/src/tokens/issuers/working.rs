//! Every issuer against a server that works: what is sent, and what is made of the answer.

use super::failing::{KEY, held, opened, order};
use super::stand_in::{Asked, StandIn, json, says};
use crate::tokens::issuer::{Failure, Found, Held, Issuer, Minted, Order};
use api::issuers::Kind;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: u64 = 24 * 3600;

async fn minted(issuer: &dyn Issuer, order: &Order) -> Minted {
    issuer.mint(order).await.map_err(|failure| failure.to_string()).unwrap()
}

fn value(minted: &Minted) -> &str {
    // EXPOSE: the stand-in's own token.
    minted.value.expose_str().unwrap()
}

fn app(url: &str, settings: &[(&str, &str)]) -> Box<dyn Issuer> {
    let settings = [&[("client_id", "Iv1.abc")], settings].concat();
    opened(Kind::GithubApp, url, &settings, KEY).unwrap()
}

/// What a JWT says, if the test's key signed it.
fn claims(asked: &Asked, token: &str) -> Value {
    assert!(asked.head.contains("authorization: bearer "), "{}", asked.head);
    let (said, signature) = token.rsplit_once('.').unwrap();
    let der: String = KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::prelude::BASE64_STANDARD.decode(der).unwrap();
    let pair = RsaKeyPair::from_der(&der).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    public.verify(said.as_bytes(), &BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(said.split_once('.').unwrap().1).unwrap()).unwrap()
}

fn made() -> String {
    json(
        201,
        json!({
            "token": "ghs_123_any.shape.at-all", "expires_at": "2023-11-14T23:13:20Z",
            "permissions": { "contents": "read", "metadata": "read" },
            "repositories": [{ "full_name": "octo/shop" }],
        }),
    )
}

#[test]
fn an_apps_word_is_signed_dated_back_and_short() {
    let key = super::app_key::AppKey::read(&vault::Secret::from(KEY.to_string())).unwrap();
    let jwt = key.jwt("Iv1.abc", 1_000_000_999).unwrap();
    let asked = Asked { line: String::new(), head: "authorization: bearer x".into(), body: Value::Null };
    // EXPOSE: it is signed by a key that opens nothing.
    let claims = claims(&asked, jwt.expose_str().unwrap());
    assert_eq!(claims, json!({ "iat": 1_000_000 - 60, "exp": 1_000_000 + 540, "iss": "Iv1.abc" }));
}

#[tokio::test]
async fn an_app_asks_for_just_these_repositories_and_permissions() {
    let server = StandIn::saying([made()]).await;
    let mut order = order();
    order.repositories = vec!["shop".into()];
    order.permissions = [("contents".to_string(), "read".to_string())].into();
    let minted = minted(&*app(&server.url, &[("installation_id", "7")]), &order).await;
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /app/installations/7/access_tokens");
    assert_eq!(asked.body, json!({ "repositories": ["shop"], "permissions": { "contents": "read" } }));
    assert!(
        asked.head.contains("accept: application/vnd.github+json, application/json\r\n"),
        "{}",
        asked.head
    );
    assert_eq!(value(&minted), "ghs_123_any.shape.at-all");
    assert_eq!((minted.upstream_id, minted.expires_at), (None, Some(1_700_003_600_000)));
    assert_eq!(minted.repositories, ["octo/shop"]);
    assert_eq!(minted.permissions["metadata"], "read");
}

#[tokio::test]
async fn an_app_takes_the_installation_of_the_owner_that_is_named() {
    let all =
        json!([{ "id": 1, "account": { "login": "Octo" } }, { "id": 2, "account": { "login": "acme" } }]);
    let asking = |repositories: &[&str]| {
        let all = all.clone();
        let repositories = repositories.iter().map(ToString::to_string).collect();
        async move {
            let server = StandIn::saying([json(200, all), made()]).await;
            let order = Order { repositories, ..order() };
            let result = app(&server.url, &[]).mint(&order).await.map(|_| server.lines()[1].clone());
            (result, server.asked().len())
        }
    };
    let (line, _) = asking(&["octo/shop"]).await;
    assert_eq!(line.unwrap(), "POST /app/installations/1/access_tokens");
    let (unseen, requests) = asking(&["other/shop"]).await;
    assert!(matches!(unseen, Err(Failure::NotFound(why)) if why.contains("other")));
    assert_eq!(requests, 1, "a token was made for a repository that nobody asked for");
    assert!(matches!(asking(&["octo/shop", "acme/site"]).await.0, Err(Failure::Invalid(_))));
    assert!(
        matches!(asking(&["shop"]).await.0, Err(Failure::Invalid(why)) if why.contains("installation_id"))
    );

    let other = json(200, json!({ "id": 7, "account": { "login": "acme" } }));
    let server = StandIn::saying([other, made()]).await;
    let order = Order { repositories: vec!["octo/shop".into()], ..order() };
    assert!(app(&server.url, &[("installation_id", "7")]).mint(&order).await.is_err());
    assert_eq!(server.lines(), ["GET /app/installations/7"]);
}

#[tokio::test]
async fn an_installation_token_is_revoked_by_itself() {
    let server = StandIn::saying([says(204, "", "")]).await;
    app(&server.url, &[]).revoke(&held()).await.unwrap();
    assert_eq!(server.lines(), ["DELETE /installation/token"]);
    assert!(server.asked()[0].head.contains("authorization: bearer sesame-sesame-open\r\n"));
}

#[tokio::test]
async fn a_stored_token_is_handed_out_while_it_works_and_ended_without_a_login() {
    let user = || {
        says(200, "github-authentication-token-expiration: 2023-11-15 00:00:00 UTC\r\n", r#"{"login":"a"}"#)
    };
    let pat = |url: &str| opened(Kind::GithubPat, url, &[], "ghp_abcdefgh\n").unwrap();
    let server = StandIn::saying([user()]).await;
    let token = minted(&*pat(&server.url), &order()).await;
    assert_eq!((value(&token), token.expires_at), ("ghp_abcdefgh", Some(1_700_006_400_000)));

    let held =
        || Held { value: Some(vault::Secret::from("ghp_abcdefgh".to_string())), upstream_id: None, ..held() };
    let server = StandIn::saying([user(), json(202, json!({})), says(401, "", "")]).await;
    pat(&server.url).revoke(&held()).await.unwrap();
    let asked = server.asked();
    assert_eq!(server.lines(), ["GET /user", "POST /credentials/revoke", "GET /user"]);
    assert!(!asked[1].head.contains("authorization"), "GitHub refuses who says who they are");
    assert_eq!(asked[1].body, json!({ "credentials": ["ghp_abcdefgh"] }));

    let believed = StandIn::saying([user(), json(202, json!({})), user()]).await;
    assert!(pat(&believed.url).revoke(&held()).await.is_err(), "an order that was taken is not yet done");
    assert!(!pat(&believed.url).limits().undoable);
}

#[tokio::test]
async fn gitlab_tokens_end_on_a_date_and_are_found_by_their_name() {
    let made = || json(201, json!({ "id": 42, "token": "glpat-x", "scopes": [] }));
    let gitlab = |url: &str| opened(Kind::GitlabProject, url, &[("project", "shop/front")], "admin").unwrap();
    let server = StandIn::saying([made()]).await;
    let mut order = order();
    order.ttl = Some(Duration::from_secs(2 * DAY));
    order.permissions = [("repository".to_string(), "write".to_string())].into();
    let token = minted(&*gitlab(&server.url), &order).await;
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /projects/shop%2Ffront/access_tokens");
    assert!(asked.head.contains("private-token: admin\r\n"));
    assert_eq!(asked.body["scopes"], json!(["read_repository", "write_repository"]));
    assert_eq!((&asked.body["expires_at"], &asked.body["name"]), (&json!("2023-11-17"), &json!(order.name)));
    assert_eq!((token.upstream_id.as_deref(), token.expires_at), (Some("42"), Some(1_700_179_200_000)));

    let server = StandIn::saying([says(204, "", "")]).await;
    gitlab(&server.url).revoke(&held()).await.unwrap();
    assert_eq!(server.lines(), ["DELETE /projects/shop%2Ffront/access_tokens/42"]);

    let list = |id: u64, name: &str, next: &str| {
        says(200, &format!("X-Next-Page: {next}\r\n"), &json!([{ "id": id, "name": name }]).to_string())
    };
    let server = StandIn::saying([list(1, "mine", "2"), list(9, &order.name, "")]).await;
    assert_eq!(gitlab(&server.url).find(&order.name).await, Ok(Found::Is("9".into())));
    assert!(server.lines()[1].ends_with("page=2"), "{:?}", server.lines());
    let server = StandIn::saying([list(1, "mine", "")]).await;
    assert_eq!(gitlab(&server.url).find(&order.name).await, Ok(Found::None));

    let group = StandIn::saying([made()]).await;
    minted(&*opened(Kind::GitlabGroup, &group.url, &[("group", "shop")], "admin").unwrap(), &self::order())
        .await;
    assert_eq!(group.lines(), ["POST /groups/shop/access_tokens"]);
}

#[tokio::test]
async fn npm_gets_the_password_with_each_new_token() {
    let npm = |url: &str| opened(Kind::Npm, url, &[("username", "ada")], "pass word").unwrap();
    let server = StandIn::saying([json(200, json!({ "token": "npm_x", "key": "k1" }))]).await;
    let order =
        Order { repositories: vec!["@shop/ui".into()], ttl: Some(Duration::from_secs(DAY + 1)), ..order() };
    let token = minted(&*npm(&server.url), &order).await;
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /-/npm/v1/tokens");
    assert!(asked.head.contains("authorization: basic ywrhonbhc3mgd29yza=="), "{}", asked.head);
    let body = json!({
        "name": order.name, "password": "pass word", "packages": ["@shop/ui"], "packages_all": false,
        "packages_and_scopes_permission": "read-only", "expires": 2,
    });
    assert_eq!(asked.body, body);
    assert_eq!(
        (token.upstream_id.as_deref(), token.expires_at),
        (Some("k1"), Some(order.now + 2 * DAY as i64 * 1000))
    );

    let list =
        |name: Option<&str>| json(200, json!({ "objects": [{ "key": "k1", "name": name }], "urls": {} }));
    let server = StandIn::saying([list(Some(&order.name)), list(Some("mine")), list(None)]).await;
    for expected in [Found::Is("k1".into()), Found::None, Found::CannotTell] {
        assert_eq!(npm(&server.url).find(&order.name).await, Ok(expected));
    }
    let server = StandIn::saying([says(401, "", r#"{"error":"You must provide a one-time pass."}"#)]).await;
    let failure = npm(&server.url).mint(&order).await.err().unwrap();
    assert!(failure.to_string().contains("a second line"), "{failure}");
}

#[tokio::test]
async fn npm_gets_a_one_time_code_where_the_account_has_a_second_factor() {
    // The secret and the moments of RFC 6238's test vectors, as six digits.
    let secret = "pass word\nGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let npm = |url: &str, secret: &str| opened(Kind::Npm, url, &[("username", "ada")], secret);
    let made = json(200, json!({ "token": "npm_x", "key": "k1" }));
    let server = StandIn::saying([made, says(204, "", ""), says(204, "", "")]).await;
    let issuer = npm(&server.url, secret).unwrap();
    let token = minted(&*issuer, &Order { now: 1_111_111_109_000, ..order() }).await;
    let held = Held { upstream_id: token.upstream_id, now: 1_234_567_890_000, ..held() };
    issuer.revoke(&held).await.unwrap();
    npm(&server.url, "pass word").unwrap().revoke(&held).await.unwrap();
    let asked = server.asked();
    assert!(asked[0].head.contains("npm-otp: 081804\r\n"), "{}", asked[0].head);
    assert_eq!(asked[0].body["password"], "pass word");
    assert!(asked[1].head.contains("npm-otp: 005924\r\n"), "{}", asked[1].head);
    assert!(!asked[2].head.contains("npm-otp"), "{}", asked[2].head);
    let failure = npm(&server.url, "pass word\nno-base-32!").err().unwrap();
    assert!(
        failure.to_string().contains("second line") && !failure.to_string().contains("no-base"),
        "{failure}"
    );
}

#[tokio::test]
async fn cloudflare_says_no_with_any_status() {
    let policies = r#"[{"effect":"allow","permission_groups":[{"id":"g"}],"resources":{"*":"*"}}]"#;
    let settings = [("policies", policies), ("account_id", "acc")];
    let cloudflare = |url: &str| opened(Kind::Cloudflare, url, &settings, "seed").unwrap();
    let made = json(200, json!({ "success": true, "result": { "id": "i1", "value": "cf_x" } }));
    let server = StandIn::saying([made]).await;
    let token = minted(&*cloudflare(&server.url), &order()).await;
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /accounts/acc/tokens");
    assert_eq!(asked.body["expires_on"], "2023-11-14T23:13:20Z");
    assert_eq!(asked.body["policies"][0]["effect"], "allow");
    assert_eq!((value(&token), token.upstream_id.as_deref()), ("cf_x", Some("i1")));

    let server = StandIn::saying([json(200, json!({ "success": false, "errors": [] }))]).await;
    assert!(cloudflare(&server.url).revoke(&held()).await.is_err(), "a no was taken for a yes");
    let server = StandIn::saying([json(200, json!({ "success": true, "result": { "id": "42" } }))]).await;
    cloudflare(&server.url).revoke(&held()).await.unwrap();
    assert_eq!(server.lines(), ["DELETE /accounts/acc/tokens/42"]);
    let full: Vec<Value> = (0..50).map(|n| json!({ "id": n.to_string(), "name": "mine" })).collect();
    let pages = [json!(full), json!([{ "id": "9", "name": "lanyard-ada-0190" }])];
    let server =
        StandIn::saying(pages.map(|page| json(200, json!({ "success": true, "result": page })))).await;
    assert_eq!(cloudflare(&server.url).find("lanyard-ada-0190").await, Ok(Found::Is("9".into())));
}

#[tokio::test]
async fn vercel_tokens_are_for_the_team_and_end_to_the_millisecond() {
    let vercel =
        |url: &str| opened(Kind::Vercel, url, &[("team_id", "t1"), ("project_id", "p1")], "seed").unwrap();
    let made = json(
        200,
        json!({ "bearerToken": "vc_x", "token": { "id": "i1", "expiresAt": 1_700_000_060_000_i64 } }),
    );
    let server = StandIn::saying([made]).await;
    let order = Order { ttl: Some(Duration::from_secs(60)), ..order() };
    let token = minted(&*vercel(&server.url), &order).await;
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /v3/user/tokens?teamId=t1");
    let body = json!({ "name": order.name, "expiresAt": 1_700_000_060_000_i64, "projectId": "p1" });
    assert_eq!(asked.body, body);
    assert_eq!((value(&token), token.expires_at), ("vc_x", Some(1_700_000_060_000)));

    let page = |name: &str, next: Value| {
        json(200, json!({ "tokens": [{ "id": "i9", "name": name }], "pagination": { "next": next } }))
    };
    let server = StandIn::saying([page("mine", json!(5)), page(&order.name, json!(null))]).await;
    assert_eq!(vercel(&server.url).find(&order.name).await, Ok(Found::Is("i9".into())));
    assert!(server.lines()[1].contains("until=5"), "{:?}", server.lines());
    let server = StandIn::saying([json(200, json!({ "tokenId": "42" }))]).await;
    vercel(&server.url).revoke(&held()).await.unwrap();
    assert_eq!(server.lines(), ["DELETE /v3/user/tokens/42?teamId=t1"]);
}

#[tokio::test]
async fn ravi_makes_a_key_for_one_identity_which_is_found_by_its_label() {
    let ravi = |url: &str| opened(Kind::Ravi, url, &[], "ravi_mgmt_seed").unwrap();
    let made =
        json(201, json!({ "key": "ravi_id_1", "uuid": "k-1", "label": "lanyard-ada-0190", "more": [] }));
    let server = StandIn::saying([made]).await;
    let token = minted(&*ravi(&server.url), &order()).await;
    assert_eq!((value(&token), token.upstream_id.as_deref()), ("ravi_id_1", Some("k-1")));
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /api/auth/keys/identity/");
    assert_eq!(asked.body, json!({ "identity_uuid": "6f1c2c1e", "label": "lanyard-ada-0190" }));
    assert!(asked.head.contains("authorization: bearer ravi_mgmt_seed"), "{}", asked.head);

    // A key that is off is none; lists come in pages, or bare.
    let off = json!({ "uuid": "k-0", "label": "lanyard-ada-0190", "is_active": false });
    let first = json(200, json!({ "count": 2, "next": "https://x/?offset=1", "results": [off] }));
    let second = json(200, json!([{ "uuid": "k-1", "label": "lanyard-ada-0190", "identity": 7 }]));
    let server = StandIn::saying([first, second]).await;
    let found = ravi(&server.url).find("lanyard-ada-0190").await.unwrap();
    assert_eq!(found, Found::Is("k-1".into()));
    assert_eq!(server.lines()[1], "GET /api/auth/keys/identity/?offset=1");

    let listed = json(200, json!([{ "uuid": "k-1", "label": "lanyard-ada-0190" }]));
    let server = StandIn::saying([listed, says(204, "", "")]).await;
    ravi(&server.url).revoke(&Held { upstream_id: None, ..held() }).await.unwrap();
    assert_eq!(server.lines()[1], "DELETE /api/auth/keys/identity/k-1/");
}

#[tokio::test]
async fn what_an_issuer_cannot_do_is_not_sent() {
    let server = StandIn::saying([]).await;
    let with = |kind, repository: &str, permission: &str| {
        let settings =
            [("project", "shop/front"), ("group", "shop"), ("username", "ada"), ("policies", r#"[{"a":1}]"#)];
        let issuer = opened(kind, &server.url, &settings, "seed-seed").unwrap();
        let pair = permission.split_once('=').map(|(name, value)| (name.to_string(), value.to_string()));
        let repositories = [repository.to_string()].into_iter().filter(|name| !name.is_empty()).collect();
        let order = Order { repositories, permissions: pair.into_iter().collect(), ..order() };
        async move { issuer.mint(&order).await.err().unwrap() }
    };
    for (kind, repository, permission) in [
        (Kind::GithubPat, "a", ""),
        (Kind::GithubPat, "", "contents=read"),
        (Kind::GitlabProject, "other/front", ""),
        (Kind::GitlabGroup, "", "repository=admin"),
        (Kind::Npm, "", "packages=admin"),
        (Kind::Npm, "", "contents=read"),
        (Kind::Cloudflare, "", "zone=read"),
        (Kind::Vercel, "a", ""),
        (Kind::Ravi, "", "mail=read"),
    ] {
        let failure = with(kind, repository, permission).await;
        assert!(matches!(failure, Failure::Invalid(_)), "{}: {failure:?}", kind.name());
    }
}
