//! Ravi as the provider of identities: one is made there, or found there, for one here.

use super::account::{Account, Seat, text};
use crate::http::{self, Ask};
use crate::identities::Given;
use crate::ravi::KEYS;
use crate::sources::{Sources, rows};
use crate::store::SourceRow;
use anyhow::{Result, bail};
use api::identities::CreateIdentity;
use api::names::shown;
use api::sources::SourceKind;
use api::{Code, Error};
use serde_json::json;

impl Sources {
    /// Makes an identity at Ravi. One of this name that nobody here is linked to is taken: a call that was cut short
    /// has left it.
    pub async fn make_at_ravi(&self, call: &CreateIdentity) -> Result<Given> {
        if call.phone.is_some() {
            bail!(
                Error::invalid("Ravi gives its identities their numbers")
                    .hint("leave --phone out, and say --provision-phone for one of Ravi's")
            );
        }
        // Two calls at once would make two.
        let _making = self.making.lock().await;
        let (row, account) = self.ravi(call.source.as_deref()).await?;
        let all = account.identities().await.map_err(|failure| told(&failure, &row.name))?;
        for seat in all.into_iter().filter(|seat| seat.name == call.name) {
            if !self.is_linked(&row, &seat).await? {
                return Ok(given(&row, seat));
            }
        }
        let mut body = json!({ "name": call.name });
        // Older and newer servers know the address by other names, and pass over what they do not know.
        if let Some(email) = &call.email {
            let (local, domain) = email.split_once('@').unwrap_or((email, ""));
            body["email"] = json!(email);
            body["email_identifier"] = json!(local);
            if !domain.is_empty() {
                body["domain"] = json!(domain);
            }
        }
        if call.provision_phone {
            body["provision_phone"] = json!(true);
        }
        self.parts.failpoints.at("ravi.make.before");
        let made = account.make(&body).await.map_err(|failure| told(&failure, &row.name))?;
        self.parts.failpoints.at("ravi.make.after");
        if let Err(failure) = end_first_keys(&account, &made).await {
            tracing::warn!("Ravi may have made a key with an identity, which is not taken back: {failure}");
        }
        Ok(given(&row, made))
    }

    /// Finds one of Ravi's identities by its id or its name.
    pub async fn find_at_ravi(&self, source: Option<&str>, wanted: &str) -> Result<Given> {
        let (row, account) = self.ravi(source).await?;
        let all = account.identities().await.map_err(|failure| told(&failure, &row.name))?;
        let of_that_id = all.iter().find(|seat| seat.uuid == wanted).cloned();
        let named: Vec<Seat> = all.into_iter().filter(|seat| seat.name == wanted).collect();
        if of_that_id.is_none() && named.len() > 1 {
            bail!(
                Error::new(Code::Ambiguous, format!("Ravi has several of the name {}", shown(wanted)))
                    .hint("give its id there")
            );
        }
        let none = || {
            Error::not_found("identity at Ravi", wanted)
                .hint("`ravi identity list` of Ravi's own command shows what there is")
        };
        let seat = of_that_id.or_else(|| named.into_iter().next()).ok_or_else(none)?;
        if self.is_linked(&row, &seat).await? {
            bail!(
                Error::conflict(format!(
                    "{} of Ravi's is linked to an identity here already",
                    shown(&seat.name)
                ))
                .hint("unlink that one first: lanyard identity unlink NAME")
            );
        }
        Ok(given(&row, seat))
    }

    async fn is_linked(&self, row: &SourceRow, seat: &Seat) -> Result<bool> {
        let links = self.parts.store.links().await?;
        Ok(links.iter().any(|link| link.source_id == row.id && link.uuid == seat.uuid))
    }

