//! Passwords and one-time codes: kept, generated, read, limited, and kept from those they are not for.

use serde_json::json;
use tests::{World, python, run, text};

/// The key of the RFC's test vectors, in base32.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const PLAIN: &str = "plain-password-that-must-not-be-found";

fn world() -> World {
    let world = World::new();
    world.identity("ada");
    world.lanyard(&["identity", "use", "ada"]).ok();
    world
}

/// Keeps a login of an identity as the owner.
fn keep(world: &World, identity: &str, domain: &str, username: &str, password: &str) {
    let args =
        ["passwords", "create", "--domain", domain, "--username", username, "--identity", identity, "-"];
    world.lanyard_with(&args, password).ok();
}

#[test]
fn a_login_is_kept_listed_changed_and_deleted() {
    let world = world();
    let made = world.lanyard_with(
        &[
            "passwords",
            "create",
            "--domain",
            "GitHub.com",
            "--username",
            "bot",
            "--notes",
            "recovery: 12",
            "-",
            "--json",
        ],
        "s3cret pass\n",
    );
    let made = made.json();
    assert_eq!(
        [text(&made, "domain"), text(&made, "username"), text(&made, "policy")],
        ["github.com", "bot", "auto"]
    );
    assert_eq!(world.lanyard(&["passwords", "get", "github.com"]).ok(), "s3cret pass\n");
    let read = world.json(&["passwords", "get", "GITHUB.COM.", "--username", "bot"]);
    let mut fields: Vec<&str> = read.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    let promised =
        ["created_dt", "domain", "identity", "notes", "password", "updated_dt", "username", "uuid"];
    assert_eq!(fields, promised);
    assert_eq!([text(&read, "notes"), text(&read, "uuid")], ["recovery: 12", text(&made, "uuid")]);

    let list =
        world.lanyard(&["passwords", "list"]).ok() + &world.lanyard(&["passwords", "list", "--json"]).ok();
    assert!(list.contains("github.com") && list.contains("bot"), "{list}");
    assert!(!list.contains("s3cret") && !list.contains("recovery"), "{list}");

    let changed = world.lanyard_with(&["passwords", "update", "github.com", "-", "--json"], "other").json();
    assert_eq!([&changed["uuid"], &changed["version"]], [&made["uuid"], &json!(2)]);
    world.lanyard(&["passwords", "update", "github.com", "--notes", "new"]).ok();
    let read = world.json(&["passwords", "get", text(&made, "uuid")]);
    assert_eq!([text(&read, "password"), text(&read, "notes")], ["other", "new"]);

    world.lanyard(&["passwords", "delete", "github.com"]).ok();
    world.lanyard(&["passwords", "get", "github.com"]).fails(1);
    assert_eq!(world.json(&["passwords", "list"]), json!([]));
}

#[test]
fn several_logins_at_one_host_are_told_apart_by_their_user() {
    let world = world();
    keep(&world, "ada", "github.com", "bot", "of-bot");
    keep(&world, "ada", "github.com", "admin", "of-admin");
    keep(&world, "ada", "github.com:8443", "bot", "of-port");
    let told = world.lanyard(&["passwords", "get", "github.com"]).fails(1);
    assert!(told.contains("--username") && told.contains("admin"), "{told}");
    assert_eq!(world.lanyard(&["passwords", "get", "github.com", "--username", "admin"]).ok(), "of-admin\n");
    assert_eq!(world.lanyard(&["passwords", "get", "github.com:8443"]).ok(), "of-port\n");
    let again = ["passwords", "create", "--domain", "github.com", "--username", "bot", "again"];
    let told = world.lanyard(&again).fails(1);
    assert!(told.contains("already"), "{told}");
}

