use doorward_crypto::chain::Link;
use doorward_db::{Param, Row, Tx, p};
use uuid::Uuid;

use super::entry::Entry;
use crate::context::{EventId, Id, Time};
use crate::error::{Error, Result};
use crate::seals::{Identity, SealedColumn, sealed_column};

pub(super) const SEALED: SealedColumn =
    sealed_column!("the audit chain", "audit_chain", "id", "sealed_key", || i64::MIN.into(), |row| {
        let id: i64 = row.get(0)?;
        Ok(Identity { key: id.into(), context: super::KEY_CONTEXT.to_vec() })
    });

/// The chain's row.
pub(super) struct Chain {
    pub sealed_key: Vec<u8>,
    pub end: Link,
    pub holder: Option<Uuid>,
    pub held_until: Time,
    pub anchor: Link,
    pub anchor_proof: Vec<u8>,
}

/// A head as it was signed.
pub(super) struct HeadRow {
    pub end: Link,
    pub signed_at: Time,
    pub jws: String,
}

/// The columns of an entry, as `read` takes them.
macro_rules! entries {
    ($where:literal) => {
        concat!(
            "SELECT id, created_at, type, outcome, actor_id, user_id, session_id, ip, user_agent, request_id,
                    detail, personal, position, mac, salt, personal_digest
             FROM audit_events WHERE ",
            $where
        )
    };
}

pub(super) async fn chain(tx: &mut Tx<'_>) -> Result<Option<Chain>> {
    let row = tx
        .query_opt(
            "SELECT sealed_key, position, mac, holder, held_until, anchor_position, anchor_mac, anchor_proof
             FROM audit_chain WHERE id = 1",
            &p![],
        )
        .await?;
    row.map(|row| {
        Ok(Chain {
            sealed_key: row.get(0)?,
            end: link(row.get(1)?, row.get(2)?)?,
            holder: row.get(3)?,
            held_until: Time::from_micros(row.get(4)?),
            anchor: link(row.get(5)?, row.get(6)?)?,
            anchor_proof: row.get(7)?,
        })
    })
    .transpose()
}

pub(super) async fn begin(tx: &mut Tx<'_>, sealed_key: &[u8], anchor_proof: &[u8; 32]) -> Result<()> {
    tx.execute(
        "INSERT INTO audit_chain
             (id, sealed_key, position, mac, held_until, anchor_position, anchor_mac, anchor_proof)
         VALUES (1, ?1, 0, ?2, 0, 0, ?2, ?3)",
        &p![sealed_key, Link::START.mac, *anchor_proof],
    )
    .await?;
    Ok(())
}

