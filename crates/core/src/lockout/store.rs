use doorward_db::{Tx, p};

use crate::context::Time;
use crate::error::Result;

pub(super) struct Count {
    pub failures: i64,
    pub last_at: Time,
    pub next_at: Time,
}

pub(super) async fn find(tx: &mut Tx<'_>, key: &str) -> Result<Option<Count>> {
    let row = tx
        .query_opt("SELECT failures, last_at, next_at FROM failed_attempts WHERE key = ?1", &p![key])
        .await?;
    row.map(|row| {
        Ok(Count {
            failures: row.get(0)?,
            last_at: Time::from_micros(row.get(1)?),
            next_at: Time::from_micros(row.get(2)?),
        })
    })
    .transpose()
}

pub(super) async fn put(
    tx: &mut Tx<'_>,
    key: &str,
    failures: i64,
    last_at: Time,
    next_at: Time,
) -> Result<()> {
    tx.execute(
        "INSERT INTO failed_attempts (key, failures, last_at, next_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (key) DO UPDATE SET failures = ?2, last_at = ?3, next_at = ?4",
        &p![key, failures, last_at, next_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    tx.execute("DELETE FROM failed_attempts WHERE key = ?1", &p![key]).await?;
    Ok(())
}

pub(super) async fn delete_old(tx: &mut Tx<'_>, before: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM failed_attempts WHERE key IN
                 (SELECT key FROM failed_attempts WHERE last_at < ?1 LIMIT ?2)",
            &p![before, limit],
        )
        .await?)
}
