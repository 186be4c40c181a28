//! Confirming that it is still you.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::error::{Error, FieldError};
use doorward_core::reauthentication;
use doorward_core::second_factor::Method;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::delivery::{self, TokensAnswer};
use super::passkeys::PasskeyStarted;
use crate::http::caller::ByCaller;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::SignedIn;
use crate::state::Web;

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReauthenticationMethod {
    /// Six digits by mail. Not for an account with a second factor.
    EmailCode,
    /// An authenticator app's six digits.
    Totp,
    /// A code to the account's phone number.
    Sms,
    BackupCode,
    /// A passkey of the account.
    Passkey,
}

impl ReauthenticationMethod {
    /// `None` for what is no second factor.
    const fn second_factor(self) -> Option<Method> {
        match self {
            Self::EmailCode => None,
            Self::Totp => Some(Method::Totp),
            Self::Sms => Some(Method::Sms),
            Self::BackupCode => Some(Method::BackupCode),
            Self::Passkey => Some(Method::Passkey),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReauthenticateStart {
    method: ReauthenticationMethod,
}

/// Have a code mailed, or begin with a passkey, to confirm that it is you.
#[utoipa::path(post, path = "/v1/reauthenticate/start", tag = "Sign-in", request_body = ReauthenticateStart, responses(
    (status = 200, description = "What to hand to navigator.credentials.get", body = PasskeyStarted),
    (status = 202, description = "The code is on its way"),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 422, description = "That method is not accepted", body = Problem),
))]
pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Json(request): Json<ReauthenticateStart>,
) -> Result<Response, ApiError> {
    match request.method {
        ReauthenticationMethod::EmailCode => {
            reauthentication::send_code(web.context(), &caller, &live).await?;
            Ok(StatusCode::ACCEPTED.into_response())
        }
        ReauthenticationMethod::Passkey => {
            let started = reauthentication::start_passkey(web.context(), &caller, &live).await?;
            Ok(axum::Json(PasskeyStarted::from(started)).into_response())
        }
        ReauthenticationMethod::Sms => {
            reauthentication::send_sms(web.context(), &caller, &live).await?;
            Ok(StatusCode::ACCEPTED.into_response())
        }
        ReauthenticationMethod::Totp | ReauthenticationMethod::BackupCode => {
            let detail = "Nothing is sent for that: you have the code.";
            Err(Error::invalid(vec![FieldError::new("method", "invalid", detail)]).into())
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReauthenticateRequest {
    /// The account's password; or else `method` and `code`; or else `passkey_token` and `credential`.
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
    method: Option<ReauthenticationMethod>,
    #[schema(value_type = Option<String>, example = "123456")]
    code: Option<SecretString>,
    #[schema(value_type = Option<String>)]
    passkey_token: Option<SecretString>,
    /// `AuthenticationResponseJSON` of Web Authentication, Level 3.
    #[schema(value_type = Option<Object>)]
    credential: Option<Value>,
}

/// Confirm that it is you.
///
/// Sensitive requests ask for it (`reauthentication_required`) where the last proof is older than ten minutes. The new
/// tokens count as fresh, older ones of the session do not.
#[utoipa::path(post, path = "/v1/reauthenticate", tag = "Sign-in", request_body = ReauthenticateRequest, responses(
    (status = 200, description = "New tokens, fresh for ten minutes", body = TokensAnswer),
    (status = 400, description = "The code does not work, or the passkey's challenge is gone", body = Problem),
    (status = 401, description = "Nobody is signed in; or the passkey is refused: `invalid_credentials`, `passkey_unknown`, `user_verification_required`", body = Problem),
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
        (None, None | Some(ReauthenticationMethod::Passkey), None)
            if request.passkey_token.is_some() || request.credential.is_some() =>
        {
            let token = request.passkey_token.as_ref();
            let token =
                token.ok_or_else(|| required("passkey_token", "Send the token that it began with."))?;
            let credential = request.credential.as_ref();
            let credential =
                credential.ok_or_else(|| required("credential", "Send the browser's answer."))?;
            let token = token.expose_secret();
            reauthentication::by_passkey(&web.sessions, &caller, &live, token, credential).await?
        }
        (None, Some(ReauthenticationMethod::Passkey), _) => {
            return Err(required("passkey_token", "Send the token that it began with."));
        }
        (Some(password), None, None) if request.passkey_token.is_none() && request.credential.is_none() => {
            reauthentication::by_password(&web.sessions, &caller, &live, password).await?
        }
        (None, Some(method), Some(code)) => {
            let code = code.expose_secret();
            match method.second_factor() {
                Some(method) => {
                    reauthentication::by_second_factor(&web.sessions, &caller, &live, method, code).await?
                }
                None => reauthentication::by_code(&web.sessions, &caller, &live, code).await?,
            }
        }
        (None, Some(_), None) => return Err(required("code", "Enter the code.")),
        (None, None, Some(_)) => return Err(required("method", "Say what the code is from.")),
        (None, None, None) => return Err(required("password", "Enter your password, or a mailed code.")),
        (Some(_), ..) => {
            let detail = "Send either the password, or the method and its code, or a passkey's answer.";
            return Err(Error::invalid(vec![FieldError::new("password", "invalid", detail)]).into());
        }
    };
    Ok(delivery::renewed(&web, delivery::as_asked(&headers), &tokens))
}

fn required(field: &'static str, detail: &'static str) -> ApiError {
    Error::invalid(vec![FieldError::new(field, "required", detail)]).into()
}
