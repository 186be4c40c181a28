//! Confirming: by the mail's link, or by its code within the flow that began the sign-up. Whoever confirms a sign-up that
//! they did not begin proves its password, or chooses a new one: nobody's password is confirmed by another's click.

use doorward_crypto::opaque::token_hash;
use doorward_crypto::password::Verdict;
use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::create_account;
use super::store::{self, Pending};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, Id, UserId};
use crate::error::{Code, Error, FieldError, Result};
use crate::rate_limit::Class;
use crate::secret::{self, Found, Purpose, Tries};
use crate::session::{self, EndReason, Sessions};
use crate::sign_in::VerifiedFactor;
use crate::sign_in::flow::{self, Entry, Outcome};
use crate::user::{self, EmailAddress};
use crate::{device, second_factor, sign_in};

const PASSWORD_TRIES: i64 = 5;

/// What somebody brings who confirms.
pub struct Confirmation<'a> {
    pub flow_token: Option<&'a SecretString>,
    pub password: Option<PasswordElsewhere<'a>>,
    /// Who is signed in where the mail was opened.
    pub signed_in: Option<UserId>,
    pub entry: Entry,
}

/// The password of somebody who confirms without the flow.
pub enum PasswordElsewhere<'a> {
    /// It must be the one of the sign-up.
    Compare(&'a SecretString),
    /// It becomes the account's, whatever the sign-up said.
    Choose(&'a SecretString),
}

pub enum Confirmed {
    Entered(Outcome),
    /// An account that existed has a verified address now. Nobody is signed in by that.
    Verified,
}

/// What a link would do, for the page that shows its button. Looking uses nothing up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// Begun in this browser: one click confirms it.
    Mine { email: String, redirect_to: Option<String> },
    /// Begun elsewhere, or by somebody else: a password must come along.
    Elsewhere { email: String },
    /// The address of the account that is signed in waits to be verified.
    Account { email: String },
}

/// # Errors
/// `invalid_or_expired_token`.
pub async fn look_at_link(
    context: &Context,
    token: &str,
    flow_token: Option<&SecretString>,
    signed_in: Option<UserId>,
) -> Result<LinkState> {
    context
        .db
        .read(async |tx| match find(tx, context, token).await? {
            (_, Target::SignUp(pending)) if is_mine(&pending, flow_token) => {
                Ok(LinkState::Mine { email: pending.email, redirect_to: pending.redirect_to })
            }
            (_, Target::SignUp(pending)) => Ok(LinkState::Elsewhere { email: pending.email }),
            (_, Target::Account { id, email }) if signed_in == Some(id) => Ok(LinkState::Account { email }),
            (_, Target::Account { email, .. }) => Ok(LinkState::Elsewhere { email }),
        })
        .await
}

/// Confirms by the mail's link.
///
/// # Errors
/// `invalid_or_expired_token`; `validation_failed` where a password must come along, `invalid_credentials` where it is
/// not the sign-up's; `rate_limited`, `overloaded`.
pub async fn confirm_link(
    sessions: &Sessions,
    caller: &Caller,
    token: &str,
    with: &Confirmation<'_>,
) -> Result<Confirmed> {
    let context = sessions.context();
    let token_key = audit::digest(context, token);
    context.limit(Class::Proof, caller, &token_key).await?;
    let (found, target) = context.db.read(async |tx| find(tx, context, token).await).await?;
    match target {
        Target::SignUp(pending) => {
            let hash = password_hash(context, &pending, with).await?;
            finish(sessions, caller, found, &pending, &hash, with.entry, Code::InvalidOrExpiredToken).await
        }
        Target::Account { id, .. } => {
            let hash = account_password(sessions, caller, id, with).await?;
            verify_account(sessions, caller, found, id, hash, Code::InvalidOrExpiredToken).await
        }
    }
}

