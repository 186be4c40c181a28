use doorward_db::{ConsumeOnce, Row, Tx, consume_once, p};

use super::Flow;
use crate::context::{Caller, EmailSignInId, Id, Time};
use crate::error::Result;

pub(super) const FLOW: ConsumeOnce = consume_once!("email_sign_ins", "id", "id");

macro_rules! select_flow {
    ($rest:literal) => {
        concat!(
            "SELECT id, flow_hash, email, email_key, user_id, epoch, remember, redirect_to, user_agent,
                    client_hints, ip, created_at
             FROM email_sign_ins ",
            $rest
        )
    };
}

pub(super) async fn insert(
    tx: &mut Tx<'_>,
    flow: &Flow,
    caller: &Caller,
    now: Time,
    expires_at: Time,
) -> Result<()> {
    tx.execute(
        "INSERT INTO email_sign_ins (id, flow_hash, email, email_key, user_id, epoch, remember, redirect_to,
                                     user_agent, client_hints, ip, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        &p![
            flow.id,
            flow.hash.clone(),
            flow.email.as_str(),
            flow.email_key.as_str(),
            flow.user.map(Id::uuid),
            flow.epoch,
            flow.remember,
            flow.redirect_to.as_deref(),
            caller.user_agent.as_deref(),
            caller.client_hints.as_deref(),
            caller.ip_text(),
            now,
            expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn by_id(tx: &mut Tx<'_>, id: EmailSignInId, now: Time) -> Result<Option<Flow>> {
    tx.query_opt(select_flow!("WHERE id = ?1 AND used_at IS NULL AND expires_at > ?2"), &p![id, now])
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

pub(super) async fn by_flow(tx: &mut Tx<'_>, hash: &[u8; 32], now: Time) -> Result<Option<Flow>> {
    tx.query_opt(
        select_flow!("WHERE flow_hash = ?1 AND used_at IS NULL AND expires_at > ?2"),
        &p![*hash, now],
    )
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

pub(super) async fn end(tx: &mut Tx<'_>, id: EmailSignInId, now: Time) -> Result<()> {
    tx.execute("UPDATE email_sign_ins SET used_at = ?2 WHERE id = ?1 AND used_at IS NULL", &p![id, now])
        .await?;
    Ok(())
}

pub(super) async fn delete_expired(tx: &mut Tx<'_>, now: Time, limit: i64) -> Result<u64> {
    Ok(tx
        .execute(
            "DELETE FROM email_sign_ins WHERE id IN
                 (SELECT id FROM email_sign_ins WHERE expires_at <= ?1 LIMIT ?2)",
            &p![now, limit],
        )
        .await?)
}

fn read(row: &Row) -> Result<Flow> {
    Ok(Flow {
        id: Id::from_uuid(row.get(0)?),
        hash: row.get(1)?,
        email: row.get(2)?,
        email_key: row.get(3)?,
        user: row.get::<Option<uuid::Uuid>>(4)?.map(Id::from_uuid),
        epoch: row.get(5)?,
        remember: row.get(6)?,
        redirect_to: row.get(7)?,
        user_agent: row.get(8)?,
        client_hints: row.get(9)?,
        ip: row.get(10)?,
        created_at: Time::from_micros(row.get(11)?),
    })
}
