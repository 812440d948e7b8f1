//! A source's row, read: its kind, its settings, and its set-up with the secret.

use super::source::Setup;
use crate::safe::Safe;
use crate::setup::{self, Kept};
use crate::store::SourceRow;
use anyhow::{Context, Result};
use api::sources::SourceKind;
use std::collections::BTreeMap;

/// The kind of a source.
pub fn kind(row: &SourceRow) -> Result<SourceKind> {
    SourceKind::named(&row.kind)
        .with_context(|| format!("the database holds a source of the kind {}", row.kind))
}

/// Its settings.
pub fn settings(row: &SourceRow) -> Result<BTreeMap<String, String>> {
    setup::settings("source", &row.settings)
}

/// Its secret as it is kept.
pub fn kept(row: &SourceRow) -> Kept<'_> {
    Kept { noun: "source", name: &row.name, id: &row.id, wrapped_key: &row.wrapped_key }
}

/// How it was set up, with its secret.
pub fn setup(safe: &Safe, row: &SourceRow) -> Result<Setup> {
    let secret = kept(row).unseal(safe, row.sealed.as_deref())?;
    Ok(Setup { kind: kind(row)?, url: row.url.clone(), settings: settings(row)?, secret })
}
