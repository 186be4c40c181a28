//! The way back in for somebody who has lost the second factor.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::error::Code;
use doorward_core::recovery;
use doorward_core::sign_in::second;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::caller::ByCaller;
use crate::http::json::{Json, JsonOrEmpty};
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::required_access_token;
use crate::state::Web;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRequest {
    /// What the first step of a sign-in answered with `mfa_required`.
    #[schema(value_type = String)]
    mfa_token: SecretString,
}

/// A recovery waits.
#[derive(Serialize, ToSchema)]
pub struct RecoveryAnswer {
    /// From then on it can be completed, by the link in a mail of that moment.
    #[schema(format = DateTime)]
    ready_at: String,
}

/// Say that the second factor is lost.
///
/// Mails go out at the start, halfway and at the end; each can cancel it. Nothing changes before its end. Where a recovery
/// is under way, that one is answered.
#[utoipa::path(post, path = "/v1/recovery", tag = "Two-factor", security(()), request_body = RecoveryRequest, responses(
    (status = 202, description = "It waits", body = RecoveryAnswer),
    (status = 400, description = "The sign-in took too long", body = Problem),
    (status = 409, description = "The account has no second factor that could be lost", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Json(request): Json<RecoveryRequest>,
) -> Result<Response, ApiError> {
    let recovery = second::recover(web.context(), &caller, &request.mfa_token).await?;
    let answer = RecoveryAnswer { ready_at: recovery.ready_at.rfc3339() };
    Ok((StatusCode::ACCEPTED, axum::Json(answer)).into_response())
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRecoveryRequest {
    /// The token of a mail's link. Without it the session's own account is meant.
    #[schema(value_type = Option<String>)]
    token: Option<SecretString>,
}

/// Cancel a recovery, by a mail's link or from any session of the account.
#[utoipa::path(post, path = "/v1/recovery/cancel", tag = "Two-factor", request_body(content = Option<CancelRecoveryRequest>), responses(
    (status = 204, description = "Cancelled"),
    (status = 400, description = "The link does not work", body = Problem),
    (status = 401, description = "Neither a link nor a session", body = Problem),
    (status = 404, description = "No recovery is under way", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn cancel(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    JsonOrEmpty(request): JsonOrEmpty<CancelRecoveryRequest>,
) -> Result<StatusCode, ApiError> {
    match &request.token {
        Some(token) => recovery::cancel_by_mail(web.context(), &caller, token.expose_secret()).await?,
        None => {
            let live = web.sessions.check(required_access_token(&web, &headers)?).await?;
            if !recovery::cancel_by_session(web.context(), &caller, live.user.id).await? {
                return Err(Code::NotFound.into());
            }
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteRecoveryRequest {
    /// The token of the last mail's link.
    #[schema(value_type = String)]
    token: SecretString,
}

/// Complete a recovery: the second factors are removed, every session ends, and the next sign-in sets up a new one.
#[utoipa::path(post, path = "/v1/recovery/complete", tag = "Two-factor", security(()), request_body = CompleteRecoveryRequest, responses(
    (status = 204, description = "The second factors are gone"),
    (status = 400, description = "The link does not work", body = Problem),
    (status = 409, description = "It is not ready yet", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn complete(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Json(request): Json<CompleteRecoveryRequest>,
) -> Result<StatusCode, ApiError> {
    recovery::complete(&web.sessions, &caller, request.token.expose_secret()).await?;
    Ok(StatusCode::NO_CONTENT)
}
