use doorward_db::{Param, Row, Tx, p};

use super::{KeyInfo, State, seal_context};
use crate::context::Time;
use crate::error::Result;
use crate::seals::{Identity, SealedColumn, sealed_column};

pub(super) const SEALED: SealedColumn = sealed_column!(
    "signing keys",
    "signing_keys",
    "kid",
    "sealed_private",
    || Param::Text(String::new()),
    |row| {
        let kid: String = row.get(0)?;
        let context = seal_context(&kid);
        Ok(Identity { key: kid.into(), context })
    }
);

/// What stands in the place of a private key that was wiped.
const WIPED: &[u8] = &[];

pub(super) struct StoredKey {
    pub info: KeyInfo,
    pub public_jwk: String,
    pub sealed_private: Vec<u8>,
}

impl StoredKey {
    pub fn is(&self, state: State) -> bool {
        self.info.state == state.as_str()
    }
}

pub(super) async fn all(tx: &mut Tx<'_>) -> Result<Vec<StoredKey>> {
    tx.query_all(
        "SELECT kid, alg, state, created_at, activated_at, retired_at, public_jwk, sealed_private
         FROM signing_keys ORDER BY created_at DESC, kid",
        &p![],
    )
    .await?
    .iter()
    .map(read)
    .collect()
}

pub(super) async fn insert(
    tx: &mut Tx<'_>,
    kid: &str,
    alg: &str,
    state: State,
    public_jwk: &str,
    sealed: &[u8],
    now: Time,
) -> Result<()> {
    let activated_at = (state == State::Current).then_some(now);
    tx.execute(
        "INSERT INTO signing_keys (kid, alg, state, public_jwk, sealed_private, created_at, activated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &p![kid, alg, state.as_str(), public_jwk, sealed, now, activated_at],
    )
    .await?;
    Ok(())
}

/// Answers whether the key was current until now. What it signed is verified by its public part alone.
pub(super) async fn retire(tx: &mut Tx<'_>, kid: &str, now: Time) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE signing_keys SET state = 'retired', retired_at = ?2, sealed_private = ?3
             WHERE kid = ?1 AND state = 'current' RETURNING kid",
            &p![kid, now, WIPED],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn activate_next(tx: &mut Tx<'_>, alg: &str, now: Time) -> Result<Option<String>> {
    let row = tx
        .change_guarded(
            "UPDATE signing_keys SET state = 'current', activated_at = ?2
             WHERE kid = (SELECT kid FROM signing_keys WHERE state = 'next' AND alg = ?1
                          ORDER BY created_at, kid LIMIT 1)
             RETURNING kid",
            &p![alg, now],
        )
        .await?;
    row.map(|row| Ok(row.get(0)?)).transpose()
}

/// Answers whether the key was published until now.
pub(super) async fn drop_key(tx: &mut Tx<'_>, kid: &str, now: Time) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE signing_keys SET state = 'dropped', retired_at = ?2, sealed_private = ?3
             WHERE kid = ?1 AND state <> 'dropped' RETURNING kid",
            &p![kid, now, WIPED],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn drop_retired(tx: &mut Tx<'_>, before: Time) -> Result<u64> {
    Ok(tx
        .execute(
            "UPDATE signing_keys SET state = 'dropped', sealed_private = ?2
             WHERE state = 'retired' AND retired_at < ?1",
            &p![before, WIPED],
        )
        .await?)
}

pub(super) async fn delete_next(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute("DELETE FROM signing_keys WHERE state = 'next'", &p![]).await?;
    Ok(())
}

pub(super) async fn delete_dropped(tx: &mut Tx<'_>, before: Time) -> Result<u64> {
    Ok(tx
        .execute("DELETE FROM signing_keys WHERE state = 'dropped' AND retired_at < ?1", &p![before])
        .await?)
}

fn read(row: &Row) -> Result<StoredKey> {
    let time = |index| -> Result<Option<Time>> { Ok(row.get::<Option<i64>>(index)?.map(Time::from_micros)) };
    Ok(StoredKey {
        info: KeyInfo {
            kid: row.get(0)?,
            alg: row.get(1)?,
            state: row.get(2)?,
            created_at: Time::from_micros(row.get(3)?),
            activated_at: time(4)?,
            retired_at: time(5)?,
        },
        public_jwk: row.get(6)?,
        sealed_private: row.get(7)?,
    })
}
