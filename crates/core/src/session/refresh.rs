//! The use of a refresh token. Exactly one use of a generation rotates; the others that come honestly late get the
//! family's current token again, so there is never more than one live branch; what is neither is reuse and ends it.

use std::time::Duration;

use doorward_crypto::derived;
use doorward_db::Tx;
use uuid::Uuid;

use super::model::{EndReason, Tokens, idle_timeout};
use super::store::{self, Rotation, Row};
use super::{REFRESH_PREFIX, Sessions, open_secret};
use crate::alarm::{self, Alarm};
use crate::audit::{self, Event, EventType};
use crate::changes::{self, Change};
use crate::config;
use crate::context::{Caller, Context, Id, SessionId, Time};
use crate::error::{Code, Error, Result};
use crate::rate_limit::Class;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const RETRIES_A_DAY: usize = 3;
/// Rotations within one grace period that are remembered; who rotates faster than this is not a browser.
const REMEMBERED_ROTATIONS: usize = 32;

/// A session that goes on, with its current tokens.
pub struct Renewed {
    pub tokens: Tokens,
    pub session: SessionId,
}

/// What a genuine token of some generation is worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// It is the current one.
    Rotate,
    /// It was current a moment ago: others raced it.
    Grace,
    /// The answer to its use was lost.
    Retry,
    Reused,
    /// A generation that this row never had: the database went back in time.
    Ahead,
    Expired,
    Revoked(Code),
}

pub(super) fn worth(settings: &config::Session, row: &Row, generation: i64, now: Time) -> Worth {
    if row.revoked_at.is_some() {
        let reused = row.revoked_reason.as_deref() == Some(EndReason::Reused.as_str());
        return Worth::Revoked(if reused { Code::TokenReused } else { Code::SessionRevoked });
    }
    if row.expires_at <= now {
        return Worth::Expired;
    }
    if generation > row.generation {
        return Worth::Ahead;
    }
    if generation == row.generation {
        return Worth::Rotate;
    }
    let Some(rotated_at) = rotated_at(row, generation) else { return Worth::Reused };
    if now.since(rotated_at) <= settings.refresh_grace {
        return Worth::Grace;
    }
    let retries = row.retries.iter().filter(|at| now.since(**at) < DAY).count();
    let is_previous = generation == row.generation - 1;
    let may_retry = retries < RETRIES_A_DAY || goes_with_the_last(settings, row, now);
    if is_previous && now.since(rotated_at) <= settings.refresh_retry && may_retry {
        return Worth::Retry;
    }
    Worth::Reused
}

/// Whether a retry is one with the last: all tabs of a browser that wakes up come with the one token that it has.
fn goes_with_the_last(settings: &config::Session, row: &Row, now: Time) -> bool {
    row.retries.last().is_some_and(|last| now.since(*last) <= settings.refresh_grace)
}

/// When a generation was rotated, if that is remembered: the last of the list belongs to the one before the current.
fn rotated_at(row: &Row, generation: i64) -> Option<Time> {
    let back = usize::try_from(row.generation - generation).ok()?;
    row.rotations.len().checked_sub(back).and_then(|index| row.rotations.get(index)).copied()
}

enum Outcome {
    Current(Box<Row>),
    Refused(Code),
}

pub(super) async fn refresh(sessions: &Sessions, caller: &Caller, text: &str) -> Result<Renewed> {
    let context = sessions.context();
    let token = derived::parse(REFRESH_PREFIX, text).ok_or(Code::TokenInvalid)?;
    let id: SessionId = Id::from_uuid(Uuid::from_bytes(token.id));
    // A generation beyond what a row can hold was never handed out.
    let generation = i64::try_from(token.generation).map_err(|_| Code::TokenInvalid)?;
    // By the token and not by the session: whoever knows a session's id must not be able to use its attempts up.
    context.limit(Class::Refresh, caller, &audit::digest(context, text)).await?;

    let outcome = context
        .db
        .write(async |tx| {
            let row = store::row(tx, id).await?.ok_or(Code::TokenInvalid)?;
            if !token.is_genuine(&open_secret(context, id, &row.sealed_secret)?) {
                return Err(Error::from(Code::TokenInvalid));
            }
            act(tx, context, caller, row, generation).await
        })
        .await?;

    match outcome {
        Outcome::Refused(code) => Err(code.into()),
        Outcome::Current(row) => {
            let secret = open_secret(context, id, &row.sealed_secret)?;
            let tokens = sessions.make_tokens(&row.session(), row.email_verified, row.generation, &secret)?;
            Ok(Renewed { tokens, session: id })
        }
    }
}

