//! Fetches and pushes of a slot: by HTTP with its identity's token, by SSH with its key, and with nobody's else.

use serde_json::json;
use std::path::PathBuf;
use tests::server::{Reply, Server};
use tests::{HttpForge, Outcome, SshForge, World, text};

const TOKEN: &str = "token-of-ada";

fn world() -> World {
    let world = World::new();
    world.project("work");
    for (slot, name) in [("1", "ada"), ("2", "bob")] {
        world.identity(name);
        world.lanyard(&["slot", "set", slot, "--identity", name]).ok();
    }
    world
}

/// A bare repository `work.git` with the project's commits, and its folder.
fn upstream(world: &World) -> PathBuf {
    let root = world.path("upstream");
    std::fs::create_dir_all(&root).unwrap();
    world.git(&root, &["clone", "--quiet", "--bare", "../work", "work.git"]);
    root
}

/// Restarts the daemon with a setting that says which secret is for the host.
fn set_host(world: &World, host: &str, secret: &str) {
    std::fs::write(world.home().join("settings.toml"), format!("[git_hosts]\n\"{host}\" = \"{secret}\"\n"))
        .unwrap();
    world.lanyard(&["daemon", "stop"]).ok();
}

/// Pushes the branch and fetches it again.
fn push_and_fetch(world: &World, slot: u32, branch: &str, address: &str) -> Outcome {
    let script = format!(
        "git commit --quiet --allow-empty --message {branch} && git push --quiet '{address}' HEAD:{branch} && \
         git fetch --quiet '{address}' {branch} && git log -1 --format=%s FETCH_HEAD"
    );
    world.as_agent(slot, branch, &script)
}

#[test]
fn a_push_by_http_logs_in_with_the_identitys_secret_alone() {
    let world = world();
    let root = upstream(&world);
    let Some(forge) = HttpForge::start(&world, &root, &format!("bot:{TOKEN}")) else { return };
    let address = format!("http://{}/work.git", forge.host);
    // The owner has a login for the host, and the repository a helper of its own: no slot may use them.
    let logins = format!("http://olivia:owners-git-password@{}\n", forge.host);
    std::fs::write(world.path("owner/.git-credentials"), logins).unwrap();
    world.git(&world.path("work"), &["config", "credential.helper", "store"]);
    push_and_fetch(&world, 1, "none", &address).fails(128);

    set_host(&world, &forge.host, "bot:FORGE_TOKEN");
    world.lanyard_with(&["secrets", "set", "FORGE_TOKEN", "-", "--identity", "ada"], TOKEN).ok();
    assert_eq!(push_and_fetch(&world, 1, "one", &address).ok(), "one\n");
    assert!(world.git(&root.join("work.git"), &["branch", "--list", "one"]).contains("one"));
    // Another identity has another secret, which the server does not know.
    world.lanyard_with(&["secrets", "set", "FORGE_TOKEN", "-", "--identity", "bob"], "wrong").ok();
    push_and_fetch(&world, 2, "two", &address).fails(128);
    let visits = forge.visits();
    assert!(visits.contains("bot passed") && visits.contains("bot refused"), "{visits}");
    assert!(!visits.contains("olivia"), "{visits}");
}

#[test]
fn a_push_by_http_logs_in_with_the_identitys_login_at_the_host() {
    let world = world();
    let root = upstream(&world);
    let Some(forge) = HttpForge::start(&world, &root, &format!("bot:{TOKEN}")) else { return };
    let create =
        ["passwords", "create", "--identity", "ada", "--domain", &forge.host, "--username", "bot", "-"];
    world.lanyard_with(&create, TOKEN).ok();
    let address = format!("http://{}/work.git", forge.host);
    assert_eq!(push_and_fetch(&world, 1, "one", &address).ok(), "one\n");
    push_and_fetch(&world, 2, "two", &address).fails(128);
}

