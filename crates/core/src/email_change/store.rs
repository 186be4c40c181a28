use doorward_db::{Row, Tx, p};

use crate::context::{EmailChangeId, Id, Time, UserId};
use crate::error::Result;

/// A change of address.
#[derive(Debug, Clone)]
pub struct EmailChange {
    pub id: EmailChangeId,
    pub user: UserId,
    pub old_email: String,
    pub new_email: String,
    pub created_at: Time,
    pub confirmed_at: Option<Time>,
    pub undone_at: Option<Time>,
}

macro_rules! select_change {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, old_email, new_email, created_at, confirmed_at, undone_at FROM email_changes ",
            $rest
        )
    };
}

pub(super) async fn insert(
    tx: &mut Tx<'_>,
    id: EmailChangeId,
    user: UserId,
    old: &str,
    new: &str,
    now: Time,
    expires_at: Time,
) -> Result<()> {
    tx.execute(
        "INSERT INTO email_changes (id, user_id, old_email, new_email, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &p![id, user, old, new, now, expires_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx<'_>, id: EmailChangeId) -> Result<Option<EmailChange>> {
    tx.query_opt(select_change!("WHERE id = ?1"), &p![id]).await?.as_ref().map(read).transpose()
}

pub(super) async fn pending(tx: &mut Tx<'_>, user: UserId, now: Time) -> Result<Option<EmailChange>> {
    tx.query_opt(
        select_change!(
            "WHERE user_id = ?1 AND confirmed_at IS NULL AND expires_at > ?2 ORDER BY id DESC LIMIT 1"
        ),
        &p![user, now],
    )
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

pub(super) async fn of_user(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<EmailChange>> {
    let sql = select_change!("WHERE user_id = ?1 ORDER BY id DESC");
    tx.query_all(sql, &p![user]).await?.iter().map(read).collect()
}

/// The first that can be undone.
pub(super) async fn first_since(
    tx: &mut Tx<'_>,
    user: UserId,
    moment: Time,
    now: Time,
) -> Result<Option<EmailChange>> {
    tx.query_opt(
        select_change!(
            "WHERE user_id = ?1 AND confirmed_at > ?2 AND undone_at IS NULL
               AND (undo_until IS NULL OR undo_until > ?3) ORDER BY confirmed_at, id LIMIT 1"
        ),
        &p![user, moment, now],
    )
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

pub(super) async fn last_until(tx: &mut Tx<'_>, user: UserId, moment: Time) -> Result<Option<Time>> {
    let row = tx
        .query_one(
            "SELECT MAX(confirmed_at) FROM email_changes
             WHERE user_id = ?1 AND confirmed_at <= ?2 AND undone_at IS NULL",
            &p![user, moment],
        )
        .await?;
    Ok(row.get::<Option<i64>>(0)?.map(Time::from_micros))
}

pub(super) async fn later_than(tx: &mut Tx<'_>, user: UserId, since: Time) -> Result<Vec<EmailChangeId>> {
    tx.query_all("SELECT id FROM email_changes WHERE user_id = ?1 AND created_at > ?2", &p![user, since])
        .await?
        .iter()
        .map(|row| Ok(Id::from_uuid(row.get(0)?)))
        .collect()
}

pub(super) async fn end_pending(tx: &mut Tx<'_>, user: UserId, now: Time) -> Result<()> {
    tx.execute(
        "UPDATE email_changes SET expires_at = ?2
         WHERE user_id = ?1 AND confirmed_at IS NULL AND expires_at > ?2",
        &p![user, now],
    )
    .await?;
    Ok(())
}

/// Those that were confirmed since a moment and not undone, the newest first.
pub(super) async fn since(tx: &mut Tx<'_>, user: UserId, moment: Time) -> Result<Vec<EmailChange>> {
    let sql = select_change!(
        "WHERE user_id = ?1 AND confirmed_at > ?2 AND undone_at IS NULL ORDER BY confirmed_at DESC, id DESC"
    );
    tx.query_all(sql, &p![user, moment]).await?.iter().map(read).collect()
}

pub(super) async fn mark_confirmed(
    tx: &mut Tx<'_>,
    id: EmailChangeId,
    now: Time,
    undo_until: Time,
) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE email_changes SET confirmed_at = ?2, undo_until = ?3
             WHERE id = ?1 AND confirmed_at IS NULL AND expires_at > ?2 RETURNING id",
            &p![id, now, undo_until],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn mark_undone(tx: &mut Tx<'_>, id: EmailChangeId, now: Time) -> Result<()> {
    // What was changed after it goes with it.
    tx.execute(
        "UPDATE email_changes SET undone_at = ?2
         WHERE undone_at IS NULL AND confirmed_at IS NOT NULL
           AND user_id = (SELECT user_id FROM email_changes WHERE id = ?1)
           AND created_at >= (SELECT created_at FROM email_changes WHERE id = ?1)",
        &p![id, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete_old(tx: &mut Tx<'_>, before: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM email_changes WHERE id IN
                 (SELECT id FROM email_changes WHERE expires_at < ?1
                      AND (confirmed_at IS NULL OR confirmed_at < ?1) LIMIT ?2)",
            &p![before, limit],
        )
        .await?)
}

fn read(row: &Row) -> Result<EmailChange> {
    Ok(EmailChange {
        id: Id::from_uuid(row.get(0)?),
        user: Id::from_uuid(row.get(1)?),
        old_email: row.get(2)?,
        new_email: row.get(3)?,
        created_at: Time::from_micros(row.get(4)?),
        confirmed_at: row.get::<Option<i64>>(5)?.map(Time::from_micros),
        undone_at: row.get::<Option<i64>>(6)?.map(Time::from_micros),
    })
}
