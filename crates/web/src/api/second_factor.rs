//! The second step of a sign-in.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::error::{Code, Error, FieldError};
use doorward_core::second_factor::Method;
use doorward_core::sign_in::second::PasskeyAnswer;
use doorward_core::sign_in::{enrolment, second};
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::delivery::{self, Delivery, SignedInAnswer};
use super::factors::{TotpSetUp, shown};
use super::passkeys::PasskeyStarted;
use crate::http::caller::ByCaller;
use crate::http::cookies::CookieName;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::state::Web;

/// A way to take the second step.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorMethod {
    /// An authenticator app's six digits (RFC 6238).
    Totp,
    /// A passkey of the account.
    Passkey,
    /// A code to the account's phone number, where the operator offers that.
    Sms,
    /// One of ten codes, each of which works once.
    BackupCode,
}

impl SecondFactorMethod {
    const fn method(self) -> Method {
        match self {
            Self::Totp => Method::Totp,
            Self::Passkey => Method::Passkey,
            Self::Sms => Method::Sms,
            Self::BackupCode => Method::BackupCode,
        }
    }
}

/// What has to begin before it is answered.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StartedMethod {
    Passkey,
    /// Sends the code.
    Sms,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartSecondFactorRequest {
    /// What the first step answered. The browser of the pages sends its cookie.
    #[schema(value_type = Option<String>)]
    mfa_token: Option<SecretString>,
    method: StartedMethod,
}

/// Begin the second step, where the method wants that.
#[utoipa::path(post, path = "/v1/sign-in/mfa/start", tag = "Sign-in", security(()), request_body = StartSecondFactorRequest, responses(
    (status = 200, description = "What to hand to navigator.credentials.get", body = PasskeyStarted),
    (status = 202, description = "The code is on its way"),
    (status = 400, description = "`invalid_or_expired_token`: sign in anew", body = Problem),
    (status = 422, description = "The account has no such second factor", body = Problem),
))]
pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<StartSecondFactorRequest>,
) -> Result<Response, ApiError> {
    let cookie = || web.cookies.get(&headers, CookieName::Flow).map(SecretString::from);
    let token = request.mfa_token.or_else(cookie).ok_or(Code::InvalidOrExpiredToken)?;
    Ok(match request.method {
        StartedMethod::Passkey => {
            let started = second::start_passkey(web.context(), &caller, &token).await?;
            axum::Json(PasskeyStarted::from(started)).into_response()
        }
        StartedMethod::Sms => {
            second::start_sms(web.context(), &caller, &token).await?;
            StatusCode::ACCEPTED.into_response()
        }
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorRequest {
    /// What the first step answered.
    #[schema(value_type = String)]
    mfa_token: SecretString,
    method: SecondFactorMethod,
    /// For `totp`, `sms` and `backup_code`.
    #[schema(value_type = Option<String>, example = "123456")]
    code: Option<SecretString>,
    /// For `passkey`, with `credential`.
    #[schema(value_type = Option<String>)]
    passkey_token: Option<SecretString>,
    /// `AuthenticationResponseJSON` of Web Authentication, Level 3.
    #[schema(value_type = Option<Object>)]
    credential: Option<Value>,
    /// Ask this browser for no second factor for as long as the operator allows.
    trust_device: Option<bool>,
    delivery: Option<Delivery>,
}

/// Take the second step of a sign-in.
///
/// Five tries within ten minutes; after that the sign-in begins anew.
#[utoipa::path(post, path = "/v1/sign-in/mfa", tag = "Sign-in", security(()), request_body = SecondFactorRequest, responses(
    (status = 200, description = "Signed in", body = SignedInAnswer),
    (status = 400, description = "`invalid_or_expired_code`: try again. `invalid_or_expired_token`: sign in anew", body = Problem),
    (status = 422, description = "The account has no such second factor", body = Problem),
    (status = 429, description = "Too many wrong codes", body = Problem),
))]
pub async fn complete(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<SecondFactorRequest>,
) -> Result<Response, ApiError> {
    let (token, method) = (&request.mfa_token, request.method.method());
    let trust = request.trust_device.unwrap_or_default();
    let delivery = request.delivery.unwrap_or_default();
    let browser = delivery == Delivery::Cookie;
    let done = if method == Method::Passkey {
        let passkey_token = request.passkey_token.as_ref().ok_or_else(|| required("passkey_token"))?;
        let credential = request.credential.as_ref().ok_or_else(|| required("credential"))?;
        let answer = PasskeyAnswer { passkey_token: passkey_token.expose_secret(), credential };
        second::complete_by_passkey(&web.sessions, &caller, token, answer, browser, trust).await?
    } else {
        let code = request.code.as_ref().ok_or_else(|| required("code"))?.expose_secret();
        second::complete(&web.sessions, &caller, token, method, code, browser, trust).await?
    };
    Ok(delivery::signed_in(&web, &caller, &headers, delivery, &done).await?)
}

fn required(field: &'static str) -> Error {
    Error::invalid(vec![FieldError::new(field, "required", "This method needs it.")])
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// What the first step answered with `enrolment_required`.
    #[schema(value_type = String)]
    mfa_token: SecretString,
}

/// Set up an authenticator app on the way into an account that needs one.
#[utoipa::path(post, path = "/v1/sign-in/enrol/totp", tag = "Sign-in", security(()), request_body = EnrolmentRequest, responses(
    (status = 200, description = "What the app is told; it counts once a code of it is confirmed", body = TotpSetUp),
    (status = 400, description = "`invalid_or_expired_token`: sign in anew", body = Problem),
))]
pub async fn begin_enrolment(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Json(request): Json<EnrolmentRequest>,
) -> Result<Response, ApiError> {
    let set_up = enrolment::begin_totp(&web.sessions, &caller, &request.mfa_token).await?;
    Ok(axum::Json(TotpSetUp::new(&set_up)).into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmEnrolmentRequest {
    #[schema(value_type = String)]
    mfa_token: SecretString,
    #[schema(value_type = String, example = "123456")]
    code: SecretString,
    delivery: Option<Delivery>,
}

/// Signed in, with a second factor from now on.
#[derive(Serialize, ToSchema)]
pub struct EnrolledAnswer {
    #[serde(flatten)]
    signed_in: SignedInAnswer,
    /// Shown once. Absent where the account has a set already.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_codes: Option<Vec<String>>,
}

/// Confirm the app by a code of it, and sign in.
#[utoipa::path(post, path = "/v1/sign-in/enrol/totp/confirm", tag = "Sign-in", security(()), request_body = ConfirmEnrolmentRequest, responses(
    (status = 200, description = "Signed in", body = EnrolledAnswer),
    (status = 400, description = "`invalid_or_expired_code`: try again. `invalid_or_expired_token`: sign in anew", body = Problem),
    (status = 409, description = "No set-up is under way", body = Problem),
))]
pub async fn confirm_enrolment(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<ConfirmEnrolmentRequest>,
) -> Result<Response, ApiError> {
    let (token, code) = (&request.mfa_token, request.code.expose_secret());
    let delivery = request.delivery.unwrap_or_default();
    let browser = delivery == Delivery::Cookie;
    let (done, backup_codes) = enrolment::confirm_totp(&web.sessions, &caller, token, code, browser).await?;
    let signed_in = SignedInAnswer::new(&web, delivery, &done);
    let answer = EnrolledAnswer { signed_in, backup_codes: backup_codes.as_deref().map(shown) };
    let mut response = axum::Json(answer).into_response();
    if browser {
        delivery::enter_browser(&web, &caller, &headers, response.headers_mut(), &done).await?;
    }
    Ok(response)
}
