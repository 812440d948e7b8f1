//! The room as a whole: it records, lists and verifies, and tells what somebody did to its table.

use super::*;
use crate::caller::Asker;
use crate::store::AuditBatch;
use api::audit::{Fault, VerifyAudit};
use std::path::Path;

struct Room {
    audit: Audit,
    store: Store,
    folder: tempfile::TempDir,
}

async fn opened(path: &Path) -> (Audit, Store) {
    let store = Store::open(&path.join("lanyard.db")).await.unwrap();
    let audit = Audit::open(store.clone(), Bus::default(), Clock::of_the_machine()).await.unwrap();
    (audit, store)
}

impl Room {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (audit, store) = opened(folder.path()).await;
        Self { audit, store, folder }
    }

    /// With records of `KEY1` to `KEYn`, of slots 1 and 2 in turns.
    async fn with(count: u32) -> Self {
        let room = Self::new().await;
        for n in 1..=count {
            let kind = if n % 3 == 0 { Kind::Token } else { Kind::Secret };
            let fact = Fact { slot: Some(n % 2 + 1), ..Fact::done(kind, "secrets.read", format!("KEY{n}")) };
            room.audit.note(By::Daemon, fact).await.unwrap();
        }
        room
    }

    /// Does something to the table, as somebody would who can write to the file.
    async fn tamper(&self, sql: &'static str) -> &Self {
        let mut connection = self.store.quick_connection().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        self
    }

    async fn verify(&self, anchors: Vec<Anchor>) -> Option<(i64, Fault)> {
        let verified = self.audit.verify(VerifyAudit { anchors }).await.unwrap();
        verified.broken.map(|broken| (broken.seq, broken.fault))
    }

    async fn subjects(&self, call: ListAudit) -> Vec<String> {
        self.audit.list(call).await.unwrap().into_iter().map(|record| record.subject).collect()
    }
}

fn agent(session: &str) -> Caller {
    let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let asker = Asker::new(peer::peer(&one).unwrap());
    let (identity_id, worktree_id) = ("i".into(), "w".into());
    Caller::Agent { session: session.into(), slot: 3, identity_id, worktree_id, asker }
}

#[tokio::test]
async fn what_is_recorded_verifies_and_lists_newest_first() {
    let room = Room::with(5).await;
    assert_eq!(room.verify(Vec::new()).await, None);
    assert_eq!(room.subjects(ListAudit::default()).await, ["KEY5", "KEY4", "KEY3", "KEY2", "KEY1"]);
    let page = ListAudit { limit: Some(2), before: Some(4), ..Default::default() };
    assert_eq!(room.subjects(page).await, ["KEY3", "KEY2"]);
    let on = ListAudit { limit: Some(2), after: Some(1), ..Default::default() };
    assert_eq!(room.subjects(on).await, ["KEY2", "KEY3"]);
    let slot = ListAudit { slot: Some(1), ..Default::default() };
    assert_eq!(room.subjects(slot).await, ["KEY4", "KEY2"]);
    let kind = ListAudit { kind: Some(Kind::Token), ..Default::default() };
    assert_eq!(room.subjects(kind).await, ["KEY3"]);
    for (words, found) in
        [("key4", &["KEY4"][..]), ("EY", &["KEY5", "KEY4", "KEY3", "KEY2", "KEY1"]), ("K%5", &[])]
    {
        let words = ListAudit { subject: Some(words.into()), ..Default::default() };
        assert_eq!(room.subjects(words).await, found);
    }
    let too_many = ListAudit { limit: Some(501), ..Default::default() };
    assert!(room.audit.list(too_many).await.is_err());
}

#[tokio::test]
async fn a_part_of_a_call_stands_before_it_and_is_not_lost_without_it() {
    let room = Room::with(1).await;
    for (part, whole) in [("PART1", Some("WHOLE")), ("PART2", None)] {
        room.audit.note_ahead(By::Daemon, Fact::done(Kind::Grant, "grants.used", part)).await.unwrap();
        if let Some(whole) = whole {
            let fact = Fact::done(Kind::Secret, "secrets.read", whole);
            room.audit.note(By::Daemon, fact).await.unwrap();
        }
    }
    room.audit.close().await;
    assert_eq!(room.subjects(ListAudit::default()).await, ["PART2", "WHOLE", "PART1", "KEY1"]);
    assert_eq!(room.verify(Vec::new()).await, None);
}

