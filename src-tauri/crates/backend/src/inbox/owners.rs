//! Whose an address or a number is.

use super::Inbox;
use crate::store::IdentityRow;
use anyhow::Result;

impl Inbox {
    /// The identity that an address or a phone number belongs to: as a whole, as `name@domain`, or either of those
    /// with `+something` behind the name.
    pub async fn owner_of(&self, address: &str) -> Result<Option<IdentityRow>> {
        let address = address.trim();
        let identities = self.parts.store.identities().await?;
        let Some((local, domain)) = address.rsplit_once('@') else {
            let number = digits(address);
            let same = |row: &&IdentityRow| row.phone.as_deref().is_some_and(|phone| phone == number);
            return Ok(identities.iter().find(same).cloned());
        };
        let base = local.split('+').next().unwrap_or(local);
        for local in [local, base] {
            let whole = format!("{local}@{domain}");
            let is_its = |row: &&IdentityRow| row.email.eq_ignore_ascii_case(&whole);
            let is_named = |row: &&IdentityRow| {
                domain.eq_ignore_ascii_case(&self.parts.domain) && row.name.eq_ignore_ascii_case(local)
            };
            // Whoever has the address is before whoever only has the name.
            let found = identities.iter().find(is_its).or_else(|| identities.iter().find(is_named));
            if let Some(row) = found {
                return Ok(Some(row.clone()));
            }
        }
        Ok(None)
    }

    /// The identity that the name in `me+NAME@…` means: by its own name, or by that of its address.
    pub async fn owner_named(&self, name: &str) -> Result<Option<IdentityRow>> {
        let identities = self.parts.store.identities().await?;
        let local =
            |row: &IdentityRow| row.email.split('@').next().is_some_and(|l| l.eq_ignore_ascii_case(name));
        let named = identities.iter().find(|row| row.name.eq_ignore_ascii_case(name));
        Ok(named.or_else(|| identities.iter().find(|row| local(row))).cloned())
    }
}

/// A phone number without what people write between its digits.
fn digits(number: &str) -> String {
    let plus = if number.starts_with('+') { "+" } else { "" };
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    format!("{plus}{digits}")
}
