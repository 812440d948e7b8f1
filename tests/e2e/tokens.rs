//! Tokens: asked for, issued, read, replaced, taken back, and what issuers may answer in between.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::{Counterpart, World, text};

/// A world with an identity in slot 1, a project, and an issuer.
fn world(policy: &str) -> (World, Counterpart) {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    let issuer = world.issuer("mint", policy);
    (world, issuer)
}

fn request(world: &World, more: &[&str]) -> Value {
    world.json(&[&["tokens", "request", "mint", "--identity", "ada"], more].concat())
}

fn value(world: &World, id: &str) -> String {
    world.lanyard(&["tokens", "show", id, "--value"]).ok().trim().to_string()
}

fn state(world: &World, id: &str) -> String {
    text(&world.json(&["tokens", "show", id]), "state").to_string()
}

/// Waits until a token is in this state.
#[track_caller]
fn wait_for_state(world: &World, id: &str, wanted: &str) -> Value {
    let mut door = world.listening();
    loop {
        let token = world.json(&["tokens", "show", id]);
        if text(&token, "state") == wanted {
            return token;
        }
        door.event(|event| event["TokenChanged"]["token"] == id);
    }
}

#[test]
fn a_token_is_issued_read_and_revoked_at_its_issuer() {
    let (world, issuer) = world("ask");
    let more = ["--repo", "acme/shop", "--permission", "contents=read", "--ttl", "1h", "--reason", "a push"];
    let token = request(&world, &more);
    let id = text(&token, "id");
    assert_eq!((text(&token, "state"), text(&token, "identity")), ("active", "ada"));
    assert_eq!(
        (&token["repositories"], &token["permissions"]),
        (&json!(["acme/shop"]), &json!({"contents":"read"}))
    );
    assert!(token["expires_at"].is_i64() && token["undoable"] == true);
    assert_eq!(issuer.live(), BTreeSet::from([value(&world, id)]));
    let revoked = world.json(&["tokens", "revoke", id]);
    assert_eq!(text(&revoked, "state"), "revoked");
    assert!(issuer.live().is_empty());
    assert!(world.lanyard(&["tokens", "show", id, "--value"]).fails(1).contains("revoked"));
    assert_eq!(world.json(&["tokens", "list"]), json!([]));
    assert_eq!(world.json(&["tokens", "list", "--all"])[0]["id"], id);
    // A second time changes nothing.
    assert_eq!(text(&world.json(&["tokens", "revoke", id]), "state"), "revoked");
    assert_eq!(issuer.calls().lines().filter(|call| call.starts_with("revoke")).count(), 1);
}

#[test]
fn a_value_is_nowhere_on_the_disk_and_in_no_log() {
    let (world, _issuer) = world("auto");
    let token = request(&world, &[]);
    let value = value(&world, text(&token, "id"));
    world.lanyard(&["daemon", "stop"]).ok();
    for secret in [value.as_str(), "issuers-own-secret"] {
        let found = world.files_with(secret);
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn a_token_is_replaced_by_a_new_one_before_the_old_one_goes() {
    let (world, issuer) = world("auto");
    let old = request(&world, &[]);
    let old_value = value(&world, text(&old, "id"));
    let new = world.json(&["tokens", "refresh", text(&old, "id")]);
    assert!(new["refreshed_at"].is_i64() && new["id"] != old["id"]);
    wait_for_state(&world, text(&old, "id"), "revoked");
    let calls = issuer.calls();
    let order: Vec<&str> = calls.lines().filter_map(|call| call.split(' ').next()).collect();
    assert_eq!(order, ["issue", "issue", "revoke"]);
    // Whoever still has the old id gets the new value.
    let new_value = value(&world, text(&old, "id"));
    assert_ne!(new_value, old_value);
    assert_eq!(issuer.live(), BTreeSet::from([new_value]));
}

#[test]
fn a_token_that_ends_soon_is_replaced_when_it_is_read_and_many_readers_get_one() {
    let (world, issuer) = world("auto");
    issuer.behave("life", "2");
    let token = request(&world, &[]);
    let id = text(&token, "id");
    issuer.behave("life", "3600");
    let mut door = world.door();
    // Four fifths of its life must be over: nothing tells that but the clock.
    let until = token["expires_at"].as_i64().unwrap();
    while now() < until {
        door.ask("status", json!({}));
    }
    let values: BTreeSet<String> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..6).map(|_| scope.spawn(|| value(&world, id))).collect();
        readers.into_iter().map(|reader| reader.join().expect("it reads")).collect()
    });
    assert_eq!(values.len(), 1, "{values:?}");
    assert_eq!(issuer.calls().lines().filter(|call| call.starts_with("issue")).count(), 2);
    wait_for_state(&world, id, "revoked");
    assert_eq!(issuer.live(), values);
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_millis() as i64
}