async fn act(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    row: Row,
    generation: i64,
) -> Result<Outcome> {
    let now = context.now();
    match worth(&context.config.session, &row, generation, now) {
        Worth::Rotate => rotate(tx, context, caller, row, now).await,
        Worth::Grace => {
            let event = Event::new(EventType::RefreshRetried).with("within", "grace");
            answer_again(tx, context, caller, row, event).await
        }
        Worth::Retry => {
            if !goes_with_the_last(&context.config.session, &row, now) {
                let mut retries: Vec<Time> =
                    row.retries.iter().copied().filter(|at| now.since(*at) < DAY).collect();
                retries.push(now);
                store::note_retry(tx, row.id, &retries).await?;
            }
            let event = Event::new(EventType::RefreshRetried).with("within", "retry");
            answer_again(tx, context, caller, row, event).await
        }
        Worth::Reused => {
            end_family(tx, context, caller, &row, now).await?;
            Ok(Outcome::Refused(Code::TokenReused))
        }
        Worth::Ahead => {
            tracing::error!(
                session = %row.id,
                "a genuine refresh token is ahead of its session: the database went back in time"
            );
            Ok(Outcome::Refused(Code::SessionRevoked))
        }
        Worth::Expired => Ok(Outcome::Refused(Code::SessionExpired)),
        Worth::Revoked(code) => Ok(Outcome::Refused(code)),
    }
}

async fn rotate(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    mut row: Row,
    now: Time,
) -> Result<Outcome> {
    row.rotations = and_now(context, row.rotations, 1);
    row.expires_at = (now + idle_timeout(context, row.remember)).min(row.absolute_expires_at);
    row.last_seen_at = now;
    let rotation = Rotation {
        id: row.id,
        from: row.generation,
        rotations: &row.rotations,
        now,
        expires_at: row.expires_at,
    };
    // The unit of work has read the row that it guards, so nothing but an ending can have come between.
    if !store::rotate(tx, &rotation).await? {
        return Ok(Outcome::Refused(Code::SessionRevoked));
    }
    if context.config.audit.refreshes {
        let event = Event::new(EventType::SessionRefreshed).user(row.user).session(row.id);
        audit::record(tx, context, caller, event).await?;
    }
    row.generation += 1;
    Ok(Outcome::Current(Box::new(row)))
}

/// The rotations to remember of a session that goes some generations further now.
pub(super) async fn rotations(
    tx: &mut Tx<'_>,
    context: &Context,
    id: SessionId,
    generations: usize,
) -> Result<Vec<Time>> {
    Ok(and_now(context, store::rotations(tx, id).await?, generations))
}

/// Those within the grace period, whose tokens are still answered: a tab that races must not be taken for a thief because
/// somebody confirmed who they are in another.
fn and_now(context: &Context, mut rotations: Vec<Time>, generations: usize) -> Vec<Time> {
    let now = context.now();
    let keep_from = rotations.len().saturating_sub(REMEMBERED_ROTATIONS - generations);
    let in_grace = |at: &Time| now.since(*at) <= context.config.session.refresh_grace;
    // Old ones fall off the front only, or the list would no longer line up with the generations.
    let stale = rotations[keep_from..].iter().take_while(|at| !in_grace(at)).count();
    rotations.drain(..keep_from + stale);
    rotations.extend(std::iter::repeat_n(now, generations));
    rotations
}

async fn answer_again(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    row: Row,
    event: Event,
) -> Result<Outcome> {
    audit::record(tx, context, caller, event.user(row.user).session(row.id)).await?;
    Ok(Outcome::Current(Box::new(row)))
}

async fn end_family(tx: &mut Tx<'_>, context: &Context, caller: &Caller, row: &Row, now: Time) -> Result<()> {
    if !store::end(tx, row.id, row.user, EndReason::Reused, now).await? {
        return Ok(());
    }
    let event = Event::new(EventType::RefreshReused).user(row.user).session(row.id);
    audit::record(tx, context, caller, event).await?;
    changes::announce(tx, context, Change::Session(row.id)).await?;
    alarm::tell(tx, context, caller, row.user, &row.email, Alarm::RefreshReused).await
}
