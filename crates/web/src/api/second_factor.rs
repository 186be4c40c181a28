//! The second step of a sign-in.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::error::{Code, Error, FieldError};
use doorward_core::second_factor::Method;
use doorward_core::sign_in::second::{self, PasskeyAnswer};
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::delivery::{self, Delivery, SignedInAnswer};
use super::passkeys::PasskeyStarted;
use crate::http::caller::ByCaller;
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
    let token = token_or_cookie(&web, &headers, request.mfa_token)?;
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

/// The token of a sign-in under way, as a client sends it, or as the browser of the pages does.
pub fn token_or_cookie(
    web: &Web,
    headers: &HeaderMap,
    token: Option<SecretString>,
) -> Result<SecretString, Error> {
    token.or_else(|| web.cookies.flow(headers)).ok_or_else(|| Code::InvalidOrExpiredToken.into())
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
    (status = 401, description = "A passkey that does not hold, or verified nobody where it must", body = Problem),
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