#[test]
fn a_generated_password_has_the_length_that_was_asked_for() {
    let world = world();
    world.lanyard(&["passwords", "create", "--domain", "a.test", "--generate"]).ok();
    world.lanyard(&["passwords", "create", "--domain", "b.test", "--generate", "--length", "64"]).ok();
    let password = |domain: &str| world.lanyard(&["passwords", "get", domain]).ok().trim_end().to_string();
    assert_eq!([password("a.test").len(), password("b.test").len()], [24, 64]);
    let before = password("a.test");
    world.lanyard(&["passwords", "update", "a.test", "--generate", "--length", "8"]).ok();
    assert_eq!(password("a.test").len(), 8);
    assert_ne!(password("a.test"), before[..8]);
    for length in ["0", "7", "129", "10000"] {
        let told =
            world.lanyard(&["passwords", "create", "--domain", "c.test", "--generate", "--length", length]);
        let told = told.fails(1);
        assert!(told.contains("8 to 128"), "{told}");
    }
    for length in ["-1", "many", "99999999999"] {
        world
            .lanyard(&["passwords", "create", "--domain", "c.test", "--generate", "--length", length])
            .fails(2);
    }
    world.lanyard(&["passwords", "get", "c.test"]).fails(1);
}

#[test]
fn a_code_is_the_one_that_another_program_makes() {
    let Some(python) = python() else { return };
    let world = world();
    keep(&world, "ada", "github.com", "bot", "password");
    world.lanyard(&["passwords", "code", "github.com"]).fails(1);
    world.lanyard_with(&["passwords", "totp", "github.com", "-"], SECRET).ok();
    let script = "import hmac,struct,sys,time\n\
        def code(s): d=hmac.digest(b'12345678901234567890',struct.pack('>Q',s),'sha1'); o=d[-1]&15; \
        return '%06d'%((struct.unpack('>I',d[o:o+4])[0]&0x7fffffff)%10**6)\n\
        print(code(int(time.time())//30))";
    let theirs = || {
        let mut command = world.command(&python);
        command.args(["-c", script]);
        run(command, b"", tests::DEADLINE).ok().trim().to_string()
    };
    // Half a minute may end between two looks: then the code before or after it is ours.
    let before = theirs();
    let made = world.json(&["passwords", "code", "github.com"]);
    let after = theirs();
    assert!([before, after].iter().any(|theirs| theirs == text(&made, "code")), "{made}");
    assert!((1..=30).contains(&made["seconds_left"].as_u64().unwrap()), "{made}");
    let bare = world.lanyard(&["passwords", "code", "github.com"]).ok();
    assert!(bare.len() == 7 && bare.trim().bytes().all(|b| b.is_ascii_digit()), "{bare:?}");

    let address = format!("otpauth://totp/GitHub:bot?secret={SECRET}&digits=8&algorithm=SHA256&period=60");
    world.lanyard(&["passwords", "totp", "github.com", &address]).ok();
    assert_eq!(world.lanyard(&["passwords", "code", "github.com"]).ok().trim().len(), 8);
    world.lanyard_with(&["passwords", "update", "github.com", "-"], "the codes stay").ok();
    world.lanyard(&["passwords", "code", "github.com"]).ok();
    world.lanyard(&["passwords", "totp", "github.com", "--remove"]).ok();
    world.lanyard(&["passwords", "code", "github.com"]).fails(1);
}

