//! The way back in for somebody who has lost the second factor, and the owner's way to stop somebody else on it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use doorward_core::error::Code;
use doorward_core::recovery;
use doorward_core::second_factor::Method;
use doorward_core::session::Live;
use doorward_core::sign_in::second;
use http::{HeaderMap, StatusCode};

use super::second_step::anew;
use super::views::{RecoveryAskPage, RecoveryAskedPage, RecoveryDonePage, RecoveryLinkPage, masked};
use super::{in_words, layout, page, see_other};
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::state::Web;

/// What will happen, before it begins.
pub async fn ask_show(
    State(web): State<Web>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let redirect_to = query.some("redirect_to");
    let Some(waiting) = super::second_step::waiting(&web, &headers).await? else {
        return Ok(anew(&web, redirect_to));
    };
    let wait = web.config.recovery.wait;
    let template = RecoveryAskPage {
        layout: layout(&web, "Lost your second factor?", None),
        form: RecoveryAskPage::form(redirect_to),
        has_backup_codes: waiting.methods.contains(&Method::BackupCode),
        wait: in_words(wait),
        longer_wait: (recovery::MAILBOX_ONLY > wait).then(|| in_words(recovery::MAILBOX_ONLY)),
        redirect_to: redirect_to.map(str::to_owned),
    };
    Ok(page(StatusCode::OK, &template))
}

pub async fn ask(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let redirect_to = form.some("redirect_to");
    let Some(token) = web.cookies.flow(&headers) else { return Ok(anew(&web, redirect_to)) };
    match second::recover(web.context(), &caller, &token).await {
        Ok(recovery) => {
            let user = second::waiting(web.context(), &token).await?.user;
            let template = RecoveryAskedPage {
                layout: layout(&web, "The wait has begun", None),
                masked_email: masked(&user.email),
                ready_at: recovery.ready_at.for_people(),
                redirect_to: redirect_to.map(str::to_owned),
            };
            Ok(page(StatusCode::OK, &template))
        }
        Err(error) if error.code() == Code::InvalidOrExpiredToken => Ok(anew(&web, redirect_to)),
        Err(error) => Err(error.into()),
    }
}

/// Shows the button. Looking uses nothing up.
pub async fn cancel_show(State(web): State<Web>, query: Query) -> Result<Response, ApiError> {
    link_page(&web, true, query.get("token")).await
}

pub async fn complete_show(State(web): State<Web>, query: Query) -> Result<Response, ApiError> {
    link_page(&web, false, query.get("token")).await
}

async fn link_page(web: &Web, cancels: bool, token: &str) -> Result<Response, ApiError> {
    let (email, recovery) = recovery::look(web.context(), cancels, token).await?;
    let title = if cancels { "Cancel the recovery" } else { "Remove your second factors" };
    let template = RecoveryLinkPage {
        layout: layout(web, title, None),
        email,
        cancels,
        asked_at: recovery.asked_at.for_people(),
        form: RecoveryLinkPage::form(cancels, token),
    };
    Ok(page(StatusCode::OK, &template))
}

pub async fn cancel(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    form: Form,
) -> Result<Response, ApiError> {
    recovery::cancel_by_mail(web.context(), &caller, form.get("token")).await?;
    let layout = layout(&web, "Nothing was removed", None);
    Ok(page(StatusCode::OK, &RecoveryDonePage { layout, cancelled: true }))
}

pub async fn complete(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    form: Form,
) -> Result<Response, ApiError> {
    recovery::complete(&web.sessions, &caller, form.get("token")).await?;
    let layout = layout(&web, "You can sign in again", None);
    Ok(page(StatusCode::OK, &RecoveryDonePage { layout, cancelled: false }))
}

/// From a session of the account.
pub async fn cancel_mine(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    _: Form,
) -> Result<Response, ApiError> {
    recovery::cancel_by_session(web.context(), &caller, live.user.id).await?;
    Ok(see_other(&format!("{}/account/two-factor?done=cancelled", web.config.base_path())))
}
