//! What an account proves beside its first factor, whichever that was: an authenticator app, a passkey, backup codes. The
//! account's `mfa_enabled` is kept in step with these in the unit of work that changes them.

mod model;
mod recent;

use doorward_db::Tx;
use secrecy::SecretString;
use uuid::Uuid;

pub use self::model::{Factors, Method};
pub use self::recent::{Recent, What};
pub(crate) use self::recent::{recent, remove};
use crate::access::{self, Rights};
use crate::alarm::{self, Alarm};
use crate::audit::{self, Event, EventType};
use crate::backup_code;
use crate::changes::{self, Change};
use crate::context::{Caller, Context, PasskeyId, UserId};
use crate::device;
use crate::error::{Code, Error, FieldError, Result};
use crate::passkey::registration::{self, Checked};
use crate::passkey::{self, Passkey};
use crate::phone::{self, Phone};
use crate::rate_limit::Class;
use crate::secret::Tries;
use crate::session::{self, Live, Sessions, Tokens};
use crate::totp::{self, SetUp};
use crate::user::{self, User};

/// What was changed, and what its owner sees of that once.
pub struct Added {
    /// New tokens: the session's holder has just proved a second factor.
    pub tokens: Tokens,
    /// The first set of an account.
    pub backup_codes: Option<Vec<SecretString>>,
}

pub(crate) async fn of_user(tx: &mut Tx<'_>, context: &Context, user: UserId) -> Result<Factors> {
    Ok(Factors {
        totp: totp::of_user(tx, user).await?,
        passkeys: passkey::all_of(tx, user).await?,
        passkey_second: user::find(tx, user).await?.is_some_and(|user| user.passkey_second),
        phone: phone::verified(tx, user).await?,
        takes_sms: phone::is_on(context),
        backup_codes: backup_code::of_user(tx, user).await?,
    })
}

/// The account's factors, for its owner.
pub async fn list(context: &Context, user: UserId) -> Result<Factors> {
    context.db.read(async |tx| of_user(tx, context, user).await).await
}

/// Whether the operator asks for a second factor of this account.
pub(crate) async fn is_required(tx: &mut Tx<'_>, context: &Context, user: &User) -> Result<bool> {
    if context.config.mfa.required_for.is_empty() {
        return Ok(false);
    }
    Ok(is_required_of(context, &access::rights_of(tx, user.id).await?))
}

/// Whether the operator asks for a second factor of somebody with these roles.
pub fn is_required_of(context: &Context, rights: &Rights) -> bool {
    rights.roles.iter().any(|role| context.config.mfa.required_for.contains(role))
}

/// Begins the set-up of an authenticator app, for the session or the sign-in under way that alone can finish it.
///
/// # Errors
/// `rate_limited`.
pub async fn begin_totp(context: &Context, caller: &Caller, user: &User, by: Uuid) -> Result<SetUp> {
    context.limit(Class::Proof, caller, &format!("totp {by}")).await?;
    totp::begin(context, user, by).await
}

/// The set-up that it has under way, or a new one: what a page shows that may be loaded twice.
///
/// # Errors
/// `rate_limited`.
pub async fn resume_totp(context: &Context, caller: &Caller, user: &User, by: Uuid) -> Result<SetUp> {
    match totp::under_way(context, user, by).await? {
        Some(set_up) => Ok(set_up),
        None => begin_totp(context, caller, user, by).await,
    }
}

/// Lets the authenticator app count that was set up, and raises the session.
///
/// # Errors
/// `invalid_or_expired_code`, `conflict` where no set-up is under way, `rate_limited`.
pub async fn confirm_totp(sessions: &Sessions, caller: &Caller, live: &Live, code: &str) -> Result<Added> {
    let context = sessions.context();
    let user = live.user.id;
    context.limit(Class::Proof, caller, &format!("totp {}", live.session.id)).await?;
    let backup_codes = context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            let backup_codes = add_totp(tx, context, caller, user, live.session.id.uuid(), code).await?;
            session::raise_in(tx, context, &live.session, Method::Totp.amr()).await?;
            Ok::<_, Error>(backup_codes)
        })
        .await?;
    sessions.forget_user(user);
    let (tokens, _) = sessions.raised(live.session.id).await?;
    Ok(Added { tokens, backup_codes })
}