#[test]
fn what_is_no_domain_no_user_no_password_and_no_secret_is_refused() {
    let world = world();
    keep(&world, "ada", "github.com", "bot", "password");
    for domain in [
        "",
        "https://github.com",
        "github.com/login",
        "a b",
        "a\x1b[2J",
        "a\nb",
        "..",
        "a:99999",
        "ü\u{202e}x",
    ] {
        let told = world.lanyard(&["passwords", "create", "--domain", domain, "password"]).fails(1);
        assert!(told.contains("is no domain") && !told.contains('\x1b'), "{domain:?}: {told}");
        let told = world.lanyard(&["passwords", "get", domain]).fails(1);
        assert!(told.contains("is no domain"), "{domain:?}: {told}");
    }
    let long = "u".repeat(255);
    for user in ["a\nb", "\x07", &long] {
        world
            .lanyard(&["passwords", "create", "--domain", "a.test", "--username", user, "password"])
            .fails(1);
    }
    world.lanyard(&["passwords", "create", "--domain", "a.test", ""]).fails(1);
    world.lanyard_with(&["passwords", "create", "--domain", "a.test", "-"], "").fails(1);
    let told =
        world.lanyard_with(&["passwords", "create", "--domain", "a.test", "-"], &"x".repeat(5000)).fails(1);
    assert!(told.contains("4096"), "{told}");
    for secret in
        ["not base32!", "1", "", "otpauth://hotp/a?secret=MFRGGZA", "otpauth://totp/a?secret=ghp_secret"]
    {
        let told = world.lanyard(&["passwords", "totp", "github.com", secret]).fails(1);
        assert!(!told.contains("ghp_secret"), "{told}");
    }
    world.lanyard(&["passwords", "totp", "nowhere.test", SECRET]).fails(1);
    world.lanyard(&["passwords", "list", "--identity", "nobody"]).fails(1);
    world.lanyard(&["passwords", "get", "github.com", "--identity", "nobody"]).fails(1);
    assert_eq!(world.json(&["passwords", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn an_agent_has_its_own_logins_and_may_not_touch_the_owners() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    keep(&world, "ada", "open.test", "bot", "owners-open");
    keep(&world, "ada", "closed.test", "bot", "owners-closed");
    world.lanyard(&["passwords", "update", "closed.test", "--policy", "deny", "--identity", "ada"]).ok();
    world.lanyard(&["passwords", "totp", "closed.test", SECRET, "--identity", "ada"]).ok();
    let said = world.as_agent(1, "one", "lanyard passwords get open.test; lanyard passwords list").ok();
    assert!(said.starts_with("owners-open\n") && said.contains("closed.test"), "{said}");
    for (branch, script) in [
        ("two", "lanyard passwords get closed.test"),
        ("three", "lanyard passwords code closed.test"),
        ("four", "lanyard passwords update open.test forged"),
        ("five", "lanyard passwords totp open.test MFRGGZA"),
        ("six", "lanyard passwords delete open.test"),
        ("seven", "lanyard passwords create --domain x.test --policy deny x"),
    ] {
        let outcome = world.as_agent(1, branch, script);
        assert!(!outcome.stdout.contains("owners-"), "{script}: {}", outcome.stdout);
        let told = outcome.fails(1);
        assert!(told.contains("owner"), "{script}: {told}");
    }
    let script = format!(
        "lanyard passwords create --domain mine.test --generate && lanyard passwords totp mine.test {SECRET} \
         && lanyard passwords update mine.test changed && lanyard passwords get mine.test \
         && lanyard passwords code mine.test >/dev/null && lanyard passwords create --domain gone.test x \
         && lanyard passwords delete gone.test"
    );
    assert!(world.as_agent(1, "eight", &script).ok().contains("\nchanged\n"));
    // What the owner changes is the owner's from then on.
    world.lanyard(&["passwords", "update", "mine.test", "owners-now", "--identity", "ada"]).ok();
    world.as_agent(1, "nine", "lanyard passwords update mine.test forged").fails(1);
    assert_eq!(world.lanyard(&["passwords", "get", "mine.test", "--identity", "ada"]).ok(), "owners-now\n");
}

#[test]
fn an_agent_waits_for_the_owners_yes_where_the_policy_says_so() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    keep(&world, "ada", "ask.test", "bot", "asked-for");
    world.lanyard(&["passwords", "totp", "ask.test", SECRET, "--identity", "ada"]).ok();
    world.lanyard(&["passwords", "update", "ask.test", "--policy", "ask", "--identity", "ada"]).ok();
    let out = world.path("asked");
    let script = |verb: &str| {
        format!("lanyard passwords {verb} ask.test --reason 'to log in' >>{} 2>&1", out.display())
    };
    for (branch, verb, answer) in
        [("one", "get", "approve"), ("two", "code", "approve"), ("three", "get", "deny")]
    {
        let mut door = world.listening();
        let session = world.start(1, branch, &["sh", "-c", &script(verb)]);
        let open = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
        let asked = &open["ApprovalChanged"]["approval"];
        assert_eq!([text(asked, "subject"), text(asked, "reason")], ["ask.test bot", "to log in"]);
        assert_eq!(text(asked, "action"), "read_password");
        world.lanyard(&["approvals", answer, text(asked, "id")]).ok();
        world.ended(text(&session, "id"));
    }
    let said = std::fs::read_to_string(&out).unwrap();
    let excuse = "lanyard: no answer yet";
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with(excuse)).collect();
    assert_eq!(lines[0], "asked-for");
    assert!(lines[1].len() == 6 && lines[1].bytes().all(|b| b.is_ascii_digit()), "{said}");
    assert!(lines[2].contains("the owner denied"), "{said}");
}

#[test]
fn an_agent_never_gets_another_slots_password() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    world.seat(2, "bob", "KEY", "value");
    keep(&world, "bob", "github.com", "bot", PLAIN);
    world.lanyard(&["passwords", "totp", "github.com", SECRET, "--identity", "bob"]).ok();
    let uuid =
        world.json(&["passwords", "list", "--identity", "bob"])[0]["uuid"].as_str().unwrap().to_string();
    for (branch, script) in [
        ("one", "lanyard passwords get github.com --identity bob".to_string()),
        ("two", "lanyard passwords get github.com".to_string()),
        ("three", format!("lanyard passwords get {uuid}")),
        ("four", "lanyard passwords code github.com --identity bob".to_string()),
        ("five", "lanyard passwords update github.com forged --identity bob".to_string()),
        ("six", "lanyard passwords delete github.com --identity bob".to_string()),
        ("seven", format!("lanyard passwords delete {uuid}")),
    ] {
        let outcome = world.as_agent(1, branch, &script);
        assert!(!outcome.stdout.contains(PLAIN), "{script}");
        outcome.fails(1);
    }
    assert_eq!(world.as_agent(1, "eight", "lanyard passwords list --json").ok().trim(), "[]");
    assert_eq!(
        world.lanyard(&["passwords", "get", "github.com", "--identity", "bob"]).ok(),
        format!("{PLAIN}\n")
    );
}

