//! Confirm that it is you, on the way to something sensitive.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use doorward_core::passkey;
use doorward_core::reauthentication as confirming;
use doorward_core::second_factor::{self, Method};
use doorward_core::session::Live;
use http::StatusCode;

use super::views::{self, ConfirmBy, PasskeyForm, ReauthenticationPage, masked};
use super::{again, layout, mark, page, passkeys, see_other};
use crate::api::delivery;
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::http::redirect::{safe_redirect, with_query};
use crate::state::Web;

pub async fn show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Result<Response, ApiError> {
    let ways = ways(&web, &live).await?;
    let wanted = ConfirmBy::parse(query.get("by")).filter(|by| ways.contains(by));
    let by = wanted.or_else(|| usual(&ways));
    let redirect_to = query.some("redirect_to");
    let form = ReauthenticationPage::form(by, &live.user.email, redirect_to);
    let passkey = passkey_form(&web, &live, redirect_to).await?;
    Ok(page(StatusCode::OK, &confirm_page(&web, &live, form, passkey, by, ways, redirect_to)))
}

/// Sends a code, and shows where to type it.
pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    let redirect_to = form.some("redirect_to");
    let by = if form.get("by") == ConfirmBy::Sms.as_str() { ConfirmBy::Sms } else { ConfirmBy::EmailCode };
    let sent = match by {
        ConfirmBy::Sms => confirming::send_sms(web.context(), &caller, &live).await,
        _ => confirming::send_code(web.context(), &caller, &live).await,
    };
    match sent {
        Ok(()) => {
            let page = format!("{}/reauthenticate", web.config.base_path());
            Ok(see_other(&with_query(&page, &[("redirect_to", redirect_to), ("by", Some(by.as_str()))])))
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let ways = ways(&web, &live).await?;
            // An earlier code may still be on its way.
            let by = form.some("again").map_or_else(|| usual(&ways), |_| Some(by));
            let mut shown = ReauthenticationPage::form(by, &live.user.email, redirect_to);
            let status = mark(&mut shown, error)?;
            let passkey = passkey_form(&web, &live, redirect_to).await?;
            let template = confirm_page(&web, &live, shown, passkey, by, ways, redirect_to);
            Ok(again(&template, status, retry_after))
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
    let code = form.get("code");
    let by_passkey = form.some("passkey_token");
    let by = match ConfirmBy::parse(form.get("by")) {
        Some(by) => by,
        None if code.is_empty() => ConfirmBy::Password,
        None => ConfirmBy::EmailCode,
    };
    let sessions = &web.sessions;
    let confirmed = match by {
        _ if let Some(token) = by_passkey => {
            confirming::by_passkey(sessions, &caller, &live, token, &passkeys::credential(&form)).await
        }
        ConfirmBy::Password => {
            confirming::by_password(sessions, &caller, &live, &form.secret("password")).await
        }
        ConfirmBy::EmailCode => confirming::by_code(sessions, &caller, &live, code).await,
        ConfirmBy::Totp => confirming::by_second_factor(sessions, &caller, &live, Method::Totp, code).await,
        ConfirmBy::Sms => confirming::by_second_factor(sessions, &caller, &live, Method::Sms, code).await,
        ConfirmBy::BackupCode => {
            confirming::by_second_factor(sessions, &caller, &live, Method::BackupCode, code).await
        }
    };
    match confirmed {
        Ok(tokens) => {
            let mut response = see_other(&safe_redirect(redirect_to, &web.config));
            delivery::set_tokens(&web, response.headers_mut(), &tokens);
            Ok(response)
        }
        Err(error) if by_passkey.is_some() => {
            let ways = ways(&web, &live).await?;
            let by = usual(&ways);
            let shown = ReauthenticationPage::form(by, &live.user.email, redirect_to);
            let mut passkey = PasskeyForm::reauthenticate(redirect_to);
            let (status, retry_after) = passkeys::mark(&web, &mut passkey, &form, error)?;
            let template = confirm_page(&web, &live, shown, Some(passkey), by, ways, redirect_to);
            Ok(again(&template, status, retry_after))
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = ReauthenticationPage::form(Some(by), &live.user.email, redirect_to);
            if by == ConfirmBy::EmailCode {
                shown.fill("code", code);
            }
            let status = mark(&mut shown, error)?;
            let ways = ways(&web, &live).await?;
            let passkey = passkey_form(&web, &live, redirect_to).await?;
            let template = confirm_page(&web, &live, shown, passkey, Some(by), ways, redirect_to);
            Ok(again(&template, status, retry_after))
        }
    }
}

/// What the page asks for where nobody chose. What has to be sent first is asked for first.
fn usual(ways: &[ConfirmBy]) -> Option<ConfirmBy> {
    ways.first().copied().filter(|way| !way.is_sent())
}

/// How this session's holder may confirm, the most usual way first.
async fn ways(web: &Web, live: &Live) -> Result<Vec<ConfirmBy>, ApiError> {
    let mut ways = Vec::new();
    if confirming::takes_password(live) {
        ways.push(ConfirmBy::Password);
    }
    for method in second_factor::list(web.context(), live.user.id).await?.methods() {
        match method {
            Method::Totp => ways.push(ConfirmBy::Totp),
            Method::Sms => ways.push(ConfirmBy::Sms),
            Method::BackupCode => ways.push(ConfirmBy::BackupCode),
            // It has a button of its own.
            Method::Passkey => {}
        }
    }
    if confirming::takes_email_code(web.context(), live) {
        ways.push(ConfirmBy::EmailCode);
    }
    Ok(ways)
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
    by: Option<ConfirmBy>,
    ways: Vec<ConfirmBy>,
    redirect_to: Option<&str>,
) -> ReauthenticationPage {
    let has_passkey = passkey.is_some();
    ReauthenticationPage {
        layout: layout(web, "Confirm that it is you", None),
        form,
        passkey: passkey.map(|passkey| PasskeyForm { primary: by.is_none(), ..passkey }),
        by,
        // A device that is trusted is asked for no passkey, so that signing in again would prove as little as before.
        signs_in_again: ways.is_empty() && !(has_passkey && live.user.mfa_enabled),
        ways,
        email: live.user.email.clone(),
        masked_email: masked(&live.user.email),
        redirect_to: redirect_to.map(str::to_owned),
    }
}
