//! One-time codes by the clock (RFC 6238), and the secrets that websites hand out for them.

use anyhow::{Context, Result, bail};
use api::{Error, Millis, SecretText};
use data_encoding::BASE32_NOPAD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use url::form_urlencoded;
use zeroize::Zeroizing;

/// The longest secret or address that is read, in bytes.
const INPUT_MAX: usize = 4096;
/// The longest time that a code may live, in seconds.
const PERIOD_MAX: u64 = 3600;

/// What makes codes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Totp {
    /// In base32 without padding.
    secret: SecretText,
    algorithm: Algorithm,
    digits: u32,
    period: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

impl Totp {
    /// Reads a secret in base32, spaced as it may be, or an `otpauth:` address. No error quotes it.
    pub fn read(text: &SecretText) -> Result<Self> {
        // EXPOSE: it is taken apart, into types that are wiped.
        let text = text.expose().trim();
        if text.len() > INPUT_MAX {
            bail!(no_secret());
        }
        match text.to_ascii_lowercase().starts_with("otpauth:") {
            true => Self::from_address(text),
            false => Self::new(text, Algorithm::Sha1, 6, 30),
        }
    }

    /// The code at a time, and for how many seconds it is still the current one.
    pub fn code(&self, at: Millis) -> Result<(SecretText, u32)> {
        let seconds = u64::try_from(at / 1000).context("a time before 1970")?;
        // EXPOSE: the code is computed with it.
        let key = BASE32_NOPAD.decode(self.secret.expose().as_bytes()).map(Zeroizing::new);
        let key = key.context("a stored secret is no base32")?;
        let step = (seconds / self.period).to_be_bytes();
        let mac = match self.algorithm {
            Algorithm::Sha1 => mac::<Hmac<Sha1>>(&key, &step)?,
            Algorithm::Sha256 => mac::<Hmac<Sha256>>(&key, &step)?,
            Algorithm::Sha512 => mac::<Hmac<Sha512>>(&key, &step)?,
        };
        let at = usize::from(mac[mac.len() - 1] & 0xf);
        let number = u32::from_be_bytes([mac[at] & 0x7f, mac[at + 1], mac[at + 2], mac[at + 3]]);
        let code = format!("{:0width$}", number % 10_u32.pow(self.digits), width = self.digits as usize);
        Ok((SecretText::new(code), u32::try_from(self.period - seconds % self.period)?))
    }

    /// `otpauth://totp/LABEL?secret=…&algorithm=…&digits=…&period=…`, as a website's picture holds it.
    fn from_address(text: &str) -> Result<Self> {
        let Some((kind, query)) = text["otpauth:".len()..].split_once('?') else { bail!(no_secret()) };
        if !kind.to_ascii_lowercase().starts_with("//totp/") {
            bail!(Error::invalid("only codes by the clock are made: the address is not otpauth://totp/"));
        }
        let value = |name: &str| {
            let found =
                form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| Zeroizing::new(value.into_owned()))
        };
        let algorithm = match value("algorithm").map(|name| name.to_ascii_uppercase()).as_deref() {
            None | Some("SHA1") => Algorithm::Sha1,
            Some("SHA256") => Algorithm::Sha256,
            Some("SHA512") => Algorithm::Sha512,
            Some(_) => {
                bail!(Error::invalid("the address names an algorithm that is none of SHA1, SHA256, SHA512"))
            }
        };
        let number = |name: &str, usual: u64| value(name).map_or(Ok(usual), |text| text.parse::<u64>());
        let (Ok(digits @ 6..=8), Ok(period @ 1..=PERIOD_MAX)) = (number("digits", 6), number("period", 30))
        else {
            bail!(Error::invalid("a code has 6 to 8 digits and lives for 1 to 3600 seconds"));
        };
        let secret = value("secret").ok_or_else(no_secret)?;
        Self::new(&secret, algorithm, u32::try_from(digits)?, period)
    }

    fn new(secret: &str, algorithm: Algorithm, digits: u32, period: u64) -> Result<Self> {
        let mut plain = Zeroizing::new(String::with_capacity(secret.len()));
        plain.extend(secret.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_uppercase()));
        let plain = Zeroizing::new(plain.trim_end_matches('=').to_string());
        let decoded = BASE32_NOPAD.decode(plain.as_bytes()).map(Zeroizing::new);
        if !decoded.is_ok_and(|bytes| !bytes.is_empty()) {
            bail!(no_secret());
        }
        Ok(Self { secret: SecretText::new(plain.to_string()), algorithm, digits, period })
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], step: &[u8]) -> Result<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).context("the key of a code")?;
    mac.update(step);
    Ok(mac.finalize().into_bytes().to_vec())
}

