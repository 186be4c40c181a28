use doorward_db::{ConsumeOnce, Tx, consume_once, p};
use uuid::Uuid;

use crate::context::{Id, Time, UserId};
use crate::error::Result;
use crate::seals::{Identity, SealedColumn, sealed_column};

const CODE: ConsumeOnce = consume_once!("backup_codes", "id", "id");

pub(super) const SEALED: SealedColumn = sealed_column!(
    "backup codes",
    "backup_code_sets",
    "user_id",
    "sealed_key",
    || Uuid::nil().into(),
    |row| {
        let id: Uuid = row.get(0)?;
        Ok(Identity { key: id.into(), context: super::seal_context(Id::from_uuid(id)) })
    }
);

pub(super) struct Set {
    pub sealed_key: Vec<u8>,
    pub created_at: Time,
}

pub(super) async fn find(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Set>> {
    let row = tx
        .query_opt("SELECT sealed_key, created_at FROM backup_code_sets WHERE user_id = ?1", &p![user])
        .await?;
    row.map(|row| Ok(Set { sealed_key: row.get(0)?, created_at: Time::from_micros(row.get(1)?) })).transpose()
}

pub(super) async fn insert_set(tx: &mut Tx<'_>, user: UserId, sealed_key: &[u8], now: Time) -> Result<()> {
    tx.execute(
        "INSERT INTO backup_code_sets (user_id, sealed_key, created_at) VALUES (?1, ?2, ?3)",
        &p![user, sealed_key, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert(tx: &mut Tx<'_>, id: Uuid, user: UserId, mac: &[u8; 32]) -> Result<()> {
    tx.execute(
        "INSERT INTO backup_codes (id, user_id, mac, expires_at) VALUES (?1, ?2, ?3, ?4)",
        &p![id, user, *mac, i64::MAX],
    )
    .await?;
    Ok(())
}

pub(super) async fn unused(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<(Uuid, Vec<u8>)>> {
    tx.query_all("SELECT id, mac FROM backup_codes WHERE user_id = ?1 AND used_at IS NULL", &p![user])
        .await?
        .iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

pub(super) async fn consume(tx: &mut Tx<'_>, id: Uuid, now: Time) -> Result<bool> {
    Ok(tx.consume_once(&CODE, id, now.micros()).await?.is_some())
}

pub(super) async fn delete(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    tx.execute("DELETE FROM backup_code_sets WHERE user_id = ?1", &p![user]).await?;
    Ok(())
}
