//! Confirm that it is you, on the way to something sensitive.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use doorward_core::passkey;
use doorward_core::reauthentication as confirming;
use doorward_core::session::Live;
use http::StatusCode;

use super::sign_up::with_redirect;
use super::views::{self, PasskeyForm, ReauthenticationPage, masked};
use super::{again, layout, mark, page, passkeys, see_other};
use crate::api::delivery;
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::http::redirect::safe_redirect;
use crate::state::Web;

pub async fn show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Result<Response, ApiError> {
    let by_code = query.get("by") == "code" && confirming::takes_email_code(web.context(), &live);
    let redirect_to = query.some("redirect_to");
    let form = ReauthenticationPage::form(by_code, &live.user.email, redirect_to);
    let passkey = passkey_form(&web, &live, redirect_to).await?;
    Ok(page(StatusCode::OK, &confirm_page(&web, &live, form, passkey, by_code, redirect_to)))
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
            let passkey = passkey_form(&web, &live, redirect_to).await?;
            Ok(again(&confirm_page(&web, &live, shown, passkey, false, redirect_to), status, retry_after))
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
    let by_passkey = form.some("passkey_token");
    let confirmed = match (by_passkey, code) {
        (Some(token), _) => {
            let credential = passkeys::credential(&form);
            confirming::by_passkey(&web.sessions, &caller, &live, token, &credential).await
        }
        (None, Some(code)) => confirming::by_code(&web.sessions, &caller, &live, code).await,
        (None, None) => {
            confirming::by_password(&web.sessions, &caller, &live, &form.secret("password")).await
        }
    };
    match confirmed {
        Ok(tokens) => {
            let mut response = see_other(&safe_redirect(redirect_to, &web.config));
            delivery::set_tokens(&web, response.headers_mut(), &tokens);
            Ok(response)
        }
        Err(error) if by_passkey.is_some() => {
            let shown = ReauthenticationPage::form(false, &live.user.email, redirect_to);
            let mut passkey = PasskeyForm::reauthenticate(redirect_to);
            let (status, retry_after) = passkeys::mark(&web, &mut passkey, &form, error)?;
            let template = confirm_page(&web, &live, shown, Some(passkey), false, redirect_to);
            Ok(again(&template, status, retry_after))
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = ReauthenticationPage::form(code.is_some(), &live.user.email, redirect_to);
            shown.fill("code", code.unwrap_or_default());
            let status = mark(&mut shown, error)?;
            let passkey = passkey_form(&web, &live, redirect_to).await?;
            let template = confirm_page(&web, &live, shown, passkey, code.is_some(), redirect_to);
            Ok(again(&template, status, retry_after))
        }
    }
}

/// Where the account has a passkey.
async fn passkey_form(
    web: &Web,
    live: &Live,
    redirect_to: Option<&str>,
) -> Result<Option<PasskeyForm>, ApiError> {
    let all = passkey::of_user(web.context(), live.user.id).await?;
    Ok((!all.is_empty()).then(|| PasskeyForm::reauthenticate(redirect_to)))
}

fn confirm_page(
    web: &Web,
    live: &Live,
    form: views::Form,
    passkey: Option<PasskeyForm>,
    by_code: bool,
    redirect_to: Option<&str>,
) -> ReauthenticationPage {
    ReauthenticationPage {
        layout: layout(web, "Confirm that it is you", None),
        form,
        passkey,
        by_code,
        takes_email_code: confirming::takes_email_code(web.context(), live),
        email: live.user.email.clone(),
        masked_email: masked(&live.user.email),
        redirect_to: redirect_to.map(str::to_owned),
    }
}
