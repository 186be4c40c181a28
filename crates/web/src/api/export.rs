//! An account's export, as JSON.

use doorward_core::account::Export;
use doorward_core::context::Context;
use doorward_core::phone::Phone;
use doorward_core::session::Live;
use serde::Serialize;
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
    phone_number: Option<String>,
    /// The number that waits for its code.
    pending_phone_number: Option<String>,
    sessions: Vec<SessionView>,
    devices: Vec<KnownDevice>,
    passkeys: Vec<PasskeyView>,
    second_factors: Vec<FactorView>,
    /// When the recovery of a lost factor can be completed, where one is under way.
    recovery_ready_at: Option<String>,
    activity: Vec<ActivityView>,
}

impl ExportView {
    pub fn new(context: &Context, export: &Export, live: &Live) -> Self {
        let [phone, pending] = &export.phones;
        let number = |phone: &Phone| phone.number.as_str().to_owned();
        let current = live.session.id;
        Self {
            user: UserView::new(&export.user, live),
            password_changed_at: export.user.password_changed_at.map(doorward_core::context::Time::rfc3339),
            pending_email: export.pending_email.as_ref().map(|change| change.new_email.clone()),
            phone_number: phone.as_ref().map(number),
            pending_phone_number: pending.as_ref().map(number),
            sessions: export
                .sessions
                .iter()
                .map(|one| SessionView::new(context, one, one.id == current))
                .collect(),
            devices: export
                .devices
                .iter()
                .map(|one| KnownDevice::new(one, live.session.device == Some(one.id)))
                .collect(),
            passkeys: export.passkeys.iter().map(PasskeyView::new).collect(),
            second_factors: factors::items(&export.factors, &export.user.id.to_string()),
            recovery_ready_at: export.recovery.as_ref().map(|recovery| recovery.ready_at.rfc3339()),
            activity: export.activity.iter().map(|event| ActivityView::new(context, event)).collect(),
        }
    }
}
