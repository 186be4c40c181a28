//! An account whose address nobody had verified, and whose mail was read just now.

use doorward_db::Tx;

use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context};
use crate::error::{Code, Result};
use crate::mail::{self, Message};
use crate::secret::{self, Purpose};
use crate::session::{self, EndReason};
use crate::user::{self, User};
use crate::{device, lockout, second_factor};

/// Gives the account to whoever reads its mail, and to nobody else. Anybody could have made it with an address that is not
/// theirs, and wait for its owner to come and use it: so what they set up there, the password before all, ends here.
pub(super) async fn claim(tx: &mut Tx<'_>, context: &Context, caller: &Caller, user: &User) -> Result<User> {
    let id = user.id;
    if user.password_hash.is_some() {
        user::drop_password(tx, context, id).await?;
        let reset_link = context.config.page_link("/forgot-password");
        mail::queue(tx, context, &user.email, Message::PasswordRemoved { reset_link }).await?;
        audit::record(tx, context, caller, Event::new(EventType::PasswordRemoved).user(id)).await?;
    }
    second_factor::forget_all(tx, context, caller, id).await?;
    device::forget_all(tx, id).await?;
    lockout::forgive(tx, id).await?;
    let ended = session::end_all_in(tx, context, id, None, EndReason::PasswordReset).await?;
    secret::end_all(tx, context, Purpose::VerifyEmail, id.uuid()).await?;
    user::mark_email_verified(tx, context, id).await?;
    let event = Event::new(EventType::EmailVerified).user(id).with("ended", ended);
    audit::record(tx, context, caller, event).await?;
    user::find(tx, id).await?.ok_or_else(|| Code::InvalidCredentials.into())
}
