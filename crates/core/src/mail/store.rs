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

pub(super) struct Claimed {
    pub id: MailId,
    pub template: String,
    pub sealed: Vec<u8>,
    pub attempts: i64,
}

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

pub(super) async fn claim(tx: &mut Tx<'_>, now: Time, lease: Time) -> Result<Option<Claimed>> {
    let row = tx
        .change_guarded(
            "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = ?2
             WHERE id = (SELECT id FROM outbox WHERE state = 'queued' AND next_attempt_at <= ?1 AND expires_at > ?1
                         ORDER BY next_attempt_at, id LIMIT 1)
               AND state = 'queued' AND next_attempt_at <= ?1
             RETURNING id, template, sealed, attempts",
            &p![now, lease],
        )
        .await?;
    row.map(|row| {
        Ok(Claimed {
            id: Id::from_uuid(row.get(0)?),
            template: row.get(1)?,
            sealed: row.get(2)?,
            attempts: row.get(3)?,
        })
    })
    .transpose()
}

pub(super) async fn mark_sent(tx: &mut Tx<'_>, id: MailId, now: Time) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET state = 'sent', sent_at = ?2, sealed = NULL, last_error = NULL WHERE id = ?1",
        &p![id, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn mark_retry(tx: &mut Tx<'_>, id: MailId, again: Time, reason: &str) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET next_attempt_at = ?2, last_error = ?3 WHERE id = ?1 AND state = 'queued'",
        &p![id, again, reason],
    )
    .await?;
    Ok(())
}

pub(super) async fn mark_failed(tx: &mut Tx<'_>, id: MailId, reason: &str) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET state = 'failed', sealed = NULL, last_error = ?2 WHERE id = ?1",
        &p![id, reason],
    )
    .await?;
    Ok(())
}

pub(super) async fn next_due(tx: &mut Tx<'_>) -> Result<Option<Time>> {
    let row = tx
        .query_opt(
            "SELECT next_attempt_at FROM outbox WHERE state = 'queued' ORDER BY next_attempt_at LIMIT 1",
            &p![],
        )
        .await?;
    row.map(|row| Ok(Time::from_micros(row.get(0)?))).transpose()
}

pub(super) async fn queued(tx: &mut Tx<'_>) -> Result<i64> {
    Ok(tx.query_one("SELECT COUNT(*) FROM outbox WHERE state = 'queued'", &p![]).await?.get(0)?)
}

pub(super) async fn wipe_expired(tx: &mut Tx<'_>, now: Time) -> Result<u64> {
    Ok(tx
        .execute(
            "UPDATE outbox SET state = 'failed', sealed = NULL, last_error = 'not sent in time'
             WHERE state = 'queued' AND expires_at <= ?1",
            &p![now],
        )
        .await?)
}

pub(super) async fn delete_before(tx: &mut Tx<'_>, moment: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM outbox WHERE id IN
                 (SELECT id FROM outbox WHERE state <> 'queued' AND created_at <= ?1 LIMIT ?2)",
            &p![moment, limit],
        )
        .await?)
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
