use doorward_db::{ConsumeOnce, Tx, consume_once, p};
use uuid::Uuid;

use crate::context::{CLOCK_SKEW, Time};
use crate::error::Result;

pub(super) const SECRET: ConsumeOnce = consume_once!("single_use_secrets", "id", "id");

pub(super) struct NewSecret {
    pub id: Uuid,
    pub purpose: &'static str,
    pub subject: Uuid,
    pub link_hash: [u8; 32],
    /// Its MAC, and when it runs out.
    pub code: Option<([u8; 32], Time)>,
    pub created_at: Time,
    pub expires_at: Time,
}

pub(super) async fn insert(tx: &mut Tx<'_>, secret: &NewSecret) -> Result<()> {
    tx.execute(
        "INSERT INTO single_use_secrets
             (id, purpose, subject, link_hash, code_mac, code_expires_at, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &p![
            secret.id,
            secret.purpose,
            secret.subject,
            secret.link_hash,
            secret.code.map(|(mac, _)| mac.to_vec()),
            secret.code.map(|(_, expires_at)| expires_at),
            secret.created_at,
            secret.expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn end_codes(tx: &mut Tx<'_>, purpose: &'static str, subject: Uuid) -> Result<()> {
    tx.execute(
        "UPDATE single_use_secrets SET code_mac = NULL WHERE subject = ?1 AND purpose = ?2 AND used_at IS NULL",
        &p![subject, purpose],
    )
    .await?;
    Ok(())
}

pub(super) async fn end_all(tx: &mut Tx<'_>, purpose: &'static str, subject: Uuid, now: Time) -> Result<()> {
    tx.execute(
        "UPDATE single_use_secrets SET used_at = ?3 WHERE subject = ?1 AND purpose = ?2 AND used_at IS NULL",
        &p![subject, purpose, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete_all_of(tx: &mut Tx<'_>, subject: Uuid) -> Result<()> {
    tx.execute("DELETE FROM single_use_secrets WHERE subject = ?1", &p![subject]).await?;
    Ok(())
}

pub(super) async fn by_link(
    tx: &mut Tx<'_>,
    purpose: &'static str,
    link_hash: &[u8; 32],
    now: Time,
) -> Result<Option<(Uuid, Uuid, Time)>> {
    let row = tx
        .query_opt(
            "SELECT id, subject, created_at FROM single_use_secrets
             WHERE link_hash = ?1 AND purpose = ?2 AND used_at IS NULL AND expires_at > ?3 AND created_at <= ?4",
            &p![*link_hash, purpose, now, now + CLOCK_SKEW],
        )
        .await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?, Time::from_micros(row.get(2)?)))).transpose()
}

pub(super) async fn oldest_link(
    tx: &mut Tx<'_>,
    purpose: &'static str,
    subject: Uuid,
    now: Time,
) -> Result<Option<Time>> {
    let row = tx
        .query_one(
            "SELECT MIN(created_at) FROM single_use_secrets
             WHERE subject = ?1 AND purpose = ?2 AND expires_at > ?3",
            &p![subject, purpose, now],
        )
        .await?;
    Ok(row.get::<Option<i64>>(0)?.map(Time::from_micros))
}

pub(super) async fn count_try(
    tx: &mut Tx<'_>,
    purpose: &'static str,
    subject: Uuid,
    now: Time,
    most: i64,
) -> Result<Option<(Uuid, Vec<u8>)>> {
    let row = tx
        .change_guarded(
            "UPDATE single_use_secrets SET code_tries = code_tries + 1
             WHERE subject = ?1 AND purpose = ?2 AND used_at IS NULL AND code_mac IS NOT NULL
               AND code_expires_at > ?3 AND code_tries < ?4 AND created_at <= ?5
             RETURNING id, code_mac",
            &p![subject, purpose, now, most, now + CLOCK_SKEW],
        )
        .await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

pub(super) async fn insert_failure(tx: &mut Tx<'_>, id: Uuid, account_key: &str, now: Time) -> Result<()> {
    tx.execute(
        "INSERT INTO code_failures (id, account_key, created_at) VALUES (?1, ?2, ?3)",
        &p![id, account_key, now],
    )
    .await?;
    Ok(())
}

/// When the `nth` newest failure since a moment was, if there were so many.
pub(super) async fn nth_failure(
    tx: &mut Tx<'_>,
    account_key: &str,
    moment: Time,
    nth: i64,
) -> Result<Option<Time>> {
    let row = tx
        .query_opt(
            "SELECT created_at FROM code_failures WHERE account_key = ?1 AND created_at > ?2
             ORDER BY created_at DESC LIMIT 1 OFFSET ?3",
            &p![account_key, moment, nth - 1],
        )
        .await?;
    row.map(|row| Ok(Time::from_micros(row.get(0)?))).transpose()
}

pub(super) async fn delete_expired(tx: &mut Tx<'_>, now: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM single_use_secrets WHERE id IN
                 (SELECT id FROM single_use_secrets WHERE expires_at <= ?1 LIMIT ?2)",
            &p![now, limit],
        )
        .await?)
}

pub(super) async fn delete_failures(tx: &mut Tx<'_>, before: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM code_failures WHERE id IN
                 (SELECT id FROM code_failures WHERE created_at <= ?1 LIMIT ?2)",
            &p![before, limit],
        )
        .await?)
}
