//! The daemon is killed at every point of a token's life, and so is the one that takes over from it: nothing is
//! left alive at the issuer that Lanyard does not know of, and what nobody waits for any more is revoked.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tests::github::{APP_KEY, CLIENT_ID};
use tests::server::Fault;
use tests::{Counterpart, DEADLINE, Door, GitHub, World, text};

/// How many worlds are killed at once: they wait most of the time.
const AT_ONCE: usize = 4;
/// What GitHub's tokens, and here all others, live at the most.
const LIFE: Duration = Duration::from_secs(3600);
/// What is said of a token that GitHub made and whose value nobody has heard.
const LOST: &str = "with its value alone";

/// Where tokens are issued, as the tests see it.
trait Upstream: Sized {
    /// Makes one, and adds it as the issuer `mint`.
    fn new(world: &World) -> Self;
    /// The tokens that are alive there.
    fn alive(&self) -> BTreeSet<String>;
    /// From now on it makes tokens and its answers are cut short.
    fn mumble(&self);
    /// From now on it takes none back.
    fn refuse(&self);
    /// From now on it behaves.
    fn heal(&self);
    /// Ends all its tokens by itself, as their time is over.
    fn expire(&self);
}

impl Upstream for Counterpart {
    fn new(world: &World) -> Self {
        let counterpart = world.issuer("mint", "auto");
        counterpart.behave("life", &LIFE.as_secs().to_string());
        counterpart
    }
    fn alive(&self) -> BTreeSet<String> {
        self.live()
    }
    fn mumble(&self) {
        self.behave("issue", "half");
    }
    fn refuse(&self) {
        self.behave("revoke", "unreachable");
    }
    fn heal(&self) {
        self.behave("issue", "");
        self.behave("revoke", "");
    }
    fn expire(&self) {
        self.end_all();
    }
}

impl Upstream for GitHub {
    fn new(world: &World) -> Self {
        let github = GitHub::default();
        let client = format!("client_id={CLIENT_ID}");
        let args =
            ["issuers", "add", "mint", "--kind", "github-app", "--url", github.url(), "--set", &client];
        world.lanyard_with(&[&args[..], &["--policy", "auto", "--secret", "-"]].concat(), APP_KEY).ok();
        github
    }
    fn alive(&self) -> BTreeSet<String> {
        self.living().into_iter().collect()
    }
    fn mumble(&self) {
        self.fails("POST /app/installations", Fault::Half);
    }
    fn refuse(&self) {
        self.fails("DELETE", Fault::Status(503));
    }
    fn heal(&self) {
        self.heals();
    }
    fn expire(&self) {
        self.living().iter().for_each(|value| GitHub::expire(self, value));
    }
}

/// Every point that stands in the sources, whether it is the daemon's or the call's own process'.
fn points(of_the_call: bool) -> BTreeSet<String> {
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates/backend/src/tokens");
    let mut points = BTreeSet::new();
    for entry in fs::read_dir(room).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let source = fs::read_to_string(entry.path()).unwrap();
        let is_call = entry.file_name() == "minting.rs";
        for part in source.split("failpoints.at(\"").skip(1).filter(|_| is_call == of_the_call) {
            points.insert(part.split('"').next().unwrap().to_string());
        }
    }
    points
}

/// Asks; none once the daemon is dead.
fn ask(door: &mut Door, method: &str, params: Value) -> Option<Value> {
    let mut asked = || -> io::Result<Value> {
        door.send(format!("{}\n", json!({ "id": 1, "method": method, "params": params })).as_bytes())?;
        loop {
            let mut line = door.line()?;
            if !line["answer"].is_null() {
                return Ok(line["answer"]["result"].take());
            }
        }
    };
    asked().ok()
}

fn request(door: &mut Door) -> Option<Value> {
    ask(door, "tokens.request", json!({ "issuer": "mint", "identity": "ada" }))
}

