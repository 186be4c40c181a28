//! The second step of a sign-in.

use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Second;
use super::flow::{self, Entered, SignedIn};
use super::pending::{self, Pending};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context};
use crate::device;
use crate::error::{Code, Error, Result};
use crate::lockout::{self, Attempt, Target};
use crate::passkey::Started;
use crate::passkey::authentication::{self, Purpose};
use crate::phone;
use crate::rate_limit::Class;
use crate::recovery::{self, Recovery};
use crate::second_factor::{self, Method};
use crate::secret::Tries;
use crate::session::Sessions;
use crate::user::{self, User};

/// What the second step shows of a sign-in under way.
pub struct Waiting {
    pub user: User,
    pub methods: Vec<Method>,
    /// The account needs a second factor and has none.
    pub enrols: bool,
}

/// What a sign-in under way waits for.
///
/// # Errors
/// `invalid_or_expired_token`.
pub async fn waiting(context: &Context, token: &SecretString) -> Result<Waiting> {
    context
        .db
        .read(async |tx| {
            let (pending, user) = find(tx, context, token).await?;
            let methods = second_factor::of_user(tx, context, user.id).await?.methods();
            Ok(Waiting { user, methods, enrols: pending.enrols })
        })
        .await
}

/// Goes on by a code, to a session.
///
/// # Errors
/// `invalid_or_expired_token`, `invalid_or_expired_code`, `rate_limited`; `validation_failed` for a method that the account
/// does not have; those of [`flow::complete`].
pub async fn complete(
    sessions: &Sessions,
    caller: &Caller,
    token: &SecretString,
    method: Method,
    code: &str,
    browser: bool,
    trust_device: bool,
) -> Result<SignedIn> {
    let context = sessions.context();
    context.limit(Class::Proof, caller, &audit::digest(context, token.expose_secret())).await?;
    let (pending, user, target) = context
        .db
        .read(async |tx| {
            let (pending, user) = find(tx, context, token).await?;
            if pending.enrols {
                return Err(second_factor::unknown_method());
            }
            // A passkey is no code.
            let methods = second_factor::of_user(tx, context, user.id).await?.methods();
            if method == Method::Passkey || !methods.contains(&method) {
                return Err(second_factor::unknown_method());
            }
            // What strangers try who know the password must not keep the owner out of a device that is known.
            let target = match device::recognise(tx, user.id, caller).await? {
                Some(device) => Target::SecondFactorOn(user.id, device),
                None => Target::SecondFactor(user.id),
            };
            Ok((pending, user, target))
        })
        .await?;
    let counted = lockout::begin(context, caller, target, true).await?;
    let attempt = &counted;
    let tried = context
        .db
        .write(async |tx| {
            if !pending::count_try(tx, context, pending.id).await? {
                attempt.failed(tx, caller).await?;
                return Ok(Err(pending::over()));
            }
            let flow = (pending.id, Tries::FirstFactor(user.id));
            let tried = second_factor::take(tx, context, caller, &user, (method, code), flow).await?;
            if let Err(refusal) = tried {
                if refusal.code() == Code::InvalidOrExpiredCode {
                    fail(tx, context, caller, &pending, method, attempt).await?;
                }
                return Ok(Err(refusal));
            }
            attempt.succeeded(tx).await?;
            let second = Second { method, amr: method.amr() };
            enter(tx, context, caller, pending, &user, second, browser, trust_device).await
        })
        .await?;
    // Where the code was not even looked at, nothing was tried.
    if !matches!(&tried, Err(refusal) if refusal.code() == Code::RateLimited) {
        counted.settle();
    }
    signed_in(sessions, tried).await
}

/// Begins the passkey's part of the second step.
///
/// # Errors
/// `invalid_or_expired_token`, `rate_limited`; `validation_failed` where the account has no passkey.
pub async fn start_passkey(context: &Context, caller: &Caller, token: &SecretString) -> Result<Started> {
    let (pending, user) = context.db.read(async |tx| find(tx, context, token).await).await?;
    if pending.enrols {
        return Err(second_factor::unknown_method());
    }
    authentication::start(context, caller, purpose(&pending, &user)).await
}

