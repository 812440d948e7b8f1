//! A mail server and the login there: how it is reached and how it is told who we are.

use super::link::Link;
use super::mailbox::{broken, words};
use crate::http::complaint::holds_piece;
use crate::sources::source::{Failure, Setup};
use api::names::shown;
use async_imap::error::Error;
use async_imap::imap_proto::{Response, Status};
use async_imap::{Authenticator, Client, Session};
use std::time::Duration;
use url::Url;
use vault::Secret;
use zeroize::Zeroizing;

/// How long a server that refuses us is left alone: some lock an account that is tried over and over.
const RESTING: Duration = Duration::from_secs(3600);

/// The server, and the login there.
pub struct Server {
    host: String,
    port: u16,
    /// TLS from the first byte, or before anything is said; neither on this machine alone.
    tls: bool,
    starttls: bool,
    username: String,
    secret: Secret,
    /// Whether the secret is an access token of OAuth.
    bearer: bool,
}

/// How a login is proved by an access token.
struct Bearer(Option<String>);

impl Authenticator for Bearer {
    type Response = String;
    fn process(&mut self, _: &[u8]) -> String {
        // A second question holds the reasons of a refusal, which comes after our silence.
        self.0.take().unwrap_or_default()
    }
}

impl Server {
    /// Makes it out of its set-up.
    pub fn new(setup: &mut Setup, username: String) -> Result<Self, String> {
        let address = setup.need_url()?;
        let url = Url::parse(address).map_err(|e| format!("{} is no address: {e}", shown(address)))?;
        let host = url.host_str().ok_or_else(|| format!("{} names no server", shown(address)))?.to_string();
        let more = !["", "/"].contains(&url.path()) || url.query().is_some() || url.fragment().is_some();
        if more || !url.username().is_empty() || url.password().is_some() {
            return Err("the address holds more than a server and a port".into());
        }
        let is_local = ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str());
        let (tls, usual) = match url.scheme() {
            "imaps" => (true, 993),
            "imap" => (false, 143),
            _ => return Err(format!("{} is neither imaps:// nor imap://", shown(address))),
        };
        let wanted = setup.yes_or_no("starttls", false)?;
        let starttls = !tls && (wanted || !is_local);
        let bearer = match setup.may("auth").as_deref() {
            None | Some("login") => false,
            Some("xoauth2") => true,
            Some(other) => return Err(format!("auth is login or xoauth2, not {}", shown(other))),
        };
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_string(),
            port: url.port().unwrap_or(usual),
            tls,
            starttls,
            username,
            secret: setup.need_secret()?,
            bearer,
        })
    }

    /// Connects, and asks for TLS where it must be.
    pub async fn connected(&self) -> Result<Client<Link>, Failure> {
        let host = self.host.as_str();
        let unreachable =
            |e: std::io::Error| Failure::passing(format!("it cannot be reached: {}", words(&e.to_string())));
        let link = Link::plain(host, self.port).await.map_err(unreachable)?;
        let link = match self.tls {
            true => link.secured(host).await.map_err(unreachable)?,
            false => link,
        };
        let mut client = Client::new(link);
        let greeting = client.read_response().await.map_err(|e| broken(e.into()))?;
        match greeting.as_ref().map(|greeting| greeting.parsed()) {
            Some(Response::Data { status: Status::Ok, .. }) => {}
            // One that knows us before we have said who we are would keep us from asking for TLS.
            _ => return Err(Failure::passing("it does not greet as a mail server does")),
        }
        if !self.starttls {
            return Ok(client);
        }
        client.run_command_and_check_ok("STARTTLS", None).await.map_err(|error| match error {
            Error::No(_) | Error::Bad(_) => resting("it has no STARTTLS, and nothing is said to it in clear"),
            error => broken(error),
        })?;
        let link = client.into_inner().secured(host).await.map_err(unreachable)?;
        Ok(Client::new(link))
    }

    /// What went wrong, without words of the server that repeat the secret: it was told that.
    pub fn hushed(&self, failure: Failure) -> Failure {
        match holds_piece(&failure.said, &self.secret) {
            true => Failure { said: "its words are left out, since they repeat a secret".into(), ..failure },
            false => failure,
        }
    }

    /// Says who we are.
    pub async fn logged_in(&self, client: Client<Link>) -> Result<Session<Link>, Failure> {
        // EXPOSE: the server is told the password or the access token.
        let secret = Zeroizing::new(String::from_utf8_lossy(self.secret.expose()).into_owned());
        let session = match self.bearer {
            true => {
                let proof = format!("user={}\x01auth=Bearer {}\x01\x01", self.username, *secret);
                client.authenticate("XOAUTH2", Bearer(Some(proof))).await
            }
            false => client.login(&self.username, &*secret).await,
        };
        session.map_err(|(error, _)| match error {
            Error::No(said) | Error::Bad(said) => {
                let said = words(information(&said));
                let later = said.contains("UNAVAILABLE") || said.contains("try again");
                match later {
                    true => Failure::passing(format!("it takes no login now: {said}")),
                    false => resting(&format!("it refused the login: {said}")),
                }
            }
            Error::Validate(_) => Failure::lasting("the user name or the password holds a line break"),
            error => broken(error),
        })
    }
}

