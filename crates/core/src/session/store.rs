use doorward_db::{Row as DbRow, Tx, p};
use uuid::Uuid;

use super::model::{AAL2, EndReason, NewSession, Session};
use crate::context::{Caller, DeviceId, Id, SessionId, Time, UserId};
use crate::error::{Error, Result};
use crate::seals::{Identity, SealedColumn, sealed_column};

pub(super) const SEALED: SealedColumn =
    sealed_column!("sessions", "sessions", "id", "sealed_secret", || Uuid::nil().into(), |row| {
        let id: Uuid = row.get(0)?;
        Ok(Identity { key: id.into(), context: super::seal_context(Id::from_uuid(id)) })
    });

/// What the rotation needs of a session.
pub(super) struct Row {
    pub id: SessionId,
    pub user: UserId,
    pub sealed_secret: Vec<u8>,
    pub generation: i64,
    pub rotations: Vec<Time>,
    pub retries: Vec<Time>,
    amr: String,
    acr: String,
    auth_time: Time,
    pub remember: bool,
    created_at: Time,
    pub last_seen_at: Time,
    pub expires_at: Time,
    pub absolute_expires_at: Time,
    pub revoked_at: Option<Time>,
    pub revoked_reason: Option<String>,
    pub email: String,
    pub email_verified: bool,
}

impl Row {
    #[cfg(test)]
    pub(super) fn sample(id: SessionId, generation: i64, rotations: Vec<Time>, expires_at: Time) -> Self {
        let start = Time::from_micros(0);
        Self {
            id,
            user: Id::from_uuid(id.uuid()),
            sealed_secret: Vec::new(),
            generation,
            rotations,
            retries: Vec::new(),
            amr: "pwd".to_owned(),
            acr: "aal1".to_owned(),
            auth_time: start,
            remember: false,
            created_at: start,
            last_seen_at: start,
            expires_at,
            absolute_expires_at: expires_at,
            revoked_at: None,
            revoked_reason: None,
            email: "ada@example.com".to_owned(),
            email_verified: true,
        }
    }

    pub(super) fn session(&self) -> Session {
        Session {
            id: self.id,
            user: self.user,
            amr: words(&self.amr),
            acr: self.acr.clone(),
            auth_time: self.auth_time,
            remember: self.remember,
            user_agent: None,
            client_hints: None,
            device: None,
            device_name: None,
            ip: None,
            created_at: self.created_at,
            last_seen_at: self.last_seen_at,
            expires_at: self.expires_at,
            absolute_expires_at: self.absolute_expires_at,
            revoked_at: self.revoked_at,
            revoked_reason: self.revoked_reason.clone(),
        }
    }
}

pub(super) struct Rotation<'a> {
    pub id: SessionId,
    pub from: i64,
    pub rotations: &'a [Time],
    pub now: Time,
    pub expires_at: Time,
}

#[expect(clippy::too_many_arguments, reason = "one row, written in one place")]
pub(super) async fn insert(
    tx: &mut Tx<'_>,
    id: SessionId,
    new: &NewSession,
    caller: &Caller,
    sealed_secret: &[u8],
    now: Time,
    expires_at: Time,
    absolute_expires_at: Time,
) -> Result<()> {
    tx.execute(
        "INSERT INTO sessions (id, user_id, sealed_secret, generation, rotations, retries, amr, acr, auth_time, remember,
                               user_agent, ip, created_at, last_seen_at, expires_at, absolute_expires_at, device_id,
                               client_hints)
         VALUES (?1, ?2, ?3, 1, '', '', ?4, ?5, ?6, ?7, ?8, ?9, ?6, ?6, ?10, ?11, ?12, ?13)",
        &p![
            id,
            new.user,
            sealed_secret,
            new.amr.join(" "),
            new.acr,
            now,
            new.remember,
            caller.user_agent.as_deref(),
            caller.ip_text(),
            expires_at,
            absolute_expires_at,
            new.device,
            caller.client_hints.as_deref()
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn row(tx: &mut Tx<'_>, id: SessionId) -> Result<Option<Row>> {
    let row = tx
        .query_opt(
            "SELECT s.id, s.user_id, s.sealed_secret, s.generation, s.rotations, s.retries, s.amr, s.acr, s.auth_time,
                    s.remember, s.created_at, s.last_seen_at, s.expires_at, s.absolute_expires_at, s.revoked_at,
                    s.revoked_reason, u.email, u.email_verified
             FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?1",
            &p![id],
        )
        .await?;
    row.map(|row| {
        Ok(Row {
            id: Id::from_uuid(row.get(0)?),
            user: Id::from_uuid(row.get(1)?),
            sealed_secret: row.get(2)?,
            generation: row.get(3)?,
            rotations: times(&row.get::<String>(4)?)?,
            retries: times(&row.get::<String>(5)?)?,
            amr: row.get(6)?,
            acr: row.get(7)?,
            auth_time: Time::from_micros(row.get(8)?),
            remember: row.get(9)?,
            created_at: Time::from_micros(row.get(10)?),
            last_seen_at: Time::from_micros(row.get(11)?),
            expires_at: Time::from_micros(row.get(12)?),
            absolute_expires_at: Time::from_micros(row.get(13)?),
            revoked_at: row.get::<Option<i64>>(14)?.map(Time::from_micros),
            revoked_reason: row.get(15)?,
            email: row.get(16)?,
            email_verified: row.get(17)?,
        })
    })
    .transpose()
}

macro_rules! select_session {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.user_id, s.amr, s.acr, s.auth_time, s.remember, s.user_agent, s.ip, s.created_at,
                    s.last_seen_at, s.expires_at, s.absolute_expires_at, s.revoked_at, s.revoked_reason,
                    s.client_hints, s.device_id, d.name
             FROM sessions s LEFT JOIN devices d ON d.id = s.device_id ",
            $rest
        )
    };
}

