//! Setting up a second factor on the way into an account that needs one and has none: a passkey or an authenticator app.

use axum::extract::State;
use axum::response::Response;
use doorward_core::context::Caller;
use doorward_core::error::{Code, Error, Result};
use doorward_core::sign_in::enrolment;
use doorward_core::sign_in::second::PasskeyAnswer;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;

use super::passkeys;
use super::second_step::anew;
use super::two_factor::{app, backup_codes};
use super::views::{self, EnrolPage, PasskeyForm};
use super::{again, layout, mark, page, see_other};
use crate::api::delivery;
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::http::redirect::safe_redirect;
use crate::state::Web;

pub async fn show(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let redirect_to = query.some("redirect_to");
    let Some(token) = web.cookies.flow(&headers) else { return Ok(anew(&web, redirect_to)) };
    let (form, passkey) = (EnrolPage::form(redirect_to), PasskeyForm::enrol(redirect_to));
    Ok(match enrol_page(&web, &caller, &token, form, passkey).await? {
        Some(shown) => page(StatusCode::OK, &shown),
        None => anew(&web, redirect_to),
    })
}

pub async fn submit(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let redirect_to = form.some("redirect_to");
    let Some(token) = web.cookies.flow(&headers) else { return Ok(anew(&web, redirect_to)) };
    let passkey_token = form.some("passkey_token");
    let enrolled = match passkey_token {
        Some(passkey_token) => {
            let credential = passkeys::credential(&form);
            let answer = PasskeyAnswer { passkey_token, credential: &credential };
            enrolment::confirm_passkey(&web.sessions, &caller, &token, answer, None, true).await
        }
        None => enrolment::confirm_totp(&web.sessions, &caller, &token, form.get("code"), true).await,
    };
    let error = match enrolled {
        Ok((signed_in, codes)) => {
            let on = safe_redirect(redirect_to, &web.config);
            let mut response = match codes {
                Some(codes) => backup_codes(&web, &codes, on),
                None => see_other(&on),
            };
            delivery::enter_browser(&web, &caller, &headers, response.headers_mut(), &signed_in).await?;
            return Ok(response);
        }
        Err(error) => error,
    };
    let (mut shown, mut passkey) = (EnrolPage::form(redirect_to), PasskeyForm::enrol(redirect_to));
    let (status, retry_after) = if passkey_token.is_some() {
        passkeys::mark(&web, &mut passkey, &form, error)?
    } else if matches!(error.code(), Code::InvalidOrExpiredToken | Code::Conflict) {
        return Ok(anew(&web, redirect_to));
    } else {
        let retry_after = error.retry_after();
        (mark(&mut shown, error)?, retry_after)
    };
    Ok(match enrol_page(&web, &caller, &token, shown, passkey).await? {
        Some(shown) => again(&shown, status, retry_after),
        None => anew(&web, redirect_to),
    })
}

/// The page, as long as the sign-in is under way and has something to set up.
async fn enrol_page(
    web: &Web,
    caller: &Caller,
    token: &SecretString,
    form: views::Form,
    passkey: PasskeyForm,
) -> Result<Option<EnrolPage>, Error> {
    match enrolment::begin_totp(&web.sessions, caller, token).await {
        Ok(set_up) => {
            let layout = layout(web, "Set up a second factor", None);
            Ok(Some(EnrolPage { layout, passkey, app: app(&set_up), form }))
        }
        Err(error) if error.code() == Code::InvalidOrExpiredToken => Ok(None),
        Err(error) => Err(error),
    }
}
