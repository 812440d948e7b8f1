//! Identities that Ravi provides, and the sources by which they are reached: what goes through several rooms.

use crate::backend::Backend;
use anyhow::{Result, bail};
use api::identities::{CreateIdentity, Identity, LinkIdentity, Provider, UnlinkIdentity};
use api::names::shown;
use api::sources::{AddSource, RemoveSource, Source, SourceKind};
use api::{Done, Error};
use std::time::Duration;

/// How long Ravi has to confirm that a key is gone, until it is told later.
const WAIT: Duration = Duration::from_secs(5);

/// Creates an identity. One of Ravi's is made there first, so that nothing is here where that fails.
pub async fn create(b: &Backend, call: CreateIdentity) -> Result<Identity> {
    if call.provider == Provider::Local {
        if call.source.is_some() || call.provision_phone {
            bail!(
                Error::invalid("a source and its phones are for identities of Ravi's")
                    .hint("--provider ravi")
            );
        }
        return b.identities.create(call, None).await;
    }
    b.identities.check_create(&call).await?;
    let given = b.sources.make_at_ravi(&call).await?;
    let source = given.source_id.clone();
    let identity = b.identities.create(call, Some(given)).await?;
    b.sources.sync(&source).await?;
    Ok(identity)
}

/// Makes an identity one of Ravi's.
pub async fn link(b: &Backend, call: LinkIdentity) -> Result<Identity> {
    let row = b.identities.find(&call.identity).await?;
    b.identities.check_unlinked(&row).await?;
    let given = b.sources.find_at_ravi(call.source.as_deref(), &call.ravi).await?;
    let source = given.source_id.clone();
    let identity = b.identities.link(row, given).await?;
    b.sources.sync(&source).await?;
    Ok(identity)
}

/// Makes an identity Lanyard's own again. Its keys at Ravi are revoked.
pub async fn unlink(b: &Backend, call: UnlinkIdentity) -> Result<Identity> {
    let row = b.identities.find(&call.identity).await?;
    if !b.identities.unlink(&row).await? {
        bail!(Error::conflict(format!("{} is none of Ravi's", shown(&row.name))));
    }
    b.tokens.end_of_link(&row.id, WAIT).await?;
    b.identities.show(row).await
}

/// Adds a source: the one identity that it serves must be there. What was granted of an issuer of this name is not
/// granted of the one that a source of Ravi's is.
pub async fn add_source(b: &Backend, call: AddSource) -> Result<Source> {
    let identity = match &call.identity {
        Some(wanted) => Some(b.identities.find(wanted).await?),
        None => None,
    };
    let (name, kind) = (call.name.clone(), call.kind);
    let source = b.sources.add(identity, call).await?;
    if kind == SourceKind::Ravi {
        b.grants.end_of_issuer(&name).await?;
    }
    Ok(source)
}

/// Removes a source. The keys that Ravi has made by it are revoked; as long as Ravi has not confirmed that, its
/// issuer is there, with the key that it takes.
pub async fn remove_source(b: &Backend, call: RemoveSource) -> Result<Done> {
    let row = b.sources.find(&call.source).await?;
    if row.kind != SourceKind::Ravi.name() {
        return b.sources.remove(call).await;
    }
    b.identities.unlink_all(&row.id).await?;
    b.tokens.end_of_issuer(&row.id, WAIT).await?;
    let done = b.sources.remove(call).await?;
    // A request that came between the two is condemned as well.
    b.tokens.end_of_issuer(&row.id, Duration::ZERO).await?;
    b.grants.end_of_issuer(&row.name).await?;
    Ok(done)
}