/// A whole life: issued, read, replaced, revoked; and one whose answer is cut short. Ends early with the daemon.
fn live_through(door: &mut Door, issuer: &impl Upstream) -> Option<()> {
    let token = request(door)?;
    if let Some(id) = token["Ok"]["id"].as_str() {
        ask(door, "tokens.read", json!({ "token": id }))?;
        let new = ask(door, "tokens.refresh", json!({ "token": id }))?;
        if let Some(id) = new["Ok"]["id"].as_str() {
            ask(door, "tokens.revoke", json!({ "token": id }))?;
        }
    } else {
        assert!(token.to_string().contains("cut short"), "only a call that is killed gives none: {token}");
    }
    issuer.mumble();
    request(door)?;
    settle(door)
}

/// As much to take over as there can be at once: a token in use, a revocation that was not confirmed, an answer
/// that was cut short; and then one more request, and a token that is replaced.
fn leave_much(door: &mut Door, issuer: &impl Upstream) -> Option<()> {
    let _used = request(door)?;
    let gone = request(door)?;
    issuer.refuse();
    ask(door, "tokens.revoke", json!({ "token": gone["Ok"]["id"], "wait_ms": 0 }))?;
    issuer.mumble();
    request(door)?;
    issuer.heal();
    let old = request(door)?;
    ask(door, "tokens.refresh", json!({ "token": old["Ok"]["id"] }))?;
    Some(())
}

/// The tokens that may be alive; none once the daemon is dead.
fn tokens(door: &mut Door) -> Option<Vec<Value>> {
    Some(ask(door, "tokens.list", json!({}))?["Ok"].as_array().expect("a list").clone())
}

/// Whether GitHub made this token and nobody has its value: it lives for its hour, and its row is kept as long.
fn is_lost(token: &Value) -> bool {
    token["state"] == "revoking" && token["last_error"].as_str().is_some_and(|why| why.contains(LOST))
}

/// Waits until every token that may be alive is active, or known to be lost; none once the daemon is dead.
fn settle(door: &mut Door) -> Option<()> {
    let until = Instant::now() + DEADLINE;
    loop {
        let tokens = tokens(door)?;
        if tokens.iter().all(|token| token["state"] == "active" || is_lost(token)) {
            return Some(());
        }
        assert!(Instant::now() < until, "it does not settle: {tokens:?}");
    }
}

/// A world with an issuer, whose daemon does not run yet.
struct Place<U> {
    world: World,
    issuer: U,
}

impl<U: Upstream> Place<U> {
    fn new() -> Self {
        let world = World::new();
        world.identity("ada");
        let issuer = U::new(&world);
        world.lanyard(&["daemon", "stop"]).ok();
        Self { world, issuer }
    }

    /// A daemon that dies at this point lives so; where it is the daemon that dies there, it has to come to it.
    fn live(&mut self, point: &str, is_daemon: bool, life: fn(&mut Door, &U) -> Option<()>) {
        self.world.set("LANYARD_DIE_AT", point);
        let daemon = self.world.daemon();
        let process = daemon.process();
        let mut door = Door::open(&self.world.owner_socket()).expect("the daemon answers").0;
        let status =
            ask(&mut door, "status", json!({})).expect("nothing comes to a point by being asked that");
        assert!(status["Ok"].is_object(), "{point}: {status}");
        let lived = life(&mut door, &self.issuer);
        if is_daemon {
            assert!(lived.is_none(), "nothing came to {point}");
            process.wait_for_end();
        }
        daemon.kill();
        self.world.unset("LANYARD_DIE_AT");
        self.issuer.heal();
    }

    /// The next daemon comes to this point by itself, and dies there as well.
    fn take_over_and_die(&mut self, point: &str) {
        self.world.set("LANYARD_DIE_AT", point);
        let ended = self.world.daemon_that_ends();
        assert_eq!(ended.status, None, "{point} did not kill it: {}", ended.stderr);
        self.world.unset("LANYARD_DIE_AT");
    }