/// As [`confirm_totp`], within a unit of work that goes on from there.
pub(crate) async fn add_totp(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
    by: Uuid,
    code: &str,
) -> Result<Option<Vec<SecretString>>> {
    if !totp::confirm(tx, context, user, by, code).await? {
        return Err(wrong_app_code());
    }
    note(tx, context, caller, user, EventType::TotpAdded, Alarm::FactorAdded).await?;
    let backup_codes = first_backup_codes(tx, context, user).await?;
    keep_in_step(tx, context, user).await?;
    Ok(backup_codes)
}

/// Adds a passkey that was made on the way in, and has sign-ins ask for it from now on, in a unit of work that goes on from
/// there. `None` where it does not hold, as [`registration::add`] says.
pub(crate) async fn add_passkey(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    checked: &Checked<'_>,
) -> Result<Option<(Passkey, Option<Vec<SecretString>>)>> {
    let Some(passkey) = registration::add(tx, context, caller, checked).await? else { return Ok(None) };
    let id = passkey.user;
    user::set_passkey_second(tx, id, true).await?;
    // The mail that tells of the passkey is enough.
    audit::record(tx, context, caller, Event::new(EventType::PasskeySecondOn).user(id)).await?;
    let backup_codes = first_backup_codes(tx, context, id).await?;
    keep_in_step(tx, context, id).await?;
    Ok(Some((passkey, backup_codes)))
}

/// Removes the authenticator app. With the account's last second factor its backup codes go.
///
/// # Errors
/// `not_found` where there is none; `conflict` where the operator asks for a second factor and this is the last.
pub async fn remove_totp(sessions: &Sessions, caller: &Caller, live: &Live) -> Result<()> {
    let context = sessions.context();
    let id = live.user.id;
    context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            if !totp::remove(tx, id).await? {
                return Err(Error::new(Code::NotFound));
            }
            let user = user::find(tx, id).await?.ok_or(Code::SessionRevoked)?;
            ensure_one_left(tx, context, &user).await?;
            note(tx, context, caller, id, EventType::TotpRemoved, Alarm::FactorRemoved).await?;
            keep_in_step(tx, context, id).await
        })
        .await?;
    sessions.forget_user(id);
    Ok(())
}

