//! The one way to a session: the account's state, then the second step where one is due, then the session, the note and the
//! event, in one unit of work.

use std::sync::Arc;

use doorward_db::Tx;
use secrecy::SecretString;

pub use super::Entry;
use super::VerifiedFactor;
use super::pending::{self, Due};
use crate::alarm::{self, Alarm};
use crate::audit::{self, Event, EventType};
use crate::config::VerifyEmail;
use crate::context::{Caller, Context, DeviceId, SessionId};
use crate::error::{Code, Error, Result};
use crate::session::{self, Live, NewSession, Sessions, Tokens};
use crate::user::{self, User};
use crate::{device, recovery, second_factor};

/// Somebody is signed in.
pub struct SignedIn {
    pub tokens: Tokens,
    pub live: Arc<Live>,
    /// By which a browser is known again.
    pub device_cookie: Option<SecretString>,
}

/// What became of a sign-in whose first factor was proved.
pub enum Outcome {
    SignedIn(Box<SignedIn>),
    /// The second factor is due, or has to be set up.
    Due(Due),
}

/// As [`Outcome`], before its unit of work has committed.
pub(crate) enum Entered {
    Session(Opened),
    Due(Due),
}

/// A session whose unit of work has not committed yet.
pub(crate) struct Opened {
    session: SessionId,
    pub(super) device: Option<DeviceId>,
    device_cookie: Option<SecretString>,
}

/// Turns a proved factor into a session, or into a sign-in that waits for the second one.
///
/// # Errors
/// `account_disabled`, `email_not_verified`: told only here, after the proof.
pub async fn complete(
    sessions: &Sessions,
    caller: &Caller,
    factor: VerifiedFactor,
    entry: Entry,
) -> Result<Outcome> {
    let context = sessions.context();
    let proved = &factor;
    let admitted = context
        .db
        .write(async |tx| {
            if let Some(attempt) = &proved.attempt {
                attempt.succeeded(tx).await?;
            }
            admit(tx, context, caller, proved, entry).await
        })
        .await?;
    if let Some(attempt) = factor.attempt {
        attempt.settle();
    }
    outcome(sessions, admitted?).await
}

/// As [`complete`], within a unit of work. A refusal is a value, since it is written down: the unit of work must succeed.
pub(super) async fn admit(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    factor: &VerifiedFactor,
    entry: Entry,
) -> Result<Result<Entered>> {
    match ensure_may_enter(tx, context, factor).await {
        Ok(()) => enter(tx, context, caller, factor, entry).await.map(Ok),
        Err(refusal) if matches!(refusal.code(), Code::AccountDisabled | Code::EmailNotVerified) => {
            let event = event(factor).failed().with("reason", refusal.code().as_str());
            audit::record(tx, context, caller, event).await?;
            Ok(Err(refusal))
        }
        Err(error) => Err(error),
    }
}

/// As [`admit`], for an account that may enter: its unit of work has just made it, say.
pub(crate) async fn enter(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    factor: &VerifiedFactor,
    entry: Entry,
) -> Result<Entered> {
    let user = user::find(tx, factor.user).await?.ok_or(Code::InvalidCredentials)?;
    match second_step(tx, context, caller, factor, &user).await? {
        None => open(tx, context, caller, factor, entry, &user).await.map(Entered::Session),
        Some(methods) => {
            let event = Event::new(EventType::FirstFactor).on(user.id).with("method", factor.method.as_str());
            let next = if methods.is_empty() { "enrolment" } else { "second_factor" };
            audit::record(tx, context, caller, event.with("next", next)).await?;
            pending::hold(tx, context, factor, user.epoch, entry, methods).await.map(Entered::Due)
        }
    }
}

/// Whether a second step comes first, whatever the first was: the ways to take it, or none where one has to be set up.
async fn second_step(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    factor: &VerifiedFactor,
    user: &User,
) -> Result<Option<Vec<second_factor::Method>>> {
    if factor.is_two() {
        // What is said to be lost is not.
        recovery::cancel_in(tx, context, caller, user.id, "second_factor").await?;
        return Ok(None);
    }
    if !user.mfa_enabled && !user.must_enrol && !second_factor::is_required(tx, context, user).await? {
        return Ok(None);
    }
    let methods = second_factor::of_user(tx, context, user.id).await?.methods();
    if !methods.is_empty() && device::is_trusted(tx, context, user, caller).await? {
        return Ok(None);
    }
    Ok(Some(methods))
}

async fn open(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    factor: &VerifiedFactor,
    entry: Entry,
    user: &User,
) -> Result<Opened> {
    let (device, is_known) = if entry.browser {
        let entered = device::enter(tx, context, caller, user.id).await?;
        (Some((entered.id, entered.cookie)), !entered.is_new)
    } else {
        (None, session::has_been_seen(tx, user.id, caller).await?)
    };
    let new = NewSession {
        user: user.id,
        amr: factor.amr(),
        acr: factor.acr(),
        remember: entry.remember,
        device: device.as_ref().map(|(id, _)| *id),
    };
    let session = session::open(tx, context, caller, &new).await?;
    // The first sign-in of all is on a device that nobody knows, and no reason for an alarm.
    if !is_known && user.last_sign_in_at.is_some() {
        alarm::tell(tx, context, caller, user.id, &user.email, Alarm::NewDevice).await?;
    }
    user::note_sign_in(tx, user.id, context.now()).await?;
    let event = match factor.second {
        Some(second) => event(factor).with("second_factor", second.method.as_str()),
        None => event(factor),
    };
    audit::record(tx, context, caller, event.session(session)).await?;
    let (device, device_cookie) = device.unzip();
    Ok(Opened { session, device, device_cookie })
}

/// What a unit of work that has committed came to.
pub(crate) async fn outcome(sessions: &Sessions, entered: Entered) -> Result<Outcome> {
    match entered {
        Entered::Session(opened) => Ok(Outcome::SignedIn(Box::new(signed_in(sessions, opened).await?))),
        Entered::Due(due) => Ok(Outcome::Due(due)),
    }
}

/// The tokens of a session whose unit of work has committed.
pub(super) async fn signed_in(sessions: &Sessions, opened: Opened) -> Result<SignedIn> {
    let (tokens, live) = sessions.first_tokens(opened.session).await?;
    Ok(SignedIn { tokens, live, device_cookie: opened.device_cookie })
}

async fn ensure_may_enter(tx: &mut Tx<'_>, context: &Context, factor: &VerifiedFactor) -> Result<()> {
    let user = user::find(tx, factor.user).await?.ok_or_else(|| Error::new(Code::InvalidCredentials))?;
    // The password was changed, or everybody signed out, while this sign-in was under way.
    if factor.epoch.is_some_and(|epoch| epoch != user.epoch) {
        return Err(Code::InvalidCredentials.into());
    }
    if user.is_disabled() {
        return Err(Code::AccountDisabled.into());
    }
    if user.is_closed() {
        return Err(Error::new(Code::AccountDisabled)
            .with_detail("This account is closed. Restore it by the link in the mail that told you so."));
    }
    if !user.email_verified && context.config.sign_up.verify_email == VerifyEmail::First {
        return Err(Code::EmailNotVerified.into());
    }
    Ok(())
}

fn event(factor: &VerifiedFactor) -> Event {
    Event::new(EventType::SignIn).user(factor.user).with("method", factor.method.as_str())
}
