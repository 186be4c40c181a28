//! The life of the signed-in account: another address, its export, its end.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::error::{Error, FieldError};
use doorward_core::{account, email_change};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::delivery;
use super::export::ExportView;
use super::views::UserView;
use crate::http::caller::ByCaller;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::SignedIn;
use crate::state::Web;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEmailRequest {
    #[schema(example = "ada@example.org")]
    new_email: String,
}

/// Change the e-mail address.
///
/// The new address is mailed a link and a code to confirm it. Answers alike for one that has an account already.
#[utoipa::path(post, path = "/v1/me/email", tag = "Account", request_body = ChangeEmailRequest, responses(
    (status = 202, description = "A mail is on its way to the new address"),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn change_email(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Json(request): Json<ChangeEmailRequest>,
) -> Result<StatusCode, ApiError> {
    email_change::start(web.context(), &caller, &live, &request.new_email).await?;
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmailChangeRequest {
    /// The token of the mail's link; or else `code`.
    #[schema(value_type = Option<String>)]
    token: Option<SecretString>,
    #[schema(value_type = Option<String>, example = "123456")]
    code: Option<SecretString>,
}

/// Confirm the new e-mail address. The old one is told, and can undo the change for a week.
#[utoipa::path(post, path = "/v1/me/email/verify", tag = "Account", request_body = VerifyEmailChangeRequest, responses(
    (status = 200, description = "The account as it is now", body = UserView),
    (status = 400, description = "The link or the code does not work", body = Problem),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 409, description = "Another account has that address now", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
    (status = 403, description = "`reauthentication_required`, where the account has a second factor since", body = Problem),
))]
pub async fn verify_email_change(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Json(request): Json<VerifyEmailChangeRequest>,
) -> Result<axum::Json<UserView>, ApiError> {
    let fault = |code, detail: &'static str| Error::invalid(vec![FieldError::new("token", code, detail)]);
    let proof = match (&request.token, &request.code) {
        (Some(token), None) => email_change::Proof::Link(token.expose_secret()),
        (None, Some(code)) => email_change::Proof::Code(code.expose_secret()),
        (None, None) => return Err(fault("required", "Send the link's token, or the code.").into()),
        (Some(_), Some(_)) => {
            return Err(fault("invalid", "Send either the link's token, or the code.").into());
        }
    };
    let user = email_change::confirm(&web.sessions, &caller, &live, proof).await?;
    Ok(axum::Json(UserView::new(&user, &live)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// The token of the link in the mail.
    #[schema(value_type = String)]
    token: SecretString,
}

/// Take a change of e-mail address back.
///
/// By the link that the old address was mailed. Every session ends, the password stops working, and the old address gets a
/// mail to set a new one.
#[utoipa::path(post, path = "/v1/me/email/undo", tag = "Account", security(()), request_body = TokenRequest, responses(
    (status = 204, description = "The account has its old address again"),
    (status = 400, description = "The link does not work", body = Problem),
    (status = 403, description = "`account_disabled`: everybody is signed out, but another account has the old address now, so that this one is shut until the operator has looked at it", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn undo_email_change(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Json(request): Json<TokenRequest>,
) -> Result<StatusCode, ApiError> {
    email_change::undo(&web.sessions, &caller, request.token.expose_secret()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
pub struct Closed {
    /// When it is deleted for good. RFC 3339, in UTC.
    deletes_at: String,
}

/// Close the account.
///
/// Every session ends. Until it is deleted for good, the link of the mail restores it.
#[utoipa::path(delete, path = "/v1/me", tag = "Account", responses(
    (status = 202, description = "It is closed", body = Closed),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
    (status = 409, description = "It is the last active administrator's", body = Problem),
))]
pub async fn close(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
) -> Result<Response, ApiError> {
    let deletes_at = account::close(&web.sessions, &caller, &live).await?;
    let answer = axum::Json(Closed { deletes_at: deletes_at.rfc3339() });
    let mut response = (StatusCode::ACCEPTED, answer).into_response();
    delivery::clear_tokens(&web, response.headers_mut());
    Ok(response)
}

/// Restore a closed account, by the link of the mail.
#[utoipa::path(post, path = "/v1/account/restore", tag = "Account", security(()), request_body = TokenRequest, responses(
    (status = 204, description = "It is open again; sign in"),
    (status = 400, description = "The link does not work", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn restore(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Json(request): Json<TokenRequest>,
) -> Result<StatusCode, ApiError> {
    account::restore(web.context(), &caller, request.token.expose_secret()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Everything that is held about you.
#[utoipa::path(get, path = "/v1/me/export", tag = "Account", responses(
    (status = 200, description = "Everything that is held", body = ExportView),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
))]
pub async fn export(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
) -> Result<axum::Json<ExportView>, ApiError> {
    let export = account::export(&web.sessions, &caller, &live).await?;
    Ok(axum::Json(ExportView::new(web.context(), &export, &live)))
}