/// Gives the account the phone number that waits for this code, which counts from now on, and raises the session.
///
/// # Errors
/// `invalid_or_expired_code`, `rate_limited`; `not_found` where no provider of SMS is set.
pub async fn verify_phone(
    sessions: &Sessions,
    caller: &Caller,
    live: &Live,
    code: &str,
) -> Result<(Phone, Added)> {
    let context = sessions.context();
    let user = live.user.id;
    phone::ensure_on(context)?;
    context.limit(Class::Proof, caller, &user.to_string()).await?;
    let (phone, backup_codes) = context
        .db
        .write(async |tx| {
            let phone = match phone::verify(tx, context, caller, live, code).await? {
                Ok(phone) => phone,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let backup_codes = first_backup_codes(tx, context, user).await?;
            keep_in_step(tx, context, user).await?;
            session::raise_in(tx, context, &live.session, Method::Sms.amr()).await?;
            Ok::<_, Error>(Ok((phone, backup_codes)))
        })
        .await??;
    sessions.forget_user(user);
    let (tokens, _) = sessions.raised(live.session.id).await?;
    Ok((phone, Added { tokens, backup_codes }))
}

/// Takes the phone number from the account. With the account's last second factor its backup codes go.
///
/// # Errors
/// `not_found` where there is none; `conflict` where the operator asks for a second factor and this is the last.
pub async fn remove_phone(sessions: &Sessions, caller: &Caller, live: &Live) -> Result<()> {
    let context = sessions.context();
    let id = live.user.id;
    context
        .db
        .write(async |tx| {
            if !phone::remove(tx, context, caller, live).await? {
                return Err(Error::new(Code::NotFound));
            }
            let user = user::find(tx, id).await?.ok_or(Code::SessionRevoked)?;
            ensure_one_left(tx, context, &user).await?;
            keep_in_step(tx, context, id).await
        })
        .await?;
    sessions.forget_user(id);
    Ok(())
}

/// Takes a passkey from the account. With the account's last second factor its backup codes go.
///
/// # Errors
/// `not_found` where the account has no such passkey; `last_sign_in_method` where nobody could get in without it; `conflict`
/// where the operator asks for a second factor and this is the last.
pub async fn remove_passkey(sessions: &Sessions, caller: &Caller, live: &Live, id: PasskeyId) -> Result<()> {
    let context = sessions.context();
    context
        .db
        .write(async |tx| {
            passkey::remove(tx, context, caller, live, id).await?;
            let user = user::find(tx, live.user.id).await?.ok_or(Code::SessionRevoked)?;
            ensure_one_left(tx, context, &user).await?;
            keep_in_step(tx, context, user.id).await
        })
        .await?;
    sessions.forget_user(live.user.id);
    Ok(())
}

/// Has sign-ins ask for a passkey after the password, or not, where there is no authenticator app. Answers the first set of
/// backup codes of an account.
///
/// # Errors
/// `conflict` where the account has no passkey, or needs a second factor and has no other.
pub async fn choose_passkey(
    sessions: &Sessions,
    caller: &Caller,
    live: &Live,
    chosen: bool,
) -> Result<Option<Vec<SecretString>>> {
    let context = sessions.context();
    let id = live.user.id;
    let codes = context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            let user = user::find(tx, id).await?.ok_or(Code::SessionRevoked)?;
            if chosen && !passkey::has_any(tx, id).await? {
                return Err(Error::new(Code::Conflict).with_detail("Add a passkey first."));
            }
            if user.passkey_second == chosen {
                return Ok(None);
            }
            user::set_passkey_second(tx, id, chosen).await?;
            let is_enabled = of_user(tx, context, id).await?.is_enabled();
            if !is_enabled && is_required(tx, context, &user).await? {
                let detail =
                    "Your account needs a second factor. Set up another one before you turn this off.";
                return Err(Error::new(Code::Conflict).with_detail(detail));
            }
            let (event, alarm) = if chosen {
                (EventType::PasskeySecondOn, Alarm::FactorAdded)
            } else {
                (EventType::PasskeySecondOff, Alarm::FactorRemoved)
            };
            note(tx, context, caller, id, event, alarm).await?;
            let codes = if chosen { first_backup_codes(tx, context, id).await? } else { None };
            keep_in_step(tx, context, id).await?;
            Ok(codes)
        })
        .await?;
    sessions.forget_user(id);
    Ok(codes)
}

/// Makes a new set of backup codes; the earlier ones end.
///
/// # Errors
/// `conflict` where the account has no second factor that they could stand in for.
pub async fn renew_backup_codes(
    sessions: &Sessions,
    caller: &Caller,
    live: &Live,
) -> Result<Vec<SecretString>> {
    let context = sessions.context();
    let user = live.user.id;
    context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            if !of_user(tx, context, user).await?.is_enabled() {
                return Err(Error::new(Code::Conflict)
                    .with_detail("Backup codes stand in for a second factor. Set one up first."));
            }
            note(tx, context, caller, user, EventType::BackupCodesMade, Alarm::BackupCodesMade).await?;
            device::distrust(tx, user).await?;
            backup_code::make(tx, context, user).await
        })
        .await
}