/// Confirms by the code, within the flow; or verifies the address of an account that exists.
///
/// # Errors
/// `invalid_or_expired_code`, `rate_limited`, `overloaded`.
pub async fn confirm_code(
    sessions: &Sessions,
    caller: &Caller,
    email: &str,
    code: &str,
    with: &Confirmation<'_>,
) -> Result<Confirmed> {
    let context = sessions.context();
    let email = EmailAddress::parse("email", email).map_err(|error| Error::invalid(vec![error]))?;
    context.limit(Class::Proof, caller, email.key()).await?;
    let flow_hash = with.flow_token.map(|token| token_hash(token.expose_secret()));
    let (found, target) = context
        .db
        .write(async |tx| {
            let target = find_for_code(tx, context, &email, flow_hash.as_ref(), with.signed_in).await?;
            let key = email.key();
            let (purpose, subject, tries) = match &target {
                Some(Target::SignUp(pending)) => {
                    (Purpose::SignUp, Some(pending.id.uuid()), Tries::Address(key))
                }
                Some(Target::Account { id, .. }) => {
                    (Purpose::VerifyEmail, Some(id.uuid()), Tries::Session(*id))
                }
                None => (Purpose::SignUp, None, Tries::Elsewhere(key)),
            };
            let tried = secret::try_code(tx, context, purpose, subject, key, (tries, caller), code).await?;
            if let (Err(refusal), Some(Target::Account { id, .. })) = (&tried, &target)
                && secret::is_wrong_code(refusal)
            {
                let event = Event::new(EventType::EmailVerified).failed().user(*id);
                audit::record(tx, context, caller, event).await?;
            }
            Ok::<_, Error>(tried.and_then(|found| Ok((found, target.ok_or(Code::InvalidOrExpiredCode)?))))
        })
        .await??;
    match target {
        Target::SignUp(pending) => {
            let hash = pending.password_hash.clone();
            finish(sessions, caller, found, &pending, &hash, with.entry, Code::InvalidOrExpiredCode).await
        }
        Target::Account { id, .. } => {
            verify_account(sessions, caller, found, id, None, Code::InvalidOrExpiredCode).await
        }
    }
}

enum Target {
    SignUp(Box<Pending>),
    Account { id: UserId, email: String },
}

async fn find(tx: &mut Tx<'_>, context: &Context, token: &str) -> Result<(Found, Target)> {
    let gone = || Error::new(Code::InvalidOrExpiredToken);
    match secret::find_link(tx, context, Purpose::SignUp, token).await {
        Ok(found) => {
            let pending =
                store::by_id(tx, Id::from_uuid(found.subject), context.now()).await?.ok_or_else(gone)?;
            Ok((found, Target::SignUp(Box::new(pending))))
        }
        Err(error) if error.code() == Code::InvalidOrExpiredToken => {
            let found = secret::find_link(tx, context, Purpose::VerifyEmail, token).await?;
            let user = user::find(tx, Id::from_uuid(found.subject)).await?.ok_or_else(gone)?;
            Ok((found, Target::Account { id: user.id, email: user.email }))
        }
        Err(error) => Err(error),
    }
}

async fn find_for_code(
    tx: &mut Tx<'_>,
    context: &Context,
    email: &EmailAddress,
    flow_hash: Option<&[u8; 32]>,
    signed_in: Option<UserId>,
) -> Result<Option<Target>> {
    if let Some(hash) = flow_hash
        && let Some(pending) = store::by_flow(tx, hash, context.now()).await?
        && pending.email_key == email.key()
    {
        return Ok(Some(Target::SignUp(Box::new(pending))));
    }
    // The code alone verifies nobody's account but that of whoever is signed in to it.
    let user = user::find_by_email(tx, email).await?;
    let user = user.filter(|user| !user.email_verified && signed_in == Some(user.id));
    Ok(user.map(|user| Target::Account { id: user.id, email: user.email }))
}

fn is_mine(pending: &Pending, flow_token: Option<&SecretString>) -> bool {
    flow_token.is_some_and(|token| {
        bool::from(token_hash(token.expose_secret()).as_slice().ct_eq(pending.flow_hash.as_slice()))
    })
}

