//! The end of an account: its owner closes it, can restore it by mail for some days, and then it is deleted for good. And
//! its export: everything that is held about the owner.

mod export;
mod store;

use secrecy::ExposeSecret;

use crate::access::{self, ADMIN};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, Id, Time, UserId};
use crate::error::{Code, Error, Result};
use crate::mail::{self, Message};
use crate::rate_limit::Class;
use crate::secret::{self, Purpose};
use crate::session::{self, EndReason, Live, Sessions};
use crate::user;
pub use export::{Export, export};

/// Closes the account: nobody is signed in to it any more, and after the grace period it is deleted. Answers when.
///
/// # Errors
/// `conflict` where it is the last active administrator's.
pub async fn close(sessions: &Sessions, caller: &Caller, live: &Live) -> Result<Time> {
    let context = sessions.context();
    let id = live.user.id;
    let deletes_at = context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            let user = user::find(tx, id).await?.ok_or(Code::SessionRevoked)?;
            let now = context.now();
            let deletes_at = now + context.config.account.deletion_grace;
            user::set_deletion(tx, context, id, Some(deletes_at)).await?;
            let was_admin = access::rights_of(tx, id).await?.roles.iter().any(|role| role == ADMIN);
            if was_admin && !access::has_active_admin(tx).await? {
                return Err(access::last_admin());
            }
            let life = deletes_at.since(now);
            let token = secret::issue_link(tx, context, Purpose::RestoreAccount, id.uuid(), life).await?;
            let link = format!("/restore-account?token={}", token.expose_secret());
            let message = Message::AccountClosed {
                restore_link: context.config.page_link(&link),
                deletes_at: deletes_at.micros(),
                device: caller.client().name(),
                place: context.address_in_words(caller.ip_text().as_deref()),
            };
            mail::queue(tx, context, &user.email, message).await?;
            let ended = session::end_all_in(tx, context, id, None, EndReason::AccountClosed).await?;
            let event = Event::new(EventType::AccountClosed).user(id).session(live.session.id);
            audit::record(tx, context, caller, event.with("ended", ended)).await?;
            Ok(deletes_at)
        })
        .await?;
    sessions.forget_user(id);
    Ok(deletes_at)
}

/// The address of the account that a link restores, for its page. Looking uses nothing up.
///
/// # Errors
/// `invalid_or_expired_token`.
pub async fn look_at_restore(context: &Context, token: &str) -> Result<String> {
    context
        .db
        .read(async |tx| {
            let found = secret::find_link(tx, context, Purpose::RestoreAccount, token).await?;
            let user = user::find(tx, Id::from_uuid(found.subject)).await?;
            Ok(user.ok_or(Code::InvalidOrExpiredToken)?.email)
        })
        .await
}

/// Opens a closed account again. Nobody is signed in by that.
///
/// # Errors
/// `invalid_or_expired_token`, `rate_limited`.
pub async fn restore(context: &Context, caller: &Caller, token: &str) -> Result<()> {
    context.limit(Class::Proof, caller, &audit::digest(context, token)).await?;
    context
        .db
        .write(async |tx| {
            let found = secret::find_link(tx, context, Purpose::RestoreAccount, token).await?;
            secret::consume(tx, context, found).await?.ok_or(Code::InvalidOrExpiredToken)?;
            let id: UserId = Id::from_uuid(found.subject);
            user::set_deletion(tx, context, id, None).await?;
            audit::record(tx, context, caller, Event::new(EventType::AccountRestored).user(id)).await
        })
        .await
}

/// Deletes closed accounts whose time has come, at most `limit`. The audit log keeps their opaque ids and that they were
/// deleted, and nothing personal. Answers how many went.
pub async fn delete_due(context: &Context, limit: i64) -> Result<u64> {
    let caller = Caller::system("doorward");
    let now = context.now();
    let due = context.db.read(async |tx| store::due(tx, now, limit).await).await?;
    let mut deleted = 0;
    for id in due {
        deleted += context
            .db
            .write(async |tx| {
                // Restored in the meantime?
                let user = user::find(tx, id).await?;
                let Some(user) = user.filter(|user| user.deletes_at.is_some_and(|at| at <= now)) else {
                    return Ok(0);
                };
                user::delete(tx, context, id).await?;
                audit::erase(tx, context, id, &user.email_key).await?;
                audit::record(tx, context, &caller, Event::new(EventType::AccountDeleted).on(id)).await?;
                Ok::<_, Error>(1)
            })
            .await?;
    }
    Ok(deleted)
}