    /// The source of Ravi's that is named, or the only one; its account is a whole one.
    async fn ravi(&self, wanted: Option<&str>) -> Result<(SourceRow, Account)> {
        let is_ravi = |row: &SourceRow| row.kind == SourceKind::Ravi.name();
        let row = match wanted {
            Some(wanted) => self.find(wanted).await?,
            None => {
                let all = self.parts.store.sources().await?;
                let mut all: Vec<SourceRow> = all.into_iter().filter(is_ravi).collect();
                match all.len() {
                    1 => all.remove(0),
                    0 => bail!(Error::new(Code::NotFound, "there is no source of Ravi's").hint(
                        "add one with a management key: lanyard sources add ravi --kind ravi --secret -"
                    )),
                    _ => bail!(
                        Error::new(Code::Ambiguous, "there are several sources of Ravi's")
                            .hint("say which with --source")
                    ),
                }
            }
        };
        if !is_ravi(&row) || row.identity_id.is_some() {
            bail!(Error::invalid(format!("{} is no source of Ravi's for all identities", shown(&row.name))));
        }
        let mut setup = rows::setup(&self.parts.safe, &row)?;
        let account = Account::of(&mut setup, self.rest_of(&row)).map_err(Error::invalid)?;
        if account.is_of_one() {
            bail!(
                Error::invalid(format!("the key of {} is that of one identity", shown(&row.name)))
                    .hint("it takes a management key, ravi_mgmt_…: lanyard sources update NAME --secret -")
            );
        }
        Ok((row, account))
    }
}

/// Takes back what opens an identity that was just made: newer servers give it a key, which nobody here would keep.
async fn end_first_keys(account: &Account, made: &Seat) -> Result<(), http::Failure> {
    let nobody = Seat::default();
    for key in account.list(&nobody, &KEYS, &[]).await? {
        if [text(&key, "identity"), text(&key, "identity_uuid")].contains(&made.uuid) {
            let uuid = text(&key, "uuid");
            let path = [&KEYS[..], &[&uuid]].concat();
            account.ask(&nobody, account.about(Ask::delete(&path), &nobody, &[])).await?.done()?;
        }
    }
    Ok(())
}

fn given(row: &SourceRow, seat: Seat) -> Given {
    Given {
        source_id: row.id.clone(),
        source: row.name.clone(),
        uuid: seat.uuid,
        name: seat.name,
        email: Some(seat.inbox).filter(|inbox| !inbox.is_empty()),
        phone: Some(seat.phone).filter(|phone| !phone.is_empty()),
    }
}

/// Why Ravi gave no identity, in the owner's words.
fn told(failure: &http::Failure, source: &str) -> Error {
    use http::Failure::{Invalid, NotFound, RateLimited, Refused, Unreachable};
    let name = shown(source);
    match failure {
        Refused { status: 401, .. } => Error::refused(format!("Ravi does not take the key of {name}"))
            .hint(format!("give it another: lanyard sources update {name} --secret -")),
        Refused { status: 402, message } => {
            Error::refused(format!("Ravi's plan does not include another identity: {message}"))
                .hint("pay for more there, or link one that you have: lanyard identity link NAME --ravi NAME")
        }
        Refused { status: 403, message } => Error::refused(format!("Ravi does not let {name}: {message}"))
            .hint("it takes a management key, ravi_mgmt_…"),
        Refused { status: 409, message } => Error::conflict(format!("Ravi has given it away: {message}"))
            .hint("give another --name or --email; one of yours: lanyard identity link NAME --ravi NAME"),
        Refused { status: 400 | 422, message } => Error::invalid(format!("Ravi does not take it: {message}"))
            .hint("a local part has 3 to 30 of a-z, 0-9, . and -, and begins and ends with one of the first two"),
        RateLimited { after } => {
            let rest = after.map(|after| format!(", and wants {} s of rest", after.as_secs()));
            Error::refused(format!("Ravi was asked too often{}", rest.unwrap_or_default())).hint("try again then")
        }
        failure if failure.may_have_worked() => {
            Error::refused(format!("Ravi may have done it, and has not said so: {failure}"))
                .hint("say the same again: what it has made is taken then, and not made twice")
        }
        Refused { .. } | NotFound(_) | Invalid(_) => Error::refused(format!("Ravi, by {name}: {failure}")),
        Unreachable(_) | http::Failure::Broken(_) => Error::refused(format!("Ravi, by {name}: {failure}"))
            .hint("look at the network and at the source's --url"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_way_to_say_no_has_its_own_words() {
        let refused = |status| http::Failure::Refused { status, message: "Ravi's own words".into() };
        let said = |failure| told(&failure, "ravi").to_string();
        assert!(said(refused(402)).contains("plan does not include another identity: Ravi's own words"));
        assert!(said(refused(409)).contains("given it away"));
        assert!(said(refused(401)).contains("does not take the key"));
        assert!(said(refused(502)).contains("may have done it"));
        let after = Some(Duration::from_secs(7));
        assert!(said(http::Failure::RateLimited { after }).contains("7 s of rest"));
    }
}
