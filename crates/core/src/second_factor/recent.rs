//! Second factors that were added a short while ago, and may be a stranger's: they would keep the owner out.

use std::time::Duration;

use doorward_db::Tx;

use super::{Factors, Method, keep_in_step, of_user};
use crate::context::{Caller, Context, Time, UserId};
use crate::error::Result;
use crate::secret::{self, Purpose};
use crate::{backup_code, passkey, phone, totp};

/// The mail that tells of a factor is written a moment after it.
const SAME_MOMENT: Duration = Duration::from_secs(5);

/// A second factor that goes when the owner says that something was not them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    pub method: Method,
    /// A passkey's name.
    pub name: Option<String>,
    pub added_at: Time,
}

/// What was added since something happened that was not the owner, and before that since the oldest mail of the kind whose
/// link still works: a stranger's factor must not stay because a later mail was answered. The mailbox alone could answer the
/// earlier mails as well, so it removes nothing by this that it could not remove before; `address_since` keeps it to the
/// mails that went to the address at hand.
pub(crate) async fn recent(
    tx: &mut Tx<'_>,
    context: &Context,
    user: UserId,
    happened: Time,
    address_since: Option<Time>,
) -> Result<Vec<Recent>> {
    let oldest = secret::oldest_link(tx, context, Purpose::NotMe, user.uuid()).await?.unwrap_or(happened);
    let since = oldest.max(address_since.unwrap_or(oldest)).min(happened) - SAME_MOMENT;
    let mut recent = listed(&of_user(tx, context, user).await?);
    recent.retain(|factor| factor.added_at >= since);
    Ok(recent)
}

/// Removes those factors.
pub(crate) async fn remove(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
    recent: &[Recent],
) -> Result<()> {
    let since = |method| recent.iter().filter(|one| one.method == method).map(|one| one.added_at).min();
    if since(Method::Totp).is_some() {
        totp::remove(tx, user).await?;
    }
    if let Some(since) = since(Method::Passkey) {
        passkey::forget_since(tx, context, caller, user, since).await?;
    }
    if since(Method::Sms).is_some() {
        phone::forget_all(tx, user).await?;
    }
    if since(Method::BackupCode).is_some() {
        backup_code::remove(tx, user).await?;
    }
    keep_in_step(tx, context, user).await
}

fn listed(factors: &Factors) -> Vec<Recent> {
    let one = |method, added_at| Recent { method, name: None, added_at };
    let totp = factors.totp.as_ref().map(|totp| one(Method::Totp, totp.created_at));
    let passkeys = factors.passkeys.iter().map(|passkey| Recent {
        method: Method::Passkey,
        name: Some(passkey.name.clone()),
        added_at: passkey.created_at,
    });
    let phone = factors.phone.as_ref().and_then(|phone| phone.verified_at).map(|at| one(Method::Sms, at));
    let codes = factors.backup_codes.map(|codes| one(Method::BackupCode, codes.created_at));
    totp.into_iter().chain(passkeys).chain(phone).chain(codes).collect()
}
