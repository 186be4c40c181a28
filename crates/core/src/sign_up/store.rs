use doorward_db::{ConsumeOnce, Row, Tx, consume_once, p};

use crate::context::{Id, PendingId, Time};
use crate::error::Result;
use crate::user::{NewUser, Username};

pub(super) const PENDING: ConsumeOnce = consume_once!("pending_sign_ups", "id", "id");

pub(super) struct Pending {
    pub id: PendingId,
    pub flow_hash: Vec<u8>,
    pub email: String,
    pub email_key: String,
    pub username: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub password_hash: String,
    pub redirect_to: Option<String>,
}

macro_rules! select_pending {
    ($rest:literal) => {
        concat!(
            "SELECT id, flow_hash, email, email_key, username, given_name, family_name, password_hash, redirect_to
             FROM pending_sign_ups ",
            $rest
        )
    };
}

pub(super) async fn insert(
    tx: &mut Tx<'_>,
    (id, flow_hash): (PendingId, &[u8; 32]),
    new: &NewUser,
    redirect_to: Option<&str>,
    now: Time,
    expires_at: Time,
) -> Result<()> {
    tx.execute(
        "INSERT INTO pending_sign_ups (id, flow_hash, email, email_key, username, given_name, family_name, password_hash,
                                       redirect_to, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        &p![
            id,
            *flow_hash,
            new.email.as_str(),
            new.email.key(),
            new.username.as_ref().map(Username::as_str),
            new.profile.given_name.as_deref(),
            new.profile.family_name.as_deref(),
            new.password_hash.as_deref(),
            redirect_to,
            now,
            expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn by_id(tx: &mut Tx<'_>, id: PendingId, now: Time) -> Result<Option<Pending>> {
    tx.query_opt(select_pending!("WHERE id = ?1 AND used_at IS NULL AND expires_at > ?2"), &p![id, now])
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

pub(super) async fn by_flow(tx: &mut Tx<'_>, hash: &[u8; 32], now: Time) -> Result<Option<Pending>> {
    tx.query_opt(
        select_pending!("WHERE flow_hash = ?1 AND used_at IS NULL AND expires_at > ?2"),
        &p![*hash, now],
    )
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

pub(super) async fn newest(tx: &mut Tx<'_>, email_key: &str, now: Time) -> Result<Option<Pending>> {
    tx.query_opt(
        select_pending!(
            "WHERE email_key = ?1 AND used_at IS NULL AND expires_at > ?2 ORDER BY id DESC LIMIT 1"
        ),
        &p![email_key, now],
    )
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

pub(super) async fn count_try(tx: &mut Tx<'_>, id: PendingId, most: i64) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE pending_sign_ups SET tries = tries + 1 WHERE id = ?1 AND tries < ?2 RETURNING id",
            &p![id, most],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn delete_expired(tx: &mut Tx<'_>, now: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM pending_sign_ups WHERE id IN
                 (SELECT id FROM pending_sign_ups WHERE expires_at <= ?1 OR used_at IS NOT NULL LIMIT ?2)",
            &p![now, limit],
        )
        .await?)
}

fn read(row: &Row) -> Result<Pending> {
    Ok(Pending {
        id: Id::from_uuid(row.get(0)?),
        flow_hash: row.get(1)?,
        email: row.get(2)?,
        email_key: row.get(3)?,
        username: row.get(4)?,
        given_name: row.get(5)?,
        family_name: row.get(6)?,
        password_hash: row.get(7)?,
        redirect_to: row.get(8)?,
    })
}

/// How many sign-ups were begun since a moment, or accounts made where they need not wait; counts to `most` and no further.
pub(super) async fn begun_since(tx: &mut Tx<'_>, since: Time, most: i64) -> Result<i64> {
    // Ids begin with the time of their making.
    let first = Id::<crate::context::PendingKind>::first_at(since);
    let row = tx
        .query_one(
            "SELECT (SELECT COUNT(*) FROM (SELECT id FROM pending_sign_ups WHERE id >= ?1 LIMIT ?2) AS begun),
                    (SELECT COUNT(*) FROM (SELECT id FROM users WHERE id >= ?1 LIMIT ?2) AS made)",
            &p![first, most],
        )
        .await?;
    Ok(row.get::<i64>(0)?.max(row.get(1)?))
}
