//! Accounts: who a person is (OpenID Connect's claim names), how they are found, and whether they may come in.

mod identifier;
mod model;
mod password_policy;
mod profile;
mod store;
#[cfg(test)]
mod tests;

use std::time::Duration;

use doorward_db::Tx;
use secrecy::SecretString;

use crate::audit::{self, Event, EventType};
use crate::changes::{self, Change};
use crate::context::{Caller, Context, Time, UserId};
use crate::error::{Code, Error, FieldError, Result};
use crate::rate_limit::Class;
use crate::secret;
pub use identifier::{EmailAddress, Identifier, Username};
pub use model::{NewUser, User};
pub use password_policy::{check_password, hash_new_password};
pub use profile::{Profile, ProfileChange};
pub(crate) use profile::{deceives, names};

/// The account with this id.
pub async fn find(tx: &mut Tx<'_>, id: UserId) -> Result<Option<User>> {
    store::by_id(tx, id).await
}

/// The account that an e-mail address or a username names.
pub async fn find_by_identifier(tx: &mut Tx<'_>, identifier: &Identifier) -> Result<Option<User>> {
    match identifier {
        Identifier::Email(email) => store::by_email_key(tx, email.key()).await,
        Identifier::Username(username) => store::by_username_key(tx, username.key()).await,
    }
}

pub async fn find_by_email(tx: &mut Tx<'_>, email: &EmailAddress) -> Result<Option<User>> {
    store::by_email_key(tx, email.key()).await
}

/// Whether an account has this username. Usernames are public names: a taken one is told.
pub async fn is_username_taken(tx: &mut Tx<'_>, username: &Username) -> Result<bool> {
    Ok(store::by_username_key(tx, username.key()).await?.is_some())
}

/// Makes an account with the role `user`. `None` where the address already has one.
///
/// # Errors
/// `validation_failed` where the username was taken in the meantime.
pub async fn create(tx: &mut Tx<'_>, context: &Context, new: &NewUser) -> Result<Option<User>> {
    if let Some(username) = &new.username
        && is_username_taken(tx, username).await?
    {
        return Err(username_taken());
    }
    let Some(id) = store::insert(tx, context.new_id(), new, context.now()).await? else { return Ok(None) };
    store::insert_role(tx, id, "user", context.now()).await?;
    find(tx, id).await
}

/// Changes the profile fields that are given.
///
/// # Errors
/// `validation_failed` where the username is taken, `rate_limited` where too many were tried.
pub async fn change_profile(
    context: &Context,
    caller: &Caller,
    id: UserId,
    change: ProfileChange,
) -> Result<User> {
    if matches!(change.username, Some(Some(_))) {
        context.limit(Class::Username, caller, &id.to_string()).await?;
    }
    context
        .db
        .write(async |tx| {
            let user = find(tx, id).await?.ok_or(Code::NotAuthenticated)?;
            if let Some(Some(username)) = &change.username
                && user.username_key.as_deref() != Some(username.key())
                && is_username_taken(tx, username).await?
            {
                return Err(username_taken());
            }
            store::update_profile(tx, id, &user.changed(&change), context.now()).await?;
            audit::record(tx, context, caller, Event::new(EventType::ProfileChanged).user(id)).await?;
            changes::announce(tx, context, Change::User(id)).await?;
            find(tx, id).await?.ok_or_else(|| Code::NotAuthenticated.into())
        })
        .await
}

/// Keeps another hash of the same password in place of the one that was there, if it is still that one. Answers whether
/// it was.
pub async fn replace_password_hash(
    tx: &mut Tx<'_>,
    context: &Context,
    id: UserId,
    old: Option<&str>,
    new: &str,
) -> Result<bool> {
    store::replace_password(tx, id, old, new, context.now()).await
}

/// Keeps the hash of a new password that its owner chose, if the old one is still there. Answers whether it was.
pub async fn change_password_hash(
    tx: &mut Tx<'_>,
    context: &Context,
    id: UserId,
    old: Option<&str>,
    new: &str,
) -> Result<bool> {
    let unchanged = store::replace_password(tx, id, old, new, context.now()).await?;
    if unchanged {
        store::set_password(tx, id, new, context.now()).await?;
    }
    Ok(unchanged)
}

/// Keeps a new password hash whatever was there.
pub async fn set_password_hash(tx: &mut Tx<'_>, context: &Context, id: UserId, new: &str) -> Result<()> {
    store::set_password(tx, id, new, context.now()).await
}

