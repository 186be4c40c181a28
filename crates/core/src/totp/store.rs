use doorward_db::{Tx, p};
use uuid::Uuid;

use crate::context::{Id, Time, TotpId, UserId};
use crate::error::Result;
use crate::seals::{Identity, SealedColumn, sealed_column};

pub(super) const SEALED: SealedColumn =
    sealed_column!("authenticator apps", "totp", "id", "sealed_secret", || Uuid::nil().into(), |row| {
        let id: Uuid = row.get(0)?;
        Ok(Identity { key: id.into(), context: super::seal_context(Id::from_uuid(id)) })
    });

pub(super) struct Row {
    pub id: TotpId,
    pub sealed_secret: Vec<u8>,
    pub created_at: Time,
    pub last_used_at: Option<Time>,
    pub begun_by: Option<Uuid>,
}

/// Takes the place of a set-up that was not finished.
pub(super) async fn begin(
    tx: &mut Tx<'_>,
    id: TotpId,
    user: UserId,
    by: Uuid,
    sealed: &[u8],
    now: Time,
) -> Result<()> {
    tx.execute("DELETE FROM totp WHERE user_id = ?1 AND NOT confirmed", &p![user]).await?;
    tx.execute(
        "INSERT INTO totp (id, user_id, confirmed, sealed_secret, last_step, created_at, begun_by)
         VALUES (?1, ?2, FALSE, ?3, 0, ?4, ?5)",
        &p![id, user, sealed, now, by],
    )
    .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx<'_>, user: UserId, confirmed: bool) -> Result<Option<Row>> {
    let row = tx
        .query_opt(
            "SELECT id, sealed_secret, created_at, last_used_at, begun_by FROM totp
             WHERE user_id = ?1 AND confirmed = ?2",
            &p![user, confirmed],
        )
        .await?;
    row.map(|row| {
        let last_used_at: Option<i64> = row.get(3)?;
        Ok(Row {
            id: Id::from_uuid(row.get(0)?),
            sealed_secret: row.get(1)?,
            created_at: Time::from_micros(row.get(2)?),
            last_used_at: last_used_at.map(Time::from_micros),
            begun_by: row.get(4)?,
        })
    })
    .transpose()
}

/// Takes a step, once: of many at once with codes of one step, one wins.
pub(super) async fn take_step(tx: &mut Tx<'_>, id: TotpId, step: i64, now: Time) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE totp SET last_step = ?2, last_used_at = ?3 WHERE id = ?1 AND last_step < ?2 RETURNING id",
            &p![id, step, now],
        )
        .await?;
    Ok(row.is_some())
}

/// Lets a set-up count, in the place of the one before.
pub(super) async fn confirm(tx: &mut Tx<'_>, id: TotpId, user: UserId, now: Time) -> Result<bool> {
    tx.execute("DELETE FROM totp WHERE user_id = ?1 AND confirmed", &p![user]).await?;
    let row = tx
        .change_guarded(
            "UPDATE totp SET confirmed = TRUE, created_at = ?3
             WHERE id = ?1 AND user_id = ?2 AND NOT confirmed RETURNING id",
            &p![id, user, now],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn delete(tx: &mut Tx<'_>, user: UserId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM totp WHERE user_id = ?1", &p![user]).await? > 0)
}

pub(super) async fn clean_up(tx: &mut Tx<'_>, before: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM totp WHERE id IN
                 (SELECT id FROM totp WHERE NOT confirmed AND created_at <= ?1 LIMIT ?2)",
            &p![before, limit],
        )
        .await?)
}
