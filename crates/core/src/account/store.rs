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