#[tokio::test]
async fn every_altered_field_is_found() {
    for sql in [
        "UPDATE audit SET at = at + 1 WHERE seq = 3",
        "UPDATE audit SET high = high + 1 WHERE seq = 3",
        "UPDATE audit SET who = 'owner' WHERE seq = 3",
        "UPDATE audit SET door = 'web' WHERE seq = 3",
        "UPDATE audit SET kind = 'door' WHERE seq = 3",
        "UPDATE audit SET action = 'secrets.list' WHERE seq = 3",
        "UPDATE audit SET subject = 'OTHER' WHERE seq = 3",
        "UPDATE audit SET identity_id = 'x' WHERE seq = 3",
        "UPDATE audit SET identity = 'x' WHERE seq = 3",
        "UPDATE audit SET session = 'x' WHERE seq = 3",
        "UPDATE audit SET slot = NULL WHERE seq = 3",
        "UPDATE audit SET worktree_id = 'x' WHERE seq = 3",
        "UPDATE audit SET worktree = 'x' WHERE seq = 3",
        "UPDATE audit SET outcome = 'refused' WHERE seq = 3",
        "UPDATE audit SET detail = 'x' WHERE seq = 3",
        "UPDATE audit SET hash = x'00' WHERE seq = 3",
        "UPDATE audit SET previous = hash WHERE seq = 3",
    ] {
        let room = Room::with(5).await;
        assert_eq!(room.tamper(sql).await.verify(Vec::new()).await, Some((3, Fault::Altered)), "{sql}");
    }
}

#[tokio::test]
async fn a_record_whose_hash_was_made_anew_is_named_itself() {
    let room = Room::with(5).await;
    let mut row = room.store.audit_from(3, 1).await.unwrap().remove(0);
    row.subject = "OTHER".into();
    row.hash = chain::hash(&row).to_vec();
    room.tamper("DELETE FROM audit WHERE seq = 3").await;
    room.store.add_audit(&AuditBatch { rows: vec![row], ..Default::default() }).await.unwrap();
    assert_eq!(room.verify(Vec::new()).await, Some((3, Fault::Altered)));
}

#[tokio::test]
async fn missing_moved_and_invented_records_are_named() {
    for (sql, found) in [
        ("DELETE FROM audit WHERE seq = 3", (3, Fault::Missing)),
        ("DELETE FROM audit WHERE seq = 1", (1, Fault::Missing)),
        ("DELETE FROM audit WHERE seq < 4", (1, Fault::Missing)),
        (
            "UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 4; \
             UPDATE audit SET seq = 4 WHERE seq = 99",
            (2, Fault::Reordered),
        ),
        (
            "DELETE FROM audit WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; \
             UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5",
            (2, Fault::Reordered),
        ),
        ("UPDATE audit SET seq = 0 WHERE seq = 5", (0, Fault::Altered)),
        ("UPDATE audit SET seq = -7 WHERE seq = 1", (-7, Fault::Altered)),
    ] {
        let room = Room::with(5).await;
        assert_eq!(room.tamper(sql).await.verify(Vec::new()).await, Some(found), "{sql}");
    }
}

#[tokio::test]
async fn a_tail_that_was_cut_is_seen_by_an_anchor() {
    let room = Room::with(5).await;
    let anchor = room.audit.head().await.unwrap();
    assert_eq!(room.verify(vec![anchor.clone()]).await, None);
    room.tamper("DELETE FROM audit WHERE seq > 3").await;
    assert_eq!(room.verify(Vec::new()).await, None, "the chain alone cannot know");
    assert_eq!(room.verify(vec![anchor]).await, Some((4, Fault::Missing)));
}

#[tokio::test]
async fn a_tail_that_was_written_anew_is_seen_by_an_anchor() {
    let Room { audit, store, folder } = Room::with(5).await;
    let anchor = audit.head().await.unwrap();
    sqlx::raw_sql("DELETE FROM audit WHERE seq > 3")
        .execute(&mut store.quick_connection().await.unwrap())
        .await
        .unwrap();
    audit.close().await;
    let (audit, store) = opened(folder.path()).await;
    let room = Room { audit, store, folder };
    for n in 0..3 {
        room.audit.record(By::Daemon, Fact::done(Kind::Secret, "x", format!("FORGED{n}"))).await.unwrap();
    }
    assert_eq!(room.verify(Vec::new()).await, None);
    assert_eq!(room.verify(vec![anchor]).await, Some((5, Fault::Replaced)));
}

