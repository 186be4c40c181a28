//! "This was not me": the link of an alarm's mail.

use axum::extract::State;
use axum::response::Response;
use doorward_core::not_me;
use doorward_core::second_factor::{Recent, What};
use http::StatusCode;

use super::views::{Moment, NotMeDonePage, NotMePage, RecentFactor, masked};
use super::{layout, page};
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::state::Web;

/// Shows the button. Looking uses nothing up: mail scanners look too.
pub async fn show(State(web): State<Web>, query: Query) -> Result<Response, ApiError> {
    let token = query.get("token");
    let (email, recent) = not_me::look(web.context(), token).await?;
    let factors = recent_factors(&web, &recent);
    let layout = layout(&web, "Was this not you?", None);
    Ok(page(StatusCode::OK, &NotMePage { layout, email, factors, form: NotMePage::form(token) }))
}

pub async fn act(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    form: Form,
) -> Result<Response, ApiError> {
    let token = form.get("token");
    let (email, _) = not_me::look(web.context(), token).await?;
    not_me::act(&web.sessions, &caller, token).await?;
    let layout = layout(&web, "Your account is safe", None);
    Ok(page(StatusCode::OK, &NotMeDonePage { layout, masked_email: masked(&email) }))
}

/// What becomes of them, in words.
pub(super) fn recent_factors(web: &Web, recent: &[Recent]) -> Vec<RecentFactor> {
    let now = web.context().now();
    let named = |factor: &Recent| RecentFactor {
        what: in_words(factor),
        added: Moment::new(factor.added_at, now),
        stays: matches!(factor.what, What::PasskeyAlone(_)),
    };
    recent.iter().map(named).collect()
}

fn in_words(factor: &Recent) -> String {
    match &factor.what {
        What::Totp => "the authenticator app".to_owned(),
        What::Passkey(name) | What::PasskeyAlone(name) => format!("the passkey “{name}”"),
        What::PasskeySecond => "the question for a passkey after the password".to_owned(),
        What::Phone => "the phone number for codes".to_owned(),
        What::BackupCodes => "the backup codes".to_owned(),
    }
}
