//! A server that takes mail by SMTP from us; in clear only on this machine.

use crate::attempt::Failure;
use crate::http::complaint::holds_piece;
use crate::setup::{Kind, Setup};
use lettre::address::Envelope;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use std::time::Duration;
use tokio::time::timeout;
use url::Url;
use vault::Secret;

/// How long one step of the conversation may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a server may take to say good-bye, when all is said.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How much of a server's words is told, in characters.
const WORDS_MAX: usize = 200;

/// The server.
pub struct Mailer {
    host: String,
    port: u16,
    safety: Safety,
    login: Option<(String, Secret)>,
}

/// What a server has done with a letter.
pub struct Taken {
    /// What it said when it took it, in words; nothing if it was to take it for nobody.
    pub said: String,
    /// For whom it did not take it, and why.
    pub refused: Vec<(String, Failure)>,
}

/// What keeps the conversation to ourselves.
#[derive(Clone, Copy)]
enum Safety {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said.
    StartTls,
    /// It does not leave this machine.
    Loopback,
}

impl Mailer {
    /// The server that a set-up names by its address, with `username`, its secret and `starttls`.
    pub fn of<K: Kind>(setup: &mut Setup<K>) -> Result<Self, String> {
        let starttls = setup.yes_or_no("starttls", false)?;
        let login = match (setup.may("username"), setup.secret.is_some()) {
            (None, true) => return Err("a password needs --set username=… as well".into()),
            (Some(_), false) => return Err("a user name needs --secret as well".into()),
            (username, _) => username.zip(setup.secret.take()),
        };
        Self::new(setup.need_url()?, starttls, login)
    }

    /// The server at `smtps://HOST` or `smtp://HOST`; a user's name and password where it wants them.
    pub fn new(address: &str, starttls: bool, login: Option<(String, Secret)>) -> Result<Self, String> {
        let shown = api::names::shown(address);
        let url = Url::parse(address).map_err(|e| format!("{shown} is no address: {e}"))?;
        let host = url.host_str().ok_or_else(|| format!("{shown} names no server"))?.to_string();
        let more = !["", "/"].contains(&url.path()) || url.query().is_some() || url.fragment().is_some();
        if more || !url.username().is_empty() || url.password().is_some() {
            return Err("the address holds more than a server and a port".into());
        }
        let is_local = ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str());
        let (safety, usual) = match url.scheme() {
            "smtps" => (Safety::Tls, 465),
            "smtp" if is_local && !starttls => (Safety::Loopback, 25),
            "smtp" => (Safety::StartTls, 587),
            _ => return Err(format!("{shown} is neither smtp:// nor smtps://")),
        };
        // An address in brackets is one for addresses of the web alone.
        let host = host.trim_matches(['[', ']']).to_string();
        Ok(Self { host, port: url.port().unwrap_or(usual), safety, login })
    }

    /// Sends a letter to those for whom the server takes it.
    pub async fn send(&self, envelope: &Envelope, letter: &[u8]) -> Result<Taken, Failure> {
        let connecting = timeout(PATIENCE, self.connected()).await;
        let connecting = connecting.map_err(|_| Failure::passing("it does not answer"))?;
        let mut connection = connecting.map_err(|e| self.failed(&e))?;
        let taken = self.converse(&mut connection, envelope, letter).await;
        // Whether it hears our good-bye changes nothing about the letter.
        let _heard = timeout(LAST_WORDS, connection.abort()).await;
        taken
    }

    async fn connected(&self) -> Result<AsyncSmtpConnection, smtp::Error> {
        let (us, tls) = (ClientId::default(), || TlsParameters::new(self.host.clone()));
        let first = if matches!(self.safety, Safety::Tls) { Some(tls()?) } else { None };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(PATIENCE), &us, first, None).await?;
        if matches!(self.safety, Safety::StartTls) {
            connection.starttls(tls()?, &us).await?;
        }
        if let Some((username, password)) = &self.login {
            // EXPOSE: the server is told the password.
            let password = String::from_utf8_lossy(password.expose()).into_owned();
            connection.auth(DEFAULT_MECHANISMS, &Credentials::new(username.clone(), password)).await?;
        }
        Ok(connection)
    }

    async fn converse(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Envelope,
        letter: &[u8],
    ) -> Result<Taken, Failure> {
        let failed = |e: smtp::Error| self.failed(&e);
        let mut how = Vec::new();
        let foreign = envelope.to().iter().chain(envelope.from()).any(|one| !one.to_string().is_ascii());
        for (wanted, extension, parameter) in [
            (foreign, Extension::SmtpUtfEight, MailParameter::SmtpUtfEight),
            (
                !letter.is_ascii(),
                Extension::EightBitMime,
                MailParameter::Body(MailBodyParameter::EightBitMime),
            ),
        ] {
            if wanted && !connection.server_info().supports_feature(extension) {
                return Err(Failure::lasting("it takes no letter with other characters than those of ASCII"));
            }
            how.extend(wanted.then_some(parameter));
        }
        connection.command(Mail::new(envelope.from().cloned(), how)).await.map_err(failed)?;
        let mut refused = Vec::new();
        for to in envelope.to() {
            match connection.command(Rcpt::new(to.clone(), Vec::new())).await {
                Ok(_) => {}
                // It has something against this one alone.
                Err(e) if e.status().is_some() => refused.push((to.to_string(), self.failed(&e))),
                Err(e) => return Err(self.failed(&e)),
            }
        }
        if refused.len() == envelope.to().len() {
            return Ok(Taken { said: String::new(), refused });
        }
        connection.command(Data).await.map_err(failed)?;
        let answer = connection.message(letter).await.map_err(failed)?;
        Ok(Taken { said: format!("it was taken ({})", answer.code()), refused })
    }

    fn failed(&self, error: &smtp::Error) -> Failure {
        let said = words(error);
        let repeats = self.login.as_ref().is_some_and(|(_, password)| holds_piece(&said, password));
        let said = if repeats { "its words are left out, since they repeat a secret".into() } else { said };
        let said = match error.status() {
            Some(code) => format!("it refused ({code}): {said}"),
            None => format!("it cannot be used: {said}"),
        };
        // A server says by the first digit whether it could be otherwise later.
        Failure { said, again: !error.is_permanent() && !error.is_client(), after: None }
    }
}

/// The server's words, or what kept it from speaking: the innermost cause says it best.
fn words(error: &smtp::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let said: String = cause.to_string().chars().take(WORDS_MAX).collect();
    api::names::clean(said.trim()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_in_clear_does_not_leave_this_machine() {
        let how = |url, starttls| match Mailer::new(url, starttls, None).map(|m| (m.safety, m.port)) {
            Ok((Safety::Tls, port)) => ("tls", port),
            Ok((Safety::StartTls, port)) => ("starttls", port),
            Ok((Safety::Loopback, port)) => ("clear", port),
            Err(_) => ("wrong", 0),
        };
        assert_eq!(how("smtps://mail.example.com", false), ("tls", 465));
        assert_eq!(how("smtp://mail.example.com", false), ("starttls", 587));
        assert_eq!(how("smtp://127.0.0.1:2525", false), ("clear", 2525));
        assert_eq!(how("smtp://127.0.0.1:2525", true), ("starttls", 2525));
        for bad in ["https://x", "smtp://me:pw@x", "smtp://x/y", "smtp://x?tls=no", "x"] {
            assert_eq!(how(bad, false).0, "wrong", "{bad}");
        }
    }
}
