//! "This was not me."

use axum::extract::State;
use doorward_core::not_me;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::caller::ByCaller;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::state::Web;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotMeRequest {
    /// The token of the link in the mail.
    #[schema(value_type = String)]
    token: SecretString,
}

/// Say that what a mail told of was not you.
///
/// Every session of the account ends, no device is known any more, the password stops working, and a mail to set a new one
/// goes out. Passkeys that were added since the oldest mail of this kind (seven days at most) are removed; so are second factors,
/// unless the account had one before that: whoever added another had to prove it. There a passkey that is the only second factor
/// stays one, and signs in no more by itself until it has come second in a sign-in.
#[utoipa::path(post, path = "/v1/not-me", tag = "Sessions and devices", security(()), request_body = NotMeRequest, responses(
    (status = 204, description = "Everybody is signed out; the mail to set a new password is on its way"),
    (status = 400, description = "The link does not work", body = Problem),
    (status = 403, description = "`account_disabled`: everybody is signed out, but another account has the address now, so that this one is shut until the operator has looked at it", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn act(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Json(request): Json<NotMeRequest>,
) -> Result<StatusCode, ApiError> {
    not_me::act(&web.sessions, &caller, request.token.expose_secret()).await?;
    Ok(StatusCode::NO_CONTENT)
}
