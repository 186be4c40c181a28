//! A forgotten password is reset by link or code, a known one is changed. Either ends sessions that somebody else may
//! have, and tells the owner by mail.

mod removal;

use std::time::Duration;

use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::alarm::{self, Alarm};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, DeviceId, Id, UserId};
use crate::device;
use crate::error::{Code, Error, FieldError, Result};
use crate::lockout;
use crate::mail::{self, Message};
use crate::rate_limit::Class;
use crate::recovery;
use crate::second_factor;
use crate::secret::{self, CODE_LIFE, Found, Issued, Purpose, Tries};
use crate::session::{self, EndReason, Live, Sessions, Tokens};
use crate::sign_in;
use crate::user::{self, EmailAddress, User};

pub use removal::{is_possible as can_be_removed, remove};

/// How long the link of a reset holds.
const LINK_LIFE: Duration = Duration::from_secs(60 * 60);

/// Sends the mail to reset a password, where the address has an account. Answers alike for every address, after the
/// same work.
///
/// # Errors
/// `validation_failed` for what is no address, `rate_limited`.
pub async fn forgot(context: &Context, caller: &Caller, email: &str) -> Result<()> {
    let email = EmailAddress::parse("email", email).map_err(|error| Error::invalid(vec![error]))?;
    context.limit(Class::Mail, caller, email.key()).await?;
    context
        .db
        .write(async |tx| {
            let user = user::find_by_email(tx, &email).await?;
            let subject = user.as_ref().map_or_else(|| nobody(context), |user| user.id.uuid());
            let issued =
                secret::issue(tx, context, Purpose::ResetPassword, subject, email.key(), LINK_LIFE).await?;
            let message = reset_mail(context, &issued);
            let event = Event::new(EventType::PasswordResetAsked);
            let event = match &user {
                Some(user) => {
                    mail::queue(tx, context, &user.email, message).await?;
                    event.on(user.id)
                }
                None => {
                    mail::queue_nothing(tx, context, message).await?;
                    event.failed().with("identifier_digest", audit::digest(context, email.key()))
                }
            };
            audit::record(tx, context, caller, event).await
        })
        .await
}

/// Sends the mail to reset the password of an account, in a unit of work of the caller's.
pub(crate) async fn send_reset(tx: &mut Tx<'_>, context: &Context, user: &User) -> Result<()> {
    let (purpose, key) = (Purpose::ResetPassword, user.email_key.as_str());
    let issued = secret::issue(tx, context, purpose, user.id.uuid(), key, LINK_LIFE).await?;
    mail::queue(tx, context, &user.email, reset_mail(context, &issued)).await
}

/// Gives an account back to whoever reads its mail, in a unit of work of the caller's: everybody is signed out, no device is
/// known, the password and every link that was mailed stop working, a closed account opens, and the mail to set a
/// new password goes out. Answers how many sessions ended.
pub(crate) async fn rescue(tx: &mut Tx<'_>, context: &Context, caller: &Caller, id: UserId) -> Result<u64> {
    let ended = shut_out(tx, context, caller, id).await?;
    let user = user::find(tx, id).await?.ok_or(Code::InvalidOrExpiredToken)?;
    send_reset(tx, context, &user).await?;
    Ok(ended)
}

/// As [`rescue`], for an account whose address is not its owner's and can't be: nobody comes in before the operator has looked at
/// it, whoever reads that mail included.
pub(crate) async fn shut(tx: &mut Tx<'_>, context: &Context, caller: &Caller, id: UserId) -> Result<u64> {
    user::set_disabled(tx, context, id, true).await?;
    let ended = shut_out(tx, context, caller, id).await?;
    let event = Event::new(EventType::UserDisabled).on(id).with("by", "address").with("ended", ended);
    audit::record(tx, context, caller, event).await?;
    Ok(ended)
}

/// What somebody is told who had an account shut.
pub(crate) fn is_shut() -> Error {
    Error::new(Code::AccountDisabled).with_detail(
        "Everybody is signed out, and the account is shut: another account has your address now. Ask whoever runs this service to open it for you.",
    )
}

