//! An account's export, as JSON.

use doorward_core::account::Export;
use doorward_core::audit::Recorded;
use doorward_core::context::{Context, Time};
use doorward_core::email_change::EmailChange;
use doorward_core::phone::Phone;
use doorward_core::session::{Live, Session};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::audit::ActivityView;
use super::factors::{self, FactorView};
use super::passkeys::PasskeyView;
use super::sessions::KnownDevice;
use super::views::{SessionView, UserView};

/// Everything that is held about the owner of an account. Secrets are not: a password's hash means nothing to its owner.
#[derive(Serialize, ToSchema)]
pub struct ExportView {
    user: UserView,
    /// Whether a password is set, and since when.
    password_changed_at: Option<String>,
    /// The address that waits to be confirmed.
    pending_email: Option<String>,
    /// Every change of address that is still known, newest first.
    email_changes: Vec<EmailChangeView>,
    phone_number: Option<String>,
    /// The number that waits for its code.
    pending_phone_number: Option<String>,
    sessions: Vec<SessionView>,
    /// Sessions that are over: kept for 30 days after the time at which they would have ended by themselves.
    ended_sessions: Vec<EndedSession>,
    devices: Vec<KnownDevice>,
    passkeys: Vec<PasskeyView>,
    second_factors: Vec<FactorView>,
    /// When the recovery of a lost factor can be completed, where one is under way.
    recovery_ready_at: Option<String>,
    /// All that the audit log has of the account, newest first.
    activity: Vec<ExportedEvent>,
}

/// A change of the account's address.
#[derive(Serialize, ToSchema)]
#[schema(as = EmailChange)]
pub struct EmailChangeView {
    old_email: String,
    new_email: String,
    /// RFC 3339, in UTC.
    asked_at: String,
    confirmed_at: Option<String>,
    /// When it was taken back.
    undone_at: Option<String>,
}

/// A session that is over.
#[derive(Serialize, ToSchema)]
pub struct EndedSession {
    #[serde(flatten)]
    session: SessionView,
    /// RFC 3339, in UTC.
    ended_at: String,
    /// Why it ended, such as `sign_out` or `password_changed`; `expired` where its time was over.
    end_reason: String,
}

/// Something that happened to the account, with all that is written of it.
#[derive(Serialize, ToSchema)]
pub struct ExportedEvent {
    #[serde(flatten)]
    event: ActivityView,
    /// What belongs to its type.
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
}

impl ExportView {
    pub fn new(context: &Context, export: &Export, live: &Live) -> Self {
        let [phone, pending] = &export.phones;
        let number = |phone: &Phone| phone.number.as_str().to_owned();
        let current = live.session.id;
        Self {
            user: UserView::new(&export.user, live),
            password_changed_at: export.user.password_changed_at.map(Time::rfc3339),
            pending_email: export.pending_email.as_ref().map(|change| change.new_email.clone()),
            email_changes: export.email_changes.iter().map(EmailChangeView::new).collect(),
            phone_number: phone.as_ref().map(number),
            pending_phone_number: pending.as_ref().map(number),
            sessions: export
                .sessions
                .iter()
                .map(|one| SessionView::new(context, one, one.id == current))
                .collect(),
            ended_sessions: export
                .ended_sessions
                .iter()
                .filter_map(|one| EndedSession::new(context, one))
                .collect(),
            devices: export
                .devices
                .iter()
                .map(|one| KnownDevice::new(one, live.session.device == Some(one.id)))
                .collect(),
            passkeys: export.passkeys.iter().map(PasskeyView::new).collect(),
            second_factors: factors::items(&export.factors, &export.user.id.to_string()),
            recovery_ready_at: export.recovery.as_ref().map(|recovery| recovery.ready_at.rfc3339()),
            activity: export.activity.iter().map(|event| ExportedEvent::new(context, event)).collect(),
        }
    }
}

impl EmailChangeView {
    fn new(change: &EmailChange) -> Self {
        Self {
            old_email: change.old_email.clone(),
            new_email: change.new_email.clone(),
            asked_at: change.created_at.rfc3339(),
            confirmed_at: change.confirmed_at.map(Time::rfc3339),
            undone_at: change.undone_at.map(Time::rfc3339),
        }
    }
}

impl EndedSession {
    /// None for one that is not over.
    fn new(context: &Context, session: &Session) -> Option<Self> {
        Some(Self {
            session: SessionView::new(context, session, false),
            ended_at: session.ended_at(context.now())?.rfc3339(),
            end_reason: session.revoked_reason.clone().unwrap_or_else(|| "expired".to_owned()),
        })
    }
}

impl ExportedEvent {
    fn new(context: &Context, event: &Recorded) -> Self {
        Self { event: ActivityView::new(context, event), detail: event.detail.clone() }
    }
}
