//! The one way to a session: the account's state, then the session, the note and the event, in one unit of work.

use std::sync::Arc;

use doorward_db::Tx;

use super::VerifiedFactor;
use crate::audit::{self, Event, EventType};
use crate::config::VerifyEmail;
use crate::context::{Caller, Context, SessionId};
use crate::error::{Code, Error, Result};
use crate::session::{self, Live, NewSession, Sessions, Tokens};
use crate::user;

/// Somebody is signed in.
pub struct SignedIn {
    pub tokens: Tokens,
    pub live: Arc<Live>,
}

/// Turns a proved factor into a session.
///
/// # Errors
/// `account_disabled`, `email_not_verified`: told only here, after the proof.
pub async fn complete(
    sessions: &Sessions,
    caller: &Caller,
    factor: VerifiedFactor,
    remember: bool,
) -> Result<SignedIn> {
    let context = sessions.context();
    let factor = &factor;
    let opened = context
        .db
        .write(async |tx| match ensure_may_enter(tx, context, factor).await {
            Ok(()) => open(tx, context, caller, factor, remember).await.map(Ok),
            // The refusal is written down, so the unit of work must succeed.
            Err(refusal) if matches!(refusal.code(), Code::AccountDisabled | Code::EmailNotVerified) => {
                let event = event(factor).failed().with("reason", refusal.code().as_str());
                audit::record(tx, context, caller, event).await?;
                Ok(Err(refusal))
            }
            Err(error) => Err(error),
        })
        .await??;
    signed_in(sessions, opened).await
}

/// As [`complete`], within a unit of work that has just made the account.
pub(crate) async fn open(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    factor: &VerifiedFactor,
    remember: bool,
) -> Result<SessionId> {
    let new = NewSession { user: factor.user, amr: vec![factor.method.amr()], acr: "aal1", remember };
    let id = session::open(tx, context, caller, &new).await?;
    user::note_sign_in(tx, factor.user, context.now()).await?;
    audit::record(tx, context, caller, event(factor).session(id)).await?;
    Ok(id)
}

/// The tokens of a session whose unit of work has committed.
pub(crate) async fn signed_in(sessions: &Sessions, id: SessionId) -> Result<SignedIn> {
    let (tokens, live) = sessions.first_tokens(id).await?;
    Ok(SignedIn { tokens, live })
}

async fn ensure_may_enter(tx: &mut Tx<'_>, context: &Context, factor: &VerifiedFactor) -> Result<()> {
    let user = user::find(tx, factor.user).await?.ok_or_else(|| Error::new(Code::InvalidCredentials))?;
    if user.is_disabled() {
        return Err(Code::AccountDisabled.into());
    }
    if !user.email_verified && context.config.sign_up.verify_email == VerifyEmail::First {
        return Err(Code::EmailNotVerified.into());
    }
    Ok(())
}

fn event(factor: &VerifiedFactor) -> Event {
    Event::new(EventType::SignIn).user(factor.user).with("method", factor.method.as_str())
}
