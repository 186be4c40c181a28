//! The audit log as a whole. One sealer puts committed events in order and chains them under a key that the database
//! does not have in the clear; the chain's end is signed each minute. So whoever can write the database can't change,
//! take out or cut off what was sealed without `verify` saying so. Old events go, and leave an anchor to verify from.

mod entry;
mod head;
mod seal;
mod search;
mod store;
mod verify;

use std::time::Duration;

use doorward_crypto::chain::ChainKey;
use doorward_db::Tx;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::seals::SealedColumn;

pub use entry::Entry;
pub use head::{SignedHead, is_head_due, read_head, sign_head};
pub use seal::ChainSealer;
pub use search::{Filter, Page, search};
pub use verify::{Fault, Report, verify};

/// How long signed heads are kept. The newest is never deleted.
const HEADS_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Deletes at most `limit` events whose time is over, from the oldest on, and keeps the link of the last one as the anchor.
/// What does not verify is left where it is. Answers how many rows went.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    let now = context.now();
    let heads = store::delete_heads_before(tx, now - HEADS_KEPT, limit).await?;
    let gone = now - context.config.audit.retention;
    if !store::has_sealed_before(tx, gone).await? {
        return Ok(heads);
    }
    let Some(chain) = store::chain(tx).await? else { return Ok(heads) };
    let key = open_key(context, &chain.sealed_key)?;
    let mut anchor = chain.anchor;
    for entry in store::sealed_after(tx, chain.anchor.position, chain.end.position, limit).await? {
        if entry.time >= gone {
            break;
        }
        let Some(link) = entry.link_after(&key, &anchor) else {
            tracing::error!(
                position = anchor.position + 1,
                "an audit event is missing or was changed, so it and those after it are kept: run doorward audit verify"
            );
            break;
        };
        anchor = link;
    }
    if anchor == chain.anchor {
        return Ok(heads);
    }
    store::move_anchor(tx, &anchor, &key.anchor(&anchor)).await?;
    Ok(heads + store::delete_until(tx, &anchor).await?)
}

fn open_key(context: &Context, sealed: &[u8]) -> Result<ChainKey> {
    let bytes = context
        .sealer
        .open(KEY_CONTEXT, sealed)
        .map_err(|_| Error::internal("the audit chain's key does not open: is this the right master key?"))?;
    let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(Error::internal)?;
    Ok(ChainKey::from_bytes(bytes))
}

/// The chain's key, for a rotation of the master key.
pub(crate) const SEALED: SealedColumn = store::SEALED;
const KEY_CONTEXT: &[u8] = b"audit chain key";
