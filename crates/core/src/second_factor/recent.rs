//! Second factors that were added a short while ago, and may be a stranger's: they would keep the owner out.

use std::time::Duration;

use doorward_db::Tx;

use super::{Factors, keep_in_step, of_user};
use crate::context::{Caller, Context, Time, UserId};
use crate::error::Result;
use crate::secret::{self, Purpose};
use crate::{backup_code, passkey, phone, totp, user};

/// The mail that tells of a factor is written a moment after it.
const SAME_MOMENT: Duration = Duration::from_secs(5);

/// Something that goes, or comes second alone, when the owner says that something was not them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    pub what: What,
    pub added_at: Time,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Totp,
    /// With its name.
    Passkey(String),
    /// One that stays, and signs in no more by itself: the account has no other second factor.
    PasskeyAlone(String),
    /// That a passkey is asked for after the password, whichever there is.
    PasskeySecond,
    Phone,
    BackupCodes,
}

/// What was added since something happened that was not the owner, and before that since the oldest mail of the kind whose
/// link has not run out: a stranger's factor must not stay because a later mail was answered, or because the stranger answered
/// one. `address_since` keeps it to the mails that went to the address at hand.
///
/// Where the account asked for a second factor before all that, whoever added another had proved an earlier one. There the
/// mailbox alone must not get past it: only passkeys are removed, which sign in by themselves; and where nothing else would be
/// left to ask for, they stay as second factors.
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
    recent.retain(|one| one.added_at >= since && (!vouched || matches!(one.what, What::Passkey(_))));
    if vouched && factors.is_enabled() {
        let mut rest = factors;
        rest.passkeys.retain(|passkey| passkey.created_at < since);
        if !rest.is_enabled() || rest.methods().is_empty() {
            recent.iter_mut().for_each(Recent::keep_as_second);
        }
    } else if factors.passkey_second && !vouched {
        recent.push(Recent { what: What::PasskeySecond, added_at: happened });
    }
    Ok(recent)
}

impl Recent {
    fn keep_as_second(&mut self) {
        if let What::Passkey(name) = &mut self.what {
            self.what = What::PasskeyAlone(std::mem::take(name));
        }
    }
}

/// Removes those factors.
pub(crate) async fn remove(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
    recent: &[Recent],
) -> Result<()> {
    for one in recent {
        match one.what {
            What::Totp => {
                totp::remove(tx, user).await?;
            }
            What::PasskeySecond => user::set_passkey_second(tx, user, false).await?,
            What::Phone => phone::forget_all(tx, user).await?,
            What::BackupCodes => backup_code::remove(tx, user).await?,
            What::Passkey(_) | What::PasskeyAlone(_) => {}
        }
    }
    let first = |is_one: fn(&What) -> bool| {
        recent.iter().filter(|one| is_one(&one.what)).map(|one| one.added_at).min()
    };
    if let Some(first) = first(|what| matches!(what, What::Passkey(_))) {
        passkey::forget_since(tx, context, caller, user, first).await?;
    }
    if let Some(first) = first(|what| matches!(what, What::PasskeyAlone(_))) {
        passkey::make_second_only_since(tx, context, caller, user, first).await?;
    }
    keep_in_step(tx, context, user).await
}

fn listed(factors: &Factors) -> Vec<Recent> {
    let one = |what, added_at| Recent { what, added_at };
    let totp = factors.totp.as_ref().map(|totp| one(What::Totp, totp.created_at));
    let passkeys =
        factors.passkeys.iter().map(|passkey| one(What::Passkey(passkey.name.clone()), passkey.created_at));
    let phone = factors.phone.as_ref().and_then(|phone| phone.verified_at).map(|at| one(What::Phone, at));
    let codes = factors.backup_codes.map(|codes| one(What::BackupCodes, codes.created_at));
    totp.into_iter().chain(passkeys).chain(phone).chain(codes).collect()
}
