//! Whose a letter is: what its delivery says about that, else whom it was written to.

use super::source::{Failure, Post, Setup};
use crate::store::IdentityRow;
use api::names::shown;
use mail_parser::{HeaderName, HeaderValue, MessageParser};

/// How much of a letter is looked at for its head, in bytes.
const HEAD_MAX: usize = 256 * 1024;
/// How many addresses are looked at.
const ADDRESSES_MAX: usize = 100;
/// Where servers write whom a letter was delivered to.
const DELIVERY: [&str; 4] = ["delivered-to", "x-original-to", "envelope-to", "x-delivered-to"];

/// Whom a letter names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    /// Whom the last server delivered it to, by its own words. These alone count where they name somebody.
    delivered: Vec<String>,
    /// Whom its writer names in To and Cc, which may be anybody.
    written: Vec<String>,
}

/// How the addresses of one mailbox are the identities': `me+NAME@example.com`, `NAME@example.com`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// The mailbox's own address, both parts of it, where `+NAME` before the `@` is an identity.
    plus: Option<(String, String)>,
    /// The domain in which each name is an identity.
    domain: Option<String>,
}

impl Rule {
    /// The settings that say it, which every source of letters takes.
    pub const SETTINGS: [&str; 2] = ["address", "domain"];

    /// Reads it from its settings; `usual` is the mailbox's address where they name none.
    pub fn of(setup: &Setup, usual: Option<&str>) -> Result<Self, String> {
        let plus = match setup.may("address").as_deref().or(usual) {
            Some(address) => {
                let halves =
                    address.rsplit_once('@').filter(|(local, at)| !local.is_empty() && !at.is_empty());
                let (local, at) = halves.ok_or_else(|| format!("{} is no mail address", shown(address)))?;
                Some((local.to_string(), at.to_string()))
            }
            None => None,
        };
        let domain = setup.may("domain").map(|domain| domain.trim_start_matches('@').to_string());
        Ok(Self { plus, domain })
    }

    /// Whose a letter is. Whom its writer names counts only where the server names none of ours: whoever can
    /// send to the mailbox can send to any of its addresses, but what was delivered to one is nobody else's.
    pub async fn owners(&self, letter: &[u8], post: &Post) -> Result<Vec<IdentityRow>, Failure> {
        if let Some(only) = post.identity().await? {
            return Ok(vec![only]);
        }
        let named = named(letter);
        for addresses in [&named.delivered, &named.written] {
            let mut owners: Vec<IdentityRow> = Vec::new();
            for address in addresses {
                let owner = match self.name(address) {
                    Some(name) => post.owner_named(name).await?,
                    None => post.owner_of(address).await?,
                };
                owners.extend(owner.filter(|owner| owners.iter().all(|known| known.id != owner.id)));
            }
            if !owners.is_empty() {
                return Ok(owners);
            }
        }
        Ok(Vec::new())
    }

    /// The name of the identity that an address means.
    fn name<'a>(&self, address: &'a str) -> Option<&'a str> {
        let (local, domain) = address.rsplit_once('@')?;
        if let Some((own, at)) = &self.plus
            && at.eq_ignore_ascii_case(domain)
            && let Some((base, name)) = local.split_once('+')
            && base.eq_ignore_ascii_case(own)
        {
            return Some(name);
        }
        let caught = self.domain.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(domain));
        caught.then(|| local.split('+').next().unwrap_or(local))
    }
}

/// Reads whom a letter names. A server writes its lines above those that came with the letter: what stands below
/// the first `Received` may be the sender's invention.
fn named(letter: &[u8]) -> Named {
    let mut named = Named::default();
    let head = &letter[..letter.len().min(HEAD_MAX)];
    let Some(parsed) = MessageParser::default().parse_headers(head) else { return named };
    let mut on_its_way = false;
    for header in parsed.headers() {
        match (&header.name, &header.value) {
            (HeaderName::Received, _) => on_its_way = true,
            (HeaderName::To | HeaderName::Cc, HeaderValue::Address(addresses)) => {
                let addresses = addresses.iter().filter_map(|one| one.address.as_deref());
                named.written.extend(addresses.take(ADDRESSES_MAX).map(bare));
            }
            (name, HeaderValue::Text(text))
                if !on_its_way && DELIVERY.iter().any(|one| name.as_str().eq_ignore_ascii_case(one)) =>
            {
                named.delivered.extend(text.split(',').take(ADDRESSES_MAX).map(bare));
            }
            _ => {}
        }
    }
    for all in [&mut named.delivered, &mut named.written] {
        all.truncate(ADDRESSES_MAX);
        all.retain(|one| one.contains('@'));
    }
    named
}

fn bare(address: &str) -> String {
    address.trim().trim_matches(['<', '>']).trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(plus: Option<(&str, &str)>, domain: Option<&str>) -> Rule {
        Rule { plus: plus.map(|(l, d)| (l.into(), d.into())), domain: domain.map(Into::into) }
    }

    #[test]
    fn a_name_stands_behind_the_plus_or_before_the_domain() {
        let plus = rule(Some(("me", "example.com")), None);
        assert_eq!(plus.name("me+build-1@example.com"), Some("build-1"));
        assert_eq!(plus.name("Me+Build-1@EXAMPLE.com"), Some("Build-1"));
        for other in [
            "me@example.com",
            "you+build-1@example.com",
            "me+build-1@example.org",
            "build-1@example.com",
            "me",
        ] {
            assert_eq!(plus.name(other), None, "{other}");
        }
        let caught = rule(None, Some("agents.example"));
        assert_eq!(caught.name("build-1@agents.example"), Some("build-1"));
        assert_eq!(caught.name("build-1+github@Agents.Example"), Some("build-1"));
        assert_eq!(caught.name("build-1@more.agents.example"), None);
    }

    #[test]
    fn what_the_server_says_stands_above_what_the_sender_claims() {
        let letter = b"Return-Path: <x@evil.example>\r\nX-Original-To: <me+ada@example.com>\r\nDelivered-To: me@example.com\r\n\
            Received: from evil.example by mx.example.com; Sat, 21 Nov 2026 19:00:00 +0000\r\n\
            Delivered-To: me+bob@example.com\r\nX-Original-To: me+bob@example.com\r\n\
            To: Bob <me+bob@example.com>, =?utf-8?Q?J=C3=BCrg?= <j@example.com>\r\nCc: me+carl@example.com\r\n\
            Subject: x\r\n\r\nDelivered-To: me+dora@example.com\r\n";
        let named = named(letter);
        assert_eq!(named.delivered, ["me+ada@example.com", "me@example.com"]);
        assert_eq!(named.written, ["me+bob@example.com", "j@example.com", "me+carl@example.com"]);
    }

    #[test]
    fn no_letter_is_too_strange_to_be_looked_at() {
        let flood = format!("To: {}\r\n\r\n", "a@b.c, ".repeat(20_000));
        for letter in [
            &b""[..],
            b"\r\n\r\n",
            b"Delivered-To:\r\n\r\n",
            b"\xff\xfe\x00",
            b"To: \"\r\n\r\n",
            b"Delivered-To: nobody",
        ] {
            assert_eq!(named(letter), Named::default());
        }
        assert_eq!(named(flood.as_bytes()).written.len(), ADDRESSES_MAX);
    }
}
