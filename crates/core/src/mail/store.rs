use doorward_db::{Param, Tx, p};
use uuid::Uuid;

use super::{SEAL_CONTEXT, SEAL_CONTEXT_CAUGHT};
use crate::context::{Id, MailId, Time};
use crate::error::Result;
use crate::seals::{Identity, SealedColumn, sealed_column};

pub(super) const SEALED_OUTBOX: SealedColumn =
    sealed_column!("queued mails", "outbox", "id", "sealed", || Uuid::nil().into(), |row| {
        Ok(Identity { key: Param::Uuid(row.get(0)?), context: SEAL_CONTEXT.to_vec() })
    });

pub(super) const SEALED_CAUGHT: SealedColumn =
    sealed_column!("caught mails", "caught_mails", "id", "sealed", || Uuid::nil().into(), |row| {
        Ok(Identity { key: Param::Uuid(row.get(0)?), context: SEAL_CONTEXT_CAUGHT.to_vec() })
    });

pub(super) async fn insert(
    tx: &mut Tx<'_>,
    id: MailId,
    state: &'static str,
    template: &'static str,
    sealed: Option<Vec<u8>>,
    now: Time,
    expires_at: Time,
) -> Result<()> {
    tx.execute(
        "INSERT INTO outbox (id, state, template, sealed, next_attempt_at, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)",
        &p![id, state, template, sealed, now, expires_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_caught(tx: &mut Tx<'_>, id: MailId, sealed: &[u8], now: Time) -> Result<()> {
    tx.execute(
        "INSERT INTO caught_mails (id, sealed, created_at) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
        &p![id, sealed, now],
    )
    .await?;
    // A mailbox for a developer, not an archive.
    tx.execute(
        "DELETE FROM caught_mails WHERE id NOT IN (SELECT id FROM caught_mails ORDER BY id DESC LIMIT 500)",
        &p![],
    )
    .await?;
    Ok(())
}

pub(super) async fn caught(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<(MailId, Time, Vec<u8>)>> {
    let rows = tx
        .query_all("SELECT id, created_at, sealed FROM caught_mails ORDER BY id DESC LIMIT ?1", &p![limit])
        .await?;
    rows.iter()
        .map(|row| Ok((Id::from_uuid(row.get(0)?), Time::from_micros(row.get(1)?), row.get(2)?)))
        .collect()
}
