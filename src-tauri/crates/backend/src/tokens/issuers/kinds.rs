//! The constructor of each kind of issuer.

use super::cloudflare::Cloudflare;
use super::command::CommandIssuer;
use super::github_app::GithubApp;
use super::github_pat::GithubPat;
use super::gitlab::{Gitlab, Place};
use super::npm::Npm;
use super::ravi::Ravi;
use super::vercel::Vercel;
use crate::tokens::issuer::{Failure, Issuer, Setup};
use api::issuers::Kind;

/// Makes an issuer out of its set-up, or says what is wrong with that.
pub fn open(setup: Setup) -> Result<Box<dyn Issuer>, Failure> {
    Ok(match setup.kind {
        Kind::GithubApp => Box::new(GithubApp::new(&setup)?),
        Kind::GithubPat => Box::new(GithubPat::new(&setup)?),
        Kind::GitlabProject => Box::new(Gitlab::new(Place::Project, &setup)?),
        Kind::GitlabGroup => Box::new(Gitlab::new(Place::Group, &setup)?),
        Kind::Npm => Box::new(Npm::new(&setup)?),
        Kind::Cloudflare => Box::new(Cloudflare::new(&setup)?),
        Kind::Vercel => Box::new(Vercel::new(&setup)?),
        Kind::Ravi => Box::new(Ravi::new(&setup)?),
        Kind::Command => Box::new(CommandIssuer::new(setup)?),
    })
}
