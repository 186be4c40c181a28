use std::time::Duration;

use doorward_crypto::chain::{ChainKey, Link};
use doorward_crypto::rng::random;
use doorward_db::Tx;
use uuid::Uuid;

use super::{KEY_CONTEXT, open_key, store};
use crate::context::Context;
use crate::error::{Error, Result};

const BATCH: usize = 200;

/// For so long after it sealed last, a process is the one that seals. Then whoever comes first is.
const LEASE: Duration = Duration::from_secs(2);

/// What puts events in order. One in each process; of all processes one at a time does it.
#[derive(Clone)]
pub struct ChainSealer {
    context: Context,
    holder: Uuid,
}

impl ChainSealer {
    pub fn new(context: Context) -> Self {
        let holder = Uuid::from_bytes(random(&*context.rng));
        Self { context, holder }
    }

    /// Seals what has been committed and is not sealed yet, whatever its time, and answers how many events that were.
    /// Where another process seals, none.
    pub async fn seal_pending(&self) -> Result<u64> {
        let mut total = 0;
        while self.is_due().await? {
            let sealed = self.context.db.write(async |tx| self.batch(tx).await).await?;
            total += sealed as u64;
            if sealed < BATCH {
                break;
            }
        }
        Ok(total)
    }

    async fn is_due(&self) -> Result<bool> {
        let now = self.context.now();
        self.context
            .db
            .read(async |tx| {
                if !store::has_unsealed(tx).await? {
                    return Ok(false);
                }
                let chain = store::chain(tx).await?;
                Ok(chain.is_none_or(|chain| {
                    chain.holder == Some(self.holder)
                        || chain.held_until <= now
                        || chain.held_until > now + LEASE
                }))
            })
            .await
    }

    async fn batch(&self, tx: &mut Tx<'_>) -> Result<usize> {
        let context = &self.context;
        let chain = match store::chain(tx).await? {
            Some(chain) => chain,
            None => begin(tx, context).await?,
        };
        let now = context.now();
        // Held beyond a lease from now: the clock was ahead.
        if !store::hold(tx, self.holder, now + LEASE, now).await? {
            return Ok(0);
        }
        let key = open_key(context, &chain.sealed_key)?;
        let mut end = chain.end;
        let entries = store::unsealed(tx, i64::try_from(BATCH).unwrap_or(1)).await?;
        for entry in &entries {
            let salt = random(&*context.rng);
            let (link, digest) = entry.next_link(&key, &end, &salt);
            store::seal(tx, entry.id, &link, &salt, &digest).await?;
            end = link;
        }
        store::extend(tx, &end).await?;
        Ok(entries.len())
    }
}

/// Begins the chain. Its key is its own, so that a new master key only seals it anew.
async fn begin(tx: &mut Tx<'_>, context: &Context) -> Result<store::Chain> {
    if store::has_sealed(tx).await? {
        return Err(Error::internal(
            "audit events are sealed, and the chain's row is gone: restore it, or the log can't go on",
        ));
    }
    let key = ChainKey::generate(&*context.rng);
    let sealed_key = context.sealer.seal(KEY_CONTEXT, key.expose());
    store::begin(tx, &sealed_key, &key.anchor(&Link::START)).await?;
    store::chain(tx).await?.ok_or_else(|| Error::internal("the audit chain could not be begun"))
}
