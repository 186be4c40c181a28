use doorward_db::{Tx, p};

use crate::context::{Id, Time, UserId};
use crate::error::Result;

pub(super) async fn due(tx: &mut Tx<'_>, now: Time, limit: i64) -> Result<Vec<UserId>> {
    tx.query_all("SELECT id FROM users WHERE deletes_at <= ?1 ORDER BY deletes_at LIMIT ?2", &p![now, limit])
        .await?
        .iter()
        .map(|row| Ok(Id::from_uuid(row.get(0)?)))
        .collect()
}

/// What hangs on the account goes with it.
pub(super) async fn delete(tx: &mut Tx<'_>, id: UserId, now: Time) -> Result<bool> {
    let row = tx
        .change_guarded("DELETE FROM users WHERE id = ?1 AND deletes_at <= ?2 RETURNING id", &p![id, now])
        .await?;
    Ok(row.is_some())
}
