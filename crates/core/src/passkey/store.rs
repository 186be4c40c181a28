use doorward_db::{ConsumeOnce, Row, Tx, consume_once, p};
use uuid::Uuid;

use super::Passkey;
use super::ceremony::Bound;
use crate::context::{CLOCK_SKEW, Id, PasskeyId, Time, UserId};
use crate::error::Result;

pub(super) const CHALLENGE: ConsumeOnce = consume_once!("passkey_challenges", "token_hash", "challenge");

pub(super) async fn insert_challenge(
    tx: &mut Tx<'_>,
    token_hash: &[u8; 32],
    bound: &Bound,
    challenge: &[u8; 32],
    now: Time,
    expires_at: Time,
) -> Result<()> {
    tx.execute(
        "INSERT INTO passkey_challenges
             (token_hash, purpose, user_id, bound_to, challenge, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &p![*token_hash, bound.purpose, bound.user, bound.to, *challenge, now, expires_at],
    )
    .await?;
    Ok(())
}

/// The challenge of a token that is still good, and what it is bound to.
pub(super) async fn challenge(
    tx: &mut Tx<'_>,
    token_hash: &[u8; 32],
    now: Time,
) -> Result<Option<(Vec<u8>, String, Option<UserId>, Option<Uuid>)>> {
    let row = tx
        .query_opt(
            "SELECT challenge, purpose, user_id, bound_to FROM passkey_challenges
             WHERE token_hash = ?1 AND used_at IS NULL AND expires_at > ?2 AND created_at <= ?3",
            &p![*token_hash, now, now + CLOCK_SKEW],
        )
        .await?;
    row.map(|row| {
        let user = row.get::<Option<Uuid>>(2)?.map(Id::from_uuid);
        Ok((row.get(0)?, row.get(1)?, user, row.get(3)?))
    })
    .transpose()
}

pub(super) async fn delete_expired(tx: &mut Tx<'_>, now: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM passkey_challenges WHERE token_hash IN
                 (SELECT token_hash FROM passkey_challenges WHERE expires_at <= ?1 LIMIT ?2)",
            &p![now, limit],
        )
        .await?)
}

macro_rules! columns {
    () => {
        "id, user_id, credential_id, name, aaguid, backup_eligible, backed_up, created_at, last_used_at, transports"
    };
}

/// What an answer is verified with, beside what its owner sees.
pub(super) struct Key {
    pub cose: String,
    pub sign_count: i64,
    pub user_verified: bool,
    /// It proves nobody by itself.
    pub second_only: bool,
}

pub(super) async fn insert(tx: &mut Tx<'_>, passkey: &Passkey, key: &Key) -> Result<bool> {
    let row = tx
        .query_opt(
            "INSERT INTO passkeys (id, user_id, credential_id, public_key, sign_count, aaguid, transports, user_verified,
                                   backup_eligible, backed_up, name, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (credential_id) DO NOTHING RETURNING id",
            &p![
                passkey.id,
                passkey.user,
                passkey.credential_id.as_slice(),
                key.cose.as_str(),
                key.sign_count,
                passkey.aaguid,
                passkey.transports.join(","),
                key.user_verified,
                passkey.backup_eligible,
                passkey.backed_up,
                passkey.name.as_str(),
                passkey.created_at
            ],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn by_credential_id(
    tx: &mut Tx<'_>,
    credential_id: &[u8],
) -> Result<Option<(Passkey, Key)>> {
    let row = tx
        .query_opt(
            concat!(
                "SELECT ",
                columns!(),
                ", public_key, sign_count, user_verified, second_only FROM passkeys WHERE credential_id = ?1"
            ),
            &p![credential_id],
        )
        .await?;
    row.map(|row| {
        let key = Key {
            cose: row.get(10)?,
            sign_count: row.get(11)?,
            user_verified: row.get(12)?,
            second_only: row.get(13)?,
        };
        Ok((read(&row)?, key))
    })
    .transpose()
}

pub(super) async fn of_user(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<Passkey>> {
    tx.query_all(
        concat!("SELECT ", columns!(), " FROM passkeys WHERE user_id = ?1 ORDER BY id DESC LIMIT 200"),
        &p![user],
    )
    .await?
    .iter()
    .map(read)
    .collect()
}

pub(super) async fn count(tx: &mut Tx<'_>, user: UserId) -> Result<i64> {
    Ok(tx.query_one("SELECT COUNT(*) FROM passkeys WHERE user_id = ?1", &p![user]).await?.get(0)?)
}

/// Notes a use, if its signature counter rose, or neither side counts (Web Authentication, section 7.2, step 22).
pub(super) async fn note_use(
    tx: &mut Tx<'_>,
    id: PasskeyId,
    sign_count: i64,
    backed_up: bool,
    now: Time,
) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE passkeys SET sign_count = ?2, backed_up = ?3, last_used_at = ?4
             WHERE id = ?1 AND (sign_count < ?2 OR sign_count = 0 AND ?2 = 0) RETURNING id",
            &p![id, sign_count, backed_up, now],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn exists(tx: &mut Tx<'_>, id: PasskeyId) -> Result<bool> {
    Ok(tx.query_opt("SELECT id FROM passkeys WHERE id = ?1", &p![id]).await?.is_some())
}

pub(super) async fn rename(
    tx: &mut Tx<'_>,
    user: UserId,
    id: PasskeyId,
    name: &str,
) -> Result<Option<Passkey>> {
    tx.change_guarded(
        concat!("UPDATE passkeys SET name = ?3 WHERE id = ?1 AND user_id = ?2 RETURNING ", columns!()),
        &p![id, user, name],
    )
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

pub(super) async fn delete(tx: &mut Tx<'_>, user: UserId, id: PasskeyId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM passkeys WHERE id = ?1 AND user_id = ?2", &p![id, user]).await? > 0)
}

pub(super) async fn second_only_since(tx: &mut Tx<'_>, user: UserId, since: Time) -> Result<u64> {
    Ok(tx
        .execute(
            "UPDATE passkeys SET second_only = TRUE WHERE user_id = ?1 AND created_at >= ?2",
            &p![user, since],
        )
        .await?)
}

pub(super) async fn make_whole(tx: &mut Tx<'_>, id: PasskeyId) -> Result<()> {
    tx.execute("UPDATE passkeys SET second_only = FALSE WHERE id = ?1", &p![id]).await?;
    Ok(())
}

pub(super) async fn delete_since(tx: &mut Tx<'_>, user: UserId, since: Time) -> Result<u64> {
    Ok(tx.execute("DELETE FROM passkeys WHERE user_id = ?1 AND created_at >= ?2", &p![user, since]).await?)
}

pub(super) async fn delete_all(tx: &mut Tx<'_>, user: UserId) -> Result<u64> {
    Ok(tx.execute("DELETE FROM passkeys WHERE user_id = ?1", &p![user]).await?)
}

fn read(row: &Row) -> Result<Passkey> {
    let transports: String = row.get(9)?;
    Ok(Passkey {
        id: Id::from_uuid(row.get(0)?),
        user: Id::from_uuid(row.get(1)?),
        credential_id: row.get(2)?,
        name: row.get(3)?,
        aaguid: row.get(4)?,
        backup_eligible: row.get(5)?,
        backed_up: row.get(6)?,
        created_at: Time::from_micros(row.get(7)?),
        last_used_at: row.get::<Option<i64>>(8)?.map(Time::from_micros),
        transports: transports.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect(),
    })
}
