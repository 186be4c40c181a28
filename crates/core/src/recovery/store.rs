use doorward_db::{ConsumeOnce, Row, Tx, consume_once, p};

use super::Recovery;
use crate::context::{Id, RecoveryId, Time, UserId};
use crate::error::Result;

const RECOVERY: ConsumeOnce = consume_once!("recoveries", "id", "id");

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, user_id, asked_at, ready_at, mails, expires_at FROM recoveries ", $rest)
    };
}

pub(super) async fn insert(tx: &mut Tx<'_>, recovery: &Recovery) -> Result<()> {
    tx.execute(
        "INSERT INTO recoveries (id, user_id, asked_at, ready_at, mails, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &p![
            recovery.id,
            recovery.user,
            recovery.asked_at,
            recovery.ready_at,
            recovery.mails,
            recovery.expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx<'_>, id: RecoveryId, now: Time) -> Result<Option<Recovery>> {
    let row =
        tx.query_opt(select!("WHERE id = ?1 AND used_at IS NULL AND expires_at > ?2"), &p![id, now]).await?;
    row.as_ref().map(read).transpose()
}

pub(super) async fn of_user(tx: &mut Tx<'_>, user: UserId, now: Time) -> Result<Option<Recovery>> {
    let sql = select!("WHERE user_id = ?1 AND used_at IS NULL AND expires_at > ?2 ORDER BY id DESC LIMIT 1");
    tx.query_opt(sql, &p![user, now]).await?.as_ref().map(read).transpose()
}

/// Those of which a mail is due: the second from halfway on, the third when they are ready.
pub(super) async fn due(tx: &mut Tx<'_>, now: Time, limit: i64) -> Result<Vec<Recovery>> {
    let sql = select!(
        "WHERE used_at IS NULL AND mails < 3 AND expires_at > ?1
           AND (ready_at <= ?1 OR (mails = 1 AND asked_at + (ready_at - asked_at) / 2 <= ?1))
         ORDER BY ready_at LIMIT ?2"
    );
    tx.query_all(sql, &p![now, limit]).await?.iter().map(read).collect()
}

/// Counts a mail: of many processes one sends it.
pub(super) async fn note_mail(tx: &mut Tx<'_>, id: RecoveryId, from: i64, to: i64) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE recoveries SET mails = ?3 WHERE id = ?1 AND mails = ?2 AND used_at IS NULL RETURNING id",
            &p![id, from, to],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn consume(tx: &mut Tx<'_>, id: RecoveryId, now: Time) -> Result<bool> {
    Ok(tx.consume_once(&RECOVERY, id, now.micros()).await?.is_some())
}

pub(super) async fn delete_old(tx: &mut Tx<'_>, before: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM recoveries WHERE id IN (SELECT id FROM recoveries WHERE expires_at <= ?1 LIMIT ?2)",
            &p![before, limit],
        )
        .await?)
}

fn read(row: &Row) -> Result<Recovery> {
    Ok(Recovery {
        id: Id::from_uuid(row.get(0)?),
        user: Id::from_uuid(row.get(1)?),
        asked_at: Time::from_micros(row.get(2)?),
        ready_at: Time::from_micros(row.get(3)?),
        mails: row.get(4)?,
        expires_at: Time::from_micros(row.get(5)?),
    })
}