#[test]
fn an_agent_gets_tokens_of_its_own_worktree_and_of_no_other() {
    let (world, issuer) = world("auto");
    let other = world.start(1, "other", &["true"]);
    world.ended(text(&other, "id"));
    let theirs = request(&world, &["--worktree", "other"]);
    let script = format!(
        "lanyard tokens request mint --json && lanyard tokens list --json && \
         lanyard tokens request mint --worktree other; echo $?; lanyard tokens show {0}; echo $?; \
         lanyard tokens revoke {0}; echo $?; lanyard tokens request mint --identity bob; echo $?; \
         lanyard issuers list; echo $?",
        text(&theirs, "id")
    );
    world.identity("bob");
    let outcome = world.as_agent(1, "own", &script);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    let token: Value = serde_json::from_str(lines[0]).unwrap_or_else(|e| panic!("{e}: {outcome:?}"));
    assert_eq!((text(&token, "worktree"), text(&token, "state")), ("own", "active"));
    let listed: Value = serde_json::from_str(lines[1]).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(lines[2..], ["1", "1", "1", "1", "1"], "{outcome:?}");
    assert!(outcome.stderr.contains("its own worktree alone"), "{}", outcome.stderr);
    assert_eq!(state(&world, text(&theirs, "id")), "active");
    assert_eq!(issuer.live().len(), 2);
}

#[test]
fn an_agent_is_kept_from_an_issuer_whose_policy_is_deny() {
    let (world, issuer) = world("deny");
    let outcome = world.as_agent(1, "own", "lanyard tokens request mint");
    assert!(outcome.fails(1).contains("keeps the issuer"));
    assert_eq!(issuer.calls(), "");
    assert_eq!(world.json(&["tokens", "list", "--all"]), json!([]));
}

#[test]
fn an_agent_waits_for_the_owners_word_and_goes_on_with_it() {
    let (world, issuer) = world("ask");
    let mut door = world.listening();
    std::thread::scope(|scope| {
        let agent = scope.spawn(|| {
            world.as_agent(1, "own", "lanyard tokens request mint --repo acme/shop --reason 'to push' --json")
        });
        let event = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
        let approval = &event["ApprovalChanged"]["approval"];
        assert_eq!(text(approval, "subject"), "mint; repositories: acme/shop");
        assert_eq!(text(approval, "reason"), "to push");
        assert_eq!(text(&world.json(&["tokens", "list"])[0], "state"), "requested");
        assert_eq!(issuer.calls(), "", "nothing is issued before the answer");
        world.lanyard(&["approvals", "approve", text(approval, "id")]).ok();
        let token = agent.join().expect("the agent ends").json();
        assert_eq!(text(&token, "state"), "active");
    });
    assert_eq!(issuer.live().len(), 1);
}

#[test]
fn a_token_that_the_owner_denies_is_never_issued() {
    let (world, issuer) = world("ask");
    let mut door = world.listening();
    std::thread::scope(|scope| {
        let agent = scope.spawn(|| world.as_agent(1, "own", "lanyard tokens request mint"));
        let event = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
        let id = text(&event["ApprovalChanged"]["approval"], "id");
        world.lanyard(&["approvals", "deny", id, "--because", "not on a Friday"]).ok();
        assert!(agent.join().expect("the agent ends").fails(1).contains("not on a Friday"));
    });
    assert_eq!(issuer.calls(), "");
    assert_eq!(text(&world.json(&["tokens", "list", "--all"])[0], "state"), "failed");
}

