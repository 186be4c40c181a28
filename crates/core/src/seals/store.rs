use doorward_db::{Param, Tx, p};

use super::{Identity, SealedColumn};
use crate::error::Result;

/// The queries over one column. They begin with `substr(…, 1, 5)`, the bytes of a seal that name its key; where a table is
/// large, an index has them.
pub(crate) struct Sql {
    pub next_prefix: &'static str,
    pub count: &'static str,
    pub batch: &'static str,
    pub replace: &'static str,
}

/// Describes a column of sealed values: what it is called, its table, the table's key, the column; what comes before every
/// key; and what reads a row's key and the context of its seal.
macro_rules! sealed_column {
    ($name:literal, $table:literal, $key:literal, $column:literal, $lowest:expr, $identify:expr) => {
        $crate::seals::SealedColumn {
            name: $name,
            sql: $crate::seals::Sql {
                next_prefix: concat!(
                    "SELECT substr(",
                    $column,
                    ", 1, 5) FROM ",
                    $table,
                    " WHERE substr(",
                    $column,
                    ", 1, 5) > ?1 ORDER BY substr(",
                    $column,
                    ", 1, 5) LIMIT 1"
                ),
                count: concat!("SELECT COUNT(*) FROM ", $table, " WHERE substr(", $column, ", 1, 5) = ?1"),
                batch: concat!(
                    "SELECT ",
                    $key,
                    ", ",
                    $column,
                    " FROM ",
                    $table,
                    " WHERE substr(",
                    $column,
                    ", 1, 5) = ?1 AND ",
                    $key,
                    " > ?2 ORDER BY ",
                    $key,
                    " LIMIT ?3"
                ),
                replace: concat!(
                    "UPDATE ",
                    $table,
                    " SET ",
                    $column,
                    " = ?3 WHERE ",
                    $key,
                    " = ?1 AND ",
                    $column,
                    " = ?2 RETURNING ",
                    $key
                ),
            },
            lowest: $lowest,
            identify: $identify,
        }
    };
}
pub(crate) use sealed_column;

pub(super) struct Sealed {
    pub identity: Identity,
    pub value: Vec<u8>,
}

pub(super) async fn next_prefix(
    tx: &mut Tx<'_>,
    column: &SealedColumn,
    after: &[u8],
) -> Result<Option<Vec<u8>>> {
    let row = tx.query_opt(column.sql.next_prefix, &p![after]).await?;
    row.map(|row| Ok(row.get(0)?)).transpose()
}

pub(super) async fn count(tx: &mut Tx<'_>, column: &SealedColumn, prefix: &[u8]) -> Result<i64> {
    Ok(tx.query_one(column.sql.count, &p![prefix]).await?.get(0)?)
}

pub(super) async fn batch(
    tx: &mut Tx<'_>,
    column: &SealedColumn,
    prefix: &[u8],
    after: &Param,
    limit: i64,
) -> Result<Vec<Sealed>> {
    let rows = tx.query_all(column.sql.batch, &p![prefix, after.clone(), limit]).await?;
    rows.iter().map(|row| Ok(Sealed { identity: (column.identify)(row)?, value: row.get(1)? })).collect()
}

/// Answers whether the row still held the old value.
pub(super) async fn replace(
    tx: &mut Tx<'_>,
    column: &SealedColumn,
    key: &Param,
    old: &[u8],
    new: &[u8],
) -> Result<bool> {
    Ok(tx.change_guarded(column.sql.replace, &p![key.clone(), old, new]).await?.is_some())
}
