//! What is to be done about a thing that a vault here and one there have in common, by what each side did to it.

use super::super::vault::Base;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// Both hold the same again.
    Agree,
    /// It was changed there: that is taken over.
    Pull,
    /// It was changed here: that is given away.
    Push,
    /// Each side has changed it by itself: both stay as they are, until one is changed again.
    Stand,
    /// It was deleted there, and is as it was here.
    DeleteHere,
    /// It was deleted here, and is as it was there.
    DeleteThere,
    /// One side has deleted what the other has changed, or both have: whoever has it keeps it.
    Part,
}

/// Decides by the marks of what is here and there, and of what was when both were last looked at.
pub fn decide(base: &Base, ours: Option<&str>, theirs: Option<&str>) -> Step {
    let agreed = base.ours == base.theirs;
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours == theirs => match agreed && ours == base.ours {
            true => Step::Nothing,
            false => Step::Agree,
        },
        (Some(ours), Some(theirs)) => match (ours == base.ours, theirs == base.theirs) {
            (true, true) => Step::Nothing,
            (true, false) => Step::Pull,
            (false, true) => Step::Push,
            (false, false) => Step::Stand,
        },
        (Some(ours), None) if agreed && ours == base.ours => Step::DeleteHere,
        (None, Some(theirs)) if agreed && theirs == base.theirs => Step::DeleteThere,
        _ => Step::Part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::vault::Name;

    fn base(ours: &str, theirs: &str) -> Base {
        let name = Name { first: "KEY".into(), second: String::new() };
        Base { ours: ours.into(), theirs: theirs.into(), name }
    }

    #[test]
    fn what_one_side_did_reaches_the_other_and_what_both_did_is_lost_on_neither() {
        let agreed = base("1", "1");
        for (ours, theirs, step) in [
            (Some("1"), Some("1"), Step::Nothing),
            (Some("1"), Some("2"), Step::Pull),
            (Some("2"), Some("1"), Step::Push),
            (Some("2"), Some("2"), Step::Agree),
            (Some("2"), Some("3"), Step::Stand),
            (Some("1"), None, Step::DeleteHere),
            (Some("2"), None, Step::Part),
            (None, Some("1"), Step::DeleteThere),
            (None, Some("2"), Step::Part),
            (None, None, Step::Part),
        ] {
            assert_eq!(decide(&agreed, ours, theirs), step, "{ours:?} {theirs:?}");
        }
        let parted = base("2", "3");
        for (ours, theirs, step) in [
            (Some("2"), Some("3"), Step::Nothing),
            (Some("4"), Some("3"), Step::Push),
            (Some("2"), Some("4"), Step::Pull),
            (Some("3"), Some("3"), Step::Agree),
            (Some("2"), None, Step::Part),
            (None, Some("3"), Step::Part),
        ] {
            assert_eq!(decide(&parted, ours, theirs), step, "{ours:?} {theirs:?}");
        }
    }
}