#[test]
fn no_file_of_lanyards_holds_a_password_its_notes_or_the_secret_of_its_codes() {
    let world = world();
    let notes = "notes-that-must-not-be-found";
    let create = ["passwords", "create", "--domain", "a.test", "--notes", notes, "-"];
    world.lanyard_with(&create, PLAIN).ok();
    world.lanyard(&["passwords", "totp", "a.test", SECRET]).ok();
    world.lanyard(&["passwords", "get", "a.test"]).ok();
    world.lanyard(&["passwords", "totp", "a.test", &format!("{SECRET}!")]).fails(1);
    world.lanyard(&["passwords", "create", "--domain", "bad domain", PLAIN]).fails(1);
    world.daemon_process().kill();
    for secret in [PLAIN, notes, SECRET, "12345678901234567890"] {
        let found = world.files_with(secret);
        assert!(found.is_empty(), "{found:?} hold {secret}");
    }
    assert_eq!(world.lanyard(&["passwords", "get", "a.test"]).ok(), format!("{PLAIN}\n"));
}

#[test]
fn an_identity_with_passwords_is_deleted_only_when_that_is_confirmed() {
    let world = world();
    keep(&world, "ada", "a.test", "bot", "password");
    let told = world.lanyard(&["identity", "delete", "ada"]).fails(1);
    assert!(told.contains("passwords") && told.contains("--force"), "{told}");
    world.lanyard(&["identity", "delete", "ada", "--force"]).ok();
    world.identity("ada");
    world.lanyard(&["passwords", "get", "a.test", "--identity", "ada"]).fails(1);
}

#[test]
fn a_sealed_login_opens_for_no_other_host() {
    let world = world();
    keep(&world, "ada", "one.test", "bot", "of-one");
    keep(&world, "ada", "two.test", "bot", "of-two");
    let moved = "UPDATE passwords SET domain = CASE domain WHEN 'one.test' THEN 'evil.test' ELSE domain END";
    if crate::vault::query(&world, moved).is_none() {
        return;
    }
    let told = world.lanyard(&["passwords", "get", "evil.test"]).fails(1);
    assert!(told.contains("does not open"), "{told}");
    assert_eq!(world.lanyard(&["passwords", "get", "two.test"]).ok(), "of-two\n");
}