pub(super) async fn find(tx: &mut Tx<'_>, id: SessionId) -> Result<Option<Session>> {
    tx.query_opt(select_session!("WHERE s.id = ?1"), &p![id]).await?.as_ref().map(read).transpose()
}

pub(super) async fn of_user(
    tx: &mut Tx<'_>,
    user: UserId,
    before: Option<SessionId>,
    limit: i64,
    now: Time,
) -> Result<Vec<Session>> {
    // Ids are made in the order of time, so they serve as the cursor. The greatest stands for "from the newest".
    let before = before.map_or(uuid::Uuid::max(), Id::uuid);
    tx.query_all(
        select_session!(
            "WHERE s.user_id = ?1 AND s.revoked_at IS NULL AND s.expires_at > ?2 AND s.id < ?3
             ORDER BY s.id DESC LIMIT ?4"
        ),
        &p![user, now, before, limit],
    )
    .await?
    .iter()
    .map(read)
    .collect()
}

/// Those that are over and not deleted yet.
pub(super) async fn ended_of_user(
    tx: &mut Tx<'_>,
    user: UserId,
    before: Option<SessionId>,
    limit: i64,
    now: Time,
) -> Result<Vec<Session>> {
    let before = before.map_or(uuid::Uuid::max(), Id::uuid);
    tx.query_all(
        select_session!(
            "WHERE s.user_id = ?1 AND (s.revoked_at IS NOT NULL OR s.expires_at <= ?2) AND s.id < ?3
             ORDER BY s.id DESC LIMIT ?4"
        ),
        &p![user, now, before, limit],
    )
    .await?
    .iter()
    .map(read)
    .collect()
}

pub(super) async fn rotate(tx: &mut Tx<'_>, rotation: &Rotation<'_>) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE sessions SET generation = generation + 1, rotations = ?3, last_seen_at = ?4, expires_at = ?5
             WHERE id = ?1 AND generation = ?2 AND revoked_at IS NULL AND expires_at > ?4 RETURNING generation",
            &p![rotation.id, rotation.from, text(rotation.rotations), rotation.now, rotation.expires_at],
        )
        .await?;
    Ok(row.is_some())
}

/// When the latest generations were rotated, the newest last.
pub(super) async fn rotations(tx: &mut Tx<'_>, id: SessionId) -> Result<Vec<Time>> {
    let row = tx.query_opt("SELECT rotations FROM sessions WHERE id = ?1", &p![id]).await?;
    row.map_or_else(|| Ok(Vec::new()), |row| times(&row.get::<String>(0)?))
}

/// Two generations at once, the one between never handed out: what was current until now is still answered within the grace
/// period (another tab that races), but never again as a lost answer.
pub(super) async fn renew(tx: &mut Tx<'_>, id: SessionId, rotations: &[Time], now: Time) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE sessions SET generation = generation + 2, rotations = ?3, last_seen_at = ?2
             WHERE id = ?1 AND revoked_at IS NULL AND expires_at > ?2 RETURNING generation",
            &p![id, now, text(rotations)],
        )
        .await?;
    Ok(row.is_some())
}

/// One generation, as a refresh: where the answer is lost, the token before it still works.
pub(super) async fn renew_fresh(
    tx: &mut Tx<'_>,
    id: SessionId,
    rotations: &[Time],
    now: Time,
) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE sessions SET generation = generation + 1, rotations = ?3, last_seen_at = ?2, auth_time = ?2
             WHERE id = ?1 AND revoked_at IS NULL AND expires_at > ?2 RETURNING generation",
            &p![id, now, text(rotations)],
        )
        .await?;
    Ok(row.is_some())
}

/// As [`renew`]: who holds a copy of an earlier token must not gain what was proved since.
pub(super) async fn raise(
    tx: &mut Tx<'_>,
    id: SessionId,
    rotations: &[Time],
    (amr, acr): (&str, &str),
    now: Time,
) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE sessions SET generation = generation + 2, rotations = ?3, last_seen_at = ?2, auth_time = ?2,
                                 amr = ?4, acr = ?5
             WHERE id = ?1 AND revoked_at IS NULL AND expires_at > ?2 RETURNING generation",
            &p![id, now, text(rotations), amr, acr],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn note_retry(tx: &mut Tx<'_>, id: SessionId, retries: &[Time]) -> Result<()> {
    tx.execute("UPDATE sessions SET retries = ?2 WHERE id = ?1", &p![id, text(retries)]).await?;
    Ok(())
}

