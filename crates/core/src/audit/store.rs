use doorward_db::{Row, Tx, p};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{CLIENT_HINTS, Event, EventType, Recorded};
use crate::context::{Caller, EventId, Id, SessionId, Time, UserId};
use crate::error::{Error, Result};

pub(super) async fn insert(
    tx: &mut Tx<'_>,
    id: EventId,
    now: Time,
    caller: &Caller,
    event: &Event,
) -> Result<()> {
    let (detail, personal) = (json(&event.detail)?, json(&event.personal)?);
    tx.execute(
        "INSERT INTO audit_events
             (id, created_at, type, outcome, actor_id, user_id, session_id, ip, user_agent, request_id, detail, personal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        &p![
            id,
            now,
            event.kind.as_str(),
            event.outcome,
            event.actor,
            event.user,
            event.session,
            caller.ip_text(),
            caller.user_agent.as_deref(),
            caller.request_id.as_str(),
            detail,
            personal
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn of_user(
    tx: &mut Tx<'_>,
    user: UserId,
    before: Option<EventId>,
    limit: i64,
) -> Result<Vec<Recorded>> {
    // Ids are made in the order of time, so they serve as the cursor. The greatest stands for "from the newest".
    let before = before.map_or(Uuid::max(), Id::uuid);
    let rows = tx
        .query_all(
            "SELECT id, created_at, type, outcome, ip, user_agent, session_id, actor_id, detail, personal
             FROM audit_events
             WHERE user_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
            &p![user, before, limit],
        )
        .await?;
    rows.iter().map(|row| recorded(row, user)).collect()
}

pub(super) async fn last_sign_in_before(
    tx: &mut Tx<'_>,
    user: UserId,
    session: SessionId,
    opened: Time,
) -> Result<Option<Recorded>> {
    let row = tx
        .query_opt(
            "SELECT id, created_at, type, outcome, ip, user_agent, session_id, actor_id, detail, personal
             FROM audit_events
             WHERE user_id = ?1 AND type = ?2 AND outcome = 'success' AND session_id <> ?3 AND created_at <= ?4
             ORDER BY id DESC LIMIT 1",
            &p![user, EventType::SignIn.as_str(), session, opened],
        )
        .await?;
    row.map(|row| recorded(&row, user)).transpose()
}

fn recorded(row: &Row, user: UserId) -> Result<Recorded> {
    let session: Option<Uuid> = row.get(6)?;
    let actor: Option<Uuid> = row.get(7)?;
    // From where somebody else acted is theirs.
    let own = actor.is_none_or(|actor| actor == user.uuid());
    let mut detail = members(row.get(8)?)?;
    detail.extend(members(row.get::<Option<String>>(9)?.filter(|_| own))?);
    Ok(Recorded {
        id: Id::from_uuid(row.get(0)?),
        time: Time::from_micros(row.get(1)?),
        event_type: row.get(2)?,
        outcome: row.get(3)?,
        ip: row.get::<Option<String>>(4)?.filter(|_| own),
        user_agent: row.get::<Option<String>>(5)?.filter(|_| own),
        client_hints: detail.get(CLIENT_HINTS).and_then(Value::as_str).map(str::to_owned),
        session: session.filter(|_| own).map(Id::from_uuid),
        detail,
    })
}

pub(super) async fn erase(tx: &mut Tx<'_>, user: UserId) -> Result<u64> {
    Ok(tx
        .execute(
            "UPDATE audit_events SET ip = NULL, user_agent = NULL, personal = NULL, salt = NULL
             WHERE user_id = ?1 OR actor_id = ?1",
            &p![user],
        )
        .await?)
}

pub(super) async fn erase_sign_ups(tx: &mut Tx<'_>, digest: &str) -> Result<u64> {
    // A digest has no character that LIKE knows but `_`, which stands for itself as well.
    Ok(tx
        .execute(
            "UPDATE audit_events SET ip = NULL, user_agent = NULL, personal = NULL, salt = NULL
             WHERE type = ?1 AND user_id IS NULL AND detail LIKE ?2",
            &p![EventType::SignUpStarted.as_str(), format!("%\"{digest}\"%")],
        )
        .await?)
}

fn members(text: Option<String>) -> Result<Map<String, Value>> {
    text.map_or_else(|| Ok(Map::new()), |text| serde_json::from_str(&text).map_err(Error::internal))
}

fn json(members: &Map<String, Value>) -> Result<Option<String>> {
    if members.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(members).map(Some).map_err(Error::internal)
}
