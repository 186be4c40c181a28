//! Everything that is held about an account's owner.

use crate::audit::{self, Event, EventType, Recorded};
use crate::context::{Caller, Context};
use crate::device::{self, Device};
use crate::email_change::{self, EmailChange};
use crate::error::{Code, Result};
use crate::passkey::{self, Passkey};
use crate::phone::{self, Phone};
use crate::recovery::{self, Recovery};
use crate::second_factor::{self, Factors};
use crate::session::{Live, Session, Sessions};
use crate::user::{self, User};

/// How many sessions or events are read at once, so that none of the reads takes long.
const PAGE: i64 = 1000;

/// All there is of a kind, page after page, each from where the one before it ended.
macro_rules! all {
    ($kind:ty, |$before:ident| $page:expr) => {{
        let mut all: Vec<$kind> = Vec::new();
        loop {
            let $before = all.last().map(|last| last.id);
            let page = $page.await?;
            if page.is_empty() {
                break all;
            }
            all.extend(page);
        }
    }};
}

/// What is held. No secret is part of it: a password's hash proves nothing to its owner and much to a thief.
pub struct Export {
    pub user: User,
    pub sessions: Vec<Session>,
    pub ended_sessions: Vec<Session>,
    pub devices: Vec<Device>,
    pub passkeys: Vec<Passkey>,
    pub factors: Factors,
    pub recovery: Option<Recovery>,
    pub pending_email: Option<EmailChange>,
    pub email_changes: Vec<EmailChange>,
    /// The verified number, and one that waits for its code.
    pub phones: [Option<Phone>; 2],
    pub activity: Vec<Recorded>,
}

/// Collects it.
pub async fn export(sessions: &Sessions, caller: &Caller, live: &Live) -> Result<Export> {
    let context: &Context = sessions.context();
    let id = live.user.id;
    context
        .db
        .write(async |tx| {
            let event = Event::new(EventType::DataExported).user(id).session(live.session.id);
            audit::record(tx, context, caller, event).await
        })
        .await?;
    let user = context.db.read(async |tx| user::find(tx, id).await).await?.ok_or(Code::SessionRevoked)?;
    Ok(Export {
        user,
        sessions: all!(Session, |before| sessions.of_user(id, before, PAGE)),
        ended_sessions: all!(Session, |before| sessions.ended_of_user(id, before, PAGE)),
        devices: device::of_user(context, id).await?,
        passkeys: passkey::of_user(context, id).await?,
        factors: second_factor::list(context, id).await?,
        recovery: recovery::of_user(context, id).await?,
        pending_email: email_change::pending(context, id).await?,
        email_changes: email_change::of_user(context, id).await?,
        phones: phone::of_user(context, id).await?.into(),
        activity: all!(Recorded, |before| audit::activity(context, id, before, PAGE)),
    })
}