#[test]
fn ten_requests_at_once_are_ten_tokens() {
    let (world, issuer) = world("auto");
    let ids: BTreeSet<String> = std::thread::scope(|scope| {
        let each: Vec<_> =
            (0..10).map(|_| scope.spawn(|| text(&request(&world, &[]), "id").to_string())).collect();
        each.into_iter().map(|one| one.join().expect("it is issued")).collect()
    });
    assert_eq!((ids.len(), issuer.live().len()), (10, 10));
    let values: BTreeSet<String> = ids.iter().map(|id| value(&world, id)).collect();
    assert_eq!(values, issuer.live());
}

#[test]
fn a_life_out_of_the_issuers_bounds_is_refused_before_it_is_called() {
    let (world, issuer) = world("auto");
    world.lanyard(&["issuers", "update", "mint", "--set", "shortest=60", "--set", "longest=3600"]).ok();
    for (ttl, told) in [("0s", "0 s is none"), ("59s", "60 s"), ("2h", "3600 s")] {
        let stderr =
            world.lanyard(&["tokens", "request", "mint", "--identity", "ada", "--ttl", ttl]).fails(1);
        assert!(stderr.contains(told), "{ttl}: {stderr}");
    }
    assert_eq!(issuer.calls(), "");
    assert_eq!(world.json(&["tokens", "list", "--all"]), json!([]));
    request(&world, &["--ttl", "60s"]);
}

#[test]
fn an_issuer_that_refuses_is_told_in_its_words_without_its_secret() {
    let (world, issuer) = world("auto");
    issuer.behave("issue", "refuse");
    let told = world.lanyard(&["tokens", "request", "mint", "--identity", "ada"]).fails(1);
    assert!(told.contains("not today") && !told.contains("issuers-own-secret"), "{told}");
    let failed = &world.json(&["tokens", "list", "--all"])[0];
    assert_eq!(text(failed, "state"), "failed");
    assert!(!failed.to_string().contains("issuers-own-secret"), "{failed}");
}

#[test]
fn an_answer_that_is_none_leaves_no_token_alive() {
    let (world, issuer) = world("auto");
    world.lanyard(&["issuers", "update", "mint", "--set", "timeout=2"]).ok();
    for mode in ["silent", "html", "half", "flood", "hang"] {
        issuer.behave("issue", mode);
        let told = world.lanyard(&["tokens", "request", "mint", "--identity", "ada"]).fails(1);
        assert!(told.contains("no answer"), "{mode}: {told}");
        let token = world.json(&["tokens", "list", "--all"])[0].clone();
        let token = wait_for_state(&world, text(&token, "id"), "revoked");
        assert!(issuer.live().is_empty(), "{mode}: {token}");
    }
    // What was never made is found out as well.
    issuer.behave("issue", "nothing-made");
    world.lanyard(&["tokens", "request", "mint", "--identity", "ada"]).fails(1);
    let token = world.json(&["tokens", "list", "--all"])[0].clone();
    wait_for_state(&world, text(&token, "id"), "failed");
    let left = tests::mentioning(&issuer.program().display().to_string());
    assert!(left.is_empty(), "{:?}", left.iter().map(|p| p.command_line()).collect::<Vec<_>>());
}

#[test]
fn a_revocation_is_tried_until_the_issuer_confirms_also_over_a_restart() {
    let (world, issuer) = world("auto");
    let token = request(&world, &[]);
    let id = text(&token, "id");
    issuer.behave("revoke", "unreachable");
    let mut door = world.door();
    let pending = door.ask("tokens.revoke", json!({ "token": id, "wait_ms": 0 }));
    assert_eq!(pending["Ok"]["state"], "revoking", "{pending}");
    assert!(world.lanyard(&["tokens", "show", id, "--value"]).fails(1).contains("revoking"));
    wait_for_attempts(&world, id, 2);
    world.daemon_process().kill();
    wait_for_attempts(&world, id, 3);
    assert_eq!(issuer.live().len(), 1);
    issuer.behave("revoke", "");
    let token = wait_for_state(&world, id, "revoked");
    assert!(token["revoked_at"].is_i64() && issuer.live().is_empty());
}

