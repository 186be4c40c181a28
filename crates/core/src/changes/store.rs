use doorward_db::{Tx, p};
use uuid::Uuid;

use super::Change;
use crate::context::{Id, Time, UserId};
use crate::error::Result;

pub(super) async fn insert(tx: &mut Tx<'_>, id: Uuid, now: Time, change: Change) -> Result<()> {
    let (kind, subject) = change.parts();
    tx.execute(
        "INSERT INTO changes (id, kind, subject, created_at) VALUES (?1, ?2, ?3, ?4)",
        &p![id, kind, subject, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn since(tx: &mut Tx<'_>, moment: Time) -> Result<Vec<(Uuid, Change)>> {
    let rows =
        tx.query_all("SELECT id, kind, subject FROM changes WHERE created_at >= ?1", &p![moment]).await?;
    let mut changes = Vec::with_capacity(rows.len());
    for row in &rows {
        // A kind that a newer version announces means nothing to this one.
        if let Some(change) = Change::from_parts(&row.get::<String>(1)?, row.get(2)?) {
            changes.push((row.get(0)?, change));
        }
    }
    Ok(changes)
}

pub(super) async fn gone_since(tx: &mut Tx<'_>, moment: Time) -> Result<Vec<(UserId, Time)>> {
    tx.query_all(
        "SELECT subject, created_at FROM changes WHERE kind = 'gone' AND created_at >= ?1",
        &p![moment],
    )
    .await?
    .iter()
    .map(|row| Ok((Id::from_uuid(row.get(0)?), Time::from_micros(row.get(1)?))))
    .collect()
}

pub(super) async fn delete_before(tx: &mut Tx<'_>, moment: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE created_at < ?1 LIMIT ?2)",
            &p![moment, limit],
        )
        .await?)
}
