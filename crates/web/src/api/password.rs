//! Passwords: forgotten, reset, changed.

use crate::http::caller::ByCaller;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::password::{self, ResetProof};
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::delivery::{self, Delivery, TokensAnswer};
use super::sign_up::{Proof, proof};
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::{SignedIn, is_bearer, required_access_token};
use crate::state::Web;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgotRequest {
    email: String,
}

/// Ask for a mail to reset a forgotten password.
///
/// Answers alike for every address.
#[utoipa::path(post, path = "/v1/password/forgot", tag = "Password", security(()), request_body = ForgotRequest, responses(
    (status = 202, description = "If the address has an account, a mail is on its way"),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn forgot(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Json(request): Json<ForgotRequest>,
) -> Result<StatusCode, ApiError> {
    password::forgot(web.context(), &caller, &request.email).await?;
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetRequest {
    /// The token of the mail's link; or else `email` and `code`.
    #[schema(value_type = Option<String>)]
    token: Option<SecretString>,
    email: Option<String>,
    #[schema(value_type = Option<String>)]
    code: Option<SecretString>,
    #[schema(value_type = String)]
    new_password: SecretString,
}

/// Reset a forgotten password. Every session of the account ends.
#[utoipa::path(post, path = "/v1/password/reset", tag = "Password", security(()), request_body = ResetRequest, responses(
    (status = 204, description = "The new password holds; sign in with it"),
    (status = 400, description = "The link or the code does not work", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn reset(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Json(request): Json<ResetRequest>,
) -> Result<StatusCode, ApiError> {
    let proof = match proof(request.token.as_ref(), request.email.as_deref(), request.code.as_ref())? {
        Proof::Link(token) => ResetProof::Link(token),
        Proof::Code { email, code } => ResetProof::Code { email, code },
    };
    password::reset(&web.sessions, &caller, proof, &request.new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequest {
    /// Left out where the account has no password yet.
    #[schema(value_type = Option<String>)]
    current_password: Option<SecretString>,
    #[schema(value_type = String)]
    new_password: SecretString,
}

/// Change the password. Every other session of the account ends, this one gets new tokens.
///
/// An account that is signed in to by passkey alone gets its first password; that asks for a recent sign-in.
#[utoipa::path(post, path = "/v1/password/change", tag = "Password", request_body = ChangeRequest, responses(
    (status = 204, description = "Changed; the new tokens are in the cookies"),
    (status = 200, description = "Changed; the new tokens, for a client without cookies", body = TokensAnswer),
    (status = 403, description = "`reauthentication_required`, where a first password is set", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 409, description = "The password was changed meanwhile", body = Problem),
))]
pub async fn change(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    headers: HeaderMap,
    Json(request): Json<ChangeRequest>,
) -> Result<Response, ApiError> {
    let (current, new) = (request.current_password.as_ref(), &request.new_password);
    let is_fresh = web.sessions.ensure_fresh(required_access_token(&web, &headers)?, &live).is_ok();
    let tokens = password::change(&web.sessions, &caller, &live, current, new, is_fresh).await?;
    if is_bearer(&headers) {
        return Ok(delivery::renewed(&web, Delivery::Body, &tokens));
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    delivery::set_tokens(&web, response.headers_mut(), &tokens);
    Ok(response)
}

/// Remove the password.
///
/// For an account that is signed in to by passkey or by mail. Its owner is told by mail. It needs a proof of the last ten minutes.
#[utoipa::path(delete, path = "/v1/me/password", tag = "Password", responses(
    (status = 204, description = "The account has no password any more"),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
    (status = 404, description = "The account has no password", body = Problem),
    (status = 409, description = "`last_sign_in_method`: nobody could get in without it", body = Problem),
))]
pub async fn remove(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
) -> Result<StatusCode, ApiError> {
    password::remove(&web.sessions, &caller, &live).await?;
    Ok(StatusCode::NO_CONTENT)
}