#[test]
fn a_push_by_http_logs_in_with_the_worktrees_token_as_long_as_it_lives() {
    let world = world();
    let root = upstream(&world);
    let Some(forge) = HttpForge::start(&world, &root, "nobody:nothing") else { return };
    let mint = world.counterpart("mint");
    let settings = [
        format!("command={}", mint.program().display()),
        format!("host={}", forge.host),
        "username=bot".to_string(),
    ];
    let mut add = vec!["issuers", "add", "mint", "--kind", "command", "--policy", "auto", "--secret", "-"];
    settings.iter().for_each(|setting| add.extend(["--set", setting]));
    world.lanyard_with(&add, "issuers-own-secret").ok();

    let session = world.start(1, "one", &["sh"]);
    let mut terminal = world.terminal(text(&session, "id"));
    terminal.type_in("lanyard tokens request mint >request; echo requested-$?\n");
    terminal.wait_for("requested-0");
    let tokens = world.json(&["tokens", "list"]);
    let id = text(&tokens[0], "id").to_string();
    let value = world.lanyard(&["tokens", "show", &id, "--value"]).ok();
    forge.admit(&format!("bot:{}", value.trim()));
    let push = format!("git push --quiet http://{}/work.git HEAD", forge.host);
    terminal.type_in(&format!("{push}; echo pushed-$?\n"));
    terminal.wait_for("pushed-0");
    // The token is for that worktree alone, and ends with it.
    world.as_agent(2, "two", &push).fails(128);
    world.lanyard(&["tokens", "revoke", &id]).ok();
    terminal.type_in(&format!("{push}:later; echo later-$?\n"));
    terminal.wait_for("later-128");
    assert!(forge.visits().contains("bot passed"), "{}", forge.visits());
}

#[test]
fn a_secret_that_is_kept_from_agents_is_kept_from_their_git() {
    let world = world();
    let root = upstream(&world);
    let Some(forge) = HttpForge::start(&world, &root, &format!("git:{TOKEN}")) else { return };
    set_host(&world, &forge.host, "FORGE_TOKEN");
    let set = ["secrets", "set", "FORGE_TOKEN", "-", "--identity", "ada", "--policy", "deny"];
    world.lanyard_with(&set, TOKEN).ok();
    let address = format!("http://{}/work.git", forge.host);
    let told = push_and_fetch(&world, 1, "one", &address).fails(128);
    assert!(told.contains("the owner keeps FORGE_TOKEN from agents"), "{told}");
    assert!(!forge.visits().contains("passed"), "{}", forge.visits());
}

#[test]
fn the_helper_answers_what_is_known_and_nothing_else() {
    let world = world();
    world.lanyard_with(&["secrets", "set", "GITHUB_TOKEN", "-", "--identity", "ada"], TOKEN).ok();
    let fill = |branch: &str, question: &str| {
        let script = format!("printf '{question}\\n\\n' | lanyard git-credential get");
        world.as_agent(1, branch, &script)
    };
    let said = fill("one", "protocol=https\\nhost=github.com").ok();
    assert_eq!(said, format!("username=x-access-token\npassword={TOKEN}\n"));
    let said = fill("two", "capability[]=authtype\\nprotocol=https\\nhost=GitHub.com\\nusername=me").ok();
    assert_eq!(said, format!("username=me\npassword={TOKEN}\n"));
    for (branch, question) in [
        ("three", "protocol=https\\nhost=evil.test"),
        ("four", "protocol=https\\nhost=github.com.evil.test"),
        ("five", "protocol=https"),
        ("six", ""),
        ("seven", "protocol=https\\nhost=github.com@evil.test"),
    ] {
        assert_eq!(fill(branch, question).ok(), "", "{question}");
    }
    let told = fill("eight", "protocol=http\\nhost=github.com").fails(1);
    assert!(told.contains("https"), "{told}");
    for (branch, operation) in [("nine", "store"), ("ten", "erase")] {
        let script =
            format!("printf 'protocol=https\\nhost=github.com\\n\\n' | lanyard git-credential {operation}");
        assert_eq!(world.as_agent(1, branch, &script).ok(), "");
    }
    // It is for the agents of sessions: an owner has a git of their own.
    world.lanyard_with(&["git-credential", "get"], "protocol=https\nhost=github.com\n").fails(1);
}

