//! The shapes of GitHub's answers, with every field that its description demands.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const DAY: &str = "2026-01-01T00:00:00Z";

const ADDRESSES_OF_A_USER: &[&str] = &[
    "avatar_url",
    "events_url",
    "followers_url",
    "following_url",
    "gists_url",
    "html_url",
    "organizations_url",
    "received_events_url",
    "repos_url",
    "starred_url",
    "subscriptions_url",
    "url",
];

const ADDRESSES_OF_A_REPOSITORY: &[&str] = &[
    "archive_url",
    "assignees_url",
    "blobs_url",
    "branches_url",
    "clone_url",
    "collaborators_url",
    "comments_url",
    "commits_url",
    "compare_url",
    "contents_url",
    "contributors_url",
    "deployments_url",
    "downloads_url",
    "events_url",
    "forks_url",
    "git_commits_url",
    "git_refs_url",
    "git_tags_url",
    "git_url",
    "homepage",
    "hooks_url",
    "html_url",
    "issue_comment_url",
    "issue_events_url",
    "issues_url",
    "keys_url",
    "labels_url",
    "languages_url",
    "merges_url",
    "milestones_url",
    "mirror_url",
    "notifications_url",
    "pulls_url",
    "releases_url",
    "ssh_url",
    "stargazers_url",
    "statuses_url",
    "subscribers_url",
    "subscription_url",
    "svn_url",
    "tags_url",
    "teams_url",
    "trees_url",
    "url",
];

const NUMBERS_OF_A_REPOSITORY: &[&str] = &[
    "forks",
    "forks_count",
    "id",
    "open_issues",
    "open_issues_count",
    "size",
    "stargazers_count",
    "watchers",
    "watchers_count",
];

const FLAGS_OF_A_REPOSITORY: &[&str] = &[
    "archived",
    "disabled",
    "fork",
    "has_downloads",
    "has_issues",
    "has_pages",
    "has_projects",
    "has_wiki",
    "private",
];

/// An object with one value for all these fields, and others on top.
fn object(fields: &[(&[&str], Value)], more: Value) -> Value {
    let mut object = Map::new();
    for (names, value) in fields {
        object.extend(names.iter().map(|name| (name.to_string(), value.clone())));
    }
    object.extend(more.as_object().cloned().unwrap_or_default());
    Value::Object(object)
}

fn address() -> Value {
    json!("https://github.example/stand-in")
}

/// A user; the fields beside the demanded ones make it fit where an enterprise may stand too.
pub fn account(login: &str) -> Value {
    let more = json!({
        "login": login, "id": 1, "node_id": "U_1", "gravatar_id": "", "type": "User", "site_admin": false,
        "name": login, "slug": login, "created_at": DAY, "updated_at": DAY,
    });
    object(&[(ADDRESSES_OF_A_USER, address())], more)
}

/// A user, as they see themselves.
pub fn user(login: &str) -> Value {
    let mut user = account(login);
    let more = json!({
        "bio": null, "blog": null, "company": null, "email": null, "hireable": null, "location": null,
        "followers": 0, "following": 0, "public_gists": 0, "public_repos": 0, "user_view_type": "public",
    });
    if let (Some(user), Value::Object(more)) = (user.as_object_mut(), more) {
        user.remove("slug");
        user.extend(more);
    }
    user
}

fn repository(owner: &str, name: &str) -> Value {
    let more = json!({
        "name": name, "full_name": format!("{owner}/{name}"), "node_id": "R_1", "owner": account(owner),
        "description": null, "language": null, "license": null, "default_branch": "main",
        "created_at": DAY, "updated_at": DAY, "pushed_at": DAY,
    });
    let fields = [
        (ADDRESSES_OF_A_REPOSITORY, address()),
        (NUMBERS_OF_A_REPOSITORY, json!(1)),
        (FLAGS_OF_A_REPOSITORY, json!(false)),
    ];
    object(&fields, more)
}

/// The repositories that a token can see.
pub fn repositories(owner: &str, names: &[String]) -> Value {
    let all: Vec<Value> = names.iter().map(|name| repository(owner, name)).collect();
    json!({ "total_count": all.len(), "repositories": all, "repository_selection": "selected" })
}

/// An installation of an App.
pub fn installation(id: u64, account_name: &str, permissions: &[(&str, &str)]) -> Value {
    json!({
        "id": id, "account": account(account_name), "repository_selection": "selected",
        "access_tokens_url": address(), "repositories_url": address(), "html_url": address(),
        "app_id": 99, "app_slug": "stand-in", "target_id": 1, "target_type": "User",
        "permissions": permissions.iter().copied().collect::<BTreeMap<_, _>>(), "events": [],
        "created_at": DAY, "updated_at": DAY, "single_file_name": null, "suspended_by": null, "suspended_at": null,
    })
}

/// An installation token.
pub fn token(
    value: &str,
    ends: i64,
    permissions: &BTreeMap<String, String>,
    limited: Option<(&str, &Vec<String>)>,
) -> Value {
    let ends = OffsetDateTime::from_unix_timestamp(ends).ok().and_then(|at| at.format(&Rfc3339).ok());
    let mut token = json!({ "token": value, "expires_at": ends, "permissions": permissions });
    token["repository_selection"] = json!(if limited.is_some() { "selected" } else { "all" });
    if let Some((owner, names)) = limited {
        token["repositories"] = names.iter().map(|name| repository(owner, name)).collect();
    }
    token
}

/// An App that was made from a manifest, with its key.
pub fn made_app(manifest: &Value, client_id: &str, key: &str) -> Value {
    json!({
        "id": 99, "slug": "stand-in", "node_id": "A_99", "client_id": client_id, "owner": account("octo"),
        "name": manifest["name"], "description": null, "external_url": address(),
        "html_url": "https://github.example/apps/stand-in", "created_at": DAY, "updated_at": DAY,
        "permissions": manifest["default_permissions"], "events": [],
        "client_secret": "a-client-secret-that-nobody-keeps", "webhook_secret": null, "pem": key,
    })
}
