//! Another e-mail address for the account, and back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use doorward_core::email_change::{self, Proof};
use doorward_core::error::{Code, Error};
use doorward_core::session::Live;
use http::StatusCode;

use super::not_me::recent_factors;
use super::views::{self, ConfirmEmailPage, EmailPage, UndoEmailDonePage, UndoEmailPage, masked};
use super::{again, layout, mark, page, resend_wait, see_other};
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::state::Web;

pub async fn show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Result<Response, ApiError> {
    let notice = (query.get("done") == "changed").then(|| "Your e-mail address is changed.".to_owned());
    Ok(page(StatusCode::OK, &email_page(&web, &live, EmailPage::form(), notice).await?))
}

pub async fn change(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    match email_change::start(web.context(), &caller, &live, form.get("new_email")).await {
        Ok(()) => {
            let resent = if form.some("again").is_some() { "?resent=1" } else { "" };
            Ok(see_other(&format!("{}/account/email/verify{resent}", web.config.base_path())))
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = EmailPage::form();
            shown.fill("new_email", form.get("new_email"));
            let status = mark(&mut shown, error)?;
            Ok(again(&email_page(&web, &live, shown, None).await?, status, retry_after))
        }
    }
}

/// With a token: what its link would confirm, behind a button. Without: the code of the change under way.
pub async fn verify_show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Result<Response, ApiError> {
    if let Some(token) = query.some("token") {
        let email = email_change::look_at_link(web.context(), &live, token).await?;
        let form = ConfirmEmailPage::link_form(token);
        return Ok(page(StatusCode::OK, &confirm_page(&web, &live, email, form, None)));
    }
    match email_change::pending(web.context(), live.user.id).await? {
        Some(change) => {
            let form = ConfirmEmailPage::code_form();
            let resend =
                ConfirmEmailPage::resend(&change.new_email, resend_wait(&web, Some(change.created_at)));
            let mut shown = confirm_page(&web, &live, change.new_email, form, Some(resend));
            shown.resent = !query.get("resent").is_empty();
            Ok(page(StatusCode::OK, &shown))
        }
        None => Ok(see_other(&format!("{}/account/email", web.config.base_path()))),
    }
}

pub async fn verify(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    let token = form.some("token");
    let proof = match token {
        Some(token) => Proof::Link(token),
        None => Proof::Code(form.get("code")),
    };
    match email_change::confirm(&web.sessions, &caller, &live, proof).await {
        Ok(_) => Ok(see_other(&format!("{}/account/email?done=changed", web.config.base_path()))),
        Err(error) if error.code() == Code::InvalidOrExpiredToken => Err(error.into()),
        Err(error) => verify_again(&web, &live, &form, error).await,
    }
}

async fn verify_again(web: &Web, live: &Live, form: &Form, error: Error) -> Result<Response, ApiError> {
    let retry_after = error.retry_after();
    let pending = email_change::pending(web.context(), live.user.id).await?;
    let sent = pending.as_ref().map(|change| change.created_at);
    let email = pending.map(|change| change.new_email).unwrap_or_default();
    let mut shown = match form.some("token") {
        Some(token) => ConfirmEmailPage::link_form(token),
        None => ConfirmEmailPage::code_form(),
    };
    shown.fill("code", form.get("code"));
    let by_code = form.some("token").is_none();
    let resend = by_code.then(|| ConfirmEmailPage::resend(&email, resend_wait(web, sent)));
    let status = mark(&mut shown, error)?;
    Ok(again(&confirm_page(web, live, email, shown, resend), status, retry_after))
}

/// Shows the button. Looking uses nothing up.
pub async fn undo_show(State(web): State<Web>, query: Query) -> Result<Response, ApiError> {
    let token = query.get("token");
    let (email, recent) = email_change::look_at_undo(web.context(), token).await?;
    let factors = recent_factors(&web, &recent);
    let layout = layout(&web, "Take your address back", None);
    Ok(page(StatusCode::OK, &UndoEmailPage { layout, email, factors, form: UndoEmailPage::form(token) }))
}

pub async fn undo(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    form: Form,
) -> Result<Response, ApiError> {
    let token = form.get("token");
    let (email, _) = email_change::look_at_undo(web.context(), token).await?;
    email_change::undo(&web.sessions, &caller, token).await?;
    let layout = layout(&web, "You have your address back", None);
    Ok(page(StatusCode::OK, &UndoEmailDonePage { layout, masked_email: masked(&email) }))
}

async fn email_page(
    web: &Web,
    live: &Live,
    form: views::Form,
    notice: Option<String>,
) -> Result<EmailPage, ApiError> {
    let pending = email_change::pending(web.context(), live.user.id).await?;
    Ok(EmailPage {
        layout: layout(web, "E-mail address", Some(&live.user.email)),
        email: live.user.email.clone(),
        email_verified: live.user.email_verified,
        pending: pending.map(|change| change.new_email),
        form,
        notice,
    })
}

fn confirm_page(
    web: &Web,
    live: &Live,
    email: String,
    form: views::Form,
    resend: Option<views::Resend>,
) -> ConfirmEmailPage {
    let layout = layout(web, "Confirm your new address", Some(&live.user.email));
    ConfirmEmailPage { layout, email, form, by_link: resend.is_none(), resend, resent: false }
}