#[test]
fn a_push_by_ssh_opens_with_the_sessions_agent_and_with_no_other_key() {
    let world = world();
    let root = upstream(&world);
    let key = world.json(&["keys", "show", "--identity", "ada"]);
    let forge = SshForge::start(&world, text(&key, "public_key"));
    let address = format!("ssh://{}@127.0.0.1:{}{}/work.git", forge.user, forge.port, root.display());
    // A server that neither the owner nor the slot knows is not trusted on first sight.
    let told = push_and_fetch(&world, 1, "unknown", &address).fails(128);
    assert!(told.contains("Host key verification failed"), "{told}");
    std::fs::create_dir_all(world.path("owner/.ssh")).unwrap();
    std::fs::write(world.path("owner/.ssh/known_hosts"), format!("{}\n", forge.known_host)).unwrap();
    let outcome = push_and_fetch(&world, 1, "one", &address);
    assert_eq!(outcome.status, Some(0), "{outcome:?}\n{}", forge.log());
    assert!(forge.log().contains(text(&key, "fingerprint")), "{}", forge.log());
    push_and_fetch(&world, 2, "two", &address).fails(128);
    let script = format!("SSH_AUTH_SOCK= git ls-remote '{address}'");
    world.as_agent(1, "without", &script).fails(128);
    world.lanyard(&["keys", "set", "--identity", "ada", "--policy", "deny"]).ok();
    world.as_agent(1, "denied", &format!("git ls-remote '{address}'")).fails(128);
}

#[test]
fn the_owners_aliases_work_in_a_slot_and_their_logins_do_not() {
    let world = world();
    let repository = world.path("work");
    for (name, value) in [
        ("alias.hello", "!echo hello from $(git config user.name)"),
        ("rerere.enabled", "true"),
        ("user.signingkey", "ssh-ed25519 owners"),
        ("core.sshCommand", "owners-ssh"),
        ("url.https://olivia:owners-git-password@git.example.test/.insteadOf", "forge:"),
        ("http.extraHeader", "Authorization: owners-git-password"),
        ("core.hooksPath", "owners-hooks"),
    ] {
        world.git(&repository, &["config", "--global", name, value]);
    }
    assert_eq!(world.as_agent(1, "one", "git hello").ok(), "hello from ada\n");
    let said = world
        .as_agent(1, "two", "git config --list; git config rerere.enabled; git config core.editor")
        .stdout;
    assert!(said.ends_with("true\n") && said.contains("init.defaultbranch=main"), "{said}");
    for login in
        tests::OWNERS_LOGINS.iter().chain(&["owners-ssh", "owners-hooks", "ssh-ed25519 owners", "olivia"])
    {
        assert!(!said.contains(login), "{login} in {said}");
    }
    // What the owner changes is there at the next start; what the agent sets is the slot's own.
    world.git(&repository, &["config", "--global", "core.editor", "ed -s"]);
    assert_eq!(
        world.as_agent(1, "three", "git config core.editor; git config --global alias.hello status").ok(),
        "ed -s\n"
    );
    assert_eq!(world.as_agent(1, "four", "git config alias.hello").ok(), "status\n");
    assert!(world.as_agent(2, "five", "git hello").ok().contains("hello from bob"));
    let kept = world.git(&repository, &["config", "--global", "alias.hello"]);
    assert!(kept.contains("echo hello"), "the owner's own file is as it was: {kept}");
}

