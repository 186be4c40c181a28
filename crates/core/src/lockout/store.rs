use doorward_db::{Tx, p};

use crate::context::Time;
use crate::error::Result;

pub(super) struct Count {
    pub failures: i64,
    pub undecided: i64,
    pub last_at: Time,
    pub next_at: Time,
}

impl Count {
    pub(super) fn none(now: Time) -> Self {
        Self { failures: 0, undecided: 0, last_at: now, next_at: now }
    }
}

pub(super) async fn find(tx: &mut Tx<'_>, key: &str) -> Result<Option<Count>> {
    let row = tx
        .query_opt(
            "SELECT failures, undecided, last_at, next_at FROM failed_attempts WHERE key = ?1",
            &p![key],
        )
        .await?;
    row.map(|row| {
        Ok(Count {
            failures: row.get(0)?,
            undecided: row.get(1)?,
            last_at: Time::from_micros(row.get(2)?),
            next_at: Time::from_micros(row.get(3)?),
        })
    })
    .transpose()
}

pub(super) async fn put(tx: &mut Tx<'_>, key: &str, count: &Count) -> Result<()> {
    tx.execute(
        "INSERT INTO failed_attempts (key, failures, undecided, last_at, next_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (key) DO UPDATE SET failures = ?2, undecided = ?3, last_at = ?4, next_at = ?5",
        &p![key, count.failures, count.undecided, count.last_at, count.next_at],
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
