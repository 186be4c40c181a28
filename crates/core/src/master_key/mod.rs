//! The rotation of the master key. The key that a server was started with last is the installation's: it seals what is
//! new, and what earlier keys sealed is sealed again under it, in small batches beside the work. What a batch did is done;
//! a rotation that was cut off goes on with the rest.

mod store;

use std::time::Duration;

use doorward_crypto::seal::KeyId;

use crate::context::{Context, Time};
use crate::error::{Error, Result};
use crate::seals::{self, SealedColumn};
use crate::secret::CODE_LIFE;
use crate::{audit_log, backup_code, mail, session, signing_key, sms, totp};

/// Everything that is sealed.
const COLUMNS: &[&SealedColumn] = &[
    &signing_key::SEALED,
    &session::SEALED,
    &mail::SEALED_OUTBOX,
    &mail::SEALED_CAUGHT,
    &sms::SEALED,
    &audit_log::SEALED,
    &totp::SEALED,
    &backup_code::SEALED,
];

const BATCH: i64 = 50;
/// Batches of one round: a round is over within a second or so.
const MOST_BATCHES: usize = 20;

/// Refuses a start that lacks a master key which something is still sealed under.
///
/// # Errors
/// `internal_error`, with the key's id and the mend as the cause.
pub async fn ensure_at_hand(context: &Context) -> Result<()> {
    let missing = context
        .db
        .read(async |tx| {
            for column in COLUMNS {
                for prefix in seals::prefixes(tx, column).await? {
                    // What is no seal at all is a damaged value, and no key would mend it.
                    let Some(id) = KeyId::of_sealed(&prefix) else { continue };
                    if !at_hand(context, id) {
                        return Ok(Some((seals::count(tx, column, &prefix).await?, column.name, id)));
                    }
                }
            }
            Ok::<_, Error>(None)
        })
        .await?;
    match missing {
        None => Ok(()),
        Some((count, what, id)) => Err(Error::internal(format!(
            "the database holds secrets ({what}: {count}) under the master key {id}, which is neither \
             secrets.master_key nor in secrets.previous_master_keys: is this the right master key? \
             If it was changed, add the earlier one to secrets.previous_master_keys, and leave it there until \
             `doorward keys status` says that it may go."
        ))),
    }
}

/// Makes this process's master key the installation's. Servers do so when they start; commands do not.
pub async fn adopt(context: &Context) -> Result<()> {
    let id = context.sealer.current_id();
    context
        .db
        .write(async |tx| {
            let newest = store::newest(tx).await?;
            if newest.as_ref().is_some_and(|newest| newest.is(id)) {
                return Ok(());
            }
            // Later than any other, also where a clock went back.
            let after = newest.map_or(Time::from_micros(0), |newest| newest.at + Duration::from_micros(1));
            store::adopt(tx, id, context.now().max(after)).await
        })
        .await
}

/// What one round of re-sealing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    pub resealed: u64,
    /// Values that open under none of the keys in spite of what they say.
    pub broken: u64,
    /// There is more to do.
    pub more: bool,
    /// Another key was adopted since: the work is left to servers that have it.
    pub superseded: bool,
}

impl Round {
    /// Whether every value that can be opened is under the current key.
    pub fn is_complete(&self) -> bool {
        !self.more && !self.superseded && self.broken == 0
    }
}

/// Seals again what earlier keys sealed, for one round. While processes with different master keys run side by side, only
/// those do it whose key was adopted last; so they do not undo each other's work.
pub async fn reseal(context: &Context) -> Result<Round> {
    let mut round = Round { resealed: 0, broken: 0, more: false, superseded: false };
    let newest = context.db.read(async |tx| store::newest(tx).await).await?;
    if newest.is_some_and(|newest| !newest.is(context.sealer.current_id())) {
        round.superseded = true;
        return Ok(round);
    }
    let mut batches = 0;
    for column in COLUMNS {
        let prefixes = context.db.read(async |tx| seals::prefixes(tx, column).await).await?;
        for prefix in prefixes.iter().filter(|prefix| is_earlier(context, prefix)) {
            let mut after = None;
            loop {
                if batches == MOST_BATCHES {
                    round.more = true;
                    return Ok(round);
                }
                batches += 1;
                let batch = seals::reseal(context, column, prefix, after, BATCH).await?;
                round.resealed += batch.resealed;
                round.broken += batch.broken;
                let Some(next) = batch.next else { break };
                after = Some(next);
                tokio::task::yield_now().await;
            }
        }
    }
    Ok(round)
}

/// A master key of the settings, and what hangs on it.
#[derive(Debug)]
pub struct KeyStatus {
    pub id: KeyId,
    /// `None` for the current key, else its place among the previous ones, from 0.
    pub previous: Option<usize>,
    /// What is sealed under it, and how often.
    pub seals: Vec<(&'static str, i64)>,
    pub removal: Removal,
}

/// Whether a key may leave the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It seals, or something is sealed under it.
    No,
    /// Nothing is sealed under it, but codes that were mailed under it are good until then.
    From(Time),
    Yes,
}

/// The master keys of the settings, the current one first.
pub async fn status(context: &Context) -> Result<Vec<KeyStatus>> {
    let current = context.sealer.current_id();
    let mut all = vec![KeyStatus {
        id: current,
        previous: None,
        seals: seals_under(context, current).await?,
        removal: Removal::No,
    }];
    let newest = context.db.read(async |tx| store::newest(tx).await).await?;
    for (index, id) in context.sealer.previous_ids().enumerate() {
        if id == current {
            // Given twice: the second one adds nothing.
            all.push(KeyStatus { id, previous: Some(index), seals: Vec::new(), removal: Removal::Yes });
            continue;
        }
        let seals = seals_under(context, id).await?;
        let is_empty = seals.iter().all(|(_, count)| *count == 0);
        let removal = match &newest {
            Some(newest) if is_empty && newest.is(current) => {
                let from = newest.at + CODE_LIFE;
                if from <= context.now() { Removal::Yes } else { Removal::From(from) }
            }
            _ => Removal::No,
        };
        all.push(KeyStatus { id, previous: Some(index), seals, removal });
    }
    Ok(all)
}

/// A key that a server was started with.
struct Adopted {
    key_id: Vec<u8>,
    at: Time,
}

impl Adopted {
    fn is(&self, id: KeyId) -> bool {
        self.key_id == id.as_bytes()
    }
}

async fn seals_under(context: &Context, id: KeyId) -> Result<Vec<(&'static str, i64)>> {
    context
        .db
        .read(async |tx| {
            let mut counts = Vec::with_capacity(COLUMNS.len());
            for column in COLUMNS {
                counts.push((column.name, seals::count(tx, column, &id.prefix()).await?));
            }
            Ok(counts)
        })
        .await
}

fn at_hand(context: &Context, id: KeyId) -> bool {
    id == context.sealer.current_id() || context.sealer.previous_ids().any(|previous| previous == id)
}

fn is_earlier(context: &Context, prefix: &[u8]) -> bool {
    KeyId::of_sealed(prefix).is_some_and(|id| id != context.sealer.current_id() && at_hand(context, id))
}