#[test]
fn gh_runs_with_a_fresh_token_of_the_identity_and_never_with_the_owners() {
    let mut world = world();
    let bin = world.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let path = format!("{}:{}", bin.display(), world.environment()["PATH"]);
    world.set("PATH", &path);
    world.lanyard(&["daemon", "stop"]).ok();
    let script = |branch: &str| world.as_agent(1, branch, "GITHUB_TOKEN=stale gh pr list --json number");
    // Only Lanyard's own folder is left on the path.
    let told = world.as_agent(1, "missing", "PATH=${PATH%%:*}; gh pr list").fails(127);
    assert!(told.contains("gh is not installed"), "{told}");
    let gh = bin.join("gh");
    std::fs::write(&gh, "#!/bin/sh\necho \"$GH_TOKEN,$GITHUB_TOKEN,$GH_CONFIG_DIR,$*\"\nexit 3\n").unwrap();
    std::fs::set_permissions(&gh, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let said = |outcome: Outcome| {
        assert_eq!(outcome.status, Some(3), "{outcome:?}");
        let fields: Vec<String> = outcome.stdout.trim().split(',').map(str::to_string).collect();
        assert!(fields[2].starts_with(&world.home().display().to_string()), "{fields:?}");
        assert_eq!(fields[3], "pr list --json number");
        (fields[0].clone(), fields[1].clone())
    };
    assert_eq!(said(script("none")), (String::new(), String::new()));
    world.lanyard_with(&["secrets", "set", "GITHUB_TOKEN", "-", "--identity", "ada"], TOKEN).ok();
    assert_eq!(said(script("one")), (TOKEN.to_string(), String::new()));
    // A session that began before the token was replaced gets the new one.
    let session = world.start(1, "two", &["sh"]);
    world.lanyard_with(&["secrets", "set", "GITHUB_TOKEN", "-", "--identity", "ada"], "second").ok();
    let mut terminal = world.terminal(text(&session, "id"));
    terminal.type_in("gh pr list\n");
    terminal.wait_for("second,,");
}

#[test]
fn the_real_gh_gets_a_token_that_lives_at_each_call() {
    let world = world();
    let issuer = world.issuer("mint", "auto");
    world.lanyard(&["issuers", "update", "mint", "--set", "host=github.com"]).ok();
    // gh can be told to reach GitHub through a socket in a folder; what answers there takes living tokens alone.
    let live = world.path("issuer-mint/live");
    let github = Server::start(move |request| {
        let given = std::fs::read_dir(&live).unwrap().flatten();
        let told = |text: String| text.contains(&format!("\"{}\"", request.bearer()));
        match given.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).any(told) {
            true => Reply::json(200, &json!({ "login": "octo" })),
            false => Reply::error(401, "Bad credentials"),
        }
    });
    let socket = world.path("github.sock");
    github.also_at(&socket);
    let user = |n: u8| format!("gh api user --jq '.login + \"-{n}\"'");
    let script = format!(
        "gh config set http_unix_socket {} && lanyard tokens request mint >/dev/null && {}; read -r _; {}; read -r _; {}",
        socket.display(),
        user(1),
        user(2),
        user(3),
    );
    let session = world.start(1, "one", &["sh", "-c", &script]);
    let session = text(&session, "id");
    world.wait_for_screen(session, "octo-1");
    let first = world.json(&["tokens", "list"])[0].clone();
    world.lanyard(&["tokens", "refresh", text(&first, "id")]).ok();
    let mut door = world.listening();
    while world.json(&["tokens", "show", text(&first, "id")])["state"] != "revoked" {
        door.event(|event| event["TokenChanged"]["token"] == first["id"]);
    }
    world.lanyard(&["sessions", "send", session, ""]).ok();
    world.wait_for_screen(session, "octo-2");
    // It is GitHub's word that counts: a token that was ended there is refused, and gh says so.
    issuer.end_all();
    world.lanyard(&["sessions", "send", session, ""]).ok();
    world.wait_for_screen(session, "HTTP 401");
    let asked = github.asked();
    assert_eq!(asked, ["GET /user", "GET /user", "GET /user"]);
}
