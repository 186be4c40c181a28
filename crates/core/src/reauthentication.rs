//! Confirming that it is still you: what a sensitive act asks for where the last proof is older than ten minutes. The new
//! access token's `auth_time` is what counts as fresh; older tokens of the session gain nothing.

use std::time::Duration;

use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};

use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context};
use crate::error::{Code, Error, FieldError, Result};
use crate::lockout::{self, Target};
use crate::mail::{self, Message};
use crate::passkey::Started;
use crate::passkey::authentication::{self, Purpose as PasskeyPurpose};
use crate::rate_limit::Class;
use crate::recovery;
use crate::second_factor::{self, Method};
use crate::secret::{self, CODE_LIFE, Purpose, Tries};
use crate::session::{self, AAL2, Live, Sessions, Tokens};
use crate::{passkey, phone};
use crate::{sign_in, user};

/// How long a proof counts as fresh.
pub const FRESH_FOR: Duration = crate::session::FRESH_FOR;

/// Whether a mailed code will do for this account. An address that nobody has verified proves nothing, and whoever has a
/// second factor proves more than that.
pub fn takes_email_code(context: &Context, live: &Live) -> bool {
    context.config.reauthentication.email_code && live.user.email_verified && !live.user.mfa_enabled
}

/// Whether the password will do: not for a session that was opened without the account's second factor.
pub fn takes_password(live: &Live) -> bool {
    live.user.password_hash.is_some() && (!live.user.mfa_enabled || live.session.acr == AAL2)
}

/// Mails a code to the account's address.
///
/// # Errors
/// `validation_failed` where a mailed code will not do, `rate_limited`.
pub async fn send_code(context: &Context, caller: &Caller, live: &Live) -> Result<()> {
    if !takes_email_code(context, live) {
        return Err(invalid("method", "A mailed code is not accepted here. Confirm your password."));
    }
    let user = &live.user;
    context.limit(Class::Mail, caller, &user.id.to_string()).await?;
    context
        .db
        .write(async |tx| {
            let (purpose, subject) = (Purpose::Reauthenticate, live.session.id.uuid());
            let issued = secret::issue(tx, context, purpose, subject, &user.email_key, CODE_LIFE).await?;
            let message = Message::ConfirmIdentity {
                code: issued.code.expose_secret().to_owned(),
                code_expires_at: (context.now() + CODE_LIFE).micros(),
                device: caller.client().name(),
                place: context.address_in_words(caller.ip_text().as_deref()),
            };
            mail::queue(tx, context, &user.email, message).await?;
            let event = Event::new(EventType::ReauthenticationAsked).user(user.id).session(live.session.id);
            audit::record(tx, context, caller, event).await
        })
        .await
}

/// Confirms by the password.
///
/// # Errors
/// `validation_failed` with `password` at fault, `rate_limited`, `overloaded`.
pub async fn by_password(
    sessions: &Sessions,
    caller: &Caller,
    live: &Live,
    password: &SecretString,
) -> Result<Tokens> {
    let context = sessions.context();
    if !takes_password(live) {
        return Err(invalid(
            "password",
            "Your password is not enough here. Confirm with your second factor.",
        ));
    }
    let user =
        context.db.read(async |tx| user::find(tx, live.user.id).await).await?.ok_or(Code::SessionRevoked)?;
    if !sign_in::password::is_current(context, caller, (&user, live.session.device), password).await? {
        note(context, caller, live, "password", false).await?;
        return Err(invalid("password", "That is not your password."));
    }
    confirmed(sessions, caller, live, "password").await
}

/// Confirms by a code that was mailed within this session.
///
/// # Errors
/// `invalid_or_expired_code`, `rate_limited`.
pub async fn by_code(sessions: &Sessions, caller: &Caller, live: &Live, code: &str) -> Result<Tokens> {
    let context = sessions.context();
    let key = live.user.email_key.as_str();
    context.limit(Class::Proof, caller, &live.session.id.to_string()).await?;
    if !takes_email_code(context, live) {
        return Err(Code::InvalidOrExpiredCode.into());
    }
    let tried = context
        .db
        .write(async |tx| {
            let (purpose, subject) = (Purpose::Reauthenticate, live.session.id.uuid());
            let tries = (Tries::Session(live.user.id), caller);
            match secret::try_code(tx, context, purpose, Some(subject), key, tries, code).await? {
                Ok(found) => {
                    let consumed = secret::consume(tx, context, found).await?;
                    Ok(consumed.map(|_| ()).ok_or_else(|| Error::new(Code::InvalidOrExpiredCode)))
                }
                Err(refusal) => {
                    if secret::is_wrong_code(&refusal) {
                        note_in(tx, context, caller, live, "email_code", false).await?;
                    }
                    Ok::<_, Error>(Err(refusal))
                }
            }
        })
        .await?;
    tried?;
    confirmed(sessions, caller, live, "email_code").await
}

