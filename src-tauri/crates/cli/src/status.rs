//! `lanyard status`: how Lanyard is, for its owner or for an agent in a slot.

use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Output, count};
use crate::table::details;
use api::Role;
use api::audit::Anchor;
use api::status::{AgentProgram, GetStatus, KeySource, Status, VaultState, Walls};

/// Prints it.
pub fn run(hand: &mut Hand) -> Result<()> {
    let status = hand.ask_once(&GetStatus {})?;
    let out = hand.out;
    hand.out.show(&status, || match status.role {
        Role::Agent => agent_text(&out, &status),
        _ => owner_text(&out, &status),
    })
}

/// The vault's state as it stands in a sentence.
pub fn vault_text(vault: &VaultState) -> String {
    match vault {
        VaultState::Open { key: KeySource::Keychain } => "open; its key is in the system's keychain".into(),
        VaultState::Open { key: KeySource::Passphrase } => {
            "open; its key comes from a passphrase, since no keychain answered".into()
        }
        VaultState::New => "not made yet: run `lanyard unlock` to choose its passphrase".into(),
        VaultState::Locked { reason } => format!("locked: {reason} (open it: lanyard unlock)"),
        VaultState::Broken { reason, hint } => format!("broken: {reason} ({hint})"),
    }
}

fn owner_text(out: &Output, status: &Status) -> String {
    let none = || "none; create one: lanyard identity create --name agent-build-1".to_string();
    let running = count(status.running as usize, "session");
    let mut rows = vec![("version", status.version.clone())];
    rows.extend(status.data.clone().map(|data| ("data", data)));
    rows.extend(status.pid.map(|pid| ("daemon", format!("runs as process {pid}"))));
    rows.push(("vault", vault_text(&status.vault)));
    rows.push(("identity", status.identity.clone().unwrap_or_else(none)));
    rows.push(("slots", format!("{}, {running} running", status.slots)));
    rows.push(("agents", agents_text(&status.agents)));
    rows.extend(status.smtp.clone().map(|at| ("mail", format!("is taken at {at}, by SMTP"))));
    rows.extend(status.walls.map(|walls| ("walls", walls_text(walls))));
    rows.extend(status.audit.as_ref().map(|head| ("audit", audit_text(head))));
    details(out, &rows)
}

fn agents_text(agents: &[AgentProgram]) -> String {
    let names = |found: bool| {
        let names = agents.iter().filter(|agent| agent.path.is_some() == found);
        names.map(|agent| agent.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    match (names(true), names(false)) {
        (found, missing) if missing.is_empty() => found,
        (found, missing) if found.is_empty() => format!("none found of {missing}"),
        (found, missing) => format!("{found} (not found: {missing})"),
    }
}

fn walls_text(walls: Walls) -> String {
    let guard = "this kernel's Landlock cannot keep sessions from reading each other's memory";
    let hide = "sessions see Lanyard's files and your logins, for this kernel gives them no namespaces or the \
                setting `hide` is off";
    match (walls.guarded, walls.hidden) {
        (true, true) => "hold round every session".into(),
        (false, true) => format!("MISSING: {guard}"),
        (true, false) => format!("MISSING: {hide}"),
        (false, false) => format!("MISSING: {guard}, and {hide}"),
    }
}

fn audit_text(head: &Anchor) -> String {
    match head.seq {
        0 => "no records yet".into(),
        seq => format!("{seq} records, the newest of hash {}", head.hash.get(..16).unwrap_or_default()),
    }
}

fn agent_text(out: &Output, status: &Status) -> String {
    let mut rows = vec![("identity", status.identity.clone().unwrap_or_default())];
    rows.extend(status.slot.map(|slot| ("slot", slot.to_string())));
    rows.extend(status.session.clone().map(|session| ("session", session)));
    rows.push(("vault", vault_text(&status.vault)));
    rows.extend(status.smtp.clone().map(|at| ("mail", format!("is taken at {at}, by SMTP"))));
    rows.push(("version", status.version.clone()));
    details(out, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> Status {
        Status {
            version: "0.1.0".into(),
            role: Role::Owner,
            pid: Some(7),
            data: Some("/d".into()),
            vault: VaultState::Open { key: KeySource::Passphrase },
            identity: None,
            slot: None,
            session: None,
            slots: 12,
            running: 1,
            audit: Some(Anchor { seq: 7, hash: "0123456789abcdef0123".into() }),
            walls: Some(Walls { guarded: true, hidden: true }),
            smtp: Some("127.0.0.1:2525".into()),
            agents: vec![
                AgentProgram { name: "shell".into(), path: Some("/bin/sh".into()) },
                AgentProgram { name: "codex".into(), path: None },
            ],
        }
    }

    #[test]
    fn an_owner_sees_which_key_source_is_in_use_and_what_to_do_next() {
        let text = owner_text(&Output::plain(), &status());
        assert!(text.contains("vault     open; its key comes from a passphrase"), "{text}");
        assert!(text.contains("lanyard identity create"), "{text}");
        assert!(text.contains("12, 1 session running"), "{text}");
        assert!(text.contains("shell (not found: codex)"), "{text}");
        assert!(text.contains("7 records, the newest of hash 0123456789abcdef\n"), "{text}");
    }

    #[test]
    fn a_wall_that_is_missing_is_told() {
        assert_eq!(walls_text(Walls { guarded: true, hidden: true }), "hold round every session");
        for (guarded, hidden, word) in [(false, true, "Landlock"), (true, false, "logins")] {
            let text = walls_text(Walls { guarded, hidden });
            assert!(text.starts_with("MISSING") && text.contains(word), "{text}");
        }
    }

    #[test]
    fn an_agent_sees_who_it_is_and_where() {
        let status =
            Status { role: Role::Agent, identity: Some("build-1".into()), slot: Some(3), ..status() };
        let text = agent_text(&Output::plain(), &status);
        assert!(text.starts_with("identity  build-1\nslot      3\n"), "{text}");
    }
}
