use doorward_db::{Row, Tx, p};

use super::Phone;
use crate::context::{Id, PhoneId, Time, UserId};
use crate::error::Result;
use crate::sms::PhoneNumber;

macro_rules! select_phone {
    ($rest:literal) => {
        concat!("SELECT id, user_id, number, created_at, verified_at, last_used_at FROM phones ", $rest)
    };
}

pub(super) async fn insert(
    tx: &mut Tx<'_>,
    id: PhoneId,
    user: UserId,
    number: &PhoneNumber,
    now: Time,
) -> Result<()> {
    tx.execute(
        "INSERT INTO phones (id, user_id, number, created_at) VALUES (?1, ?2, ?3, ?4)",
        &p![id, user, number.as_str(), now],
    )
    .await?;
    Ok(())
}

pub(super) async fn verified(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Phone>> {
    tx.query_opt(select_phone!("WHERE user_id = ?1 AND verified_at IS NOT NULL"), &p![user])
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

pub(super) async fn pending(tx: &mut Tx<'_>, user: UserId, since: Time) -> Result<Option<Phone>> {
    tx.query_opt(
        select_phone!("WHERE user_id = ?1 AND verified_at IS NULL AND created_at > ?2"),
        &p![user, since],
    )
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

pub(super) async fn delete_pending(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    tx.execute("DELETE FROM phones WHERE user_id = ?1 AND verified_at IS NULL", &p![user]).await?;
    Ok(())
}

pub(super) async fn delete_verified(tx: &mut Tx<'_>, user: UserId) -> Result<u64> {
    Ok(tx.execute("DELETE FROM phones WHERE user_id = ?1 AND verified_at IS NOT NULL", &p![user]).await?)
}

pub(super) async fn mark_verified(tx: &mut Tx<'_>, id: PhoneId, now: Time) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE phones SET verified_at = ?2 WHERE id = ?1 AND verified_at IS NULL RETURNING id",
            &p![id, now],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn mark_used(tx: &mut Tx<'_>, user: UserId, now: Time) -> Result<()> {
    tx.execute(
        "UPDATE phones SET last_used_at = ?2 WHERE user_id = ?1 AND verified_at IS NOT NULL",
        &p![user, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete_stale(tx: &mut Tx<'_>, before: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM phones WHERE id IN
                 (SELECT id FROM phones WHERE verified_at IS NULL AND created_at <= ?1 LIMIT ?2)",
            &p![before, limit],
        )
        .await?)
}

fn read(row: &Row) -> Result<Phone> {
    let time = |index| -> Result<Option<Time>> { Ok(row.get::<Option<i64>>(index)?.map(Time::from_micros)) };
    Ok(Phone {
        id: Id::from_uuid(row.get(0)?),
        user: Id::from_uuid(row.get(1)?),
        number: PhoneNumber::kept(row.get(2)?),
        created_at: Time::from_micros(row.get(3)?),
        verified_at: time(4)?,
        last_used_at: time(5)?,
    })
}