/// Uses a right code up, of whichever method it is. `flow` is what a code by SMS was sent for, and `tries` whose wrong ones are
/// counted. A wrong code is a value, since it is counted: `invalid_or_expired_code`; another refusal, such as `rate_limited`,
/// says nothing of the code.
pub(crate) async fn take(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: &User,
    (method, code): (Method, &str),
    (flow, tries): (Uuid, Tries<'_>),
) -> Result<Result<()>> {
    Ok(match method {
        Method::Totp if totp::is_right(tx, context, user.id, code).await? => Ok(()),
        Method::Totp => Err(wrong_app_code()),
        // Proved by its own ceremony.
        Method::Passkey => Err(unknown_method()),
        Method::Sms => phone::try_code(tx, context, user, flow, (tries, caller), code).await?.map(drop),
        Method::BackupCode => match backup_code::take(tx, context, user.id, code).await? {
            Some(left) => {
                let event = Event::new(EventType::BackupCodeUsed).user(user.id).with("remaining", left);
                audit::record(tx, context, caller, event).await?;
                alarm::tell(tx, context, caller, user.id, &user.email, Alarm::BackupCodeUsed).await?;
                Ok(())
            }
            None => Err(Error::new(Code::InvalidOrExpiredCode)
                .with_detail("That backup code is wrong, or was used before. Try another.")),
        },
    })
}

fn wrong_app_code() -> Error {
    Error::new(Code::InvalidOrExpiredCode)
        .with_detail("That code is wrong, or was used before. Type the one that your app shows now.")
}

/// Removes every second factor of an account. Its next sign-in sets up another.
pub(crate) async fn remove_all(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
) -> Result<()> {
    forget_all(tx, context, caller, user).await?;
    user::must_enrol(tx, user).await
}

/// Removes every second factor that somebody else left in the account. Its next sign-in sets up none.
pub(crate) async fn forget_all(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
) -> Result<()> {
    totp::remove(tx, user).await?;
    phone::forget_all(tx, user).await?;
    passkey::forget_all(tx, context, caller, user).await?;
    keep_in_step(tx, context, user).await
}

/// Refuses to take the last second factor from an account that needs one.
async fn ensure_one_left(tx: &mut Tx<'_>, context: &Context, user: &User) -> Result<()> {
    if of_user(tx, context, user.id).await?.methods().is_empty() && is_required(tx, context, user).await? {
        return Err(Error::new(Code::Conflict)
            .with_detail("Your account needs a second factor. Set up another one before you remove this."));
    }
    Ok(())
}

/// Brings the account's own columns in step with its factors. No device is trusted any more: whoever had what was changed may
/// have trusted one with it.
async fn keep_in_step(tx: &mut Tx<'_>, context: &Context, id: UserId) -> Result<()> {
    let mut factors = of_user(tx, context, id).await?;
    let user = user::find(tx, id).await?.ok_or(Code::SessionRevoked)?;
    factors.passkey_second &= !factors.passkeys.is_empty();
    // Who needs a second factor and has passkeys alone is asked for one of them.
    factors.passkey_second |=
        !factors.is_enabled() && !factors.passkeys.is_empty() && is_required(tx, context, &user).await?;
    let enabled = factors.is_enabled();
    user::set_passkey_second(tx, id, factors.passkey_second).await?;
    if !enabled {
        backup_code::remove(tx, id).await?;
    }
    device::distrust(tx, id).await?;
    user::set_mfa(tx, id, enabled, context.now()).await?;
    changes::announce(tx, context, Change::User(id)).await
}

async fn note(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    id: UserId,
    event: EventType,
    alarm: Alarm,
) -> Result<()> {
    let user = user::find(tx, id).await?.ok_or(Code::SessionRevoked)?;
    audit::record(tx, context, caller, Event::new(event).user(id)).await?;
    alarm::tell(tx, context, caller, id, &user.email, alarm).await
}

/// Makes the first set of backup codes of an account. `None` where it has one.
async fn first_backup_codes(
    tx: &mut Tx<'_>,
    context: &Context,
    user: UserId,
) -> Result<Option<Vec<SecretString>>> {
    match backup_code::of_user(tx, user).await? {
        Some(_) => Ok(None),
        None => backup_code::make(tx, context, user).await.map(Some),
    }
}

/// # Errors
/// `validation_failed` with `method` at fault, for a method that the account can't use.
pub fn unknown_method() -> Error {
    Error::invalid(vec![FieldError::new("method", "invalid", "Your account has no such second factor.")])
}
