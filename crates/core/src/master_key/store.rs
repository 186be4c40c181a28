use doorward_crypto::seal::KeyId;
use doorward_db::{Tx, p};

use super::Adopted;
use crate::context::Time;
use crate::error::Result;

pub(super) async fn newest(tx: &mut Tx<'_>) -> Result<Option<Adopted>> {
    let row = tx
        .query_opt(
            "SELECT key_id, adopted_at FROM master_keys ORDER BY adopted_at DESC, key_id LIMIT 1",
            &p![],
        )
        .await?;
    row.map(|row| Ok(Adopted { key_id: row.get(0)?, at: Time::from_micros(row.get(1)?) })).transpose()
}

pub(super) async fn adopt(tx: &mut Tx<'_>, id: KeyId, now: Time) -> Result<()> {
    tx.execute(
        "INSERT INTO master_keys (key_id, adopted_at) VALUES (?1, ?2)
         ON CONFLICT (key_id) DO UPDATE SET adopted_at = excluded.adopted_at",
        &p![id.as_bytes(), now],
    )
    .await?;
    Ok(())
}
