//! Where the page is: the wall, some desks, or one of the pages.

/// How many desks fit side by side.
pub const DESKS_MAX: usize = 4;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The wall of badges.
    Home,
    /// Slots with their terminals, one to four.
    Desks(Vec<u32>),
    /// All inboxes.
    Inbox,
    /// All identities and their vaults.
    Identities,
    /// Projects and worktrees.
    Projects,
    /// Tokens, standing answers and issuers.
    Tokens,
    /// The audit for all.
    Ledger,
    /// Settings.
    Settings,
}

impl Place {
    /// This place with one more desk, for `slot`.
    pub fn beside(&self, slot: u32) -> Self {
        let mut slots = self.desks().to_vec();
        if !slots.contains(&slot) {
            slots.truncate(DESKS_MAX - 1);
            slots.push(slot);
        }
        Place::Desks(slots)
    }

    /// This place without the desk of `slot`; home after the last.
    pub fn without(&self, slot: u32) -> Self {
        let slots: Vec<u32> = self.desks().iter().copied().filter(|open| *open != slot).collect();
        if slots.is_empty() { Place::Home } else { Place::Desks(slots) }
    }

    /// The slots whose desks are open.
    pub fn desks(&self) -> &[u32] {
        match self {
            Place::Desks(slots) => slots,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_desk_takes_the_place_of_the_last() {
        let place = Place::Desks(vec![1, 2, 3, 4]);
        assert_eq!(place.beside(5), Place::Desks(vec![1, 2, 3, 5]));
        assert_eq!(place.beside(2), place);
    }

    #[test]
    fn closing_the_last_desk_goes_home() {
        assert_eq!(Place::Desks(vec![3]).without(3), Place::Home);
        assert_eq!(Place::Desks(vec![3, 4]).without(3), Place::Desks(vec![4]));
    }
}
