//! The second step of a sign-in.

use doorward_db::Tx;
use secrecy::ExposeSecret;
use secrecy::SecretString;

use super::flow::{self, Entered, SignedIn};
use super::pending::{self, Pending};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context};
use crate::device;
use crate::error::{Code, Error, Result};
use crate::lockout::{self, Attempt, Target};
use crate::rate_limit::Class;
use crate::recovery::{self, Recovery};
use crate::second_factor::{self, Method};
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
            let methods = second_factor::of_user(tx, user.id).await?.methods();
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
            if !second_factor::of_user(tx, user.id).await?.methods().contains(&method) {
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
    let counted = lockout::begin(context, target, true).await?;
    let attempt = &counted;
    let tried = context
        .db
        .write(async |tx| {
            if !pending::count_try(tx, context, pending.id).await? {
                attempt.failed(tx, caller).await?;
                return Ok(Err(pending::over()));
            }
            if !second_factor::is_right(tx, context, caller, &user, method, code).await? {
                fail(tx, context, caller, &pending, method, attempt).await?;
                return Ok(Err(Error::new(Code::InvalidOrExpiredCode)));
            }
            if !pending::consume(tx, context, pending.id).await? {
                attempt.succeeded(tx).await?;
                return Ok(Err(pending::over()));
            }
            attempt.succeeded(tx).await?;
            // What is said to be lost is not.
            recovery::cancel_in(tx, context, caller, user.id, "second_factor").await?;
            let admitted =
                flow::admit(tx, context, caller, &pending.with(method), pending.entry(browser)).await?;
            if let Ok(Entered::Session(opened)) = &admitted
                && trust_device
                && let Some(device) = opened.device
            {
                device::trust(tx, context, device, user.epoch).await?;
            }
            Ok::<_, Error>(admitted)
        })
        .await?;
    counted.settle();
    match tried {
        Ok(Entered::Session(opened)) => flow::signed_in(sessions, opened).await,
        Ok(Entered::Due(_)) => Err(Error::internal("a sign-in with two factors was asked for another")),
        Err(refusal) => Err(refusal),
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
