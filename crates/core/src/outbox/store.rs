use doorward_db::{Tx, p};
use uuid::Uuid;

use super::Claimed;
use crate::context::Time;
use crate::error::Result;

/// What is said to the table of one kind of message. Made by [`statements!`].
pub(crate) struct Statements {
    pub claim: &'static str,
    pub sent: &'static str,
    pub retry: &'static str,
    pub failed: &'static str,
    pub next_due: &'static str,
    pub queued: &'static str,
    pub wipe_expired: &'static str,
    pub delete_before: &'static str,
}

/// `statements!("outbox")`: the table has `id`, `state` (`queued`, `sent`, `failed`), `sealed`, `attempts`, `next_attempt_at`,
/// `created_at`, `expires_at`, `sent_at` and `last_error`.
macro_rules! statements {
    ($table:literal) => {
        $crate::outbox::Statements {
            claim: concat!(
                "UPDATE ",
                $table,
                " SET attempts = attempts + 1, next_attempt_at = ?2
                 WHERE id = (SELECT id FROM ",
                $table,
                "
                             WHERE state = 'queued' AND next_attempt_at <= ?1 AND expires_at > ?1
                             ORDER BY next_attempt_at, id LIMIT 1)
                   AND state = 'queued' AND next_attempt_at <= ?1
                 RETURNING id, sealed, attempts"
            ),
            sent: concat!(
                "UPDATE ",
                $table,
                " SET state = 'sent', sent_at = ?2, sealed = NULL, last_error = NULL WHERE id = ?1"
            ),
            retry: concat!(
                "UPDATE ",
                $table,
                " SET next_attempt_at = ?2, last_error = ?3 WHERE id = ?1 AND state = 'queued'"
            ),
            failed: concat!(
                "UPDATE ",
                $table,
                " SET state = 'failed', sealed = NULL, last_error = ?2 WHERE id = ?1"
            ),
            next_due: concat!(
                "SELECT next_attempt_at FROM ",
                $table,
                " WHERE state = 'queued' ORDER BY next_attempt_at LIMIT 1"
            ),
            queued: concat!("SELECT COUNT(*) FROM ", $table, " WHERE state = 'queued'"),
            wipe_expired: concat!(
                "UPDATE ",
                $table,
                " SET state = 'failed', sealed = NULL, last_error = 'not sent in time'
                 WHERE id IN
                     (SELECT id FROM ",
                $table,
                " WHERE state = 'queued' AND expires_at <= ?1 LIMIT ?2)"
            ),
            delete_before: concat!(
                "DELETE FROM ",
                $table,
                " WHERE id IN
                     (SELECT id FROM ",
                $table,
                " WHERE state <> 'queued' AND created_at <= ?1 LIMIT ?2)"
            ),
        }
    };
}
pub(crate) use statements;

pub(super) async fn claim(
    tx: &mut Tx<'_>,
    statements: &Statements,
    now: Time,
    lease: Time,
) -> Result<Option<Claimed>> {
    let row = tx.change_guarded(statements.claim, &p![now, lease]).await?;
    row.map(|row| Ok(Claimed { id: row.get(0)?, sealed: row.get(1)?, attempts: row.get(2)? })).transpose()
}

pub(super) async fn mark_sent(tx: &mut Tx<'_>, statements: &Statements, id: Uuid, now: Time) -> Result<()> {
    tx.execute(statements.sent, &p![id, now]).await?;
    Ok(())
}

pub(super) async fn mark_retry(
    tx: &mut Tx<'_>,
    statements: &Statements,
    id: Uuid,
    again: Time,
    reason: &str,
) -> Result<()> {
    tx.execute(statements.retry, &p![id, again, reason]).await?;
    Ok(())
}

pub(super) async fn mark_failed(
    tx: &mut Tx<'_>,
    statements: &Statements,
    id: Uuid,
    reason: &str,
) -> Result<()> {
    tx.execute(statements.failed, &p![id, reason]).await?;
    Ok(())
}

pub(super) async fn next_due(tx: &mut Tx<'_>, statements: &Statements) -> Result<Option<Time>> {
    let row = tx.query_opt(statements.next_due, &p![]).await?;
    row.map(|row| Ok(Time::from_micros(row.get(0)?))).transpose()
}

pub(super) async fn queued(tx: &mut Tx<'_>, statements: &Statements) -> Result<i64> {
    Ok(tx.query_one(statements.queued, &p![]).await?.get(0)?)
}

pub(super) async fn wipe_expired(
    tx: &mut Tx<'_>,
    statements: &Statements,
    now: Time,
    limit: i64,
) -> Result<u64> {
    Ok(tx.execute(statements.wipe_expired, &p![now, limit]).await?)
}

pub(super) async fn delete_before(
    tx: &mut Tx<'_>,
    statements: &Statements,
    moment: Time,
    limit: i64,
) -> Result<u64> {
    Ok(tx.execute(statements.delete_before, &p![moment, limit]).await?)
}
