//! The password as a factor.

use doorward_crypto::password::Verdict;
use secrecy::SecretString;

use super::{Method, VerifiedFactor};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, DeviceId};
use crate::error::{Code, Result};
use crate::lockout::{self, Attempt, Target};
use crate::rate_limit::Class;
use crate::user::{self, Identifier, User};
use crate::{challenge, device};

/// Compares a password with that of the account that `identifier` (an e-mail address or a username) names. A name that
/// nobody has costs the same work and the same writes.
///
/// # Errors
/// `invalid_credentials`, `rate_limited`, `challenge_required`, `overloaded`.
pub async fn verify(
    context: &Context,
    caller: &Caller,
    identifier: &str,
    password: &SecretString,
    challenge_response: Option<&str>,
) -> Result<VerifiedFactor> {
    let (account, device) = find(context, caller, identifier).await?;
    // One count for an account, whichever of its names is tried.
    let key = account.as_ref().map_or_else(|| unknown_key(identifier), |user| user.id.to_string());
    // What others try must not use up the attempts of a device that is known.
    let limited = device.map_or_else(|| key.clone(), |device| device.to_string());
    context.limit(Class::SignIn, caller, &limited).await?;
    let target = match (&account, device) {
        (Some(user), Some(device)) => Target::Device(user.id, device),
        (Some(user), None) => Target::Account(user.id),
        (None, _) => Target::Unknown(audit::digest(context, &key)),
    };
    let solved = challenge::redeem(context, challenge_response).await?.is_some();
    let attempt = lockout::begin(context, caller, target, solved).await?;

    let password = user::normalise_password(password);
    let stored = account.as_ref().and_then(|user| user.password_hash.as_deref());
    match (context.hasher.verify(&password, stored).await?, &account) {
        (Verdict::Match { upgrade }, Some(user)) => {
            if upgrade {
                upgrade_hash(context, user, &password).await;
            }
            let (method, epoch) = (Method::Password, Some(user.epoch));
            Ok(VerifiedFactor { user: user.id, method, epoch, attempt: Some(attempt), second: None })
        }
        _ => {
            refuse(context, caller, &key, account.as_ref(), &attempt).await?;
            attempt.settle();
            Err(Code::InvalidCredentials.into())
        }
    }
}

/// Whether this is the account's password, for somebody who is signed in already, on a device of theirs where one is known.
///
/// # Errors
/// `rate_limited`, `overloaded`.
pub(crate) async fn is_current(
    context: &Context,
    caller: &Caller,
    (user, device): (&User, Option<DeviceId>),
    password: &SecretString,
) -> Result<bool> {
    // Neither count is that of sign-ins: what strangers try must not keep the owner from proving who they are. Nor does what
    // somebody tries in a stolen session, on any other device.
    let target = Target::signed_in(user.id, device);
    context.limit(Class::SignIn, caller, &target.key()).await?;
    let attempt = lockout::begin(context, caller, target, true).await?;
    let password = user::normalise_password(password);
    let verdict = context.hasher.verify(&password, user.password_hash.as_deref()).await?;
    let is_right = matches!(verdict, Verdict::Match { .. });
    context
        .db
        .write(
            async |tx| {
                if is_right { attempt.succeeded(tx).await } else { attempt.failed(tx, caller).await }
            },
        )
        .await?;
    attempt.settle();
    Ok(is_right)
}

/// The account, and the device of its owner that this is, if it is one.
async fn find(
    context: &Context,
    caller: &Caller,
    identifier: &str,
) -> Result<(Option<User>, Option<DeviceId>)> {
    let Some(identifier) = Identifier::parse(identifier) else { return Ok((None, None)) };
    context
        .db
        .read(async |tx| {
            let user = user::find_by_identifier(tx, &identifier).await?;
            let device = match &user {
                Some(user) => device::recognise(tx, user.id, caller).await?,
                None => None,
            };
            Ok((user, device))
        })
        .await
}

/// What a name that nobody has is counted and written down by, however it is typed.
fn unknown_key(identifier: &str) -> String {
    match Identifier::parse(identifier) {
        Some(identifier) => identifier.key().to_owned(),
        // No account can have it: often it is a password in the wrong field.
        None => identifier.trim().to_lowercase(),
    }
}

async fn refuse(
    context: &Context,
    caller: &Caller,
    key: &str,
    account: Option<&User>,
    attempt: &Attempt,
) -> Result<()> {
    let event = Event::new(EventType::SignIn).failed().with("method", Method::Password.as_str());
    let event = event.on_whom(context, account.map(|user| user.id), key);
    context
        .db
        .write(async |tx| {
            attempt.failed(tx, caller).await?;
            audit::record(tx, context, caller, event.clone()).await
        })
        .await
}

/// Hashes the password anew with today's cost. The sign-in succeeds all the same where this does not.
async fn upgrade_hash(context: &Context, user: &User, password: &SecretString) {
    let upgraded = async {
        let hash = context.hasher.hash(password).await?;
        let old = user.password_hash.as_deref();
        context.db.write(async |tx| user::replace_password_hash(tx, context, user.id, old, &hash).await).await
    };
    if let Err(error) = upgraded.await {
        tracing::warn!(user = %user.id, %error, "a password hash could not be upgraded");
    }
}
