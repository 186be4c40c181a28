use doorward_db::{Tx, p};

use super::{Event, Recorded};
use crate::context::{Caller, EventId, Id, Time, UserId};
use crate::error::Result;

pub(super) async fn insert(
    tx: &mut Tx<'_>,
    id: EventId,
    now: Time,
    caller: &Caller,
    event: &Event,
) -> Result<()> {
    let detail = (!event.detail.is_empty())
        .then(|| serde_json::to_string(&event.detail))
        .transpose()
        .map_err(crate::error::Error::internal)?;
    tx.execute(
        "INSERT INTO audit_events
             (id, created_at, type, outcome, actor_id, user_id, session_id, ip, user_agent, request_id, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
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
            detail
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn erase(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    tx.execute(
        "UPDATE audit_events SET ip = NULL, user_agent = NULL, detail = NULL WHERE user_id = ?1 OR actor_id = ?1",
        &p![user],
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
    let before = before.map_or(uuid::Uuid::max(), Id::uuid);
    let rows = tx
        .query_all(
            "SELECT id, created_at, type, outcome, ip, user_agent, session_id FROM audit_events
             WHERE user_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
            &p![user, before, limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Recorded {
                id: Id::from_uuid(row.get(0)?),
                time: Time::from_micros(row.get(1)?),
                event_type: row.get(2)?,
                outcome: row.get(3)?,
                ip: row.get(4)?,
                user_agent: row.get(5)?,
                session: row.get::<Option<uuid::Uuid>>(6)?.map(Id::from_uuid),
            })
        })
        .collect()
}
