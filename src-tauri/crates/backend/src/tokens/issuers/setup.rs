//! What the issuers over HTTP read from their set-up, and the little arithmetic of lives that they share.

use super::http::{Http, base_url};
use crate::tokens::issuer::{Failure, Login, Setup};
use api::Millis;
use std::time::Duration;
use vault::Secret;

/// A day, the shortest life that many issuers know.
pub const DAY: Duration = Duration::from_secs(24 * 3600);

impl Setup {
    /// A setting that may be left out.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The secret, without the newline that files end with; `what` says what it is.
    pub(super) fn secret_as(&self, what: &str) -> Result<Secret, Failure> {
        let lacking = || Failure::Invalid(format!("it needs a secret: {what}"));
        // EXPOSE: it goes into the same type again.
        let bytes = self.secret.as_ref().map_or(&[][..], |secret| secret.expose().trim_ascii_end());
        match bytes.is_empty() {
            true => Err(lacking()),
            false => Ok(Secret::new(bytes.to_vec())),
        }
    }

    /// The server, which is at `usual` where nothing else is said.
    pub(super) fn http(&self, usual: &str) -> Result<Http, Failure> {
        Http::new(self.base_url.as_deref().unwrap_or(usual)).map_err(Failure::Invalid)
    }

    /// The git server beside an API: the same host, but for GitHub's own.
    pub(super) fn login(&self, usual: &str, username: &str) -> Option<Login> {
        let url = base_url(self.base_url.as_deref().unwrap_or(usual)).ok()?;
        let host = match url.host_str()? {
            "api.github.com" => "github.com",
            host => host,
        };
        let host = url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
        Some(Login { host, username: username.into() })
    }
}

/// Takes "there is no such token" as its being revoked, which is what was wanted.
pub fn gone<T>(answer: Result<T, Failure>) -> Result<(), Failure> {
    match answer {
        Ok(_) | Err(Failure::NotFound(_)) => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// When a token ends that is to live for so long.
pub fn end(now: Millis, life: Duration) -> Millis {
    now.saturating_add(Millis::try_from(life.as_millis()).unwrap_or(Millis::MAX))
}

/// The start of the first day, in UTC, at which a token has lived for so long.
pub fn whole_days(now: Millis, life: Duration) -> Millis {
    let day = DAY.as_millis() as Millis;
    end(now, life).saturating_add(day - 1) / day * day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_in_days_is_never_cut_short() {
        let day = DAY.as_millis() as Millis;
        assert_eq!(whole_days(0, DAY), day);
        assert_eq!(whole_days(1, DAY), 2 * day);
        assert_eq!(whole_days(day - 1, DAY * 3), 4 * day);
    }
}
