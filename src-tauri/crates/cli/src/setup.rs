//! What a source, an issuer or a route is set up with: an address, settings of its kind, and a secret.

use crate::failure::{Failure, Result};
use crate::prompt;
use api::secrets::VALUE_MAX;
use api::{Error, SecretText};
use std::collections::BTreeMap;

/// The options that say it.
#[derive(Debug, clap::Args)]
pub struct Setup {
    /// Where its server is
    #[arg(long, value_name = "ADDRESS")]
    url: Option<String>,
    /// A setting of its kind; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
    /// Its secret: `-` reads standard input, and without one it is asked for
    #[arg(long, value_name = "-", num_args = 0..=1, default_missing_value = "")]
    secret: Option<String>,
}

/// What they said, with the secret itself.
pub struct Given {
    pub url: Option<String>,
    pub settings: BTreeMap<String, String>,
    pub secret: Option<SecretText>,
}

impl Setup {
    /// Reads the secret, if there shall be one, and gives it with the rest.
    pub fn given(self) -> Result<Given> {
        let secret = match self.secret.as_deref() {
            None => None,
            Some("-") => Some(prompt::piped(VALUE_MAX)?),
            Some("") => Some(prompt::hidden("Its secret: ")?),
            // Not said by clap, which would repeat it.
            Some(_) => {
                let error =
                    Error::invalid("a secret has no place on the command line, where others can read it");
                return Err(Failure::Usage(error.hint("give it on standard input, with --secret -")));
            }
        };
        Ok(Given { url: self.url, settings: self.settings.into_iter().collect(), secret })
    }
}

/// Reads `NAME=VALUE`.
pub fn pair(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_string(), value.to_string())),
        _ => Err("write it as NAME=VALUE".into()),
    }
}

/// Settings as they are given: `NAME=VALUE NAME=VALUE`.
pub fn shown(settings: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(" ")
}
