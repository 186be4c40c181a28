//! The way back in for somebody who has lost the second factor. It is asked for with what is left, and waits: mails at the
//! start, in the middle and at the end tell the owner, who cancels it by any of them, from any session, or by signing in
//! with a factor that is said to be lost. Nothing changes before its end, and no session ends at its start.

mod store;

use std::time::Duration;

use doorward_db::Tx;
use secrecy::ExposeSecret;

use crate::alarm::{self, Alarm};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, Id, RecoveryId, Time, UserId};
use crate::error::{Code, Error, FieldError, Result};
use crate::mail::{self, Message, RecoveryStage};
use crate::rate_limit::Class;
use crate::second_factor;
use crate::secret::{self, Purpose};
use crate::session::{self, EndReason, Sessions};
use crate::user::{self, User};

/// How long whoever asked may take to complete a recovery that is ready.
const READY_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A password that a mail has set within this time proves no more than the mailbox does.
const RESET_COUNTS_NOT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The wait where nothing but the mailbox is left.
pub const MAILBOX_ONLY: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const BATCH: i64 = 50;
const LONGEST_NOTE: usize = 500;

/// A recovery under way.
#[derive(Debug, Clone)]
pub struct Recovery {
    pub id: RecoveryId,
    pub(crate) user: UserId,
    pub asked_at: Time,
    /// From then on it can be completed.
    pub ready_at: Time,
    mails: i64,
    expires_at: Time,
}

/// Asks for a recovery, for somebody who has proved the first factor. Where one is under way, it goes on as it is.
/// `by_mailbox` says that the first factor was read in a mail.
///
/// # Errors
/// `rate_limited`.
pub(crate) async fn start(
    context: &Context,
    caller: &Caller,
    user: &User,
    by_mailbox: bool,
) -> Result<Recovery> {
    // Whoever asks again mails nobody, and is told when it is ready.
    if let Some(under_way) = of_user(context, user.id).await? {
        return Ok(under_way);
    }
    context.limit(Class::Mail, caller, &format!("recovery {}", user.id)).await?;
    context
        .db
        .write(async |tx| {
            let now = context.now();
            if let Some(under_way) = store::of_user(tx, user.id, now).await? {
                return Ok(under_way);
            }
            let reset = user.password_reset_at.is_some_and(|at| now.since(at) < RESET_COUNTS_NOT);
            let wait = context.config.recovery.wait;
            let wait = if reset || by_mailbox { wait.max(MAILBOX_ONLY) } else { wait };
            let ready_at = now + wait;
            let recovery = Recovery {
                id: context.new_id(),
                user: user.id,
                asked_at: now,
                ready_at,
                mails: 1,
                expires_at: ready_at + READY_FOR,
            };
            store::insert(tx, &recovery).await?;
            let device = caller.client().name();
            let place = context.address_in_words(caller.ip_text().as_deref());
            tell(tx, context, &recovery, user, RecoveryStage::Asked, (device, place)).await?;
            let event = Event::new(EventType::RecoveryAsked).on(user.id).with("ready_at", ready_at.rfc3339());
            audit::record(tx, context, caller, event).await?;
            Ok(recovery)
        })
        .await
}

/// The account's recovery under way, if there is one.
pub async fn of_user(context: &Context, user: UserId) -> Result<Option<Recovery>> {
    context.db.read(async |tx| store::of_user(tx, user, context.now()).await).await
}

/// The address of the account that a mail's link belongs to, and when its recovery is ready. Looking uses nothing up.
///
/// # Errors
/// `invalid_or_expired_token`.
pub async fn look(context: &Context, cancels: bool, token: &str) -> Result<(String, Recovery)> {
    let purpose = if cancels { Purpose::CancelRecovery } else { Purpose::CompleteRecovery };
    context
        .db
        .read(async |tx| {
            let found = secret::find_link(tx, context, purpose, token).await?;
            let recovery = by_subject(tx, context, found.subject).await?;
            let user = user::find(tx, recovery.user).await?.ok_or(Code::InvalidOrExpiredToken)?;
            Ok((user.email, recovery))
        })
        .await
}

