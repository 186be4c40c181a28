use doorward_db::{Row, Tx, p};

use super::model::ChangedProfile;
use super::{EmailAddress, NewUser, Profile, User};
use crate::context::{Id, Time, UserId};
use crate::error::Result;

macro_rules! select_user {
    ($rest:literal) => {
        concat!(
            "SELECT id, email, email_key, email_verified, username, username_key, given_name, family_name, picture,
                    locale, password_hash, password_changed_at, disabled_at, last_sign_in_at, created_at,
                    deletes_at, epoch, mfa_enabled, passkey_second, must_enrol, password_reset_at
             FROM users ",
            $rest
        )
    };
}

pub(super) async fn by_id(tx: &mut Tx<'_>, id: UserId) -> Result<Option<User>> {
    tx.query_opt(select_user!("WHERE id = ?1"), &p![id]).await?.as_ref().map(read).transpose()
}

pub(super) async fn by_email_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<User>> {
    tx.query_opt(select_user!("WHERE email_key = ?1"), &p![key]).await?.as_ref().map(read).transpose()
}

pub(super) async fn by_username_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<User>> {
    tx.query_opt(select_user!("WHERE username_key = ?1"), &p![key]).await?.as_ref().map(read).transpose()
}

pub(super) async fn list(tx: &mut Tx<'_>, after: Option<UserId>, limit: i64) -> Result<Vec<User>> {
    let after = after.map_or(uuid::Uuid::nil(), Id::uuid);
    tx.query_all(select_user!("WHERE id > ?1 ORDER BY id LIMIT ?2"), &p![after, limit])
        .await?
        .iter()
        .map(read)
        .collect()
}

pub(super) async fn insert(tx: &mut Tx<'_>, id: UserId, new: &NewUser, now: Time) -> Result<Option<UserId>> {
    let row = tx
        .query_opt(
            "INSERT INTO users (id, email, email_key, email_verified, username, username_key, given_name, family_name,
                                picture, locale, password_hash, password_changed_at, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, ?12)
             ON CONFLICT (email_key) DO NOTHING RETURNING id",
            &p![
                id,
                new.email.as_str(),
                new.email.key(),
                new.email_verified,
                new.username.as_ref().map(super::Username::as_str),
                new.username.as_ref().map(super::Username::key),
                new.profile.given_name.as_deref(),
                new.profile.family_name.as_deref(),
                new.profile.picture.as_deref(),
                new.profile.locale.as_deref(),
                new.password_hash.as_deref(),
                now
            ],
        )
        .await?;
    row.map(|row| Ok(Id::from_uuid(row.get(0)?))).transpose()
}

