//! An account without a password, which nobody can guess, steal or be talked out of.

use crate::alarm::{self, Alarm};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context};
use crate::error::{Code, Error, Result};
use crate::session::{self, Live, Sessions};
use crate::user::{self, User};
use crate::{passkey, secret};

/// Whether the account could do without its password: it has a passkey, or its owner can sign in by mail.
pub async fn is_possible(context: &Context, user: &User) -> Result<bool> {
    Ok(user.password_hash.is_some()
        && (user.signs_in_by_mail(context)
            || context.db.read(async |tx| passkey::has_any(tx, user.id).await).await?))
}

/// Takes the password from the account, and tells its owner by mail. A mail sets a new one, if it is ever wanted.
///
/// # Errors
/// `not_found` where there is none; `last_sign_in_method` where nobody could get in without it; why the session is over, where it
/// is.
pub async fn remove(sessions: &Sessions, caller: &Caller, live: &Live) -> Result<()> {
    let context = sessions.context();
    let id = live.user.id;
    context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            let user = user::find(tx, id).await?.ok_or(Code::SessionRevoked)?;
            if user.password_hash.is_none() {
                return Err(Error::new(Code::NotFound));
            }
            if !user.signs_in_by_mail(context) && !passkey::has_any(tx, id).await? {
                let detail = "This is your only way to sign in. Add a passkey, then remove the password.";
                return Err(Error::new(Code::LastSignInMethod).with_detail(detail));
            }
            user::drop_password(tx, context, id).await?;
            secret::end_all(tx, context, secret::Purpose::ResetPassword, id.uuid()).await?;
            alarm::tell(tx, context, caller, id, &user.email, Alarm::PasswordRemoved).await?;
            let event = Event::new(EventType::PasswordRemoved).user(id).session(live.session.id);
            audit::record(tx, context, caller, event).await
        })
        .await?;
    sessions.forget_user(id);
    Ok(())
}
