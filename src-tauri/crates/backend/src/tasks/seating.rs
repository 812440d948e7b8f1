//! Which slot a task may have now, and else what it waits for: pure, so that a table can test it.

use crate::store::{SessionRow, SlotRow, TaskRow};

/// The slots, and the sessions that run in them.
pub struct Seats {
    slots: Vec<SlotRow>,
    live: Vec<Working>,
}

/// Who works where.
struct Working {
    slot: i64,
    project: String,
    branch: String,
}

impl Seats {
    /// The slots as they are now.
    pub fn new(slots: Vec<SlotRow>, live: &[SessionRow]) -> Self {
        let working = |row: &SessionRow| Working {
            slot: row.slot,
            project: row.project.clone(),
            branch: row.branch.clone(),
        };
        Self { slots, live: live.iter().map(working).collect() }
    }

    /// The slot for a task, or what it waits for, in words.
    pub fn seat(&self, task: &TaskRow) -> Result<i64, String> {
        if let Some(other) = self.live.iter().find(|w| w.project == task.project && w.branch == task.branch) {
            return Err(format!("slot {} works on that branch", other.slot));
        }
        match task.slot {
            Some(number) => self.named(number, task),
            None => self.any(task),
        }
    }

    /// Takes a slot for a task, so that the next one in line does not get it as well.
    pub fn take(&mut self, slot: i64, task: &TaskRow) {
        let (project, branch) = (task.project.clone(), task.branch.clone());
        self.live.push(Working { slot, project, branch });
    }

    fn named(&self, number: i64, task: &TaskRow) -> Result<i64, String> {
        let Some(slot) = self.slots.iter().find(|slot| slot.number == number) else {
            return Err(format!("there is no slot {number}"));
        };
        match &slot.identity_id {
            None => Err(format!("slot {number} has no identity")),
            Some(_) if !suits(slot, task) => Err(format!("another identity sits in slot {number}")),
            Some(_) if self.is_busy(number) => Err(format!("slot {number} is busy")),
            Some(_) => Ok(number),
        }
    }

    fn any(&self, task: &TaskRow) -> Result<i64, String> {
        let mut suitable = self.slots.iter().filter(|slot| suits(slot, task)).peekable();
        let whose = task.identity.as_deref();
        if suitable.peek().is_none() {
            return Err(match whose {
                Some(name) => format!("{name} sits in no slot"),
                None => "no slot has an identity".into(),
            });
        }
        suitable.map(|slot| slot.number).find(|number| !self.is_busy(*number)).ok_or_else(|| match whose {
            Some(name) => format!("no slot of {name} is free"),
            None => "every slot with an identity is busy".into(),
        })
    }

    fn is_busy(&self, number: i64) -> bool {
        self.live.iter().any(|working| working.slot == number)
    }
}

/// Whether somebody sits in a slot whom the task may run under.
fn suits(slot: &SlotRow, task: &TaskRow) -> bool {
    slot.identity_id.is_some() && (task.identity_id.is_none() || task.identity_id == slot.identity_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::tasks::{State, WhenDone};

    fn slot(number: i64, identity: Option<&str>) -> SlotRow {
        SlotRow { number, identity_id: identity.map(String::from), agent: "shell".into(), hue: 0 }
    }

    fn task(slot: Option<i64>, identity: Option<&str>, branch: &str) -> TaskRow {
        TaskRow {
            id: "t".into(),
            rank: 1,
            state: State::Queued,
            reason: None,
            project_id: "p".into(),
            project: "work".into(),
            branch: branch.into(),
            base: None,
            agent: None,
            command: "[]".into(),
            slot,
            identity_id: identity.map(String::from),
            identity: identity.map(String::from),
            prompt: None,
            when_done: WhenDone::Keep,
            session: None,
            added_at: 1,
            left_at: None,
        }
    }

    #[test]
    fn a_task_gets_the_first_free_slot_that_it_may_have_or_is_told_what_it_waits_for() {
        let mut seats = Seats {
            slots: vec![
                slot(1, Some("ada")),
                slot(2, None),
                slot(3, Some("bob")),
                slot(4, Some("bob")),
                slot(5, Some("eve")),
            ],
            live: Vec::new(),
        };
        seats.take(1, &task(None, None, "one"));
        seats.take(5, &task(None, None, "five"));
        for (number, identity, branch, expected) in [
            (None, None, "two", Ok(3)),
            (Some(4), None, "two", Ok(4)),
            (Some(4), Some("bob"), "two", Ok(4)),
            (None, Some("bob"), "two", Ok(3)),
            (Some(1), None, "two", Err("slot 1 is busy")),
            (Some(2), None, "two", Err("slot 2 has no identity")),
            (Some(9), None, "two", Err("there is no slot 9")),
            (Some(3), Some("ada"), "two", Err("another identity sits in slot 3")),
            (None, Some("eve"), "two", Err("no slot of eve is free")),
            (None, Some("mel"), "two", Err("mel sits in no slot")),
            (None, None, "one", Err("slot 1 works on that branch")),
        ] {
            let expected = expected.map_err(String::from);
            assert_eq!(
                seats.seat(&task(number, identity, branch)),
                expected,
                "{number:?} {identity:?} {branch}"
            );
        }
        seats.take(3, &task(None, None, "three"));
        seats.take(4, &task(None, None, "four"));
        assert_eq!(seats.seat(&task(None, None, "two")), Err("every slot with an identity is busy".into()));
        let nobody = Seats { slots: vec![slot(1, None)], live: Vec::new() };
        assert_eq!(nobody.seat(&task(None, None, "two")), Err("no slot has an identity".into()));
    }
}
