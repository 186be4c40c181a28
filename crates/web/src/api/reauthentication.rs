//! Confirming that it is still you.

use axum::extract::State;
use axum::response::Response;
use doorward_core::error::{Error, FieldError};
use doorward_core::reauthentication;
use doorward_core::second_factor::Method;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use super::delivery::{self, Delivery, TokensAnswer};
use crate::http::caller::ByCaller;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::{SignedIn, is_bearer};
use crate::state::Web;

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReauthenticationMethod {
    /// Six digits by mail. Not for an account with a second factor.
    EmailCode,
    /// An authenticator app's six digits.
    Totp,
    BackupCode,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReauthenticateStart {
    method: ReauthenticationMethod,
}

/// Have a code mailed, to confirm that it is you.
#[utoipa::path(post, path = "/v1/reauthenticate/start", tag = "Sign-in", request_body = ReauthenticateStart, responses(
    (status = 202, description = "The code is on its way"),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 422, description = "That method is not accepted", body = Problem),
))]
pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Json(request): Json<ReauthenticateStart>,
) -> Result<StatusCode, ApiError> {
    match request.method {
        ReauthenticationMethod::EmailCode => {
            reauthentication::send_code(web.context(), &caller, &live).await?;
        }
        ReauthenticationMethod::Totp | ReauthenticationMethod::BackupCode => {
            let detail = "Nothing is sent for that: you have the code.";
            return Err(Error::invalid(vec![FieldError::new("method", "invalid", detail)]).into());
        }
    }
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReauthenticateRequest {
    /// The account's password; or else `method` and `code`.
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
    method: Option<ReauthenticationMethod>,
    #[schema(value_type = Option<String>, example = "123456")]
    code: Option<SecretString>,
}

/// Confirm that it is you.
///
/// Sensitive requests ask for it (`reauthentication_required`) where the last proof is older than ten minutes. The new
/// tokens count as fresh, older ones of the session do not.
#[utoipa::path(post, path = "/v1/reauthenticate", tag = "Sign-in", request_body = ReauthenticateRequest, responses(
    (status = 200, description = "New tokens, fresh for ten minutes", body = TokensAnswer),
    (status = 400, description = "The code does not work", body = Problem),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn confirm(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    headers: HeaderMap,
    Json(request): Json<ReauthenticateRequest>,
) -> Result<Response, ApiError> {
    let tokens = match (&request.password, request.method, &request.code) {
        (Some(password), None, None) => {
            reauthentication::by_password(&web.sessions, &caller, &live, password).await?
        }
        (None, Some(ReauthenticationMethod::EmailCode), Some(code)) => {
            reauthentication::by_code(&web.sessions, &caller, &live, code.expose_secret()).await?
        }
        (None, Some(ReauthenticationMethod::Totp), Some(code)) => {
            let code = code.expose_secret();
            reauthentication::by_second_factor(&web.sessions, &caller, &live, Method::Totp, code).await?
        }
        (None, Some(ReauthenticationMethod::BackupCode), Some(code)) => {
            let code = code.expose_secret();
            reauthentication::by_second_factor(&web.sessions, &caller, &live, Method::BackupCode, code)
                .await?
        }
        (None, Some(_), None) => return Err(required("code", "Enter the code.")),
        (None, None, Some(_)) => return Err(required("method", "Say what the code is from.")),
        (None, None, None) => return Err(required("password", "Enter your password, or a mailed code.")),
        (Some(_), ..) => {
            let detail = "Send either the password, or the method and its code.";
            return Err(Error::invalid(vec![FieldError::new("password", "invalid", detail)]).into());
        }
    };
    let delivery = if is_bearer(&headers) { Delivery::Body } else { Delivery::Cookie };
    Ok(delivery::renewed(&web, delivery, &tokens))
}

fn required(field: &'static str, detail: &'static str) -> ApiError {
    Error::invalid(vec![FieldError::new(field, "required", detail)]).into()
}
