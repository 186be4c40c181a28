//! "This was not me": what the link in an alarm's mail does. Every session ends, no device is known any more, the password
//! stops working, factors that a stranger may have added are removed, and a mail to set a new one goes out. Whoever got in is out, and stays out.

use doorward_db::Tx;

use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, Id, Time, UserId};
use crate::error::{Code, Error, Result};
use crate::rate_limit::Class;
use crate::second_factor::Recent;
use crate::secret::{self, Purpose};
use crate::session::Sessions;
use crate::{email_change, password, second_factor, user};

/// The address of the account that a link belongs to, and the second factors that would go, for the page that shows its button.
/// Looking uses nothing up.
///
/// # Errors
/// `invalid_or_expired_token`.
pub async fn look(context: &Context, token: &str) -> Result<(String, Vec<Recent>)> {
    context
        .db
        .read(async |tx| {
            let found = secret::find_link(tx, context, Purpose::NotMe, token).await?;
            let user = user::find(tx, Id::from_uuid(found.subject)).await?;
            let user = user.ok_or(Code::InvalidOrExpiredToken)?;
            Ok((user.email, recent(tx, context, user.id, found.created_at).await?))
        })
        .await
}

/// Shuts everybody out of the account and lets its owner in again by mail.
///
/// # Errors
/// `invalid_or_expired_token`, `rate_limited`; `account_disabled` where the address that the link was mailed to is another account's
/// now: everybody is shut out all the same, until the operator has looked at it.
pub async fn act(sessions: &Sessions, caller: &Caller, token: &str) -> Result<()> {
    let context = sessions.context();
    context.limit(Class::Proof, caller, &audit::digest(context, token)).await?;
    let (id, is_shut): (UserId, bool) = context
        .db
        .write(async |tx| {
            let found = secret::find_link(tx, context, Purpose::NotMe, token).await?;
            let id = Id::from_uuid(found.subject);
            let planted = recent(tx, context, id, found.created_at).await?;
            secret::consume(tx, context, found).await?.ok_or(Code::InvalidOrExpiredToken)?;
            // The link lies in the mailbox that it was sent to: where the address was changed since, that one gets it back.
            let mut is_shut = false;
            if let Some(change) = email_change::first_since(tx, context, id, found.created_at).await? {
                if email_change::take_back(tx, context, caller, &change).await? {
                    let event = Event::new(EventType::EmailChangeUndone).user(id);
                    audit::record(tx, context, caller, event).await?;
                } else {
                    is_shut = true;
                }
            }
            email_change::abandon(tx, context, id).await?;
            second_factor::remove(tx, context, caller, id, &planted).await?;
            let ended = if is_shut {
                password::shut(tx, context, caller, id).await?
            } else {
                password::rescue(tx, context, caller, id).await?
            };
            let event =
                Event::new(EventType::NotMe).user(id).with("ended", ended).with("factors", planted.len());
            audit::record(tx, context, caller, event).await?;
            Ok::<_, Error>((id, is_shut))
        })
        .await?;
    sessions.forget_user(id);
    if is_shut { Err(password::is_shut()) } else { Ok(()) }
}

async fn recent(tx: &mut Tx<'_>, context: &Context, id: UserId, mailed_at: Time) -> Result<Vec<Recent>> {
    let address_since = email_change::last_until(tx, id, mailed_at).await?;
    second_factor::recent(tx, context, id, mailed_at, address_since).await
}
