//! Confirm that it is you, on the way to something sensitive.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use doorward_core::reauthentication as confirming;
use doorward_core::session::Live;
use http::StatusCode;

use super::sign_up::with_redirect;
use super::views::{self, ReauthenticationPage, masked};
use super::{again, layout, mark, page, see_other};
use crate::api::delivery;
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::http::redirect::safe_redirect;
use crate::state::Web;

pub async fn show(State(web): State<Web>, Extension(live): Extension<Arc<Live>>, query: Query) -> Response {
    let by_code = query.get("by") == "code" && confirming::takes_email_code(web.context(), &live);
    let form = ReauthenticationPage::form(by_code, &live.user.email, query.some("redirect_to"));
    page(StatusCode::OK, &confirm_page(&web, &live, form, by_code, query.some("redirect_to")))
}

/// Mails a code, and shows where to type it.
pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    let redirect_to = form.some("redirect_to");
    match confirming::send_code(web.context(), &caller, &live).await {
        Ok(()) => {
            let to = with_redirect(&web, "/reauthenticate", redirect_to);
            let mark = if to.contains('?') { '&' } else { '?' };
            Ok(see_other(&format!("{to}{mark}by=code")))
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = ReauthenticationPage::form(false, &live.user.email, redirect_to);
            let status = mark(&mut shown, error)?;
            Ok(again(&confirm_page(&web, &live, shown, false, redirect_to), status, retry_after))
        }
    }
}

pub async fn confirm(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    let redirect_to = form.some("redirect_to");
    let code = form.some("code");
    let confirmed = match code {
        Some(code) => confirming::by_code(&web.sessions, &caller, &live, code).await,
        None => confirming::by_password(&web.sessions, &caller, &live, &form.secret("password")).await,
    };
    match confirmed {
        Ok(tokens) => {
            let mut response = see_other(&safe_redirect(redirect_to, &web.config));
            delivery::set_tokens(&web, response.headers_mut(), &tokens);
            Ok(response)
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = ReauthenticationPage::form(code.is_some(), &live.user.email, redirect_to);
            shown.fill("code", code.unwrap_or_default());
            let status = mark(&mut shown, error)?;
            let template = confirm_page(&web, &live, shown, code.is_some(), redirect_to);
            Ok(again(&template, status, retry_after))
        }
    }
}

fn confirm_page(
    web: &Web,
    live: &Live,
    form: views::Form,
    by_code: bool,
    redirect_to: Option<&str>,
) -> ReauthenticationPage {
    ReauthenticationPage {
        layout: layout(web, "Confirm that it is you", None),
        form,
        by_code,
        takes_email_code: confirming::takes_email_code(web.context(), live),
        email: live.user.email.clone(),
        masked_email: masked(&live.user.email),
        redirect_to: redirect_to.map(str::to_owned),
    }
}
