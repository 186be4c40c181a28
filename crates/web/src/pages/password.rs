//! A forgotten password.

use axum::extract::State;
use axum::response::Response;
use doorward_core::error::Code;
use doorward_core::password::{self, ResetProof};
use http::StatusCode;

use super::error::dead_link;
use super::views::{self, ForgotPasswordPage, ForgotSentPage, ResetDonePage, ResetPasswordPage, masked};
use super::{again, keep_sent, layout, mark, page, still_sent};
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::state::Web;

/// Where a link leads on that has been used or has run out.
const ANEW: &[(&str, &str)] = &[("/forgot-password", "Mail me a new link"), ("/sign-in", "Go to sign-in")];
const FORGOT: &str = "Reset your password";

pub async fn forgot_show(State(web): State<Web>) -> Response {
    let form = ForgotPasswordPage::form();
    page(StatusCode::OK, &ForgotPasswordPage { layout: layout(&web, FORGOT, None), form })
}

pub async fn forgot(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    form: Form,
) -> Result<Response, ApiError> {
    let email = form.get("email");
    match password::forgot(web.context(), &caller, email).await {
        Ok(()) => {
            let shown = ForgotSentPage::form(email, web.config.password.min_length);
            Ok(page(StatusCode::OK, &sent_page(&web, email, shown, form.some("again").is_some())))
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = ForgotPasswordPage::form();
            shown.fill("email", email);
            let status = mark(&mut shown, error)?;
            let template = ForgotPasswordPage { layout: layout(&web, FORGOT, None), form: shown };
            Ok(again(&template, status, retry_after))
        }
    }
}

/// The form behind the mail's link. Looking at it uses nothing up.
pub async fn reset_show(State(web): State<Web>, query: Query) -> Result<Response, ApiError> {
    let token = query.get("token");
    match password::look_at_link(web.context(), token).await {
        Ok(email) => {
            let form = ResetPasswordPage::form(&email, token, web.config.password.min_length);
            Ok(page(StatusCode::OK, &reset_page(&web, email, form)))
        }
        Err(error) => dead_link(&web, error, ANEW),
    }
}

pub async fn reset(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    form: Form,
) -> Result<Response, ApiError> {
    let (email, code) = (form.get("email"), form.get("code"));
    let proof = match form.some("token") {
        Some(token) => ResetProof::Link(token),
        None => ResetProof::Code { email, code },
    };
    let Err(error) = password::reset(&web.sessions, &caller, proof, &form.secret("new_password")).await
    else {
        return Ok(page(
            StatusCode::OK,
            &ResetDonePage { layout: layout(&web, "Your password is reset", None) },
        ));
    };
    let retry_after = error.retry_after();
    let min_length = web.config.password.min_length;
    if let Some(token) = form.some("token") {
        if error.code() == Code::InvalidOrExpiredToken {
            return dead_link(&web, error, ANEW);
        }
        let email = password::look_at_link(web.context(), token).await?;
        let mut shown = ResetPasswordPage::form(&email, token, min_length);
        let status = mark(&mut shown, error)?;
        return Ok(again(&reset_page(&web, email, shown), status, retry_after));
    }
    let mut shown = ForgotSentPage::form(email, min_length);
    shown.fill("code", code);
    still_sent(&mut shown, &form);
    let status = mark(&mut shown, error)?;
    Ok(again(&sent_page(&web, email, shown, false), status, retry_after))
}

fn sent_page(web: &Web, email: &str, mut form: views::Form, resent: bool) -> ForgotSentPage {
    let wait = keep_sent(web, &mut form);
    let mut resend = ForgotSentPage::resend(email, wait);
    resend.hidden.push(("again".to_owned(), "1".to_owned()));
    ForgotSentPage {
        layout: layout(web, "Check your mail", None),
        masked_email: masked(email),
        form,
        resend,
        resent,
    }
}

fn reset_page(web: &Web, email: String, form: views::Form) -> ResetPasswordPage {
    ResetPasswordPage { layout: layout(web, "Choose a new password", None), email, form }
}
