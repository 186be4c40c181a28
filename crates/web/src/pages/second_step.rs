//! The second step of a sign-in. The flow cookie carries its token, and opens nothing else.

use axum::extract::State;
use axum::response::Response;
use doorward_core::error::{Code, Error, Result};
use doorward_core::second_factor::Method;
use doorward_core::sign_in::second::{self, PasskeyAnswer};
use http::{HeaderMap, StatusCode};

use super::passkeys;
use super::views::{self, PasskeyForm, SecondStepPage, StepBy};
use super::{again, in_words, layout, mark, page, see_other};
use crate::api::delivery;
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::http::redirect::{safe_redirect, with_query};
use crate::state::Web;

pub async fn show(State(web): State<Web>, headers: HeaderMap, query: Query) -> Result<Response, ApiError> {
    let redirect_to = query.some("redirect_to");
    let Some(waiting) = waiting(&web, &headers).await? else { return Ok(anew(&web, redirect_to)) };
    if waiting.enrols {
        return Ok(see_other(&super::sign_up::with_redirect(&web, "/sign-in/set-up", redirect_to)));
    }
    let by = match query.get("by") {
        "backup_code" => StepBy::BackupCode,
        "sms" if waiting.methods.contains(&Method::Sms) => StepBy::Sms,
        _ => usual(&waiting),
    };
    let form = SecondStepPage::form(by, trust_for(&web).as_deref(), redirect_to);
    let passkey = PasskeyForm::second_step(redirect_to);
    Ok(page(StatusCode::OK, &second_step_page(&web, &waiting, form, passkey, by, redirect_to)))
}

pub async fn submit(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let redirect_to = form.some("redirect_to");
    let Some(token) = web.cookies.flow(&headers) else { return Ok(anew(&web, redirect_to)) };
    let method = Method::parse(form.get("method")).unwrap_or(Method::Totp);
    let (code, trust) = (form.get("code"), form.is_checked("trust_device"));
    let passkey_token = form.some("passkey_token");
    let done = match passkey_token {
        Some(passkey_token) => {
            let credential = passkeys::credential(&form);
            let answer = PasskeyAnswer { passkey_token, credential: &credential };
            second::complete_by_passkey(&web.sessions, &caller, &token, answer, true, trust).await
        }
        None => second::complete(&web.sessions, &caller, &token, method, code, true, trust).await,
    };
    match done {
        Ok(signed_in) => {
            let mut response = see_other(&safe_redirect(redirect_to, &web.config));
            delivery::enter_browser(&web, &caller, &headers, response.headers_mut(), &signed_in).await?;
            Ok(response)
        }
        Err(error) if passkey_token.is_some() => {
            let Some(waiting) = waiting(&web, &headers).await? else { return Ok(anew(&web, redirect_to)) };
            let mut passkey = PasskeyForm::second_step(redirect_to);
            let (status, retry_after) = passkeys::mark(&web, &mut passkey, &form, error)?;
            let by = usual(&waiting);
            let mut shown = SecondStepPage::form(by, trust_for(&web).as_deref(), redirect_to);
            shown.focus = false;
            shown.fill("trust_device", if trust { "on" } else { "" });
            let template = second_step_page(&web, &waiting, shown, passkey, by, redirect_to);
            Ok(again(&template, status, retry_after))
        }
        Err(error) if error.code() == Code::InvalidOrExpiredToken => Ok(anew(&web, redirect_to)),
        Err(error) => {
            let Some(waiting) = waiting(&web, &headers).await? else { return Ok(anew(&web, redirect_to)) };
            let retry_after = error.retry_after();
            let by = match method {
                Method::BackupCode => StepBy::BackupCode,
                Method::Sms => StepBy::Sms,
                Method::Totp | Method::Passkey => usual(&waiting),
            };
            let mut shown = SecondStepPage::form(by, trust_for(&web).as_deref(), redirect_to);
            shown.fill("trust_device", if trust { "on" } else { "" });
            let status = mark(&mut shown, error)?;
            let passkey = PasskeyForm::second_step(redirect_to);
            let template = second_step_page(&web, &waiting, shown, passkey, by, redirect_to);
            Ok(again(&template, status, retry_after))
        }
    }
}

/// Sends a code to the phone, and shows where to type it.
pub async fn send_sms(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let redirect_to = form.some("redirect_to");
    let Some(token) = web.cookies.flow(&headers) else { return Ok(anew(&web, redirect_to)) };
    match second::start_sms(web.context(), &caller, &token).await {
        Ok(()) => {
            let page = format!("{}/sign-in/mfa", web.config.base_path());
            Ok(see_other(&with_query(&page, &[("redirect_to", redirect_to), ("by", Some("sms"))])))
        }
        Err(error) if error.code() == Code::InvalidOrExpiredToken => Ok(anew(&web, redirect_to)),
        Err(error) => {
            let Some(waiting) = waiting(&web, &headers).await? else { return Ok(anew(&web, redirect_to)) };
            let retry_after = error.retry_after();
            let mut shown = SecondStepPage::form(StepBy::Phone, trust_for(&web).as_deref(), redirect_to);
            let status = mark(&mut shown, error)?;
            let passkey = PasskeyForm::second_step(redirect_to);
            let template = second_step_page(&web, &waiting, shown, passkey, StepBy::Phone, redirect_to);
            Ok(again(&template, status, retry_after))
        }
    }
}

/// What the page asks for where nobody chose.
fn usual(waiting: &second::Waiting) -> StepBy {
    match waiting.methods.first() {
        Some(Method::Passkey) => StepBy::Passkey,
        Some(Method::Sms) => StepBy::Phone,
        Some(Method::BackupCode) => StepBy::BackupCode,
        Some(Method::Totp) | None => StepBy::App,
    }
}

/// The sign-in under way in this browser. `None` where there is none, or it took too long.
pub(super) async fn waiting(web: &Web, headers: &HeaderMap) -> Result<Option<second::Waiting>, Error> {
    let Some(token) = web.cookies.flow(headers) else { return Ok(None) };
    match second::waiting(web.context(), &token).await {
        Ok(waiting) => Ok(Some(waiting)),
        Err(error) if error.code() == Code::InvalidOrExpiredToken => Ok(None),
        Err(error) => Err(error),
    }
}

/// Back to the first step.
pub(super) fn anew(web: &Web, redirect_to: Option<&str>) -> Response {
    let page = format!("{}/sign-in", web.config.base_path());
    see_other(&with_query(&page, &[("redirect_to", redirect_to), ("notice", Some("anew"))]))
}

/// How long a device may be trusted, in words. `None` where none may be.
fn trust_for(web: &Web) -> Option<String> {
    let time = web.config.mfa.trusted_device;
    (!time.is_zero()).then(|| in_words(time))
}

fn second_step_page(
    web: &Web,
    waiting: &second::Waiting,
    form: views::Form,
    passkey: PasskeyForm,
    by: StepBy,
    redirect_to: Option<&str>,
) -> SecondStepPage {
    let has = |method| waiting.methods.contains(&method);
    SecondStepPage {
        layout: layout(web, "One more step", None),
        form,
        passkey: has(Method::Passkey).then_some(PasskeyForm { primary: by == StepBy::Passkey, ..passkey }),
        by,
        has_totp: has(Method::Totp),
        has_backup_codes: has(Method::BackupCode),
        has_phone: has(Method::Sms),
        redirect_to: redirect_to.map(str::to_owned),
    }
}