pub(super) async fn end(
    tx: &mut Tx<'_>,
    id: SessionId,
    user: UserId,
    reason: EndReason,
    now: Time,
) -> Result<bool> {
    let row = tx
        .change_guarded(
            "UPDATE sessions SET revoked_at = ?4, revoked_reason = ?3
             WHERE id = ?1 AND user_id = ?2 AND revoked_at IS NULL AND expires_at > ?4 RETURNING id",
            &p![id, user, reason.as_str(), now],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn end_all(
    tx: &mut Tx<'_>,
    user: UserId,
    except: Option<SessionId>,
    reason: EndReason,
    now: Time,
) -> Result<u64> {
    let except = except.map_or(uuid::Uuid::nil(), Id::uuid);
    Ok(tx
        .execute(
            "UPDATE sessions SET revoked_at = ?4, revoked_reason = ?3
             WHERE user_id = ?1 AND id <> ?2 AND revoked_at IS NULL AND expires_at > ?4",
            &p![user, except, reason.as_str(), now],
        )
        .await?)
}

/// Ends those of an account that were opened by one factor, and have not been raised since.
pub(super) async fn end_of_one_factor(
    tx: &mut Tx<'_>,
    user: UserId,
    reason: EndReason,
    now: Time,
) -> Result<u64> {
    Ok(tx
        .execute(
            "UPDATE sessions SET revoked_at = ?4, revoked_reason = ?3
             WHERE user_id = ?1 AND acr <> ?2 AND revoked_at IS NULL AND expires_at > ?4",
            &p![user, AAL2, reason.as_str(), now],
        )
        .await?)
}

/// Sessions that ended since a moment, of one account or of all.
pub(super) async fn revoked_since(
    tx: &mut Tx<'_>,
    user: Option<UserId>,
    moment: Time,
) -> Result<Vec<(SessionId, Time)>> {
    let rows = match user {
        Some(user) => {
            let sql = "SELECT id, revoked_at FROM sessions WHERE user_id = ?1 AND revoked_at >= ?2";
            tx.query_all(sql, &p![user, moment]).await?
        }
        None => {
            let sql = "SELECT id, revoked_at FROM sessions WHERE revoked_at >= ?1 ORDER BY revoked_at";
            tx.query_all(sql, &p![moment]).await?
        }
    };
    rows.iter().map(|row| Ok((Id::from_uuid(row.get(0)?), Time::from_micros(row.get(1)?)))).collect()
}

pub(super) async fn end_of_device(
    tx: &mut Tx<'_>,
    user: UserId,
    device: DeviceId,
    reason: EndReason,
    now: Time,
) -> Result<u64> {
    Ok(tx
        .execute(
            "UPDATE sessions SET revoked_at = ?4, revoked_reason = ?3
             WHERE user_id = ?1 AND device_id = ?2 AND revoked_at IS NULL AND expires_at > ?4",
            &p![user, device, reason.as_str(), now],
        )
        .await?)
}

pub(super) async fn has_been_seen(tx: &mut Tx<'_>, user: UserId, caller: &Caller) -> Result<bool> {
    let row = tx
        .query_opt(
            "SELECT id FROM sessions WHERE user_id = ?1 AND user_agent = ?2 AND ip = ?3 LIMIT 1",
            &p![user, caller.user_agent.as_deref(), caller.ip_text()],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn delete_ended(tx: &mut Tx<'_>, before: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ?1 LIMIT ?2)",
            &p![before, limit],
        )
        .await?)
}

fn read(row: &DbRow) -> Result<Session> {
    let time = |index| -> Result<Time> { Ok(Time::from_micros(row.get(index)?)) };
    Ok(Session {
        id: Id::from_uuid(row.get(0)?),
        user: Id::from_uuid(row.get(1)?),
        amr: words(&row.get::<String>(2)?),
        acr: row.get(3)?,
        auth_time: time(4)?,
        remember: row.get(5)?,
        user_agent: row.get(6)?,
        ip: row.get(7)?,
        created_at: time(8)?,
        last_seen_at: time(9)?,
        expires_at: time(10)?,
        absolute_expires_at: time(11)?,
        revoked_at: row.get::<Option<i64>>(12)?.map(Time::from_micros),
        revoked_reason: row.get(13)?,
        client_hints: row.get(14)?,
        device: row.get::<Option<uuid::Uuid>>(15)?.map(Id::from_uuid),
        device_name: row.get(16)?,
    })
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Moments as a column keeps them: microseconds, with a space between.
fn text(times: &[Time]) -> String {
    let parts: Vec<String> = times.iter().map(|time| time.micros().to_string()).collect();
    parts.join(" ")
}

fn times(text: &str) -> Result<Vec<Time>> {
    text.split(' ')
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().map(Time::from_micros).map_err(Error::internal))
        .collect()
}
