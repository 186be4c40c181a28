//! The audit log: who did what, when, from where, with what outcome. An event is written in the unit of work of the act
//! it tells of; if it can't be written, the act fails.

mod store;

use doorward_db::Tx;
use serde_json::{Map, Value};

use crate::context::{Caller, Context, EventId, SessionId, Time, UserId};
use crate::error::Result;

/// What happened. The names are stable: exports and alerts depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    SignUpStarted,
    SignUpKnownAddress,
    SignUpCompleted,
    EmailVerified,
    VerificationSent,
    SignIn,
    SignOut,
    SignOutAll,
    SessionEnded,
    RefreshRetried,
    RefreshReused,
    PasswordResetAsked,
    PasswordReset,
    PasswordChanged,
    ProfileChanged,
    UserCreated,
    UserDisabled,
    UserEnabled,
    RoleGranted,
    RoleRevoked,
    KeysRotated,
    DeviceRenamed,
    DeviceForgotten,
    NotMe,
    ReauthenticationAsked,
    Reauthenticated,
    EmailChangeAsked,
    EmailChanged,
    EmailChangeUndone,
    AccountClosed,
    AccountRestored,
    AccountDeleted,
    DataExported,
    AccountLocked,
    ServiceKeyCreated,
    ServiceKeyRevoked,
    KeysRevoked,
}

impl EventType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignUpStarted => "sign_up.started",
            Self::SignUpKnownAddress => "sign_up.known_address",
            Self::SignUpCompleted => "sign_up.completed",
            Self::EmailVerified => "email.verified",
            Self::VerificationSent => "email.verification_sent",
            Self::SignIn => "sign_in",
            Self::SignOut => "sign_out",
            Self::SignOutAll => "sign_out.all",
            Self::SessionEnded => "session.ended",
            Self::RefreshRetried => "refresh.retried",
            Self::RefreshReused => "refresh.reused",
            Self::PasswordResetAsked => "password.reset_asked",
            Self::PasswordReset => "password.reset",
            Self::PasswordChanged => "password.changed",
            Self::ProfileChanged => "profile.changed",
            Self::UserCreated => "user.created",
            Self::UserDisabled => "user.disabled",
            Self::UserEnabled => "user.enabled",
            Self::RoleGranted => "role.granted",
            Self::RoleRevoked => "role.revoked",
            Self::KeysRotated => "keys.rotated",
            Self::DeviceRenamed => "device.renamed",
            Self::DeviceForgotten => "device.forgotten",
            Self::NotMe => "account.not_me",
            Self::ReauthenticationAsked => "reauthentication.asked",
            Self::Reauthenticated => "reauthentication",
            Self::EmailChangeAsked => "email.change_asked",
            Self::EmailChanged => "email.changed",
            Self::EmailChangeUndone => "email.change_undone",
            Self::AccountClosed => "account.closed",
            Self::AccountRestored => "account.restored",
            Self::AccountDeleted => "account.deleted",
            Self::DataExported => "account.exported",
            Self::AccountLocked => "account.locked",
            Self::ServiceKeyCreated => "service_key.created",
            Self::ServiceKeyRevoked => "service_key.revoked",
            Self::KeysRevoked => "keys.revoked",
        }
    }
}

/// An event under way to the log.
#[derive(Debug, Clone)]
pub struct Event {
    kind: EventType,
    outcome: &'static str,
    actor: Option<UserId>,
    user: Option<UserId>,
    session: Option<SessionId>,
    detail: Map<String, Value>,
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

    #[must_use]
    pub fn session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// A detail. Never a secret, and never what a person may have typed into the wrong field.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(key.to_owned(), value.into());
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
    pub session: Option<SessionId>,
}

/// Writes an event into the act's own unit of work.
pub async fn record(tx: &mut Tx<'_>, context: &Context, caller: &Caller, event: Event) -> Result<()> {
    let id: EventId = context.new_id();
    store::insert(tx, id, context.now(), caller, &event).await
}

/// Erases what is personal from the events of an account that is deleted; that they happened stays.
pub async fn erase(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    store::erase(tx, user).await
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

/// A keyed digest of an identifier that belongs to no account: people type passwords into the wrong field.
pub fn digest(context: &Context, identifier: &str) -> String {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
    BASE64_URL_SAFE_NO_PAD.encode(&context.sealer.mac("audit identifier", &[identifier.as_bytes()])[..12])
}