    /// The next daemon lives, and then nothing is alive at the issuer that has no row, nor does anything live on
    /// that could be revoked. `lost` is how many of its tokens GitHub may have made without being heard.
    fn check(&self, point: &str, lost: usize) {
        let _daemon = self.world.daemon();
        let mut door = Door::open(&self.world.owner_socket()).expect("the daemon answers").0;
        let until = Instant::now() + DEADLINE;
        // A token whose successor is there counts as in use until that is written in its place: looked at again.
        while let Err(why) = self.look(&mut door, lost) {
            assert!(Instant::now() < until, "{point}: {why}");
        }
        let left = fs::read_dir(self.world.home().join("mints")).unwrap().count();
        assert_eq!(left, 0, "{point}: calls that nobody has finished");
        check_audit(&mut door, point);
    }

    /// Whether all that lives at the issuer is in use by a row that says so, or among the lost.
    fn look(&self, door: &mut Door, lost: usize) -> Result<(), String> {
        settle(door).ok_or("the next daemon dies")?;
        let (gone, used): (Vec<_>, Vec<_>) = tokens(door).unwrap().into_iter().partition(is_lost);
        let known: BTreeSet<String> = used
            .iter()
            .map(|token| ask(door, "tokens.read", json!({ "token": token["id"] })).unwrap())
            // One that was replaced in this moment is read no more.
            .filter_map(|read| read["Ok"]["value"].as_str().map(String::from))
            .collect();
        let alive = self.issuer.alive();
        let holds =
            known.is_subset(&alive) && alive.difference(&known).count() <= gone.len() && gone.len() <= lost;
        holds.then_some(()).ok_or_else(|| {
            format!("{alive:?} lives, {known:?} is in use, {gone:?} is lost, of {lost} that may be")
        })
    }
}

/// Waits until every token that its issuer took back stands in the audit, as such or as what a daemon was killed at.
fn check_audit(door: &mut Door, point: &str) {
    let tokens = ask(door, "tokens.list", json!({ "all": true })).unwrap()["Ok"].take();
    let until = Instant::now() + DEADLINE;
    for token in tokens.as_array().unwrap().iter().filter(|token| token["state"] == "revoked") {
        let is_told = |record: &Value| {
            record["action"] == "tokens.revoked" && text(record, "subject").ends_with(text(token, "id"))
        };
        loop {
            let told = ask(door, "audit.list", json!({ "kind": "token", "limit": 500 })).unwrap();
            if told["Ok"].as_array().unwrap().iter().any(is_told) {
                break;
            }
            assert!(Instant::now() < until, "{point}: {token} is not in {told}");
        }
    }
}

/// Does this with every point, in several worlds at once.
fn each(points: impl IntoIterator<Item = String>, work: impl Fn(&str) + Sync) {
    let points: Vec<String> = points.into_iter().collect();
    let points = Mutex::new(points.into_iter());
    let next = || points.lock().unwrap_or_else(|e| e.into_inner()).next();
    let worker = || {
        while let Some(point) = next() {
            work(&point);
        }
    };
    std::thread::scope(|scope| {
        let each: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(worker)).collect();
        each.into_iter().for_each(|one| one.join().expect("every point holds"));
    });
}

/// Points that only a daemon comes to that takes over from another one, or that runs when a token's time is over.
const LATER: [&str; 4] = ["abandon.before", "abandon.after", "expire.before", "expire.after"];

/// What a daemon comes to that takes over what `leave_much` has left at this point, for the fourth time where that
/// is said: then it is the last of its requests.
const TAKEN_OVER: [(&str, &[&str]); 3] = [
    ("request.after 4", &["abandon.before", "abandon.after"]),
    (
        "mint.told.after 4",
        &[
            "answer.before",
            "answer.after",
            "forget.after",
            "find.before",
            "find.after",
            "revoke.before",
            "revoke.after",
            "end.after",
        ],
    ),
    ("replace.before", &["replace.before", "replace.after"]),
];