/// Takes or keeps the right to seal. Nobody holds it longer than from `now` until `until`; a later time is a clock's
/// mistake.
pub(super) async fn hold(tx: &mut Tx<'_>, holder: Uuid, until: Time, now: Time) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE audit_chain SET holder = ?1, held_until = ?2
             WHERE id = 1 AND (holder = ?1 OR held_until <= ?3 OR held_until > ?2) RETURNING position",
            &p![holder, until, now],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn extend(tx: &mut Tx<'_>, end: &Link) -> Result<()> {
    tx.execute(
        "UPDATE audit_chain SET position = ?1, mac = ?2 WHERE id = 1",
        &p![place(end.position)?, end.mac],
    )
    .await?;
    Ok(())
}

pub(super) async fn move_anchor(tx: &mut Tx<'_>, anchor: &Link, proof: &[u8; 32]) -> Result<()> {
    tx.execute(
        "UPDATE audit_chain SET anchor_position = ?1, anchor_mac = ?2, anchor_proof = ?3 WHERE id = 1",
        &p![place(anchor.position)?, anchor.mac, *proof],
    )
    .await?;
    Ok(())
}

pub(super) async fn has_unsealed(tx: &mut Tx<'_>) -> Result<bool> {
    Ok(tx.query_opt("SELECT id FROM audit_events WHERE position IS NULL LIMIT 1", &p![]).await?.is_some())
}

pub(super) async fn has_sealed(tx: &mut Tx<'_>) -> Result<bool> {
    Ok(tx.query_opt("SELECT id FROM audit_events WHERE position >= 0 LIMIT 1", &p![]).await?.is_some())
}

/// Whether the oldest sealed event is from before a moment.
pub(super) async fn has_sealed_before(tx: &mut Tx<'_>, moment: Time) -> Result<bool> {
    let row = tx
        .query_opt("SELECT created_at FROM audit_events WHERE position >= 0 ORDER BY position LIMIT 1", &p![])
        .await?;
    Ok(row.map(|row| row.get(0)).transpose()?.is_some_and(|at| Time::from_micros(at) < moment))
}

pub(super) async fn unsealed(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Entry>> {
    let rows = tx.query_all(entries!("position IS NULL ORDER BY id LIMIT ?1"), &p![limit]).await?;
    rows.iter().map(read).collect()
}

pub(super) async fn seal(
    tx: &mut Tx<'_>,
    id: EventId,
    link: &Link,
    salt: &[u8; 16],
    digest: &[u8; 32],
) -> Result<()> {
    tx.execute(
        "UPDATE audit_events SET position = ?2, mac = ?3, salt = ?4, personal_digest = ?5 WHERE id = ?1",
        &p![id, place(link.position)?, link.mac, *salt, *digest],
    )
    .await?;
    Ok(())
}

/// Sealed events with positions from after `after` to `until`, in their order.
pub(super) async fn sealed_after(tx: &mut Tx<'_>, after: u64, until: u64, limit: i64) -> Result<Vec<Entry>> {
    let rows = tx
        .query_all(
            entries!("position > ?1 AND position <= ?2 ORDER BY position LIMIT ?3"),
            &p![place(after)?, place(until)?, limit],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// How many sealed events lie outside of these positions, and the first of them.
pub(super) async fn sealed_outside(tx: &mut Tx<'_>, after: u64, until: u64) -> Result<(i64, Option<i64>)> {
    let row = tx
        .query_one(
            "SELECT COUNT(*), MIN(position) FROM audit_events WHERE position <= ?1 OR position > ?2",
            &p![place(after)?, place(until)?],
        )
        .await?;
    Ok((row.get(0)?, row.get(1)?))
}

pub(super) async fn count_unsealed(tx: &mut Tx<'_>) -> Result<i64> {
    Ok(tx.query_one("SELECT COUNT(*) FROM audit_events WHERE position IS NULL", &p![]).await?.get(0)?)
}

pub(super) async fn delete_until(tx: &mut Tx<'_>, anchor: &Link) -> Result<u64> {
    Ok(tx.execute("DELETE FROM audit_events WHERE position <= ?1", &p![place(anchor.position)?]).await?)
}

pub(super) async fn newest_head(tx: &mut Tx<'_>) -> Result<Option<HeadRow>> {
    let row = tx
        .query_opt(
            "SELECT position, mac, signed_at, jws FROM audit_heads ORDER BY position DESC LIMIT 1",
            &p![],
        )
        .await?;
    row.as_ref().map(head).transpose()
}

pub(super) async fn heads(tx: &mut Tx<'_>) -> Result<Vec<HeadRow>> {
    let rows = tx
        .query_all("SELECT position, mac, signed_at, jws FROM audit_heads ORDER BY position", &p![])
        .await?;
    rows.iter().map(head).collect()
}

/// Keeps a head. One of the same end is brought up to date; one that says something else of it stays, as evidence.
pub(super) async fn insert_head(tx: &mut Tx<'_>, end: &Link, now: Time, jws: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO audit_heads (position, mac, signed_at, jws) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (position) DO UPDATE SET signed_at = excluded.signed_at, jws = excluded.jws
         WHERE audit_heads.mac = excluded.mac",
        &p![place(end.position)?, end.mac, now, jws],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete_heads_before(tx: &mut Tx<'_>, moment: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM audit_heads WHERE position IN
                 (SELECT position FROM audit_heads WHERE signed_at < ?1
                  AND position < (SELECT MAX(position) FROM audit_heads) LIMIT ?2)",
            &p![moment, limit],
        )
        .await?)
}

pub(super) async fn keep_head_key(tx: &mut Tx<'_>, kid: &str, public_jwk: &str, now: Time) -> Result<()> {
    tx.execute(
        "INSERT INTO audit_head_keys (kid, public_jwk, created_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (kid) DO NOTHING",
        &p![kid, public_jwk, now],
    )
    .await?;
    Ok(())
}

/// The public JWKs of all keys that ever signed a head.
pub(super) async fn head_keys(tx: &mut Tx<'_>) -> Result<Vec<String>> {
    let rows = tx.query_all("SELECT public_jwk FROM audit_head_keys", &p![]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
}

/// What a search looks for. Ids lie between the bounds, neither of them included.
pub(super) struct Wanted {
    pub above: Uuid,
    pub below: Uuid,
    pub since: i64,
    pub until: i64,
    pub event_type: Option<&'static str>,
    pub user: Option<Uuid>,
}

const RANGE_UP: &str =
    entries!("id > ?1 AND id < ?2 AND created_at >= ?3 AND created_at < ?4 ORDER BY id LIMIT ?5");
const RANGE_DOWN: &str =
    entries!("id > ?1 AND id < ?2 AND created_at >= ?3 AND created_at < ?4 ORDER BY id DESC LIMIT ?5");
const TYPE_UP: &str = entries!(
    "type = ?6 AND id > ?1 AND id < ?2 AND created_at >= ?3 AND created_at < ?4 ORDER BY id LIMIT ?5"
);
const TYPE_DOWN: &str = entries!(
    "type = ?6 AND id > ?1 AND id < ?2 AND created_at >= ?3 AND created_at < ?4 ORDER BY id DESC LIMIT ?5"
);
const USER_UP: &str = entries!(
    "user_id = ?7 AND (?6 = '' OR type = ?6)
     AND id > ?1 AND id < ?2 AND created_at >= ?3 AND created_at < ?4 ORDER BY id LIMIT ?5"
);
const USER_DOWN: &str = entries!(
    "user_id = ?7 AND (?6 = '' OR type = ?6)
     AND id > ?1 AND id < ?2 AND created_at >= ?3 AND created_at < ?4 ORDER BY id DESC LIMIT ?5"
);

pub(super) async fn search(
    tx: &mut Tx<'_>,
    wanted: &Wanted,
    newest_first: bool,
    limit: i64,
) -> Result<Vec<Entry>> {
    let params: [Param; 7] = p![
        wanted.above,
        wanted.below,
        wanted.since,
        wanted.until,
        limit,
        wanted.event_type.unwrap_or_default(),
        wanted.user
    ];
    // Each has an index that finds the first row at once.
    let (sql, used) = match (wanted.user, wanted.event_type, newest_first) {
        (Some(_), _, false) => (USER_UP, 7),
        (Some(_), _, true) => (USER_DOWN, 7),
        (None, Some(_), false) => (TYPE_UP, 6),
        (None, Some(_), true) => (TYPE_DOWN, 6),
        (None, None, false) => (RANGE_UP, 5),
        (None, None, true) => (RANGE_DOWN, 5),
    };
    tx.query_all(sql, &params[..used]).await?.iter().map(read).collect()
}

fn head(row: &Row) -> Result<HeadRow> {
    Ok(HeadRow {
        end: link(row.get(0)?, row.get(1)?)?,
        signed_at: Time::from_micros(row.get(2)?),
        jws: row.get(3)?,
    })
}

fn read(row: &Row) -> Result<Entry> {
    Ok(Entry {
        id: Id::from_uuid(row.get(0)?),
        time: Time::from_micros(row.get(1)?),
        event_type: row.get(2)?,
        outcome: row.get(3)?,
        actor: row.get::<Option<Uuid>>(4)?.map(Id::from_uuid),
        user: row.get::<Option<Uuid>>(5)?.map(Id::from_uuid),
        session: row.get::<Option<Uuid>>(6)?.map(Id::from_uuid),
        ip: row.get(7)?,
        user_agent: row.get(8)?,
        request_id: row.get(9)?,
        detail: row.get(10)?,
        personal: row.get(11)?,
        position: row.get::<Option<i64>>(12)?.and_then(|position| u64::try_from(position).ok()),
        mac: row.get(13)?,
        salt: row.get(14)?,
        personal_digest: row.get(15)?,
    })
}

fn link(position: i64, mac: Vec<u8>) -> Result<Link> {
    let broken = || Error::internal("the audit chain's own rows were changed: a MAC or a position is none");
    let position = u64::try_from(position).map_err(|_| broken())?;
    Ok(Link { position, mac: mac.try_into().map_err(|_| broken())? })
}

fn place(position: u64) -> Result<i64> {
    i64::try_from(position).map_err(Error::internal)
}
