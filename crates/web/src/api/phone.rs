//! The phone number of the signed-in account.

use axum::extract::State;
use axum::response::Response;
use doorward_core::phone::{self, Phone};
use doorward_core::second_factor;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::delivery::{self, TokensAnswer};
use super::factors::shown;
use crate::http::caller::ByCaller;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::SignedIn;
use crate::state::Web;

/// The account's number for codes by SMS.
#[derive(Serialize, ToSchema)]
#[schema(as = Phone)]
pub struct PhoneView {
    /// In the international form (E.164).
    #[schema(example = "+436641234567")]
    phone_number: Option<String>,
    /// One that a code was sent to, which was not typed yet.
    pending_phone_number: Option<String>,
}

impl PhoneView {
    fn new(phone: Option<Phone>, pending: Option<Phone>) -> Self {
        let number = |phone: Phone| phone.number.as_str().to_owned();
        Self { phone_number: phone.map(number), pending_phone_number: pending.map(number) }
    }
}

/// Show the phone number.
#[utoipa::path(get, path = "/v1/me/phone", tag = "Account", responses(
    (status = 200, description = "The number, where there is one", body = PhoneView),
    (status = 401, description = "Nobody is signed in", body = Problem),
))]
pub async fn show(
    State(web): State<Web>,
    SignedIn(live): SignedIn,
) -> Result<axum::Json<PhoneView>, ApiError> {
    let (phone, pending) = phone::of_user(web.context(), live.user.id).await?;
    Ok(axum::Json(PhoneView::new(phone, pending)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneRequest {
    /// With its country code.
    #[schema(example = "+43 664 1234567")]
    phone_number: String,
}

/// Add a phone number, or another in its place. A code is sent to it.
#[utoipa::path(post, path = "/v1/me/phone", tag = "Account", request_body = PhoneRequest, responses(
    (status = 202, description = "The code is on its way"),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
    (status = 404, description = "The settings name no provider of SMS", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
    (status = 429, description = "Too many messages", body = Problem),
))]
pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Json(request): Json<PhoneRequest>,
) -> Result<StatusCode, ApiError> {
    phone::start(web.context(), &caller, &live, &request.phone_number).await?;
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneVerifyRequest {
    #[schema(value_type = String, example = "123456")]
    code: SecretString,
}

/// The number counts as a second factor from now on. The session has proved it, so it has new tokens.
#[derive(Serialize, ToSchema)]
pub struct PhoneVerified {
    #[serde(flatten)]
    phone: PhoneView,
    /// Shown once. Absent where the account has a set already.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_codes: Option<Vec<String>>,
    #[serde(flatten)]
    tokens: TokensAnswer,
}

/// Verify the phone number by the code that was sent to it.
#[utoipa::path(post, path = "/v1/me/phone/verify", tag = "Account", request_body = PhoneVerifyRequest, responses(
    (status = 200, description = "The number is the account's", body = PhoneVerified),
    (status = 400, description = "The code does not work", body = Problem),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`: the account has a second factor meanwhile", body = Problem),
    (status = 404, description = "The settings name no provider of SMS", body = Problem),
    (status = 429, description = "Too many attempts", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn verify(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    headers: HeaderMap,
    Json(request): Json<PhoneVerifyRequest>,
) -> Result<Response, ApiError> {
    let code = request.code.expose_secret();
    let (phone, added) = second_factor::verify_phone(&web.sessions, &caller, &live, code).await?;
    let backup_codes = added.backup_codes.as_deref().map(shown);
    Ok(delivery::beside(&web, &headers, &added.tokens, |tokens| PhoneVerified {
        phone: PhoneView::new(Some(phone), None),
        backup_codes,
        tokens,
    }))
}

/// Remove the phone number.
#[utoipa::path(delete, path = "/v1/me/phone", tag = "Account", responses(
    (status = 204, description = "No codes go to it any more"),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
    (status = 404, description = "The account has none", body = Problem),
    (status = 409, description = "The account needs a second factor, and this is the last", body = Problem),
))]
pub async fn remove(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
) -> Result<StatusCode, ApiError> {
    second_factor::remove_phone(&web.sessions, &caller, &live).await?;
    Ok(StatusCode::NO_CONTENT)
}
