//! The audit log: who did what, when, from where, with what outcome. An event is written in the unit of work of the act
//! it tells of; if it can't be written, the act fails.

mod event_type;
mod store;

use doorward_db::Tx;
use serde_json::{Map, Value};

use crate::context::{Caller, Context, EventId, SessionId, Time, UserId};
use crate::error::Result;
use crate::refusals::Whose;

pub use event_type::EventType;

/// The personal detail that holds what is kept of a browser's client hints.
pub const CLIENT_HINTS: &str = "client_hints";

/// An event under way to the log.
#[derive(Debug, Clone)]
pub struct Event {
    kind: EventType,
    outcome: &'static str,
    actor: Option<UserId>,
    user: Option<UserId>,
    session: Option<SessionId>,
    detail: Map<String, Value>,
    personal: Map<String, Value>,
}

impl Event {
    pub fn new(event_type: EventType) -> Self {
        Self {
            kind: event_type,
            outcome: "success",
            actor: None,
            user: None,
            session: None,
            detail: Map::new(),
            personal: Map::new(),
        }
    }

    /// The same act, tried in vain.
    #[must_use]
    pub fn failed(mut self) -> Self {
        self.outcome = "failure";
        self
    }

    /// The account that it happened to; where nobody else acted, its owner acted.
    #[must_use]
    pub fn user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self.actor = self.actor.or(Some(user));
        self
    }

    /// The account that it happened to, where the operator or the server acted.
    #[must_use]
    pub fn on(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// That of whoever goes by an identifier: the account's, or a keyed digest of what belongs to none.
    #[must_use]
    pub fn on_whom(self, context: &Context, user: Option<UserId>, identifier: &str) -> Self {
        match user {
            Some(user) => self.on(user),
            None => self.with("identifier_digest", digest(context, identifier)),
        }
    }

    #[must_use]
    pub fn session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// A detail that tells nothing of a person, and is never erased. Never a secret, and never what a person may have
    /// typed into the wrong field.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(key.to_owned(), value.into());
        self
    }

    /// A detail that tells something of a person, such as an address. It goes when the person's events are erased.
    #[must_use]
    pub fn with_personal(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.personal.insert(key.to_owned(), value.into());
        self
    }
}

/// An event as its owner sees it.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub id: EventId,
    pub time: Time,
    pub event_type: String,
    pub outcome: String,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    /// See `user_agent::hints`.
    pub client_hints: Option<String>,
    pub session: Option<SessionId>,
    /// What belongs to its type.
    pub detail: Map<String, Value>,
}

/// Writes an event into the act's own unit of work.
pub async fn record(tx: &mut Tx<'_>, context: &Context, caller: &Caller, mut event: Event) -> Result<()> {
    let id: EventId = context.new_id();
    if let Some(hints) = &caller.client_hints {
        // So that a browser goes by one name here and in the list of sessions.
        event = event.with_personal(CLIENT_HINTS, hints.as_str());
    }
    store::insert(tx, id, context.now(), caller, &event).await
}

/// Erases what an account's events tell of a person: address, program, personal details. Ids, times and what happened
/// stay, and so does the chain. Answers how many events it touched.
///
/// The sign-ups of the address belong to it too, though no account was there yet.
pub async fn erase(tx: &mut Tx<'_>, context: &Context, user: UserId, email_key: &str) -> Result<u64> {
    Ok(store::erase(tx, user).await? + store::erase_sign_ups(tx, &digest(context, email_key)).await?)
}

/// Writes down what limits refused since the last time, as one event for each key.
pub async fn record_refusals(context: &Context) -> Result<()> {
    let refused = context.refusals.take();
    if refused.is_empty() {
        return Ok(());
    }
    let written = context
        .db
        .write(async |tx| {
            for (key, count) in &refused {
                let mut event = Event::new(EventType::LimitRefused)
                    .failed()
                    .with("class", key.class_name())
                    .with("count", *count);
                if let Some(whose) = &key.whose {
                    let digest = match whose {
                        Whose::Named(name) => digest(context, name),
                        Whose::Digest(digest) => digest.clone(),
                    };
                    event = event.with("identifier_digest", digest);
                }
                let caller = Caller { ip: key.network, ..Caller::nobody() };
                record(tx, context, &caller, event).await?;
            }
            Ok(())
        })
        .await;
    if written.is_err() {
        context.refusals.put_back(refused);
    }
    written
}

/// The account's own activity, newest first: at most `limit` events, before the event `before` where one is given.
pub async fn activity(
    context: &Context,
    user: UserId,
    before: Option<EventId>,
    limit: i64,
) -> Result<Vec<Recorded>> {
    context.db.read(async |tx| store::of_user(tx, user, before, limit).await).await
}

/// The account's sign-in before that of a session opened at `opened`: what a person compares with what they remember.
pub async fn last_sign_in_before(
    context: &Context,
    user: UserId,
    session: SessionId,
    opened: Time,
) -> Result<Option<Recorded>> {
    context.db.read(async |tx| store::last_sign_in_before(tx, user, session, opened).await).await
}

/// A keyed digest of an identifier that belongs to no account: people type passwords into the wrong field.
pub fn digest(context: &Context, identifier: &str) -> String {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
    BASE64_URL_SAFE_NO_PAD.encode(&context.sealer.mac("audit identifier", &[identifier.as_bytes()])[..12])
}
