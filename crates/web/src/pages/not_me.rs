//! "This was not me": the link of an alarm's mail.

use axum::extract::State;
use axum::response::Response;
use doorward_core::not_me;
use http::StatusCode;

use super::views::{NotMeDonePage, NotMePage, masked};
use super::{layout, page};
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::state::Web;

/// Shows the button. Looking uses nothing up: mail scanners look too.
pub async fn show(State(web): State<Web>, query: Query) -> Result<Response, ApiError> {
    let token = query.get("token");
    let email = not_me::look(web.context(), token).await?;
    let layout = layout(&web, "Was this not you?", None);
    Ok(page(StatusCode::OK, &NotMePage { layout, email, form: NotMePage::form(token) }))
}

pub async fn act(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    form: Form,
) -> Result<Response, ApiError> {
    let token = form.get("token");
    let email = not_me::look(web.context(), token).await?;
    not_me::act(&web.sessions, &caller, token).await?;
    let layout = layout(&web, "Your account is safe", None);
    Ok(page(StatusCode::OK, &NotMeDonePage { layout, masked_email: masked(&email) }))
}
