use doorward_db::{Param, Tx, p};
use uuid::Uuid;

use super::SEAL_CONTEXT;
use crate::context::{Id, SmsId, Time, UserId};
use crate::error::Result;
use crate::seals::{Identity, SealedColumn, sealed_column};

pub(super) const SEALED: SealedColumn =
    sealed_column!("queued SMS", "sms_outbox", "id", "sealed", || Uuid::nil().into(), |row| {
        Ok(Identity { key: Param::Uuid(row.get(0)?), context: SEAL_CONTEXT.to_vec() })
    });

pub(super) struct New {
    pub id: SmsId,
    pub sealed: Vec<u8>,
    pub digest: String,
    pub user: UserId,
    pub country: String,
    pub now: Time,
    pub expires_at: Time,
}

pub(super) struct Claimed {
    pub id: SmsId,
    pub sealed: Vec<u8>,
    pub attempts: i64,
}

pub(super) async fn insert(tx: &mut Tx<'_>, new: &New) -> Result<()> {
    tx.execute(
        "INSERT INTO sms_outbox (id, state, sealed, number_digest, user_id, country, next_attempt_at, created_at, expires_at)
         VALUES (?1, 'queued', ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
        &p![
            new.id,
            new.sealed.clone(),
            new.digest.as_str(),
            new.user,
            new.country.as_str(),
            new.now,
            new.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// When the `n`th newest message since a moment was made, if there were so many.
pub(super) async fn nth_of_number(
    tx: &mut Tx<'_>,
    digest: &str,
    since: Time,
    n: i64,
) -> Result<Option<Time>> {
    let row = tx
        .query_opt(
            "SELECT created_at FROM sms_outbox WHERE number_digest = ?1 AND created_at > ?2
             ORDER BY created_at DESC LIMIT 1 OFFSET ?3",
            &p![digest, since, n - 1],
        )
        .await?;
    row.map(|row| Ok(Time::from_micros(row.get(0)?))).transpose()
}

pub(super) async fn nth_of_user(tx: &mut Tx<'_>, user: UserId, since: Time, n: i64) -> Result<Option<Time>> {
    let row = tx
        .query_opt(
            "SELECT created_at FROM sms_outbox WHERE user_id = ?1 AND created_at > ?2
             ORDER BY created_at DESC LIMIT 1 OFFSET ?3",
            &p![user, since, n - 1],
        )
        .await?;
    row.map(|row| Ok(Time::from_micros(row.get(0)?))).transpose()
}

pub(super) async fn nth_of_country(
    tx: &mut Tx<'_>,
    country: &str,
    since: Time,
    n: i64,
) -> Result<Option<Time>> {
    let row = tx
        .query_opt(
            "SELECT created_at FROM sms_outbox WHERE country = ?1 AND created_at > ?2
             ORDER BY created_at DESC LIMIT 1 OFFSET ?3",
            &p![country, since, n - 1],
        )
        .await?;
    row.map(|row| Ok(Time::from_micros(row.get(0)?))).transpose()
}

pub(super) async fn claim(tx: &mut Tx<'_>, now: Time, lease: Time) -> Result<Option<Claimed>> {
    let row = tx
        .change_guarded(
            "UPDATE sms_outbox SET attempts = attempts + 1, next_attempt_at = ?2
             WHERE id = (SELECT id FROM sms_outbox WHERE state = 'queued' AND next_attempt_at <= ?1 AND expires_at > ?1
                         ORDER BY next_attempt_at, id LIMIT 1)
               AND state = 'queued' AND next_attempt_at <= ?1
             RETURNING id, sealed, attempts",
            &p![now, lease],
        )
        .await?;
    row.map(|row| Ok(Claimed { id: Id::from_uuid(row.get(0)?), sealed: row.get(1)?, attempts: row.get(2)? }))
        .transpose()
}

pub(super) async fn mark_sent(tx: &mut Tx<'_>, id: SmsId, now: Time) -> Result<()> {
    tx.execute(
        "UPDATE sms_outbox SET state = 'sent', sent_at = ?2, sealed = NULL, last_error = NULL WHERE id = ?1",
        &p![id, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn mark_retry(tx: &mut Tx<'_>, id: SmsId, again: Time, reason: &str) -> Result<()> {
    tx.execute(
        "UPDATE sms_outbox SET next_attempt_at = ?2, last_error = ?3 WHERE id = ?1 AND state = 'queued'",
        &p![id, again, reason],
    )
    .await?;
    Ok(())
}

pub(super) async fn mark_failed(tx: &mut Tx<'_>, id: SmsId, reason: &str) -> Result<()> {
    tx.execute(
        "UPDATE sms_outbox SET state = 'failed', sealed = NULL, last_error = ?2 WHERE id = ?1",
        &p![id, reason],
    )
    .await?;
    Ok(())
}

pub(super) async fn next_due(tx: &mut Tx<'_>) -> Result<Option<Time>> {
    let row = tx
        .query_opt(
            "SELECT next_attempt_at FROM sms_outbox WHERE state = 'queued' ORDER BY next_attempt_at LIMIT 1",
            &p![],
        )
        .await?;
    row.map(|row| Ok(Time::from_micros(row.get(0)?))).transpose()
}

pub(super) async fn wipe_expired(tx: &mut Tx<'_>, now: Time) -> Result<u64> {
    Ok(tx
        .execute(
            "UPDATE sms_outbox SET state = 'failed', sealed = NULL, last_error = 'not sent in time'
             WHERE state = 'queued' AND expires_at <= ?1",
            &p![now],
        )
        .await?)
}

pub(super) async fn delete_before(tx: &mut Tx<'_>, moment: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM sms_outbox WHERE id IN
                 (SELECT id FROM sms_outbox WHERE state <> 'queued' AND created_at <= ?1 LIMIT ?2)",
            &p![moment, limit],
        )
        .await?)
}
