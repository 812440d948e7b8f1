//! Twilio: an account's text messages, sent, listed, and known by their signature.

use crate::http::{Ask, Failure, Http};
use crate::setup::{Kind, Setup};
use api::Millis;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha1::Sha1;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::Url;
use vault::Secret;

const USUAL: &str = "https://api.twilio.com";
const VERSION: &str = "2010-04-01";
/// How many messages a page holds.
const PAGE: &str = "100";

/// An account.
pub struct Account {
    http: Http,
    /// Its SID.
    pub sid: String,
    /// Who signs in: an API key, or the account itself.
    user: String,
    token: Secret,
}

/// What Twilio says of a message that it has taken.
#[derive(Deserialize)]
pub struct Taken {
    /// Its SID.
    pub sid: String,
    /// How it is.
    pub status: String,
}

/// A message in a list.
#[derive(Debug, Deserialize)]
pub struct Listed {
    /// Its SID.
    pub sid: String,
    /// `inbound`, or one of several ways out.
    pub direction: String,
    /// The sender's number.
    #[serde(default)]
    pub from: Option<String>,
    /// The recipient's number.
    #[serde(default)]
    pub to: Option<String>,
    /// Its text.
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    date_sent: Option<String>,
    #[serde(default)]
    date_created: Option<String>,
}

/// A page of messages, newest first.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// The messages.
    pub messages: Vec<Listed>,
    /// Where the next page is.
    #[serde(default)]
    pub next_page_uri: Option<String>,
}

impl Listed {
    /// When it was sent.
    pub fn at(&self) -> Option<Millis> {
        let text = self.date_sent.as_deref().or(self.date_created.as_deref())?;
        let date = OffsetDateTime::parse(text, &Rfc2822).ok()?;
        Millis::try_from(date.unix_timestamp_nanos() / 1_000_000).ok()
    }
}

impl Account {
    /// The one that a set-up names by `account`, its secret, and `key` where that is an API key's.
    pub fn of<K: Kind>(setup: &mut Setup<K>) -> Result<Self, String> {
        let sid = setup.need("account")?;
        if !sid.starts_with("AC") || !sid.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err("an account is its SID, which begins with AC".into());
        }
        Ok(Self {
            http: Http::new(setup.url.as_deref().unwrap_or(USUAL))?,
            user: setup.may("key").unwrap_or_else(|| sid.clone()),
            token: setup.need_secret()?,
            sid,
        })
    }

    /// Whether its secret is the one that signs, which an API key's is not.
    pub fn signs(&self) -> bool {
        self.user == self.sid
    }

    /// Sends a text.
    pub async fn send(&self, from: &str, to: &str, text: &str) -> Result<Taken, Failure> {
        // A messaging service sends by a number of its own choice.
        let by = if from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let path = [VERSION, "Accounts", &self.sid, "Messages.json"];
        let fields = [("To", to), (by, from), ("Body", text)];
        self.http.ask(Ask::post(&path).form(&fields).basic(&self.user, &self.token)).await?.json()
    }

    /// The messages since a day, newest first.
    pub async fn messages(&self, since: Millis) -> Result<Page, Failure> {
        let day =
            OffsetDateTime::from_unix_timestamp(since / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH).date();
        self.page(&[("DateSent>".into(), day.to_string()), ("PageSize".into(), PAGE.into())]).await
    }

    /// The page that another one names as its next. Only what it asks for is taken from there: where it is asked
    /// is our own matter.
    pub async fn next(&self, uri: &str) -> Result<Page, Failure> {
        let nowhere = || Failure::Broken("its next page has no address".into());
        let url = Url::parse(USUAL).and_then(|base| base.join(uri)).map_err(|_| nowhere())?;
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        if query.is_empty() { Err(nowhere()) } else { self.page(&query).await }
    }

    async fn page(&self, query: &[(String, String)]) -> Result<Page, Failure> {
        let path = [VERSION, "Accounts", &self.sid, "Messages.json"];
        let ask = query.iter().fold(Ask::get(&path), |ask, (name, value)| ask.query(name, value));
        self.http.ask(ask.basic(&self.user, &self.token)).await?.json()
    }

    /// Whether a request to our `url` with these fields has Twilio's signature.
    pub fn has_signed(&self, url: &str, fields: &[(String, String)], signature: &str) -> bool {
        // EXPOSE: the key checks the signature.
        has_signed(self.token.expose(), url, fields, signature)
    }
}

fn has_signed(key: &[u8], url: &str, fields: &[(String, String)], signature: &str) -> bool {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else { return false };
    mac.update(url.as_bytes());
    let mut fields: Vec<&(String, String)> = fields.iter().collect();
    fields.sort_unstable();
    for (name, value) in fields {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac.verify_slice(&BASE64_STANDARD.decode(signature).unwrap_or_default()).is_ok()
}

/// Whether a text is a number like `+15551234567`.
pub fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (5..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<(String, String)> {
        url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
    }

    #[test]
    fn a_signature_is_the_one_of_twilios_documents() {
        let call = "Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE";
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        assert!(has_signed(b"12345", url, &fields(call), signature));
        assert!(!has_signed(b"12346", url, &fields(call), signature));
        assert!(!has_signed(b"12345", "https://mycompany.com/myapp.php?foo=1", &fields(call), signature));
        assert!(!has_signed(b"12345", url, &fields(&call.replace("1234&", "1235&")), signature));
        assert!(
            !has_signed(b"12345", url, &fields(call), "")
                && !has_signed(b"12345", url, &fields(call), "RSOY")
        );
    }

    #[test]
    fn a_signature_is_the_one_of_twilios_libraries() {
        let call = "ToState=CA&CalledState=CA&Direction=inbound&FromState=CA&AccountSid=AC9a9f9392lad99kla0sklakjs90j092j3&\
            Caller=%2B15306666666&CallerZip=89449&CallerCountry=US&From=%2B15306666666&FromCity=SOUTH+LAKE+TAHOE&\
            CallerCity=SOUTH+LAKE+TAHOE&To=%2B15306384866&FromCountry=US&CalledCity=OAKLAND&CallerState=CA&CalledZip=94612&\
            CallerName=CA+Wireless+Call&CalledCountry=US&Called=%2B15306384866&ToCity=OAKLAND&ToZip=94612&FromZip=89449&\
            CallStatus=ringing&ToCountry=US&CallSid=CAd800bb12c0426a7ea4230e492fef2a4f&ApiVersion=2010-04-01";
        let key = b"1c892n40nd03kdnc0112slzkl3091j20";
        assert!(has_signed(
            key,
            "http://www.postbin.org/1ed898x",
            &fields(call),
            "fF+xx6dTinOaCdZ0aIeNkHr/ZAA="
        ));
    }

    #[test]
    fn a_page_of_the_documents_reads() {
        let page: Page = serde_json::from_str(
            r#"{"messages":[{"body":"Hi","date_created":"Thu, 24 Aug 2023 05:01:45 +0000","date_sent":null,
                "direction":"inbound","from":"+15551112222","to":"+15553334444","sid":"SM1","status":"received","price":null}],
                "next_page_uri":null,"page":0}"#,
        )
        .unwrap();
        assert_eq!(page.messages[0].at(), Some(1_692_853_305_000));
        assert!(page.next_page_uri.is_none());
    }
}
