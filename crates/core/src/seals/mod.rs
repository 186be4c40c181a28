//! The columns that hold sealed values, as a rotation of the master key sees them: which keys their values are sealed
//! under, how many are under each, and the work of sealing them again. What a value is and whose, its feature knows, and
//! says so where it names the column.

mod store;

use doorward_db::{Param, Row, Tx};
use tokio::task::JoinSet;

use crate::context::Context;
use crate::error::{Error, Result};
pub(crate) use store::{Sql, sealed_column};

/// How many values are replaced at once.
const LANES: usize = 4;

/// One column of sealed values. Made by `sealed_column!` in the store of the feature that it belongs to.
pub struct SealedColumn {
    /// What is sealed, as the operator reads it.
    pub name: &'static str,
    pub(crate) sql: Sql,
    /// What comes before every key of the table.
    pub(crate) lowest: fn() -> Param,
    /// Reads the row's key from column 0.
    pub(crate) identify: fn(&Row) -> Result<Identity>,
}

/// Whose a sealed value is.
pub(crate) struct Identity {
    pub key: Param,
    /// What it is sealed for.
    pub context: Vec<u8>,
}

/// What became of one batch.
pub struct Batch {
    pub resealed: u64,
    /// Values that do not open: altered, or moved to where they do not belong.
    pub broken: u64,
    /// Where the next batch begins; `None` where nothing is left.
    pub next: Option<Param>,
}

/// The distinct first bytes of a column's values: each names the key that they are sealed under.
pub async fn prefixes(tx: &mut Tx<'_>, column: &SealedColumn) -> Result<Vec<Vec<u8>>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    // From one to the next, so that an index answers without going through the table.
    while let Some(next) = store::next_prefix(tx, column, found.last().map_or(&[], Vec::as_slice)).await? {
        found.push(next);
    }
    Ok(found)
}

/// How many values begin so.
pub async fn count(tx: &mut Tx<'_>, column: &SealedColumn, prefix: &[u8]) -> Result<i64> {
    store::count(tx, column, prefix).await
}

/// Seals again, under the current key, at most `limit` values that begin with `prefix`, from the key `after` on. A value
/// that somebody else changed in the meantime is left alone.
pub async fn reseal(
    context: &Context,
    column: &'static SealedColumn,
    prefix: &[u8],
    after: Option<Param>,
    limit: i64,
) -> Result<Batch> {
    let after = after.unwrap_or_else(column.lowest);
    let rows = context.db.read(async |tx| store::batch(tx, column, prefix, &after, limit).await).await?;
    let mut batch = Batch { resealed: 0, broken: 0, next: rows.last().map(|row| row.identity.key.clone()) };
    let mut lanes: [Vec<Change>; LANES] = Default::default();
    for (at, row) in rows.into_iter().enumerate() {
        match context.sealer.reseal(&row.identity.context, &row.value) {
            Ok(new) => lanes[at % LANES].push(Change { key: row.identity.key, old: row.value, new }),
            Err(_) => batch.broken += 1,
        }
    }
    let mut running = JoinSet::new();
    for lane in lanes {
        running.spawn(replace_all(context.clone(), column, lane));
    }
    while let Some(done) = running.join_next().await {
        batch.resealed += done.map_err(Error::internal)??;
    }
    Ok(batch)
}

struct Change {
    key: Param,
    old: Vec<u8>,
    new: Vec<u8>,
}

/// Each value in a unit of work of its own, and nothing is read in it: so it stands in nobody's way, and a session that is
/// refreshed all the time holds up no other.
async fn replace_all(context: Context, column: &'static SealedColumn, changes: Vec<Change>) -> Result<u64> {
    let mut replaced = 0;
    for Change { key, old, new } in &changes {
        let done = context.db.write(async |tx| store::replace(tx, column, key, old, new).await).await?;
        replaced += u64::from(done);
    }
    Ok(replaced)
}
