//! The one way to a session: the account's state, then the session, the note and the event, in one unit of work.

use std::sync::Arc;

use doorward_db::Tx;
use secrecy::SecretString;

use super::VerifiedFactor;
use crate::alarm::{self, Alarm};
use crate::audit::{self, Event, EventType};
use crate::config::VerifyEmail;
use crate::context::{Caller, Context, SessionId};
use crate::error::{Code, Error, Result};
use crate::session::{self, Live, NewSession, Sessions, Tokens};
use crate::{device, user};

/// How somebody comes in, beside who they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entry {
    /// Keep the session for longer.
    pub remember: bool,
    /// By a browser, which keeps cookies and is known again by one.
    pub browser: bool,
}

/// Somebody is signed in.
pub struct SignedIn {
    pub tokens: Tokens,
    pub live: Arc<Live>,
    /// By which a browser is known again.
    pub device_cookie: Option<SecretString>,
}

/// A session whose unit of work has not committed yet.
pub(crate) struct Opened {
    session: SessionId,
    device_cookie: Option<SecretString>,
}

/// Turns a proved factor into a session.
///
/// # Errors
/// `account_disabled`, `email_not_verified`: told only here, after the proof.
pub async fn complete(
    sessions: &Sessions,
    caller: &Caller,
    factor: VerifiedFactor,
    entry: Entry,
) -> Result<SignedIn> {
    let context = sessions.context();
    let proved = &factor;
    let opened = context
        .db
        .write(async |tx| {
            if let Some(attempt) = &proved.attempt {
                attempt.succeeded(tx).await?;
            }
            match ensure_may_enter(tx, context, proved).await {
                Ok(()) => open(tx, context, caller, proved, entry).await.map(Ok),
                // The refusal is written down, so the unit of work must succeed.
                Err(refusal) if matches!(refusal.code(), Code::AccountDisabled | Code::EmailNotVerified) => {
                    let event = event(proved).failed().with("reason", refusal.code().as_str());
                    audit::record(tx, context, caller, event).await?;
                    Ok(Err(refusal))
                }
                Err(error) => Err(error),
            }
        })
        .await?;
    if let Some(attempt) = factor.attempt {
        attempt.settle();
    }
    signed_in(sessions, opened?).await
}

/// As [`complete`], within a unit of work that has just made the account.
pub(crate) async fn open(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    factor: &VerifiedFactor,
    entry: Entry,
) -> Result<Opened> {
    let user = user::find(tx, factor.user).await?.ok_or(Code::InvalidCredentials)?;
    let (device, is_known) = if entry.browser {
        let entered = device::enter(tx, context, caller, user.id).await?;
        (Some((entered.id, entered.cookie)), !entered.is_new)
    } else {
        (None, session::has_been_seen(tx, user.id, caller).await?)
    };
    let new = NewSession {
        user: user.id,
        amr: factor.method.amr(),
        acr: "aal1",
        remember: entry.remember,
        device: device.as_ref().map(|(id, _)| *id),
    };
    let session = session::open(tx, context, caller, &new).await?;
    // The first sign-in of all is on a device that nobody knows, and no reason for an alarm.
    if !is_known && user.last_sign_in_at.is_some() {
        alarm::tell(tx, context, caller, user.id, &user.email, Alarm::NewDevice).await?;
    }
    user::note_sign_in(tx, user.id, context.now()).await?;
    audit::record(tx, context, caller, event(factor).session(session)).await?;
    Ok(Opened { session, device_cookie: device.map(|(_, cookie)| cookie) })
}

/// The tokens of a session whose unit of work has committed.
pub(crate) async fn signed_in(sessions: &Sessions, opened: Opened) -> Result<SignedIn> {
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
