//! Second factors that were added a short while ago, and may be a stranger's: they would keep the owner out.

use std::time::Duration;

use doorward_db::Tx;

use super::{Factors, Method, keep_in_step, of_user};
use crate::context::{Caller, Context, Time, UserId};
use crate::error::Result;
use crate::secret::{self, Purpose};
use crate::{backup_code, passkey, phone, totp, user};

/// The mail that tells of a factor is written a moment after it.
const SAME_MOMENT: Duration = Duration::from_secs(5);

/// A second factor that goes when the owner says that something was not them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    pub method: Method,
    /// A passkey's name; without one it is that a passkey is asked for at all.
    pub name: Option<String>,
    pub added_at: Time,
}

/// What was added since something happened that was not the owner, and before that since the oldest mail of the kind whose
/// link has not run out: a stranger's factor must not stay because a later mail was answered, or because the stranger answered
/// one. `address_since` keeps it to the mails that went to the address at hand.
///
/// Where the account asked for a second factor before all that, whoever added another had proved an earlier one. There the
/// mailbox alone must not get past it: only passkeys are removed, which sign in by themselves.
pub(crate) async fn recent(
    tx: &mut Tx<'_>,
    context: &Context,
    user: UserId,
    happened: Time,
    address_since: Option<Time>,
) -> Result<Vec<Recent>> {
    let oldest = secret::oldest_link(tx, context, Purpose::NotMe, user.uuid()).await?.unwrap_or(happened);
    let since = oldest.max(address_since.unwrap_or(oldest)).min(happened) - SAME_MOMENT;
    let vouched = user::had_mfa_before(tx, user, since).await?;
    let factors = of_user(tx, context, user).await?;
    let mut recent = listed(&factors);
    recent.retain(|factor| factor.added_at >= since && (!vouched || factor.method == Method::Passkey));
    if factors.passkey_second && !vouched {
        recent.push(Recent { method: Method::Passkey, name: None, added_at: happened });
    }
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
    let has = |method| recent.iter().any(|one| one.method == method);
    if has(Method::Totp) {
        totp::remove(tx, user).await?;
    }
    let passkeys = recent.iter().filter(|one| one.method == Method::Passkey);
    if let Some(since) = passkeys.clone().filter(|one| one.name.is_some()).map(|one| one.added_at).min() {
        passkey::forget_since(tx, context, caller, user, since).await?;
    }
    if passkeys.clone().any(|one| one.name.is_none()) {
        user::set_passkey_second(tx, user, false).await?;
    }
    if has(Method::Sms) {
        phone::forget_all(tx, user).await?;
    }
    if has(Method::BackupCode) {
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