async fn shut_out(tx: &mut Tx<'_>, context: &Context, caller: &Caller, id: UserId) -> Result<u64> {
    user::drop_password(tx, context, id).await?;
    user::set_deletion(tx, context, id, None).await?;
    device::forget_all(tx, id).await?;
    lockout::forgive(tx, id).await?;
    let ended = session::end_all_in(tx, context, id, None, EndReason::NotMe).await?;
    for purpose in [Purpose::ResetPassword, Purpose::VerifyEmail, Purpose::NotMe, Purpose::RestoreAccount] {
        secret::end_all(tx, context, purpose, id.uuid()).await?;
    }
    // Its mails may lie in a mailbox that is not the owner's.
    recovery::cancel_in(tx, context, caller, id, "rescue").await?;
    Ok(ended)
}

/// What proves that the reset's mail was read.
pub enum ResetProof<'a> {
    Link(&'a str),
    Code { email: &'a str, code: &'a str },
}

/// The address whose password a link would reset, for the page that shows its form. Looking uses nothing up.
///
/// # Errors
/// `invalid_or_expired_token`.
pub async fn look_at_link(context: &Context, token: &str) -> Result<String> {
    context
        .db
        .read(async |tx| {
            let found = secret::find_link(tx, context, Purpose::ResetPassword, token).await?;
            let user = user::find(tx, Id::from_uuid(found.subject)).await?;
            Ok(user.ok_or(Code::InvalidOrExpiredToken)?.email)
        })
        .await
}

/// Sets a new password and ends every session of the account. Reading the mail verifies the address as well.
///
/// # Errors
/// `invalid_or_expired_token`, `invalid_or_expired_code`, `validation_failed`, `rate_limited`, `overloaded`.
pub async fn reset(
    sessions: &Sessions,
    caller: &Caller,
    proof: ResetProof<'_>,
    new_password: &SecretString,
) -> Result<()> {
    let context = sessions.context();
    let (found, refusal) = match proof {
        ResetProof::Link(token) => (find_by_link(context, caller, token).await?, Code::InvalidOrExpiredToken),
        ResetProof::Code { email, code } => {
            // What is wrong with the password costs nobody a try.
            user::check_password(context, "new_password", new_password, &[email]).map_err(invalid)?;
            (find_by_code(context, caller, email, code).await?, Code::InvalidOrExpiredCode)
        }
    };
    let id: UserId = Id::from_uuid(found.subject);
    let user = context.db.read(async |tx| user::find(tx, id).await).await?.ok_or(refusal)?;
    let about = [user.email.as_str(), user.username.as_deref().unwrap_or_default()];
    let password = user::check_password(context, "new_password", new_password, &about).map_err(invalid)?;
    let hash = user::hash_new_password(context, "new_password", &password).await?;

    context
        .db
        .write(async |tx| {
            secret::consume(tx, context, found).await?.ok_or(refusal)?;
            user::set_password_hash(tx, context, id, &hash).await?;
            user::note_password_reset(tx, id, context.now()).await?;
            // Whoever was locked out by what others tried is let in again.
            lockout::forgive(tx, id).await?;
            if user::mark_email_verified(tx, context, id).await? {
                // Made by somebody who never showed that the address is theirs.
                second_factor::forget_all(tx, context, caller, id).await?;
                audit::record(tx, context, caller, Event::new(EventType::EmailVerified).user(id)).await?;
            }
            let ended = session::end_all_in(tx, context, id, None, EndReason::PasswordReset).await?;
            tell(tx, context, caller, &user).await?;
            let event = Event::new(EventType::PasswordReset).user(id).with("ended", ended);
            audit::record(tx, context, caller, event).await
        })
        .await?;
    sessions.forget_user(id);
    Ok(())
}