fn no_secret() -> Error {
    Error::invalid("that is no secret for one-time codes")
        .hint("give what the website shows: letters A to Z and digits 2 to 7, or an otpauth://totp/ address")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totp(text: &str) -> Result<Totp> {
        Totp::read(&SecretText::new(text.into()))
    }

    fn code(text: &str, seconds: i64) -> String {
        totp(text).unwrap().code(seconds * 1000).unwrap().0.expose().to_string()
    }

    /// RFC 6238, appendix B; each algorithm has a key as long as its output.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let key = |length: usize| BASE32_NOPAD.encode(&"1234567890".repeat(7).as_bytes()[..length]);
        let address =
            |name, length| format!("otpauth://totp/a?digits=8&algorithm={name}&secret={}", key(length));
        let all = [address("SHA1", 20), address("SHA256", 32), address("SHA512", 64)];
        for (seconds, codes) in [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ] {
            assert_eq!(all.each_ref().map(|address| code(address, seconds)), codes, "at {seconds}");
        }
    }

    #[test]
    fn a_bare_secret_is_read_however_it_is_spaced() {
        let plain = code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59);
        assert_eq!(plain, "287082");
        assert_eq!(code(" gezd gnbv gy3t qojq-gezd gnbv gy3t qojq\n", 59), plain);
        assert_eq!(code("MFRGGZA=", 59), code("MFRGGZA", 59));
        assert_eq!(code("OTPAUTH://TOTP/A?SECRET=gezdgnbvgy3tqojqgezdgnbvgy3tqojq", 59), plain);
    }

    #[test]
    fn the_seconds_that_are_left_are_counted_to_the_next_code() {
        let totp = totp("GEZDGNBVGY3TQOJQ").unwrap();
        let left: Vec<u32> = [0, 1_000, 29_999, 30_000].map(|at| totp.code(at).unwrap().1).into();
        assert_eq!(left, [30, 29, 1, 30]);
        assert!(totp.code(-1_000).is_err());
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_quoted() {
        let long = "A".repeat(5000);
        for bad in [
            "",
            " ",
            "=",
            "not base32!",
            "GEZDGNB1",
            "A",
            "ghp_secret",
            &long,
            "otpauth:",
            "otpauth://totp/a",
            "otpauth://totp/a?secret=",
            "otpauth://totp/a?secret=ghp_secret",
            "otpauth://hotp/a?secret=MFRGGZA",
            "otpauth://totp/a?secret=MFRGGZA&digits=5",
            "otpauth://totp/a?secret=MFRGGZA&digits=9",
            "otpauth://totp/a?secret=MFRGGZA&period=0",
            "otpauth://totp/a?secret=MFRGGZA&period=99999999999999999999",
            "otpauth://totp/a?secret=MFRGGZA&algorithm=MD5",
            "otpauth://[",
            "otpauth:?secret=MFRGGZA",
        ] {
            let error = totp(bad).unwrap_err().downcast::<Error>().unwrap();
            assert_eq!(error.code, api::Code::Invalid, "{bad}");
            assert!(
                !error.to_string().contains("ghp_secret") && !error.to_string().contains("MFRGGZA"),
                "{error}"
            );
        }
    }
}