/// Sends a code to the account's phone number.
///
/// # Errors
/// `validation_failed` where the account has none, `rate_limited`.
pub async fn send_sms(context: &Context, caller: &Caller, live: &Live) -> Result<()> {
    if !phone::is_on(context) {
        return Err(second_factor::unknown_method());
    }
    phone::send_code(context, caller, &live.user, live.session.id.uuid()).await
}

/// Confirms by a second factor, which raises a session that was opened without one.
///
/// # Errors
/// `validation_failed` for a method that the account does not have, `invalid_or_expired_code`, `rate_limited`.
pub async fn by_second_factor(
    sessions: &Sessions,
    caller: &Caller,
    live: &Live,
    method: Method,
    code: &str,
) -> Result<Tokens> {
    let context = sessions.context();
    let user = &live.user;
    context.limit(Class::Proof, caller, &live.session.id.to_string()).await?;
    if !second_factor::list(context, user.id).await?.methods().contains(&method) {
        return Err(second_factor::unknown_method());
    }
    let target = Target::signed_in(user.id, live.session.device);
    let attempt = lockout::begin(context, caller, target, true).await?;
    let counted = &attempt;
    let flow = (live.session.id.uuid(), Tries::Session(user.id));
    let taken = context
        .db
        .write(async |tx| {
            let taken = second_factor::take(tx, context, caller, user, (method, code), flow).await?;
            match &taken {
                Ok(()) => {
                    counted.succeeded(tx).await?;
                    // What is said to be lost is not.
                    recovery::cancel_in(tx, context, caller, user.id, "second_factor").await?;
                    session::raise_in(tx, context, &live.session, method.amr()).await?;
                }
                Err(refusal) if refusal.code() == Code::InvalidOrExpiredCode => {
                    counted.failed(tx, caller).await?;
                }
                Err(_) => {}
            }
            if taken.as_ref().err().is_none_or(secret::is_wrong_code) {
                note_in(tx, context, caller, live, method.as_str(), taken.is_ok()).await?;
            }
            Ok::<_, Error>(taken)
        })
        .await?;
    // Where the code was not even looked at, nothing was tried.
    if !matches!(&taken, Err(refusal) if refusal.code() == Code::RateLimited) {
        attempt.settle();
    }
    taken?;
    Ok(sessions.raised(live.session.id).await?.0)
}

/// Begins to confirm by a passkey of the account.
///
/// # Errors
/// `validation_failed` where it has none, `rate_limited`.
pub async fn start_passkey(context: &Context, caller: &Caller, live: &Live) -> Result<Started> {
    authentication::start(context, caller, passkey_purpose(live)).await
}

/// Confirms by a passkey of the account.
///
/// # Errors
/// As [`authentication::prove`].
pub async fn by_passkey(
    sessions: &Sessions,
    caller: &Caller,
    live: &Live,
    token: &str,
    credential: &serde_json::Value,
) -> Result<Tokens> {
    let context = sessions.context();
    let proof = authentication::prove(context, caller, passkey_purpose(live), token, credential).await?;
    // Beside what opened the session it is the second factor, unless that was a passkey too.
    let was_passkey = live.session.amr.iter().any(|method| passkey::is_amr(method));
    if was_passkey && !proof.user_verified() {
        return confirmed(sessions, caller, live, "passkey").await;
    }
    context
        .db
        .write(async |tx| {
            recovery::cancel_in(tx, context, caller, live.user.id, "second_factor").await?;
            session::raise_in(tx, context, &live.session, proof.amr()).await?;
            note_in(tx, context, caller, live, "passkey", true).await
        })
        .await?;
    Ok(sessions.raised(live.session.id).await?.0)
}

fn passkey_purpose(live: &Live) -> PasskeyPurpose {
    PasskeyPurpose::Reauthenticate { user: live.user.id, session: live.session.id }
}

async fn confirmed(
    sessions: &Sessions,
    caller: &Caller,
    live: &Live,
    method: &'static str,
) -> Result<Tokens> {
    let (tokens, _) = sessions.renew_fresh(live.session.id).await?;
    note(sessions.context(), caller, live, method, true).await?;
    Ok(tokens)
}

async fn note(
    context: &Context,
    caller: &Caller,
    live: &Live,
    method: &'static str,
    success: bool,
) -> Result<()> {
    context.db.write(async |tx| note_in(tx, context, caller, live, method, success).await).await
}

async fn note_in(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    live: &Live,
    method: &'static str,
    success: bool,
) -> Result<()> {
    let event = Event::new(EventType::Reauthenticated).user(live.user.id).session(live.session.id);
    let event = event.with("method", method);
    let event = if success { event } else { event.failed() };
    audit::record(tx, context, caller, event).await
}

fn invalid(field: &'static str, detail: &'static str) -> Error {
    Error::invalid(vec![FieldError::new(field, "invalid", detail)])
}