/// Sends a code to the account's phone number.
///
/// # Errors
/// `invalid_or_expired_token`, `rate_limited`; `validation_failed` where the account has no number.
pub async fn start_sms(context: &Context, caller: &Caller, token: &SecretString) -> Result<()> {
    let (pending, user) = context.db.read(async |tx| find(tx, context, token).await).await?;
    if pending.enrols || !phone::is_on(context) {
        return Err(second_factor::unknown_method());
    }
    phone::send_code(context, caller, &user, pending.id).await
}

/// Goes on by a passkey, to a session.
///
/// # Errors
/// As [`complete`], and those of [`authentication::prove`]; `user_verification_required` where the first factor was a passkey
/// too: what one has is one factor, however often it is shown.
pub async fn complete_by_passkey(
    sessions: &Sessions,
    caller: &Caller,
    token: &SecretString,
    answer: PasskeyAnswer<'_>,
    browser: bool,
    trust_device: bool,
) -> Result<SignedIn> {
    let context = sessions.context();
    let (pending, user) = context.db.read(async |tx| find(tx, context, token).await).await?;
    if pending.enrols {
        return Err(second_factor::unknown_method());
    }
    let PasskeyAnswer { passkey_token, credential } = answer;
    let proof =
        authentication::prove(context, caller, purpose(&pending, &user), passkey_token, credential).await?;
    if pending.method.is_passkey() && !proof.user_verified() {
        return Err(Code::UserVerificationRequired.into());
    }
    let second = Second { method: Method::Passkey, amr: proof.amr() };
    let entered = context
        .db
        .write(async |tx| enter(tx, context, caller, pending, &user, second, browser, trust_device).await)
        .await?;
    signed_in(sessions, entered).await
}

/// What a browser answers to a passkey's challenge.
#[derive(Clone, Copy)]
pub struct PasskeyAnswer<'a> {
    pub passkey_token: &'a str,
    pub credential: &'a Value,
}

fn purpose(pending: &Pending, user: &User) -> Purpose {
    Purpose::SecondFactor { user: user.id, flow: pending.id, verifies: pending.method.is_passkey() }
}

/// Both factors are proved. A refusal is a value, since it is written down.
#[expect(clippy::too_many_arguments, reason = "who, what was proved, and how they come in")]
async fn enter(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    pending: Pending,
    user: &User,
    second: Second,
    browser: bool,
    trust_device: bool,
) -> Result<Result<Entered>> {
    if !pending::consume(tx, context, pending.id).await? {
        return Ok(Err(pending::over()));
    }
    let admitted = flow::admit(tx, context, caller, &pending.with(second), pending.entry(browser)).await?;
    if let Ok(Entered::Session(opened)) = &admitted
        && trust_device
        && let Some(device) = opened.device
    {
        device::trust(tx, context, device, user.epoch).await?;
    }
    Ok(admitted)
}

pub(super) async fn signed_in(sessions: &Sessions, entered: Result<Entered>) -> Result<SignedIn> {
    match entered? {
        Entered::Session(opened) => flow::signed_in(sessions, opened).await,
        Entered::Due(_) => Err(Error::internal("a sign-in with two factors was asked for another")),
    }
}

/// Says that the second factor is lost.
///
/// # Errors
/// `invalid_or_expired_token`, `rate_limited`; `conflict` where there is none that could be lost.
pub async fn recover(context: &Context, caller: &Caller, token: &SecretString) -> Result<Recovery> {
    let (pending, user) = context.db.read(async |tx| find(tx, context, token).await).await?;
    if pending.enrols {
        return Err(
            Error::new(Code::Conflict).with_detail("Your account has no second factor yet. Set one up.")
        );
    }
    recovery::start(context, caller, &user, pending.method.is_by_mail()).await
}

pub(super) async fn find(
    tx: &mut Tx<'_>,
    context: &Context,
    token: &SecretString,
) -> Result<(Pending, User)> {
    let pending = pending::find(tx, context, token.expose_secret()).await?;
    let user = user::find(tx, pending.user).await?.filter(|user| user.epoch == pending.epoch);
    Ok((pending, user.ok_or_else(pending::over)?))
}

async fn fail(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    pending: &Pending,
    method: Method,
    attempt: &Attempt,
) -> Result<()> {
    attempt.failed(tx, caller).await?;
    let event = Event::new(EventType::SecondFactor).failed().on(pending.user).with("method", method.as_str());
    audit::record(tx, context, caller, event).await
}
