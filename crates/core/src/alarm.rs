//! Mails that tell an account's owner of something that they may not have done. Each carries a link that says "this was
//! not me": see `not_me` for what it does.

use std::time::Duration;

use doorward_db::Tx;
use secrecy::ExposeSecret;

use crate::context::{Caller, Context, Time, UserId};
use crate::error::Result;
pub use crate::mail::Alarm;
use crate::mail::{self, Message};
use crate::secret::{self, Purpose};

/// How long the owner may take to see the mail and say that it was not them.
pub const LINK_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Queues the mail in the unit of work of what it tells.
pub async fn tell(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
    email: &str,
    alarm: Alarm,
) -> Result<()> {
    let (not_me_link, link_expires_at) = not_me_link(tx, context, user).await?;
    let now = context.now();
    let message = Message::Alarm {
        alarm,
        at: now.micros(),
        device: caller.client().name(),
        place: context.address_in_words(caller.ip_text().as_deref()),
        not_me_link,
        link_expires_at: link_expires_at.micros(),
    };
    mail::queue(tx, context, email, message).await
}

/// A link that says "this was not me", and until when it holds.
pub(crate) async fn not_me_link(tx: &mut Tx<'_>, context: &Context, user: UserId) -> Result<(String, Time)> {
    let token = secret::issue_link(tx, context, Purpose::NotMe, user.uuid(), LINK_LIFE).await?;
    let link = context.config.page_link(&format!("/not-me?token={}", token.expose_secret()));
    Ok((link, context.now() + LINK_LIFE))
}