/// Cancels by a mail's link.
///
/// # Errors
/// `invalid_or_expired_token`, `rate_limited`.
pub async fn cancel_by_mail(context: &Context, caller: &Caller, token: &str) -> Result<()> {
    context.limit(Class::Proof, caller, &audit::digest(context, token)).await?;
    context
        .db
        .write(async |tx| {
            let found = secret::find_link(tx, context, Purpose::CancelRecovery, token).await?;
            let recovery = by_subject(tx, context, found.subject).await?;
            // The recovery is what is used up, once; with it every link of its mails ends, this one included.
            cancel(tx, context, caller, &recovery, "mail").await
        })
        .await
}

/// Cancels from a session of the account. Answers whether there was anything to cancel.
pub async fn cancel_by_session(context: &Context, caller: &Caller, user: UserId) -> Result<bool> {
    context.db.write(async |tx| cancel_in(tx, context, caller, user, "session").await).await
}

/// Cancels what is under way, for whoever has just proved a factor that is said to be lost. Answers whether anything was.
pub(crate) async fn cancel_in(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
    by: &'static str,
) -> Result<bool> {
    let Some(recovery) = store::of_user(tx, user, context.now()).await? else { return Ok(false) };
    cancel(tx, context, caller, &recovery, by).await?;
    Ok(true)
}

/// Removes the factors that were lost, ends every session, and has the next sign-in set up a new one.
///
/// # Errors
/// `invalid_or_expired_token`, `rate_limited`; `conflict` before its time.
pub async fn complete(sessions: &Sessions, caller: &Caller, token: &str) -> Result<()> {
    let context = sessions.context();
    context.limit(Class::Proof, caller, &audit::digest(context, token)).await?;
    let id = context
        .db
        .write(async |tx| {
            let found = secret::find_link(tx, context, Purpose::CompleteRecovery, token).await?;
            let recovery = by_subject(tx, context, found.subject).await?;
            let now = context.now();
            if now < recovery.ready_at {
                return Err(Error::new(Code::Conflict).with_detail(format!(
                    "Your factors can be removed from {} on. Come back then, by the same link.",
                    recovery.ready_at.for_people()
                )));
            }
            // The recovery before its links, as whoever cancels does: the other way round the two would wait for each other.
            if !store::consume(tx, recovery.id, now).await? {
                return Err(Error::new(Code::InvalidOrExpiredToken));
            }
            secret::consume(tx, context, found).await?.ok_or(Code::InvalidOrExpiredToken)?;
            secret::end_all(tx, context, Purpose::CancelRecovery, recovery.id.uuid()).await?;
            let event = Event::new(EventType::RecoveryCompleted).user(recovery.user);
            strip(tx, context, caller, recovery.user, event).await?;
            Ok(recovery.user)
        })
        .await?;
    sessions.forget_user(id);
    Ok(())
}

/// Does at once what a recovery does at its end, as the operator, who says why.
///
/// # Errors
/// `not_found`; `conflict` where the account has no second factor; `validation_failed` without a note, or with one that is longer than
/// 500 characters.
pub async fn reset_by_operator(context: &Context, caller: &Caller, id: UserId, note: &str) -> Result<()> {
    let note = note.trim();
    if note.is_empty() || note.chars().count() > LONGEST_NOTE {
        let (code, detail) = if note.is_empty() {
            ("required", "Say why: whoever reads the audit log will ask.")
        } else {
            ("too_long", "Use at most 500 characters.")
        };
        return Err(Error::invalid(vec![FieldError::new("note", code, detail)]));
    }
    context
        .db
        .write(async |tx| {
            user::find(tx, id).await?.ok_or(Code::NotFound)?;
            if !second_factor::of_user(tx, context, id).await?.any() {
                return Err(Error::new(Code::Conflict).with_detail("This account has no second factor."));
            }
            if let Some(recovery) = store::of_user(tx, id, context.now()).await? {
                cancel(tx, context, caller, &recovery, "operator").await?;
            }
            let event = Event::new(EventType::FactorsReset).on(id).with("note", note);
            strip(tx, context, caller, id, event).await
        })
        .await
}