#[tokio::test]
async fn an_empty_audit_verifies_and_has_an_anchor() {
    let room = Room::new().await;
    let anchor = room.audit.head().await.unwrap();
    assert_eq!(anchor.seq, 0);
    assert_eq!(room.verify(vec![anchor]).await, None);
}

#[tokio::test]
async fn many_at_once_make_one_chain() {
    let room = Room::new().await;
    let each = (0..200).map(|n| {
        let audit = room.audit.clone();
        tokio::spawn(async move {
            let fact = Fact::done(Kind::Secret, "secrets.read", format!("KEY{n}"));
            if n % 10 == 0 {
                audit.record(By::Daemon, fact).await
            } else {
                audit.note(By::Daemon, fact).await
            }
        })
    });
    for one in each.collect::<Vec<_>>() {
        one.await.unwrap().unwrap();
    }
    let verified = room.audit.verify(VerifyAudit::default()).await.unwrap();
    assert_eq!((verified.records, verified.broken), (200, None));
}

#[tokio::test]
async fn the_chain_goes_on_where_a_former_daemon_ended() {
    let Room { audit, store, folder } = Room::with(3).await;
    audit.close().await;
    store.close().await;
    let (audit, store) = opened(folder.path()).await;
    audit.record(By::Daemon, Fact::done(Kind::Daemon, "daemon.started", "")).await.unwrap();
    let room = Room { audit, store, folder };
    assert_eq!(room.verify(Vec::new()).await, None);
    assert_eq!(room.audit.head().await.unwrap().seq, 4);
}

#[tokio::test]
async fn somebody_else_who_wrote_meanwhile_does_not_break_the_chain() {
    let room = Room::with(2).await;
    let (other, store) = opened(room.folder.path()).await;
    other.record(By::Daemon, Fact::done(Kind::Door, "x", "other")).await.unwrap();
    room.audit.record(By::Daemon, Fact::done(Kind::Door, "x", "one")).await.unwrap();
    assert_eq!(room.verify(Vec::new()).await, None);
    assert_eq!(room.audit.head().await.unwrap().seq, 4);
    store.close().await;
}

