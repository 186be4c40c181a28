//! Setting up a second factor on the way into an account that needs one and has none.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::context::Caller;
use doorward_core::sign_in::enrolment::{self, Enrolled};
use doorward_core::sign_in::second::PasskeyAnswer;
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::delivery::{self, Delivery, SignedInAnswer};
use super::factors::{TotpSetUp, shown};
use super::passkeys::PasskeyStarted;
use super::second_factor::token_or_cookie;
use crate::http::caller::ByCaller;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::state::Web;

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
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn begin_totp(
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
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn confirm_totp(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<ConfirmEnrolmentRequest>,
) -> Result<Response, ApiError> {
    let (token, code) = (&request.mfa_token, request.code.expose_secret());
    let delivery = request.delivery.unwrap_or_default();
    let browser = delivery == Delivery::Cookie;
    let enrolled = enrolment::confirm_totp(&web.sessions, &caller, token, code, browser).await?;
    answer(&web, &caller, &headers, delivery, enrolled).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyEnrolmentRequest {
    /// What the first step answered with `enrolment_required`. The browser of the pages sends its cookie.
    #[schema(value_type = Option<String>)]
    mfa_token: Option<SecretString>,
}

/// Begin to make a passkey on the way into an account that needs a second factor.
#[utoipa::path(post, path = "/v1/sign-in/enrol/passkey/start", tag = "Sign-in", security(()), request_body = PasskeyEnrolmentRequest, responses(
    (status = 200, description = "What to hand to navigator.credentials.create", body = PasskeyStarted),
    (status = 400, description = "`invalid_or_expired_token`: sign in anew", body = Problem),
    (status = 429, description = "Too many attempts", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn begin_passkey(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<PasskeyEnrolmentRequest>,
) -> Result<axum::Json<PasskeyStarted>, ApiError> {
    let token = token_or_cookie(&web, &headers, request.mfa_token)?;
    Ok(axum::Json(enrolment::begin_passkey(web.context(), &caller, &token).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishPasskeyEnrolmentRequest {
    #[schema(value_type = String)]
    mfa_token: SecretString,
    #[schema(value_type = String)]
    passkey_token: SecretString,
    /// `RegistrationResponseJSON` of Web Authentication, Level 3: the credential's `toJSON()`.
    #[schema(value_type = Object)]
    credential: Value,
    /// At most 60 characters. Without one it is called after what keeps it.
    name: Option<String>,
    delivery: Option<Delivery>,
}

/// Add the passkey, have sign-ins ask for it from now on, and sign in. The account's owner is told by mail.
#[utoipa::path(post, path = "/v1/sign-in/enrol/passkey/finish", tag = "Sign-in", security(()), request_body = FinishPasskeyEnrolmentRequest, responses(
    (status = 200, description = "Signed in", body = EnrolledAnswer),
    (status = 400, description = "`invalid_or_expired_token`: begin again, or sign in anew; `malformed_request`: it could not be verified", body = Problem),
    (status = 409, description = "That passkey is in use already", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
    (status = 429, description = "Too many attempts", body = Problem),
))]
pub async fn finish_passkey(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<FinishPasskeyEnrolmentRequest>,
) -> Result<Response, ApiError> {
    let made = PasskeyAnswer {
        passkey_token: request.passkey_token.expose_secret(),
        credential: &request.credential,
    };
    let (token, name) = (&request.mfa_token, request.name.as_deref());
    let delivery = request.delivery.unwrap_or_default();
    let browser = delivery == Delivery::Cookie;
    let enrolled = enrolment::confirm_passkey(&web.sessions, &caller, token, made, name, browser).await?;
    answer(&web, &caller, &headers, delivery, enrolled).await
}

async fn answer(
    web: &Web,
    caller: &Caller,
    headers: &HeaderMap,
    delivery: Delivery,
    (done, backup_codes): Enrolled,
) -> Result<Response, ApiError> {
    let signed_in = SignedInAnswer::new(web, delivery, &done);
    let answer = EnrolledAnswer { signed_in, backup_codes: backup_codes.as_deref().map(shown) };
    let mut response = axum::Json(answer).into_response();
    if delivery == Delivery::Cookie {
        delivery::enter_browser(web, caller, headers, response.headers_mut(), &done).await?;
    }
    Ok(response)
}
