use doorward_db::{Row, Tx, p};

use super::Device;
use crate::context::{Caller, DeviceId, Id, Time, UserId};
use crate::error::Result;

pub(super) async fn by_token(
    tx: &mut Tx<'_>,
    user: UserId,
    token_hash: &[u8; 32],
) -> Result<Option<DeviceId>> {
    let row = tx
        .query_opt("SELECT id FROM devices WHERE token_hash = ?1 AND user_id = ?2", &p![*token_hash, user])
        .await?;
    row.map(|row| Ok(Id::from_uuid(row.get(0)?))).transpose()
}

pub(super) async fn insert(
    tx: &mut Tx<'_>,
    id: DeviceId,
    user: UserId,
    token_hash: &[u8; 32],
    caller: &Caller,
    now: Time,
) -> Result<()> {
    tx.execute(
        "INSERT INTO devices (id, user_id, token_hash, user_agent, client_hints, created_at, last_seen_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        &p![id, user, *token_hash, caller.user_agent.as_deref(), caller.client_hints.as_deref(), now],
    )
    .await?;
    Ok(())
}

pub(super) async fn touch(tx: &mut Tx<'_>, id: DeviceId, caller: &Caller, now: Time) -> Result<()> {
    tx.execute(
        "UPDATE devices SET last_seen_at = ?2, user_agent = ?3, client_hints = ?4 WHERE id = ?1",
        &p![id, now, caller.user_agent.as_deref(), caller.client_hints.as_deref()],
    )
    .await?;
    Ok(())
}

pub(super) async fn make_room(tx: &mut Tx<'_>, user: UserId, most: i64) -> Result<()> {
    tx.execute(
        "DELETE FROM devices WHERE user_id = ?1 AND id NOT IN
             (SELECT id FROM devices WHERE user_id = ?1 ORDER BY last_seen_at DESC, id DESC LIMIT ?2)",
        &p![user, most],
    )
    .await?;
    Ok(())
}

macro_rules! columns {
    () => {
        "id, name, user_agent, client_hints, created_at, last_seen_at"
    };
}

pub(super) async fn of_user(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<Device>> {
    tx.query_all(
        concat!(
            "SELECT ",
            columns!(),
            " FROM devices WHERE user_id = ?1 ORDER BY last_seen_at DESC, id DESC LIMIT 200"
        ),
        &p![user],
    )
    .await?
    .iter()
    .map(read)
    .collect()
}

pub(super) async fn rename(
    tx: &mut Tx<'_>,
    user: UserId,
    id: DeviceId,
    name: Option<&str>,
) -> Result<Option<Device>> {
    tx.change_guarded(
        concat!("UPDATE devices SET name = ?3 WHERE id = ?1 AND user_id = ?2 RETURNING ", columns!()),
        &p![id, user, name],
    )
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

pub(super) async fn trusted_until(tx: &mut Tx<'_>, id: DeviceId, epoch: i64) -> Result<Option<Time>> {
    let row = tx
        .query_opt("SELECT trusted_until FROM devices WHERE id = ?1 AND trusted_epoch = ?2", &p![id, epoch])
        .await?;
    let until: Option<i64> = row.map(|row| row.get(0)).transpose()?.flatten();
    Ok(until.map(Time::from_micros))
}

pub(super) async fn trust(tx: &mut Tx<'_>, id: DeviceId, until: Time, epoch: i64) -> Result<()> {
    tx.execute(
        "UPDATE devices SET trusted_until = ?2, trusted_epoch = ?3 WHERE id = ?1",
        &p![id, until, epoch],
    )
    .await?;
    Ok(())
}

pub(super) async fn distrust(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    tx.execute("UPDATE devices SET trusted_until = NULL, trusted_epoch = NULL WHERE user_id = ?1", &p![user])
        .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx<'_>, user: UserId, id: DeviceId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM devices WHERE id = ?1 AND user_id = ?2", &p![id, user]).await? > 0)
}

pub(super) async fn delete_all(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    tx.execute("DELETE FROM devices WHERE user_id = ?1", &p![user]).await?;
    Ok(())
}

pub(super) async fn delete_unseen(tx: &mut Tx<'_>, before: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM devices WHERE id IN (SELECT id FROM devices WHERE last_seen_at < ?1 LIMIT ?2)",
            &p![before, limit],
        )
        .await?)
}

fn read(row: &Row) -> Result<Device> {
    Ok(Device {
        id: Id::from_uuid(row.get(0)?),
        name: row.get(1)?,
        user_agent: row.get(2)?,
        client_hints: row.get(3)?,
        created_at: Time::from_micros(row.get(4)?),
        last_seen_at: Time::from_micros(row.get(5)?),
    })
}
