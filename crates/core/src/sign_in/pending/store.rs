use doorward_db::{ConsumeOnce, Tx, consume_once, p};
use uuid::Uuid;

use super::{Method, Pending};
use crate::context::{CLOCK_SKEW, Id, Time};
use crate::error::{Error, Result};

const PENDING: ConsumeOnce = consume_once!("pending_sign_ins", "id", "id");

pub(super) async fn insert(
    tx: &mut Tx<'_>,
    pending: &Pending,
    token_hash: &[u8; 32],
    now: Time,
    expires_at: Time,
) -> Result<()> {
    tx.execute(
        "INSERT INTO pending_sign_ins (id, token_hash, user_id, method, epoch, remember, enrols, tries,
                                       created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9)",
        &p![
            pending.id,
            *token_hash,
            pending.user,
            pending.method.kept(),
            pending.epoch,
            pending.remember,
            pending.enrols,
            now,
            expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn by_token(
    tx: &mut Tx<'_>,
    token_hash: &[u8; 32],
    now: Time,
    most: i64,
) -> Result<Option<Pending>> {
    let row = tx
        .query_opt(
            "SELECT id, user_id, method, epoch, remember, enrols FROM pending_sign_ins
             WHERE token_hash = ?1 AND used_at IS NULL AND expires_at > ?2 AND created_at <= ?3 AND tries < ?4",
            &p![*token_hash, now, now + CLOCK_SKEW, most],
        )
        .await?;
    row.map(|row| {
        let method: String = row.get(2)?;
        Ok(Pending {
            id: row.get(0)?,
            user: Id::from_uuid(row.get(1)?),
            method: Method::of_kept(&method).ok_or_else(|| Error::internal("an unknown way to sign in"))?,
            epoch: row.get(3)?,
            remember: row.get(4)?,
            enrols: row.get(5)?,
        })
    })
    .transpose()
}

pub(super) async fn count_try(tx: &mut Tx<'_>, id: Uuid, now: Time, most: i64) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE pending_sign_ins SET tries = tries + 1
             WHERE id = ?1 AND used_at IS NULL AND expires_at > ?2 AND tries < ?3 RETURNING id",
            &p![id, now, most],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn consume(tx: &mut Tx<'_>, id: Uuid, now: Time) -> Result<bool> {
    Ok(tx.consume_once(&PENDING, id, now.micros()).await?.is_some())
}

pub(super) async fn delete_expired(tx: &mut Tx<'_>, now: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM pending_sign_ins WHERE id IN
                 (SELECT id FROM pending_sign_ins WHERE expires_at <= ?1 LIMIT ?2)",
            &p![now, limit],
        )
        .await?)
}