fn resting(said: &str) -> Failure {
    Failure { after: Some(RESTING), ..Failure::passing(said) }
}

/// The server's own words in what the library makes of them.
fn information(said: &str) -> &str {
    let from = said.split_once("info: Some(\"").map_or(said, |(_, rest)| rest);
    from.trim_end_matches(['"', ')'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

    fn server() -> Server {
        Server {
            host: "imap.example.com".into(),
            port: 143,
            tls: false,
            starttls: false,
            username: "someuser@example.com".into(),
            secret: Secret::from("vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==".to_string()),
            bearer: true,
        }
    }

    #[test]
    fn a_server_that_repeats_the_secret_is_not_quoted() {
        let hushed = |said: &str| server().hushed(Failure::passing(said)).said;
        assert_eq!(hushed("it hangs up: see you"), "it hangs up: see you");
        for said in ["it hangs up: vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==", "it refused: …mTc2Nvb3R…"]
        {
            assert_eq!(hushed(said), "its words are left out, since they repeat a secret");
        }
    }

    /// Logs in by an access token at a server that answers it like this; gives what the server heard.
    async fn by_token(answers: &[&str]) -> (Result<(), Failure>, Vec<String>) {
        let server = server();
        let (ours, theirs) = tokio::io::duplex(4096);
        let serving = async {
            let (mut heard, mut theirs) = (Vec::new(), BufReader::new(theirs));
            for answer in answers {
                let mut line = String::new();
                theirs.read_line(&mut line).await.unwrap();
                heard.push(line.trim_end().to_string());
                theirs.write_all(answer.as_bytes()).await.unwrap();
            }
            heard
        };
        let (session, heard) = tokio::join!(server.logged_in(Client::new(Link::to(ours))), serving);
        (session.map(|_| ()), heard)
    }

    #[tokio::test]
    async fn an_access_token_is_shown_as_its_documents_say() {
        // The example of Google's documents.
        let proof = "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB2RjlkZnQ0cW1UYzJOdmIzUmxja0JoZEhSaGRtbHpkR0V1WTI5dENnPT0BAQ==";
        let (session, heard) = by_token(&["+ \r\n", "A0001 OK Success\r\n"]).await;
        assert_eq!((session, heard), (Ok(()), vec!["A0001 AUTHENTICATE XOAUTH2".to_string(), proof.into()]));
        let no = ["+ \r\n", "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n", "A0001 NO SASL authentication failed\r\n"];
        let (session, heard) = by_token(&no).await;
        let failure = session.unwrap_err();
        assert!(
            failure.said.contains("SASL authentication failed") && failure.after == Some(RESTING),
            "{failure:?}"
        );
        assert_eq!(heard[2], "");
    }

    #[test]
    fn the_words_of_a_server_are_found_in_what_the_library_makes_of_them() {
        let said = "code: None, info: Some(\"[AUTHENTICATIONFAILED] Authentication failed.\")";
        assert_eq!(information(said), "[AUTHENTICATIONFAILED] Authentication failed.");
    }
}