fn die_at_each<U: Upstream>(lost: usize) {
    let points = points(false);
    assert!(points.len() >= 22 && LATER.iter().all(|later| points.contains(*later)), "{points:?}");
    each(points.into_iter().filter(|point| !LATER.contains(&point.as_str())), |point| {
        let mut place = Place::<U>::new();
        place.live(point, true, live_through);
        place.check(point, lost);
    });
}

fn die_again_at_each<U: Upstream>(lost: usize) {
    let both =
        TAKEN_OVER.iter().flat_map(|(first, then)| then.iter().map(move |then| format!("{first}, {then}")));
    each(both, |both| {
        let (first, then) = both.split_once(", ").unwrap();
        let mut place = Place::<U>::new();
        place.live(first, true, leave_much);
        place.take_over_and_die(then);
        place.check(both, lost);
    });
}

fn kill_calls_at_each<U: Upstream>(lost: usize) {
    let points = points(true);
    assert_eq!(points.len(), 3, "{points:?}");
    each(points, |point| {
        let mut place = Place::<U>::new();
        place.live(point, false, live_through);
        place.check(point, lost);
    });
}

#[test]
fn a_daemon_killed_at_any_point_leaves_no_token_alive_that_it_does_not_know() {
    die_at_each::<Counterpart>(0);
}

#[test]
fn nor_one_of_githubs_which_nobody_can_find_there() {
    die_at_each::<GitHub>(1);
}

#[test]
fn a_daemon_killed_while_it_takes_over_from_a_killed_one_leaves_none_either() {
    die_again_at_each::<Counterpart>(0);
}

#[test]
fn nor_one_of_githubs_at_a_second_death() {
    die_again_at_each::<GitHub>(1);
}

#[test]
fn a_call_killed_at_any_point_leaves_no_token_alive_that_nobody_knows() {
    kill_calls_at_each::<Counterpart>(0);
}

#[test]
fn nor_one_of_githubs_whose_row_is_not_kept() {
    // Each call of that life is killed, and one answer is cut short besides.
    kill_calls_at_each::<GitHub>(2);
}

fn expire_at_each<U: Upstream>() {
    each(["expire.before", "expire.after"].map(String::from), |point| {
        let mut place = Place::<U>::new();
        let clock = place.world.wall_clock();
        {
            let daemon = place.world.daemon();
            let mut door = Door::open(&place.world.owner_socket()).expect("the daemon answers").0;
            for _ in 0..2 {
                assert_eq!(request(&mut door).unwrap()["Ok"]["state"], "active");
            }
            place.issuer.mumble();
            request(&mut door).unwrap();
            daemon.kill();
        }
        // Two hours later, by both clocks of the machine.
        let later = 2 * LIFE;
        place.issuer.heal();
        place.issuer.expire();
        clock.set(i64::try_from(later.as_secs()).unwrap());
        place.world.set("LANYARD_DIE_AT", point);
        let ended = place.world.daemon_later_that_ends(later);
        assert_eq!(ended.status, None, "{point} did not kill it: {}", ended.stderr);
        place.world.unset("LANYARD_DIE_AT");
        let _daemon = place.world.daemon_later(later);
        let mut door = Door::open(&place.world.owner_socket()).expect("the daemon answers").0;
        let until = Instant::now() + DEADLINE;
        while !tokens(&mut door).unwrap().is_empty() {
            assert!(Instant::now() < until, "{point}: {:?}", tokens(&mut door));
        }
        let all = ask(&mut door, "tokens.list", json!({ "all": true })).unwrap()["Ok"].take();
        let ended = all.as_array().unwrap().iter().filter(|token| token["state"] == "expired").count();
        assert!(all.as_array().unwrap().len() == 3 && ended >= 2, "{point}: {all}");
    });
}

#[test]
fn a_daemon_killed_when_tokens_end_ends_them_the_next_time() {
    expire_at_each::<Counterpart>();
}

#[test]
fn what_github_made_unheard_is_over_after_its_hour() {
    expire_at_each::<GitHub>();
}