#[track_caller]
fn wait_for_attempts(world: &World, id: &str, attempts: i64) -> Value {
    let mut door = world.listening();
    loop {
        let token = world.json(&["tokens", "show", id]);
        if token["attempts"].as_i64() >= Some(attempts) {
            return token;
        }
        door.event(|event| event["TokenChanged"]["token"] == id);
    }
}

#[test]
fn an_issuer_that_wants_to_rest_is_left_alone() {
    let (world, issuer) = world("auto");
    let token = request(&world, &[]);
    issuer.behave("revoke", "rest 600");
    let pending = world.door().ask("tokens.revoke", json!({ "token": token["id"], "wait_ms": 0 }));
    let token = wait_for_attempts(&world, text(&pending["Ok"], "id"), 1);
    let rest = token["next_try_at"].as_i64().unwrap() - now();
    assert!((590_000..=600_000).contains(&rest), "{rest}");
    // Asked for by its owner, it is tried at once all the same.
    issuer.behave("revoke", "");
    assert_eq!(text(&world.json(&["tokens", "revoke", text(&token, "id")]), "state"), "revoked");
}

#[test]
fn archiving_a_worktree_revokes_its_tokens_first_and_says_so() {
    let (world, issuer) = world("auto");
    let script = "lanyard tokens request mint --json && lanyard tokens request mint";
    let session = world.as_agent(1, "one", script);
    session.ok();
    let elsewhere = request(&world, &[]);
    assert_eq!(issuer.live().len(), 3, "the end of a session revokes nothing");
    let archived = world.json(&["worktrees", "archive", "one"]);
    let states: Vec<&str> = archived["tokens"].as_array().unwrap().iter().map(|t| text(t, "state")).collect();
    assert_eq!(states, ["revoked", "revoked"]);
    assert!(archived["archived_at"].is_i64());
    assert_eq!(issuer.live(), BTreeSet::from([value(&world, text(&elsewhere, "id"))]));
}

#[test]
fn an_archive_names_what_an_issuer_has_not_confirmed() {
    let (world, issuer) = world("auto");
    world.as_agent(1, "one", "lanyard tokens request mint").ok();
    issuer.behave("revoke", "refuse");
    let told = world.lanyard(&["worktrees", "archive", "one"]).ok();
    assert!(told.contains("not confirmed") && told.contains("not today"), "{told}");
    assert!(!told.contains("issuers-own-secret"), "{told}");
    let token = world.json(&["tokens", "list"])[0].clone();
    issuer.behave("revoke", "");
    wait_for_state(&world, text(&token, "id"), "revoked");
    assert!(issuer.live().is_empty());
}

#[test]
fn deleting_an_identity_revokes_its_tokens_even_after_it_is_gone() {
    let (world, issuer) = world("auto");
    let first = request(&world, &[]);
    world.identity("bob");
    let theirs = world.json(&["tokens", "request", "mint", "--identity", "bob"]);
    world.lanyard(&["identity", "delete", "bob", "--force"]).ok();
    assert_eq!(state(&world, text(&theirs, "id")), "revoked");
    issuer.behave("revoke", "unreachable");
    world.lanyard(&["slot", "clear", "1"]).ok();
    world.lanyard(&["identity", "delete", "ada", "--force"]).ok();
    assert_eq!((state(&world, text(&first, "id")).as_str(), issuer.live().len()), ("revoking", 1));
    issuer.behave("revoke", "");
    wait_for_state(&world, text(&first, "id"), "revoked");
    assert!(issuer.live().is_empty());
}