/// Takes the password away: nobody signs in with it any more, and a new one is set by mail.
pub async fn drop_password(tx: &mut Tx<'_>, context: &Context, id: UserId) -> Result<()> {
    store::drop_password(tx, id, context.now()).await?;
    changes::announce(tx, context, Change::User(id)).await
}

/// Marks the address as verified, if it still is this address. Answers whether it was unverified until now.
pub async fn mark_email_verified(tx: &mut Tx<'_>, context: &Context, id: UserId) -> Result<bool> {
    let changed = store::mark_email_verified(tx, id, context.now()).await?;
    if changed {
        changes::announce(tx, context, Change::User(id)).await?;
    }
    Ok(changed)
}

/// Notes a sign-in.
pub async fn note_sign_in(tx: &mut Tx<'_>, id: UserId, now: Time) -> Result<()> {
    store::note_sign_in(tx, id, now).await
}

/// Shuts an account out, or lets it in again. Ending its sessions is the caller's part, in the same unit of work.
pub async fn set_disabled(tx: &mut Tx<'_>, context: &Context, id: UserId, disabled: bool) -> Result<()> {
    store::set_disabled(tx, id, disabled.then(|| context.now())).await?;
    changes::announce(tx, context, Change::User(id)).await
}

/// Deletes an account and what hangs on it. The caller records the event.
pub async fn delete(tx: &mut Tx<'_>, context: &Context, id: UserId) -> Result<()> {
    store::delete(tx, id).await?;
    changes::announce(tx, context, Change::Gone(id)).await?;
    secret::end_all_of(tx, id.uuid()).await
}

/// Gives the account another address, which counts as verified. Answers whether it was free.
pub async fn set_email(tx: &mut Tx<'_>, context: &Context, id: UserId, email: &EmailAddress) -> Result<bool> {
    let owner = store::by_email_key(tx, email.key()).await?;
    if owner.is_some_and(|owner| owner.id != id) {
        return Ok(false);
    }
    store::set_email(tx, id, email, context.now()).await?;
    changes::announce(tx, context, Change::User(id)).await?;
    Ok(true)
}

/// How long an account may be without a second factor and count as one that never was.
const MFA_LAPSE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Notes whether sign-ins ask for a second factor. Where they do, none has to be set up any more.
pub async fn set_mfa(tx: &mut Tx<'_>, id: UserId, enabled: bool, now: Time) -> Result<()> {
    store::set_mfa(tx, id, enabled, now, now - MFA_LAPSE).await
}

/// Whether sign-ins asked for a second factor before a moment already, and do.
pub async fn had_mfa_before(tx: &mut Tx<'_>, id: UserId, moment: Time) -> Result<bool> {
    store::had_mfa_before(tx, id, moment).await
}

/// Whether a passkey is asked for after the password.
pub async fn set_passkey_second(tx: &mut Tx<'_>, id: UserId, chosen: bool) -> Result<()> {
    store::set_passkey_second(tx, id, chosen).await
}

/// Has the next sign-in set up a second factor.
pub async fn must_enrol(tx: &mut Tx<'_>, id: UserId) -> Result<()> {
    store::must_enrol(tx, id).await
}

/// Notes that whoever reads the account's mail has just set its password.
pub async fn note_password_reset(tx: &mut Tx<'_>, id: UserId, now: Time) -> Result<()> {
    store::note_password_reset(tx, id, now).await
}

/// Begins a new epoch: a sign-in that is under way proved too little.
pub async fn raise_epoch(tx: &mut Tx<'_>, id: UserId) -> Result<()> {
    store::raise_epoch(tx, id).await
}

/// Notes when the account may be deleted for good, or that it stays.
pub async fn set_deletion(tx: &mut Tx<'_>, context: &Context, id: UserId, at: Option<Time>) -> Result<()> {
    store::set_deletion(tx, id, at).await?;
    changes::announce(tx, context, Change::User(id)).await
}

/// Accounts in the order they were made, after `after` where one is given.
pub async fn list(context: &Context, after: Option<UserId>, limit: i64) -> Result<Vec<User>> {
    context.db.read(async |tx| store::list(tx, after, limit).await).await
}

/// The sentence for a name that somebody else has.
pub fn username_taken() -> Error {
    Error::invalid(vec![FieldError::new(
        "preferred_username",
        "username_taken",
        "That username is taken. Choose another.",
    )])
}

/// NFC, as passwords are counted, hashed and compared (RFC 8265, OpaqueString's normalisation rule).
pub fn normalise_password(password: &SecretString) -> SecretString {
    use secrecy::ExposeSecret as _;
    use unicode_normalization::UnicodeNormalization as _;
    SecretString::from(password.expose_secret().nfc().collect::<String>())
}
