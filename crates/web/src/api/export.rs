//! An account's export, as JSON.

use doorward_core::account::Export;
use doorward_core::audit::Recorded;
use doorward_core::session::Live;
use doorward_core::user_agent::Client;
use serde::Serialize;
use utoipa::ToSchema;

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
    sessions: Vec<SessionView>,
    devices: Vec<KnownDevice>,
    activity: Vec<ActivityView>,
}

/// Something that happened to the account.
#[derive(Serialize, ToSchema)]
pub struct ActivityView {
    id: String,
    time: String,
    #[serde(rename = "type")]
    kind: String,
    outcome: String,
    ip: Option<String>,
    device: Option<String>,
    session_id: Option<String>,
}

impl ExportView {
    pub fn new(export: &Export, live: &Live) -> Self {
        let current = live.session.id;
        Self {
            user: UserView::new(&export.user, live),
            password_changed_at: export.user.password_changed_at.map(doorward_core::context::Time::rfc3339),
            pending_email: export.pending_email.as_ref().map(|change| change.new_email.clone()),
            sessions: export.sessions.iter().map(|one| SessionView::new(one, one.id == current)).collect(),
            devices: export
                .devices
                .iter()
                .map(|one| KnownDevice::new(one, live.session.device == Some(one.id)))
                .collect(),
            activity: export.activity.iter().map(ActivityView::new).collect(),
        }
    }
}

impl ActivityView {
    fn new(event: &Recorded) -> Self {
        Self {
            id: event.id.to_string(),
            time: event.time.rfc3339(),
            kind: event.event_type.clone(),
            outcome: event.outcome.clone(),
            ip: event.ip.clone(),
            device: event.user_agent.as_deref().map(|text| Client::of(Some(text), None).name()),
            session_id: event.session.map(|id| id.to_string()),
        }
    }
}