#[test]
fn what_cannot_be_issued_again_is_revoked_only_by_one_who_says_so() {
    let (world, issuer) = world("auto");
    world.lanyard(&["issuers", "update", "mint", "--set", "undoable=no"]).ok();
    let session = world.start(1, "one", &["true"]);
    world.ended(text(&session, "id"));
    let token = request(&world, &["--worktree", "one"]);
    let id = text(&token, "id");
    for args in [&["tokens", "revoke", id][..], &["worktrees", "archive", "one"]] {
        assert!(world.lanyard(args).fails(1).contains("cannot be issued again"));
    }
    assert_eq!((state(&world, id).as_str(), issuer.live().len()), ("active", 1));
    world.lanyard(&["worktrees", "archive", "one", "--force"]).ok();
    assert_eq!((state(&world, id).as_str(), issuer.live().len()), ("revoked", 0));
}

#[test]
fn an_issuer_is_removed_only_where_none_of_its_tokens_can_be_alive() {
    let (world, _issuer) = world("auto");
    let token = request(&world, &[]);
    assert!(world.lanyard(&["issuers", "remove", "mint"]).fails(1).contains("still be alive"));
    world.lanyard(&["tokens", "revoke", text(&token, "id")]).ok();
    world.lanyard(&["issuers", "remove", "mint"]).ok();
    assert_eq!(world.json(&["issuers", "list"]), json!([]));
}

#[test]
fn an_issuer_that_is_set_up_wrongly_is_refused_with_what_is_wrong() {
    let world = World::new();
    world.identity("ada");
    let add = |set: &str| world.lanyard(&["issuers", "add", "x", "--kind", "command", "--set", set]);
    assert!(add("other=1").fails(1).contains("needs the setting command"));
    assert!(add("command=relative").fails(1).contains("absolute path"));
    assert!(add("command=[1]").fails(1).contains("JSON array"));
    world.lanyard(&["issuers", "add", "x", "--kind", "nonsense"]).fails(2);
    assert!(add("command=/nowhere/program").ok().contains("Added"));
    let told = world.lanyard(&["tokens", "request", "x", "--identity", "ada"]).fails(1);
    assert!(told.contains("does not start"), "{told}");
    assert!(world.lanyard(&["tokens", "request", "nobody"]).fails(1).contains("no issuer"));
}

#[test]
fn a_running_session_never_ends_with_its_first_token() {
    let (world, issuer) = world("auto");
    issuer.behave("life", "3");
    let session = world.start(1, "one", &["sh", "-c", "lanyard tokens request mint && exec cat"]);
    world.wait_for_screen(text(&session, "id"), "active");
    let first = world.json(&["tokens", "list"])[0].clone();
    issuer.behave("life", "3600");
    // Nobody reads it: the daemon itself replaces it before it ends, and revokes the old one.
    let old = wait_for_state(&world, text(&first, "id"), "revoked");
    let new = world.json(&["tokens", "show", text(&old, "replaced_by")]);
    assert_eq!((text(&new, "state"), text(&new, "worktree")), ("active", "one"));
    assert_eq!(issuer.live().len(), 1);
    // Stopping the session revokes nothing.
    world.lanyard(&["sessions", "stop", "1"]).ok();
    assert_eq!(state(&world, text(&new, "id")), "active");
}

#[test]
fn a_request_that_is_revoked_takes_its_question_along() {
    let (world, issuer) = world("ask");
    let mut door = world.listening();
    std::thread::scope(|scope| {
        let agent = scope.spawn(|| world.as_agent(1, "own", "lanyard tokens request mint"));
        let event = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
        let id = text(&event["ApprovalChanged"]["approval"], "id").to_string();
        let token = world.json(&["tokens", "list"])[0].clone();
        let revoked = world.json(&["tokens", "revoke", text(&token, "id")]);
        assert_eq!(text(&revoked, "state"), "failed");
        let event = door.event(|event| event["ApprovalChanged"]["approval"]["id"] == *id);
        assert_eq!(event["ApprovalChanged"]["approval"]["state"], "withdrawn", "{event}");
        let told = agent.join().expect("the agent ends").fails(1);
        assert!(told.contains("revoked before it was issued"), "{told}");
        assert!(world.lanyard(&["approvals", "approve", &id]).fails(1).contains("withdrawn"));
    });
    assert_eq!(world.json(&["approvals", "list"]), json!([]));
    assert_eq!(issuer.calls(), "");
}

