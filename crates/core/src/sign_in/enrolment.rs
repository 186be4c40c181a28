//! Signing in to an account that needs a second factor and has none: the sign-in goes on once one is set up.

use secrecy::{ExposeSecret, SecretString};

use super::flow::{self, SignedIn};
use super::second::{self, find};
use super::{Second, pending};
use crate::audit;
use crate::context::Caller;
use crate::error::Result;
use crate::rate_limit::Class;
use crate::second_factor::{self, Method};
use crate::session::Sessions;
use crate::totp::SetUp;

/// Begins the set-up of an authenticator app, or goes on with the one under way.
///
/// # Errors
/// `invalid_or_expired_token`, also where the sign-in has no set-up to do; `rate_limited`.
pub async fn begin_totp(sessions: &Sessions, caller: &Caller, token: &SecretString) -> Result<SetUp> {
    let context = sessions.context();
    let user = context
        .db
        .read(async |tx| {
            let (pending, user) = find(tx, context, token).await?;
            // Another sign-in may have set one up meanwhile.
            let factors = second_factor::of_user(tx, context, user.id).await?;
            if pending.enrols && factors.methods().is_empty() { Ok(user) } else { Err(pending::over()) }
        })
        .await?;
    second_factor::resume_totp(context, caller, &user).await
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
) -> Result<(SignedIn, Option<Vec<SecretString>>)> {
    let context = sessions.context();
    context.limit(Class::Proof, caller, &audit::digest(context, token.expose_secret())).await?;
    let (admitted, backup_codes) = context
        .db
        .write(async |tx| {
            let (pending, user) = find(tx, context, token).await?;
            // Somebody else may have set one up meanwhile.
            let factors = second_factor::of_user(tx, context, user.id).await?;
            if !pending.enrols || !factors.methods().is_empty() {
                return Err(pending::over());
            }
            let backup_codes = second_factor::add_totp(tx, context, caller, user.id, code).await?;
            if !pending::consume(tx, context, pending.id).await? {
                return Err(pending::over());
            }
            let admitted = flow::admit(
                tx,
                context,
                caller,
                &pending.with(Second { method: Method::Totp, amr: Method::Totp.amr() }),
                pending.entry(browser),
            )
            .await?;
            Ok((admitted, backup_codes))
        })
        .await?;
    Ok((second::signed_in(sessions, admitted).await?, backup_codes))
}
