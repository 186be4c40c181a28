use doorward_db::{Row, Tx, p};

use crate::context::{Id, ServiceKeyId, Time};
use crate::error::Result;

/// A service's key, without the key itself.
#[derive(Debug, Clone)]
pub struct ServiceKey {
    pub id: ServiceKeyId,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: Time,
    /// To the minute.
    pub last_used_at: Option<Time>,
    pub revoked_at: Option<Time>,
}

macro_rules! columns {
    () => {
        "id, name, scopes, created_at, last_used_at, revoked_at"
    };
}

pub(super) async fn insert(
    tx: &mut Tx<'_>,
    id: ServiceKeyId,
    name: &str,
    hash: &[u8; 32],
    scopes: &str,
    now: Time,
) -> Result<Option<ServiceKey>> {
    tx.query_opt(
        concat!(
            "INSERT INTO service_keys (id, name, key_hash, scopes, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (name) DO NOTHING RETURNING ",
            columns!()
        ),
        &p![id, name, *hash, scopes, now],
    )
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

pub(super) async fn all(tx: &mut Tx<'_>) -> Result<Vec<ServiceKey>> {
    tx.query_all(concat!("SELECT ", columns!(), " FROM service_keys ORDER BY id DESC"), &p![])
        .await?
        .iter()
        .map(read)
        .collect()
}

pub(super) async fn find(
    tx: &mut Tx<'_>,
    id: Option<ServiceKeyId>,
    name: &str,
) -> Result<Option<ServiceKey>> {
    let id = id.map_or(uuid::Uuid::nil(), Id::uuid);
    let sql = concat!("SELECT ", columns!(), " FROM service_keys WHERE id = ?1 OR name = ?2");
    tx.query_opt(sql, &p![id, name]).await?.as_ref().map(read).transpose()
}

pub(super) async fn by_hash(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<ServiceKey>> {
    let sql = concat!("SELECT ", columns!(), " FROM service_keys WHERE key_hash = ?1");
    tx.query_opt(sql, &p![*hash]).await?.as_ref().map(read).transpose()
}

pub(super) async fn revoke(tx: &mut Tx<'_>, id: ServiceKeyId, now: Time) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE service_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL RETURNING id",
            &p![id, now],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn note_use(tx: &mut Tx<'_>, id: ServiceKeyId, now: Time) -> Result<()> {
    tx.execute("UPDATE service_keys SET last_used_at = ?2 WHERE id = ?1", &p![id, now]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<ServiceKey> {
    let time = |index| -> Result<Option<Time>> { Ok(row.get::<Option<i64>>(index)?.map(Time::from_micros)) };
    Ok(ServiceKey {
        id: Id::from_uuid(row.get(0)?),
        name: row.get(1)?,
        scopes: row.get::<String>(2)?.split(' ').map(str::to_owned).collect(),
        created_at: Time::from_micros(row.get(3)?),
        last_used_at: time(4)?,
        revoked_at: time(5)?,
    })
}