/// The hash that the account will have.
async fn password_hash(context: &Context, pending: &Pending, with: &Confirmation<'_>) -> Result<String> {
    if is_mine(pending, with.flow_token) {
        return Ok(pending.password_hash.clone());
    }
    match &with.password {
        None => Err(Error::invalid(vec![FieldError::new(
            "password",
            "required",
            "This sign-up was begun elsewhere. Enter its password to confirm it.",
        )])),
        Some(PasswordElsewhere::Compare(password)) => {
            let id = pending.id;
            if !context.db.write(async |tx| store::count_try(tx, id, PASSWORD_TRIES).await).await? {
                return Err(Code::InvalidOrExpiredToken.into());
            }
            let password = user::normalise_password(password);
            match context.hasher.verify(&password, Some(&pending.password_hash)).await? {
                Verdict::Match { .. } => Ok(pending.password_hash.clone()),
                Verdict::Mismatch => Err(Code::InvalidCredentials.into()),
            }
        }
        Some(PasswordElsewhere::Choose(password)) => {
            let about = [pending.email.as_str(), pending.username.as_deref().unwrap_or_default()];
            let password = user::check_password(context, "password", password, &about)
                .map_err(|error| Error::invalid(vec![error]))?;
            user::hash_new_password(context, "password", &password).await
        }
    }
}

async fn finish(
    sessions: &Sessions,
    caller: &Caller,
    found: Found,
    pending: &Pending,
    password_hash: &str,
    entry: Entry,
    refusal: Code,
) -> Result<Confirmed> {
    let context = sessions.context();
    let entered = context
        .db
        .write(async |tx| {
            let proof = secret::consume(tx, context, found).await?.ok_or(refusal)?;
            let now = context.now().micros();
            tx.consume_once(&store::PENDING, pending.id, now).await?.ok_or(refusal)?;
            // Somebody confirmed another sign-up of this address in the meantime.
            let user = create_account(tx, context, pending, password_hash).await?.ok_or(refusal)?;
            let event = Event::new(EventType::SignUpCompleted).user(user.id);
            audit::record(tx, context, caller, event).await?;
            let factor = VerifiedFactor::of_new_account(user.id, &proof).ok_or(refusal)?;
            flow::enter(tx, context, caller, &factor, entry).await
        })
        .await?;
    Ok(Confirmed::Entered(flow::outcome(sessions, entered).await?))
}

/// What somebody must bring who verifies the address of an account that they are not signed in to: whoever made it may be
/// somebody else, who would share it from then on. Answers the hash of a new password, where one was chosen.
async fn account_password(
    sessions: &Sessions,
    caller: &Caller,
    id: UserId,
    with: &Confirmation<'_>,
) -> Result<Option<String>> {
    let context = sessions.context();
    if with.signed_in == Some(id) {
        return Ok(None);
    }
    let user = context.db.read(async |tx| user::find(tx, id).await).await?;
    let user = user.ok_or(Code::InvalidOrExpiredToken)?;
    match &with.password {
        None => Err(Error::invalid(vec![FieldError::new(
            "password",
            "required",
            "You are not signed in to this account. Enter its password to verify its address.",
        )])),
        Some(PasswordElsewhere::Compare(password)) => {
            let is_right = sign_in::password::is_current(context, caller, (&user, None), password).await?;
            if is_right { Ok(None) } else { Err(Code::InvalidCredentials.into()) }
        }
        Some(PasswordElsewhere::Choose(password)) => {
            let about = [user.email.as_str(), user.username.as_deref().unwrap_or_default()];
            let password = user::check_password(context, "password", password, &about)
                .map_err(|error| Error::invalid(vec![error]))?;
            Ok(Some(user::hash_new_password(context, "password", &password).await?))
        }
    }
}

async fn verify_account(
    sessions: &Sessions,
    caller: &Caller,
    found: Found,
    id: UserId,
    new_password_hash: Option<String>,
    refusal: Code,
) -> Result<Confirmed> {
    let context = sessions.context();
    context
        .db
        .write(async |tx| {
            secret::consume(tx, context, found).await?.ok_or(refusal)?;
            if let Some(hash) = &new_password_hash {
                // Whoever made the account, and knows its first password, is out.
                user::set_password_hash(tx, context, id, hash).await?;
                second_factor::forget_all(tx, context, caller, id).await?;
                device::forget_all(tx, id).await?;
                let ended = session::end_all_in(tx, context, id, None, EndReason::PasswordReset).await?;
                let event = Event::new(EventType::PasswordReset).user(id).with("ended", ended);
                audit::record(tx, context, caller, event).await?;
            }
            if user::mark_email_verified(tx, context, id).await? {
                audit::record(tx, context, caller, Event::new(EventType::EmailVerified).user(id)).await?;
            }
            Ok::<_, Error>(())
        })
        .await?;
    sessions.forget_user(id);
    Ok(Confirmed::Verified)
}