/// Mails what is due: halfway, and at the end the link that completes it. Answers how many.
pub async fn tell_due(context: &Context) -> Result<usize> {
    let due = context.db.read(async |tx| store::due(tx, context.now(), BATCH).await).await?;
    for recovery in &due {
        context
            .db
            .write(async |tx| {
                let ready = recovery.ready_at <= context.now();
                let (stage, mails) =
                    if ready { (RecoveryStage::Ready, 3) } else { (RecoveryStage::Halfway, 2) };
                if !store::note_mail(tx, recovery.id, recovery.mails, mails).await? {
                    return Ok::<_, Error>(());
                }
                let Some(user) = user::find(tx, recovery.user).await? else { return Ok(()) };
                tell(tx, context, recovery, &user, stage, <_>::default()).await?;
                if ready {
                    let event = Event::new(EventType::RecoveryReady).on(user.id);
                    audit::record(tx, context, &Caller::system("recovery"), event).await?;
                }
                Ok(())
            })
            .await?;
    }
    Ok(due.len())
}

/// Deletes at most `limit` recoveries that are long over. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    store::delete_old(tx, context.now(), limit).await
}

async fn by_subject(tx: &mut Tx<'_>, context: &Context, subject: uuid::Uuid) -> Result<Recovery> {
    let found = store::find(tx, Id::from_uuid(subject), context.now()).await?;
    found.ok_or_else(|| Error::new(Code::InvalidOrExpiredToken))
}

async fn cancel(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    recovery: &Recovery,
    by: &'static str,
) -> Result<()> {
    if !store::consume(tx, recovery.id, context.now()).await? {
        return Err(Code::InvalidOrExpiredToken.into());
    }
    for purpose in [Purpose::CancelRecovery, Purpose::CompleteRecovery] {
        secret::end_all(tx, context, purpose, recovery.id.uuid()).await?;
    }
    let event = Event::new(EventType::RecoveryCancelled).on(recovery.user).with("by", by);
    audit::record(tx, context, caller, event).await
}

/// Takes every second factor and every session. `event` is what does so.
async fn strip(tx: &mut Tx<'_>, context: &Context, caller: &Caller, id: UserId, event: Event) -> Result<()> {
    let user = user::find(tx, id).await?.ok_or(Code::NotFound)?;
    second_factor::remove_all(tx, context, caller, id).await?;
    let ended = session::end_all_in(tx, context, id, None, EndReason::FactorsRemoved).await?;
    audit::record(tx, context, caller, event.with("ended", ended)).await?;
    alarm::tell(tx, context, caller, id, &user.email, Alarm::FactorRemoved).await
}

async fn tell(
    tx: &mut Tx<'_>,
    context: &Context,
    recovery: &Recovery,
    user: &User,
    stage: RecoveryStage,
    (device, place): (String, String),
) -> Result<()> {
    let life = recovery.expires_at.since(context.now());
    let subject = recovery.id.uuid();
    let link = async |tx: &mut Tx<'_>, purpose, page: &str| {
        let token = secret::issue_link(tx, context, purpose, subject, life).await?;
        Ok::<_, Error>(context.config.page_link(&format!("{page}?token={}", token.expose_secret())))
    };
    let complete_link = match stage {
        RecoveryStage::Ready => link(tx, Purpose::CompleteRecovery, "/recovery/complete").await?,
        RecoveryStage::Asked | RecoveryStage::Halfway => String::new(),
    };
    let (not_me_link, not_me_expires_at) = alarm::not_me_link(tx, context, user.id).await?;
    let message = Message::Recovery {
        stage,
        asked_at: recovery.asked_at.micros(),
        ready_at: recovery.ready_at.micros(),
        expires_at: recovery.expires_at.micros(),
        device,
        place,
        cancel_link: link(tx, Purpose::CancelRecovery, "/recovery/cancel").await?,
        complete_link,
        not_me_link,
        not_me_expires_at: not_me_expires_at.micros(),
    };
    mail::queue(tx, context, &user.email, message).await
}
