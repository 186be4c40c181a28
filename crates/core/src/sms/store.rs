use doorward_db::{Param, Tx, p};
use uuid::Uuid;

use super::SEAL_CONTEXT;
use crate::context::{SmsId, Time, UserId};
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
    pub claims: bool,
    pub user: UserId,
    pub country: String,
    pub now: Time,
    pub expires_at: Time,
}

pub(super) async fn insert(tx: &mut Tx<'_>, new: &New) -> Result<()> {
    tx.execute(
        "INSERT INTO sms_outbox (id, state, sealed, number_digest, claims, user_id, country, next_attempt_at, created_at, expires_at)
         VALUES (?1, 'queued', ?2, ?3, ?8, ?4, ?5, ?6, ?6, ?7)",
        &p![
            new.id,
            new.sealed.clone(),
            new.digest.as_str(),
            new.user,
            new.country.as_str(),
            new.now,
            new.expires_at,
            new.claims
        ],
    )
    .await?;
    Ok(())
}

/// Whose messages are counted.
pub(super) enum Counted<'a> {
    Number(&'a str),
    /// Those to somebody who claims it.
    Claims(&'a str),
    User(UserId),
    Country(&'a str),
}

/// When the `n`th newest message since a moment was made, if there were so many.
pub(super) async fn nth(tx: &mut Tx<'_>, of: Counted<'_>, since: Time, n: i64) -> Result<Option<Time>> {
    macro_rules! by {
        ($column:literal) => {
            concat!(
                "SELECT created_at FROM sms_outbox WHERE ",
                $column,
                " = ?1 AND created_at > ?2 ORDER BY created_at DESC LIMIT 1 OFFSET ?3"
            )
        };
    }
    let (sql, key): (_, Param) = match of {
        Counted::Number(digest) => (by!("NOT claims AND number_digest"), digest.into()),
        Counted::Claims(digest) => (by!("claims AND number_digest"), digest.into()),
        Counted::User(user) => (by!("user_id"), user.into()),
        Counted::Country(country) => (by!("country"), country.into()),
    };
    let row = tx.query_opt(sql, &p![key, since, n - 1]).await?;
    row.map(|row| Ok(Time::from_micros(row.get(0)?))).transpose()
}
