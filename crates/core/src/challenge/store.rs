use doorward_db::{ConsumeOnce, Tx, consume_once, p};
use uuid::Uuid;

use crate::context::Time;
use crate::error::Result;

pub(super) const SOLVED: ConsumeOnce = consume_once!("solved_challenges", "id", "id");

pub(super) async fn insert(tx: &mut Tx<'_>, id: Uuid, expires_at: Time) -> Result<()> {
    tx.execute(
        "INSERT INTO solved_challenges (id, expires_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
        &p![id, expires_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete_expired(tx: &mut Tx<'_>, now: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM solved_challenges WHERE id IN
                 (SELECT id FROM solved_challenges WHERE expires_at <= ?1 LIMIT ?2)",
            &p![now, limit],
        )
        .await?)
}
