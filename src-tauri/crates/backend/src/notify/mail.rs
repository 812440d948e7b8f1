//! A route to a mailbox, by a server that speaks SMTP; in clear only on this machine.

use super::notifier::{BoxFuture, Message, Notifier, Setup, Undelivered};
use crate::http::complaint::holds_piece;
use lettre::address::AddressError;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Mailboxes};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::time::Duration;
use url::Url;
use vault::Secret;

/// How long one step of the conversation may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How much of a server's words is told, in characters.
const WORDS_MAX: usize = 200;

/// The route.
pub struct Mail {
    host: String,
    port: u16,
    safety: Safety,
    from: Mailbox,
    to: Mailboxes,
    login: Option<(String, Secret)>,
}

/// What keeps the conversation to ourselves.
enum Safety {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said.
    StartTls,
    /// It does not leave this machine.
    Loopback,
}

impl Mail {
    /// Makes it out of its set-up.
    pub fn new(setup: Setup) -> Result<Self, String> {
        let address = setup.need_url()?;
        let shown = api::names::shown(address);
        let url = Url::parse(address).map_err(|e| format!("{shown} is no address: {e}"))?;
        let host = url.host_str().ok_or_else(|| format!("{shown} names no server"))?.to_string();
        let more = !["", "/"].contains(&url.path()) || url.query().is_some() || url.fragment().is_some();
        if more || !url.username().is_empty() || url.password().is_some() {
            return Err("the address holds more than a server and a port".into());
        }
        let is_local = ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str());
        let starttls = matches!(setup.may("starttls").as_deref(), Some("yes"));
        let (safety, usual) = match url.scheme() {
            "smtps" => (Safety::Tls, 465),
            "smtp" if is_local && !starttls => (Safety::Loopback, 25),
            "smtp" => (Safety::StartTls, 587),
            _ => return Err(format!("{shown} is neither smtp:// nor smtps://")),
        };
        let wrong = |what: &str, e: AddressError| format!("{what} is no mail address: {e}");
        let login = match (setup.may("username"), setup.secret.is_some()) {
            (None, true) => return Err("a password needs --set username=… as well".into()),
            (Some(_), false) => return Err("a user name needs --secret as well".into()),
            (username, _) => username,
        };
        Ok(Self {
            // An address in brackets is one for addresses of the web alone.
            host: host.trim_matches(['[', ']']).to_string(),
            port: url.port().unwrap_or(usual),
            safety,
            from: setup.need("from")?.parse().map_err(|e| wrong("from", e))?,
            to: setup.need("to")?.parse().map_err(|e| wrong("to", e))?,
            login: login.zip(setup.secret),
        })
    }

    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, smtp::Error> {
        let tls = || TlsParameters::new(self.host.clone());
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port)
            .timeout(Some(PATIENCE))
            .tls(match self.safety {
                Safety::Tls => Tls::Wrapper(tls()?),
                Safety::StartTls => Tls::Required(tls()?),
                Safety::Loopback => Tls::None,
            });
        if let Some((username, password)) = &self.login {
            // EXPOSE: the server is told the password.
            let password = String::from_utf8_lossy(password.expose()).into_owned();
            transport = transport.credentials(Credentials::new(username.clone(), password));
        }
        Ok(transport.build())
    }

    fn letter(&self, message: &Message) -> Result<lettre::Message, lettre::error::Error> {
        let mut letter = lettre::Message::builder()
            .from(self.from.clone())
            .subject(&message.title)
            // The same at every try, so that a mailbox can tell.
            .message_id(Some(format!("<{}@lanyard.localhost>", message.id)))
            .date_now()
            .header(ContentType::TEXT_PLAIN);
        for to in self.to.iter() {
            letter = letter.to(to.clone());
        }
        letter.body(format!("{}\n", message.text))
    }

    fn failed(&self, error: &smtp::Error) -> Undelivered {
        let said = words(error);
        let repeats = self.login.as_ref().is_some_and(|(_, password)| holds_piece(&said, password));
        let said = if repeats { "its words are left out, since they repeat a secret".into() } else { said };
        let said = match error.status() {
            Some(code) => format!("it refused ({code}): {said}"),
            None => format!("it cannot be used: {said}"),
        };
        // A server says by the first digit whether it could be otherwise later.
        Undelivered { said, again: !error.is_permanent() && !error.is_client(), after: None }
    }
}

impl Notifier for Mail {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Undelivered>> {
        Box::pin(async move {
            let never = |said: String| Undelivered { said, again: false, after: None };
            let letter = self.letter(message).map_err(|e| never(format!("no letter can be made: {e}")))?;
            let transport = self.transport().map_err(|e| self.failed(&e))?;
            let answer = transport.send(letter).await.map_err(|e| self.failed(&e))?;
            Ok(format!("it was taken ({})", answer.code()))
        })
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
    use api::notify::RouteKind;

    fn opened(url: &str, settings: &[(&str, &str)], secret: Option<&str>) -> Result<Mail, String> {
        let pairs = [
            &[("from", "Lanyard <lanyard@example.com>"), ("to", "me@example.com, <you@example.com>")],
            settings,
        ];
        Mail::new(Setup {
            kind: RouteKind::Mail,
            url: Some(url.into()),
            settings: pairs.concat().iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            secret: secret.map(|secret| Secret::from(secret.to_string())),
        })
    }

    #[test]
    fn a_conversation_in_clear_does_not_leave_this_machine() {
        let how = |url, settings: &[_]| match opened(url, settings, None).map(|mail| (mail.safety, mail.port))
        {
            Ok((Safety::Tls, port)) => ("tls", port),
            Ok((Safety::StartTls, port)) => ("starttls", port),
            Ok((Safety::Loopback, port)) => ("clear", port),
            Err(_) => ("wrong", 0),
        };
        assert_eq!(how("smtps://mail.example.com", &[]), ("tls", 465));
        assert_eq!(how("smtp://mail.example.com", &[]), ("starttls", 587));
        assert_eq!(how("smtp://127.0.0.1:2525", &[]), ("clear", 2525));
        assert_eq!(how("smtp://127.0.0.1:2525", &[("starttls", "yes")]), ("starttls", 2525));
        for bad in ["https://x", "smtp://me:pw@x", "smtp://x/y", "smtp://x?tls=no", "x"] {
            assert_eq!(how(bad, &[]).0, "wrong", "{bad}");
        }
    }

    #[test]
    fn a_login_is_whole() {
        assert!(opened("smtps://x", &[("username", "me")], None).is_err());
        assert!(opened("smtps://x", &[], Some("pw")).is_err());
        assert!(opened("smtps://x", &[("username", "me")], Some("pw")).is_ok());
    }
}