#[test]
fn an_agent_that_dies_while_it_waits_leaves_no_request_and_no_question() {
    let (world, issuer) = world("ask");
    let mut door = world.listening();
    let session = world.start(1, "own", &["sh", "-c", "lanyard tokens request mint --wait 10m"]);
    let event = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
    let id = text(&event["ApprovalChanged"]["approval"], "id").to_string();
    world.lanyard(&["sessions", "stop", text(&session, "id")]).ok();
    let event = door.event(|event| event["ApprovalChanged"]["approval"]["id"] == *id);
    assert_eq!(event["ApprovalChanged"]["approval"]["state"], "withdrawn", "{event}");
    let token = world.json(&["tokens", "list", "--all"])[0].clone();
    wait_for_state(&world, text(&token, "id"), "failed");
    assert_eq!(issuer.calls(), "");
}

/// An issuer that can neither list its tokens nor take one back by name, and one whose answer was cut short.
fn lost(world: &World, issuer: &Counterpart) -> Value {
    for (what, how) in [("issue", "half"), ("find", "usage"), ("revoke", "refuse")] {
        issuer.behave(what, how);
    }
    world.lanyard(&["tokens", "request", "mint", "--identity", "ada"]).fails(1);
    world.json(&["tokens", "list", "--all"])[0].clone()
}

#[test]
fn a_token_that_nobody_can_settle_is_forgotten_by_an_owner_who_says_so() {
    let (world, issuer) = world("auto");
    let token = lost(&world, &issuer);
    let id = text(&token, "id");
    let told = world.lanyard(&["tokens", "forget", id]).fails(1);
    assert!(told.contains("lanyard-ada-") && told.contains("may work for ever"), "{told}");
    assert_eq!(state(&world, id), "revoking");
    let told = world.lanyard(&["tokens", "forget", id, "--yes"]).ok();
    assert!(told.contains("may still work"), "{told}");
    assert_eq!((state(&world, id).as_str(), issuer.live().len()), ("forgotten", 1));
    let calls = issuer.calls();
    assert_eq!(world.json(&["tokens", "list"]), json!([]));
    assert!(world.json(&["audit", "list"]).to_string().contains("tokens.forget"));
    world.lanyard(&["issuers", "remove", "mint"]).ok();
    assert_eq!(issuer.calls(), calls, "it is asked about nothing any more");
}

#[test]
fn a_token_that_can_still_be_settled_is_not_forgotten() {
    let (world, issuer) = world("auto");
    let forget = |id: &str| world.lanyard(&["tokens", "forget", id, "--yes"]);
    let active = request(&world, &[]);
    assert!(forget(text(&active, "id")).fails(1).contains("is active"));
    issuer.behave("revoke", "unreachable");
    let held = request(&world, &[]);
    world.door().ask("tokens.revoke", json!({ "token": held["id"], "wait_ms": 0 }));
    assert!(forget(text(&held, "id")).fails(1).contains("still take it back"));
    let token = lost(&world, &issuer);
    let id = text(&token, "id");
    // Who is not reached has not said that it cannot.
    issuer.behave("revoke", "unreachable");
    assert!(forget(id).fails(1).contains("cannot be reached"));
    assert_eq!(state(&world, id), "revoking");
    // Who finds it after all takes it back.
    issuer.behave("find", "");
    issuer.behave("revoke", "");
    assert!(forget(id).ok().contains("Revoked"));
    assert_eq!(state(&world, id), "revoked");
    // What ends by itself needs nobody's word.
    world.lanyard(&["issuers", "update", "mint", "--set", "longest=3600"]).ok();
    let token = lost(&world, &issuer);
    assert!(forget(text(&token, "id")).fails(1).contains("ends by itself"));
}
