//! Signing in to an account that needs a second factor and has none: the sign-in goes on once one is set up.

use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};

use super::Second;
use super::flow::{self, Entered, SignedIn};
use super::pending::{self, Pending};
use super::second::{self, PasskeyAnswer, find};
use crate::audit;
use crate::context::{Caller, Context};
use crate::error::{Error, Result};
use crate::passkey::registration::{self, Purpose};
use crate::passkey::{self, Started};
use crate::rate_limit::Class;
use crate::second_factor::{self, Method};
use crate::session::Sessions;
use crate::totp::SetUp;
use crate::user::User;

/// Somebody is signed in, with the first set of backup codes of the account.
pub type Enrolled = (SignedIn, Option<Vec<SecretString>>);

/// Begins the set-up of an authenticator app, or goes on with the one under way.
///
/// # Errors
/// `invalid_or_expired_token`, also where the sign-in has no set-up to do; `rate_limited`.
pub async fn begin_totp(sessions: &Sessions, caller: &Caller, token: &SecretString) -> Result<SetUp> {
    let context = sessions.context();
    let (pending, user) = context.db.read(async |tx| enrolling(tx, context, token).await).await?;
    second_factor::resume_totp(context, caller, &user, pending.id).await
}

/// Lets the authenticator app count that was set up, and signs in. Answers the first set of backup codes beside.
///
/// # Errors
/// `invalid_or_expired_token`, `invalid_or_expired_code`, `conflict` where no set-up is under way; those of
/// [`flow::complete`].
pub async fn confirm_totp(
    sessions: &Sessions,
    caller: &Caller,
    token: &SecretString,
    code: &str,
    browser: bool,
) -> Result<Enrolled> {
    let context = sessions.context();
    context.limit(Class::Proof, caller, &audit::digest(context, token.expose_secret())).await?;
    let (entered, backup_codes) = context
        .db
        .write(async |tx| {
            let (pending, user) = enrolling(tx, context, token).await?;
            let backup_codes =
                second_factor::add_totp(tx, context, caller, user.id, pending.id, code).await?;
            let second = Second { method: Method::Totp, amr: Method::Totp.amr() };
            Ok::<_, Error>((enter(tx, context, caller, pending, second, browser).await?, backup_codes))
        })
        .await?;
    Ok((second::signed_in(sessions, entered).await?, backup_codes))
}

/// Begins to make a passkey, which will be the account's second factor.
///
/// # Errors
/// `invalid_or_expired_token`, also where the sign-in has no set-up to do; `rate_limited`.
pub async fn begin_passkey(context: &Context, caller: &Caller, token: &SecretString) -> Result<Started> {
    let (pending, user) = context.db.read(async |tx| enrolling(tx, context, token).await).await?;
    registration::start(context, caller, purpose(&pending, &user)).await
}

/// Adds the passkey that the browser made, has sign-ins ask for it from now on, and signs in. Answers the first set of backup
/// codes beside.
///
/// # Errors
/// `invalid_or_expired_token`; those of [`registration::finish`] and of [`flow::complete`].
pub async fn confirm_passkey(
    sessions: &Sessions,
    caller: &Caller,
    token: &SecretString,
    answer: PasskeyAnswer<'_>,
    name: Option<&str>,
    browser: bool,
) -> Result<Enrolled> {
    let context = sessions.context();
    let (pending, user) = context.db.read(async |tx| enrolling(tx, context, token).await).await?;
    let PasskeyAnswer { passkey_token, credential } = answer;
    let purpose = purpose(&pending, &user);
    let checked = registration::check(context, caller, purpose, passkey_token, credential, name).await?;
    let added = context
        .db
        .write(async |tx| {
            let (pending, _) = enrolling(tx, context, token).await?;
            let Some((passkey, backup_codes)) =
                second_factor::add_passkey(tx, context, caller, &checked).await?
            else {
                return Ok::<_, Error>(None);
            };
            let second = Second { method: Method::Passkey, amr: passkey::amr(passkey.backup_eligible) };
            Ok(Some((enter(tx, context, caller, pending, second, browser).await?, backup_codes)))
        })
        .await?;
    let (entered, backup_codes) = added.ok_or_else(|| checked.refusal())?;
    Ok((second::signed_in(sessions, entered).await?, backup_codes))
}

fn purpose(pending: &Pending, user: &User) -> Purpose {
    Purpose::Enrolment { user: user.id, flow: pending.id }
}

/// The sign-in, as long as its account still has no second factor: another sign-in may have set one up meanwhile.
///
/// # Errors
/// `invalid_or_expired_token`.
async fn enrolling(tx: &mut Tx<'_>, context: &Context, token: &SecretString) -> Result<(Pending, User)> {
    let (pending, user) = find(tx, context, token).await?;
    let factors = second_factor::of_user(tx, context, user.id).await?;
    if pending.enrols && factors.methods().is_empty() { Ok((pending, user)) } else { Err(pending::over()) }
}

/// Both factors are proved: of many at once, one goes on.
async fn enter(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    pending: Pending,
    second: Second,
    browser: bool,
) -> Result<Result<Entered>> {
    if !pending::consume(tx, context, pending.id).await? {
        return Err(pending::over());
    }
    flow::admit(tx, context, caller, &pending.with(second), pending.entry(browser)).await
}