/// Changes the password of somebody who is signed in: every other session ends, this one gets new tokens. Whoever has none, and
/// signs in by passkey, sets one; the session must be fresh then.
///
/// # Errors
/// `reauthentication_required`; `validation_failed` with `current_password` or `new_password` at fault, `rate_limited`, `overloaded`.
pub async fn change(
    sessions: &Sessions,
    caller: &Caller,
    live: &Live,
    current: Option<&SecretString>,
    new: &SecretString,
    is_fresh: bool,
) -> Result<Tokens> {
    let context = sessions.context();
    let user =
        context.db.read(async |tx| user::find(tx, live.user.id).await).await?.ok_or(Code::SessionRevoked)?;
    context.db.read(async |tx| session::ensure_holds_in(tx, context, live).await).await?;
    let about = [user.email.as_str(), user.username.as_deref().unwrap_or_default()];
    let password = user::check_password(context, "new_password", new, &about).map_err(invalid)?;
    if user.password_hash.is_some() {
        ensure_other(context, caller, (&user, live.session.device), current, &password).await?;
    } else if !is_fresh {
        return Err(Code::ReauthenticationRequired.into());
    }
    let hash = user::hash_new_password(context, "new_password", &password).await?;
    let old = user.password_hash.as_deref();
    context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            if !user::change_password_hash(tx, context, user.id, old, &hash).await? {
                return Err(Error::new(Code::Conflict));
            }
            let (kept, reason) = (Some(live.session.id), EndReason::PasswordChanged);
            let ended = session::end_all_in(tx, context, user.id, kept, reason).await?;
            secret::end_all(tx, context, Purpose::ResetPassword, user.id.uuid()).await?;
            tell(tx, context, caller, &user).await?;
            let event = Event::new(EventType::PasswordChanged).user(user.id).session(live.session.id);
            audit::record(tx, context, caller, event.with("ended", ended)).await
        })
        .await?;
    sessions.forget_user(user.id);
    Ok(sessions.renew(live.session.id).await?.0)
}

/// Whether the present password is right, and the new one another.
async fn ensure_other(
    context: &Context,
    caller: &Caller,
    (user, device): (&User, Option<DeviceId>),
    current: Option<&SecretString>,
    new: &SecretString,
) -> Result<()> {
    let fault = |field, code, detail: &'static str| Err(invalid(FieldError::new(field, code, detail)));
    let Some(current) = current else {
        return fault("current_password", "required", "Enter your current password.");
    };
    if !sign_in::password::is_current(context, caller, (user, device), current).await? {
        return fault("current_password", "invalid", "That is not your current password.");
    }
    if user::normalise_password(current).expose_secret() == new.expose_secret() {
        let detail = "The new password is the current one. Choose another.";
        return fault("new_password", "password_unchanged", detail);
    }
    Ok(())
}

async fn find_by_link(context: &Context, caller: &Caller, token: &str) -> Result<Found> {
    context.limit(Class::Proof, caller, &audit::digest(context, token)).await?;
    context.db.read(async |tx| secret::find_link(tx, context, Purpose::ResetPassword, token).await).await
}

async fn find_by_code(context: &Context, caller: &Caller, email: &str, code: &str) -> Result<Found> {
    let email = EmailAddress::parse("email", email).map_err(invalid)?;
    context.limit(Class::Proof, caller, email.key()).await?;
    context
        .db
        .write(async |tx| {
            let user = user::find_by_email(tx, &email).await?.map(|user| user.id);
            let (purpose, subject, key) = (Purpose::ResetPassword, user.map(Id::uuid), email.key());
            let tries = (Tries::Address(key), caller);
            let tried = secret::try_code(tx, context, purpose, subject, key, tries, code).await?;
            if tried.as_ref().is_err_and(secret::is_wrong_code) {
                let event = Event::new(EventType::PasswordReset).failed().on_whom(context, user, key);
                audit::record(tx, context, caller, event).await?;
            }
            Ok::<_, Error>(tried)
        })
        .await?
}

async fn tell(tx: &mut Tx<'_>, context: &Context, caller: &Caller, user: &User) -> Result<()> {
    alarm::tell(tx, context, caller, user.id, &user.email, Alarm::PasswordChanged).await
}

fn reset_mail(context: &Context, issued: &Issued) -> Message {
    let now = context.now();
    Message::ResetPassword {
        link: context
            .config
            .page_link(&format!("/reset-password?token={}", issued.link_token.expose_secret())),
        code: issued.code.expose_secret().to_owned(),
        link_expires_at: (now + LINK_LIFE).micros(),
        code_expires_at: (now + CODE_LIFE).micros(),
    }
}

fn nobody(context: &Context) -> Uuid {
    context.new_id::<crate::context::UserKind>().uuid()
}

fn invalid(error: FieldError) -> Error {
    Error::invalid(vec![error])
}