#[tokio::test]
async fn a_clock_that_jumps_does_no_harm() {
    static NOW: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(1000);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("lanyard.db")).await.unwrap();
    let clock = Clock::of_a_test(|| NOW.load(std::sync::atomic::Ordering::SeqCst), || 0);
    let audit = Audit::open(store.clone(), Bus::default(), clock).await.unwrap();
    let room = Room { audit, store, folder };
    for (n, now) in [1000, 9000, 2000, 3000, 0].into_iter().enumerate() {
        NOW.store(now, std::sync::atomic::Ordering::SeqCst);
        room.audit.note(By::Daemon, Fact::done(Kind::Secret, "x", n.to_string())).await.unwrap();
    }
    assert_eq!(room.verify(Vec::new()).await, None);
    assert_eq!(room.subjects(ListAudit::default()).await, ["4", "3", "2", "1", "0"]);
    let since = |since| ListAudit { since: Some(since), ..Default::default() };
    assert_eq!(room.subjects(since(2500)).await, ["3", "1"]);
    assert_eq!(room.subjects(since(500)).await, ["3", "2", "1", "0"]);
    assert!(room.subjects(since(9001)).await.is_empty());
    // What came after the clock had passed that time is later, whatever the clock says of it.
    let until = |until| ListAudit { until: Some(until), ..Default::default() };
    assert_eq!(room.subjects(until(2500)).await, ["0"]);
    assert_eq!(room.subjects(until(9000)).await, ["4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn an_agents_record_says_who_and_where_without_being_told() {
    let room = Room::new().await;
    room.tamper(
        "INSERT INTO projects VALUES ('p', 'work', '/w', '[]', 0); \
         INSERT INTO worktrees VALUES ('w', 'p', 'feat', 'feat', NULL, '/w/feat', 0, NULL); \
         INSERT INTO identities VALUES ('i', 'ada', 'a@x', NULL, 'ada', 'a@x', x'00', 0, 0); \
         INSERT INTO sessions (id, slot, identity_id, identity, project, worktree_id, worktree, branch, path, \
         agent, command, state, keeper_pid, started_at) VALUES \
         ('s', 3, 'i', 'ada', 'work', 'w', 'feat', 'feat', '/w', 'shell', '[]', 'working', 7, 0)",
    )
    .await;
    room.audit.note(By::Caller(&agent("s")), Fact::done(Kind::Secret, "secrets.read", "KEY")).await.unwrap();
    let record = room.audit.list(ListAudit::default()).await.unwrap().remove(0);
    assert_eq!((record.who.as_str(), record.door.as_str()), ("agent", "session"));
    assert_eq!((record.identity.as_deref(), record.slot), (Some("ada"), Some(3)));
    assert_eq!((record.worktree_id.as_deref(), record.worktree.as_deref()), (Some("w"), Some("feat")));
    let of_ada = ListAudit { identity: Some("ada".into()), ..Default::default() };
    assert_eq!(room.subjects(of_ada).await, ["KEY"]);
}

#[tokio::test]
async fn an_agent_that_asks_without_end_is_refused_and_counted() {
    let room = Room::new().await;
    let (tasks, ending) = (TaskTracker::new(), CancellationToken::new());
    room.audit.begin(&tasks, ending.clone());
    let (greedy, other) = (agent("greedy"), agent("other"));
    let admitted = |caller| room.audit.admit(caller, Kind::Secret, "secrets.read").is_ok();
    let let_in = (0..5000).filter(|_| admitted(&greedy)).count();
    assert!((1000..1100).contains(&let_in), "{let_in}");
    assert!(admitted(&other) && admitted(&Caller::Owner));
    ending.cancel();
    tasks.close();
    tasks.wait().await;
    let counted = room.audit.list(ListAudit::default()).await.unwrap();
    assert_eq!(counted.len(), 1, "{counted:?}");
    assert!(counted[0].detail.starts_with(&format!("{} more", 5000 - let_in)), "{counted:?}");
    assert_eq!(counted[0].session.as_deref(), Some("greedy"));
}

#[tokio::test]
async fn strangers_at_a_door_cannot_fill_the_audit() {
    let room = Room::new().await;
    for _ in 0..1100 {
        let fact = Fact { outcome: REFUSED.into(), ..Fact::done(Kind::Door, "door.refused", "") };
        room.audit.note(By::Stranger(Door::Web), fact).await.unwrap();
    }
    let head = room.audit.head().await.unwrap().seq;
    assert!((1000..1050).contains(&head), "{head}");
}

#[test]
fn texts_are_bounded_and_drive_no_terminal() {
    assert_eq!(plain("a\x1b[2J\n\u{202e}b"), "a\\u{1b}[2J\\n\\u{202e}b");
    assert_eq!(plain(&"x".repeat(5000)).chars().count(), TEXT_MAX + 1);
    assert_eq!(plain("KEY_ü"), "KEY_ü");
    assert_eq!(outcome(Code::NotFound), "not_found");
}

#[test]
fn a_record_of_a_call_never_holds_a_value() {
    let read = |method: &str, params: &str| {
        let raw = serde_json::value::RawValue::from_string(params.to_string()).unwrap();
        api::Request::read(method, Some(&raw)).unwrap()
    };
    for (method, params) in [
        ("secrets.set", r#"{"key":"KEY","value":"hunter2","notes":"hunter2"}"#),
        ("vault.unlock", r#"{"passphrase":"hunter2"}"#),
        ("sessions.send", r#"{"session":"1","text":"hunter2"}"#),
        ("sessions.start", r#"{"slot":1,"project":"p","branch":"b","command":["login","hunter2"]}"#),
    ] {
        let noted = noted(&read(method, params)).unwrap();
        let body = br#"{"id":"x","identity":"ada","value":"hunter2","slot":4}"#;
        let done = noted.clone().done(method, body);
        let error = Error::invalid("\"hunter2\" is no key for a secret");
        let failed = noted.failed(method, &error);
        assert!(!format!("{done:?}{failed:?}").contains("hunter2"), "{done:?} {failed:?}");
        assert_eq!((done.slot, failed.outcome.as_str()), (Some(4), "invalid"));
    }
}
