//! A file at an address that somebody else wrote: fetched from public hosts or the server's own, and never with its
//! key elsewhere than there.

use super::{Failure, Http, complaint, tls};
use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Client, Response, Url, redirect};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use vault::Secret;
use zeroize::Zeroizing;

/// How long a file may take, and how often its server may point elsewhere.
const FETCHING: Duration = Duration::from_secs(60);
const HOPS_MAX: usize = 3;

impl Http {
    /// Fetches a file of at most so many bytes. The key goes to this server alone.
    pub async fn file(&self, address: &str, key: &Secret, most: usize) -> Result<Vec<u8>, Failure> {
        let invalid = |_| Failure::Invalid("its address is none".into());
        let mut url = self.base.join(address).map_err(invalid)?;
        for _ in 0..=HOPS_MAX {
            let response = self.fetch(&url, key).await?;
            let status = response.status();
            if status.is_success() {
                return bytes(response, most).await;
            }
            let place = response.headers().get(LOCATION).and_then(|place| place.to_str().ok());
            match place.filter(|_| status.is_redirection()) {
                Some(place) => url = url.join(place).map_err(invalid)?,
                None if status.as_u16() == 404 => return Err(Failure::NotFound("the file".into())),
                None => {
                    let message = "it gives no reason".into();
                    return Err(Failure::Refused { status: status.as_u16(), message });
                }
            }
        }
        Err(Failure::Broken("it points from one place to the next".into()))
    }

    async fn fetch(&self, url: &Url, key: &Secret) -> Result<Response, Failure> {
        let host = url.host_str().unwrap_or_default();
        let is_ours = self.base.host_str() == Some(host);
        if url.scheme() != "https" && !(is_ours && url.scheme() == "http") {
            return Err(Failure::Invalid("it is not at an https address".into()));
        }
        let is_at_home = url.origin() == self.base.origin();
        let client = match is_at_home {
            true => self.client.clone(),
            false => elsewhere(url, is_ours).await?,
        };
        let mut request = client.get(url.clone()).timeout(FETCHING);
        if is_at_home {
            // EXPOSE: the header carries it to the server that it is for.
            let value = Zeroizing::new([b"Bearer ", key.expose()].concat());
            let mut value = HeaderValue::from_bytes(&value).map_err(|e| Failure::Invalid(e.to_string()))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        request.send().await.map_err(|e| complaint::lost(&e))
    }
}

/// A client for one look at a place that is not the server.
async fn elsewhere(url: &Url, is_ours: bool) -> Result<Client, Failure> {
    let mut client = Client::builder()
        .connect_timeout(super::CONNECTING)
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        // A proxy would look names up by itself, and could reach what we must not.
        .no_proxy();
    if !is_ours {
        client = client.resolve_to_addrs(url.host_str().unwrap_or_default(), &public(url).await?);
    }
    let no_client = |e: String| Failure::Invalid(format!("no HTTP client can be made: {e}"));
    let tls = tls(url.scheme() == "http").map_err(|e| no_client(e.to_string()))?;
    client.tls_backend_preconfigured(tls).build().map_err(|e| no_client(e.to_string()))
}

/// Where a host is, all of which must be public. What was looked up is what is asked, so that nobody can answer
/// otherwise the second time.
async fn public(url: &Url) -> Result<Vec<SocketAddr>, Failure> {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or(443);
    let found = tokio::net::lookup_host((host, port)).await;
    let found: Vec<SocketAddr> =
        found.map_err(|_| Failure::Unreachable("its host is not known".into()))?.collect();
    match !found.is_empty() && found.iter().all(|place| is_public(place.ip())) {
        true => Ok(found),
        false => Err(Failure::Invalid("its host is none of the public network's".into())),
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_kept = matches!((a, b, c), (0 | 10 | 127 | 224.., ..) | (100, 64..=127, _) | (169, 254, _))
        || matches!((a, b, c), (172, 16..=31, _) | (192, 168, _) | (192, 0, 0 | 2) | (198, 18 | 19, _))
        || matches!((a, b, c), (198, 51, 100) | (203, 0, 113));
    !is_kept
}

/// Of the newer addresses those that are given out, but for those that stand for an older one or lead through a tunnel.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let parts = ip.segments();
    let is_given_out = parts[0] & 0xe000 == 0x2000;
    let is_kept = matches!((parts[0], parts[1]), (0x2001, 0..=0x1ff | 0xdb8) | (0x2002 | 0x3fff, _));
    is_given_out && !is_kept
}

async fn bytes(mut response: Response, most: usize) -> Result<Vec<u8>, Failure> {
    let too_large = || Failure::Invalid(format!("it is larger than {} MiB", most / (1024 * 1024)));
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| complaint::lost(&e))? {
        if bytes.len() + chunk.len() > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_network_are_public() {
        for public in ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:2800:220:1::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for kept in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(kept.parse().unwrap()), "{kept}");
        }
    }

    #[tokio::test]
    async fn a_file_on_this_machine_or_in_clear_elsewhere_is_not_fetched() {
        let http = Http::new("https://api.ravi.example").unwrap();
        let key = Secret::from("key".to_string());
        for bad in [
            "https://127.0.0.1:9/x",
            "https://localhost/x",
            "https://[::1]/x",
            "https://169.254.169.254/meta",
            "http://example.com/x",
            "file:///etc/passwd",
            "https://[::ffff:10.0.0.1]/x",
            "data:text/plain,x",
        ] {
            assert!(matches!(http.file(bad, &key, 10).await, Err(Failure::Invalid(_))), "{bad}");
        }
    }
}