pub(super) async fn insert_role(tx: &mut Tx<'_>, id: UserId, role: &str, now: Time) -> Result<()> {
    tx.execute(
        "INSERT INTO user_roles (user_id, role, granted_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        &p![id, role, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn update_profile(
    tx: &mut Tx<'_>,
    id: UserId,
    changed: &ChangedProfile,
    now: Time,
) -> Result<()> {
    tx.execute(
        "UPDATE users SET username = ?2, username_key = ?3, given_name = ?4, family_name = ?5, picture = ?6,
                          locale = ?7, updated_at = ?8
         WHERE id = ?1",
        &p![
            id,
            changed.username.as_deref(),
            changed.username_key.as_deref(),
            changed.profile.given_name.as_deref(),
            changed.profile.family_name.as_deref(),
            changed.profile.picture.as_deref(),
            changed.profile.locale.as_deref(),
            now
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn replace_password(
    tx: &mut Tx<'_>,
    id: UserId,
    old: Option<&str>,
    new: &str,
    now: Time,
) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE users SET password_hash = ?3, updated_at = ?4
             WHERE id = ?1 AND password_hash IS NOT DISTINCT FROM ?2 RETURNING id",
            &p![id, old, new, now],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn set_password(tx: &mut Tx<'_>, id: UserId, new: &str, now: Time) -> Result<()> {
    tx.execute(
        "UPDATE users SET password_hash = ?2, password_changed_at = ?3, updated_at = ?3 WHERE id = ?1",
        &p![id, new, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn drop_password(tx: &mut Tx<'_>, id: UserId, now: Time) -> Result<()> {
    tx.execute("UPDATE users SET password_hash = NULL, updated_at = ?2 WHERE id = ?1", &p![id, now]).await?;
    Ok(())
}

pub(super) async fn mark_email_verified(tx: &mut Tx<'_>, id: UserId, now: Time) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE users SET email_verified = TRUE, updated_at = ?2 WHERE id = ?1 AND NOT email_verified RETURNING id",
            &p![id, now],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn note_sign_in(tx: &mut Tx<'_>, id: UserId, now: Time) -> Result<()> {
    tx.execute("UPDATE users SET last_sign_in_at = ?2 WHERE id = ?1", &p![id, now]).await?;
    Ok(())
}

pub(super) async fn set_disabled(tx: &mut Tx<'_>, id: UserId, at: Option<Time>) -> Result<()> {
    tx.execute("UPDATE users SET disabled_at = ?2 WHERE id = ?1", &p![id, at]).await?;
    Ok(())
}

pub(super) async fn set_email(tx: &mut Tx<'_>, id: UserId, email: &EmailAddress, now: Time) -> Result<()> {
    tx.execute(
        "UPDATE users SET email = ?2, email_key = ?3, email_verified = TRUE, updated_at = ?4 WHERE id = ?1",
        &p![id, email.as_str(), email.key(), now],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx<'_>, id: UserId) -> Result<()> {
    tx.execute("DELETE FROM users WHERE id = ?1", &p![id]).await?;
    Ok(())
}

pub(super) async fn raise_epoch(tx: &mut Tx<'_>, id: UserId) -> Result<()> {
    tx.execute("UPDATE users SET epoch = epoch + 1 WHERE id = ?1", &p![id]).await?;
    Ok(())
}

pub(super) async fn set_mfa(
    tx: &mut Tx<'_>,
    id: UserId,
    enabled: bool,
    now: Time,
    lapse: Time,
) -> Result<()> {
    let sql = if enabled {
        // Accounts of before the column are taken for old.
        "UPDATE users SET mfa_enabled = TRUE, must_enrol = FALSE, mfa_until = NULL,
                mfa_since = CASE WHEN mfa_enabled OR mfa_until > ?3 THEN mfa_since ELSE ?2 END
         WHERE id = ?1"
    } else {
        "UPDATE users SET mfa_enabled = FALSE,
                mfa_until = CASE WHEN mfa_enabled THEN ?2 WHEN mfa_until > ?3 THEN mfa_until ELSE NULL END
         WHERE id = ?1"
    };
    tx.execute(sql, &p![id, now, lapse]).await?;
    Ok(())
}

/// Whether it asks for a second factor, and did before a moment.
pub(super) async fn had_mfa_before(tx: &mut Tx<'_>, id: UserId, moment: Time) -> Result<bool> {
    let row = tx
        .query_one(
            "SELECT COUNT(*) FROM users
             WHERE id = ?1 AND mfa_enabled AND (mfa_since IS NULL OR mfa_since < ?2)",
            &p![id, moment],
        )
        .await?;
    Ok(row.get::<i64>(0)? > 0)
}

pub(super) async fn set_passkey_second(tx: &mut Tx<'_>, id: UserId, chosen: bool) -> Result<()> {
    tx.execute("UPDATE users SET passkey_second = ?2 WHERE id = ?1", &p![id, chosen]).await?;
    Ok(())
}

pub(super) async fn must_enrol(tx: &mut Tx<'_>, id: UserId) -> Result<()> {
    tx.execute("UPDATE users SET must_enrol = TRUE WHERE id = ?1", &p![id]).await?;
    Ok(())
}

pub(super) async fn note_password_reset(tx: &mut Tx<'_>, id: UserId, now: Time) -> Result<()> {
    tx.execute("UPDATE users SET password_reset_at = ?2 WHERE id = ?1", &p![id, now]).await?;
    Ok(())
}

pub(super) async fn set_deletion(tx: &mut Tx<'_>, id: UserId, at: Option<Time>) -> Result<()> {
    tx.execute("UPDATE users SET deletes_at = ?2 WHERE id = ?1", &p![id, at]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<User> {
    let time = |index| -> Result<Option<Time>> { Ok(row.get::<Option<i64>>(index)?.map(Time::from_micros)) };
    Ok(User {
        id: Id::from_uuid(row.get(0)?),
        email: row.get(1)?,
        email_key: row.get(2)?,
        email_verified: row.get(3)?,
        username: row.get(4)?,
        username_key: row.get(5)?,
        profile: Profile {
            given_name: row.get(6)?,
            family_name: row.get(7)?,
            picture: row.get(8)?,
            locale: row.get(9)?,
        },
        password_hash: row.get(10)?,
        password_changed_at: time(11)?,
        disabled_at: time(12)?,
        last_sign_in_at: time(13)?,
        created_at: Time::from_micros(row.get(14)?),
        deletes_at: time(15)?,
        epoch: row.get(16)?,
        mfa_enabled: row.get(17)?,
        passkey_second: row.get(18)?,
        must_enrol: row.get(19)?,
        password_reset_at: time(20)?,
    })
}
