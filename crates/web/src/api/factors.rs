//! One's own second factors.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::context::UserId;
use doorward_core::second_factor::{self, Factors};
use doorward_core::totp::SetUp;
use doorward_core::{recovery, sms};
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::delivery::{self, TokensAnswer};
use crate::http::caller::ByCaller;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::SignedIn;
use crate::state::Web;

/// One second factor.
#[derive(Serialize, ToSchema)]
pub struct FactorView {
    #[schema(example = "totp_0198a7c2f3b47c1e9d5a6b7c8d9e0f12")]
    id: String,
    /// `totp`, `passkey`, `sms`, `backup_codes`.
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// Of backup codes: how many are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<usize>,
}

/// The second factors of an account.
#[derive(Serialize, ToSchema)]
pub struct FactorsAnswer {
    items: Vec<FactorView>,
    /// Whether signing in asks for a second factor.
    mfa_enabled: bool,
    /// Whether a passkey is asked for after the password, although there is no authenticator app.
    passkey_second_factor: bool,
    /// The types that this installation lets one set up: without a provider of SMS, none of that type.
    available: Vec<&'static str>,
    /// Where somebody has said that the second factors are lost.
    recovery: Option<RecoveryView>,
}

/// A recovery under way.
#[derive(Serialize, ToSchema)]
pub struct RecoveryView {
    #[schema(format = DateTime)]
    asked_at: String,
    /// From then on a mailed link removes the second factors.
    #[schema(format = DateTime)]
    ready_at: String,
}

/// List one's second factors.
#[utoipa::path(get, path = "/v1/me/factors", tag = "Two-factor", responses(
    (status = 200, description = "The second factors", body = FactorsAnswer),
    (status = 401, description = "Nobody is signed in", body = Problem),
))]
pub async fn list(State(web): State<Web>, SignedIn(live): SignedIn) -> Result<Response, ApiError> {
    Ok(axum::Json(answer(&web, live.user.id).await?).into_response())
}

async fn answer(web: &Web, user: UserId) -> Result<FactorsAnswer, ApiError> {
    let context = web.context();
    let factors = second_factor::list(context, user).await?;
    let recovery = recovery::of_user(context, user).await?;
    let types = [Some("totp"), Some("passkey"), sms::is_on(context).then_some("sms")];
    Ok(FactorsAnswer {
        items: items(&factors, &user.to_string()),
        mfa_enabled: factors.is_enabled(),
        passkey_second_factor: factors.passkey_second,
        available: types.into_iter().flatten().collect(),
        recovery: recovery.map(|recovery| RecoveryView {
            asked_at: recovery.asked_at.rfc3339(),
            ready_at: recovery.ready_at.rfc3339(),
        }),
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeFactors {
    /// Ask for a passkey after the password.
    passkey_second_factor: bool,
}

/// The second factors after a change.
#[derive(Serialize, ToSchema)]
pub struct ChangedFactors {
    #[serde(flatten)]
    factors: FactorsAnswer,
    /// Shown once. Absent where the account has a set already.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_codes: Option<Vec<String>>,
}

/// Have sign-ins ask for a passkey after the password, or not.
#[utoipa::path(patch, path = "/v1/me/factors", tag = "Two-factor", request_body = ChangeFactors, responses(
    (status = 200, description = "The second factors", body = ChangedFactors),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
    (status = 409, description = "The account has no passkey", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn change(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Json(request): Json<ChangeFactors>,
) -> Result<Response, ApiError> {
    let chosen = request.passkey_second_factor;
    let codes = second_factor::choose_passkey(&web.sessions, &caller, &live, chosen).await?;
    let factors = answer(&web, live.user.id).await?;
    Ok(axum::Json(ChangedFactors { factors, backup_codes: codes.as_deref().map(shown) }).into_response())
}

pub fn items(factors: &Factors, user: &str) -> Vec<FactorView> {
    let mut items = Vec::new();
    if let Some(totp) = &factors.totp {
        items.push(FactorView {
            id: totp.id.to_string(),
            kind: "totp",
            name: "Authenticator app".to_owned(),
            created_at: totp.created_at.rfc3339(),
            last_used_at: totp.last_used_at.map(doorward_core::context::Time::rfc3339),
            remaining: None,
        });
    }
    for passkey in &factors.passkeys {
        items.push(FactorView {
            id: passkey.id.to_string(),
            kind: "passkey",
            name: passkey.name.clone(),
            created_at: passkey.created_at.rfc3339(),
            last_used_at: passkey.last_used_at.map(doorward_core::context::Time::rfc3339),
            remaining: None,
        });
    }
    if let Some(phone) = &factors.phone {
        items.push(FactorView {
            id: phone.id.to_string(),
            kind: "sms",
            name: phone.number.as_str().to_owned(),
            created_at: phone.verified_at.unwrap_or(phone.created_at).rfc3339(),
            last_used_at: phone.last_used_at.map(doorward_core::context::Time::rfc3339),
            remaining: None,
        });
    }
    if let Some(codes) = &factors.backup_codes {
        items.push(FactorView {
            id: user.replace("user_", "backup_codes_"),
            kind: "backup_codes",
            name: "Backup codes".to_owned(),
            created_at: codes.created_at.rfc3339(),
            last_used_at: None,
            remaining: Some(codes.remaining),
        });
    }
    items
}

/// What an authenticator app is told, once.
#[derive(Serialize, ToSchema)]
pub struct TotpSetUp {
    /// In base32, to be typed.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    otpauth_uri: String,
    /// The address as a picture, SVG.
    qr_svg: String,
}

impl TotpSetUp {
    pub fn new(set_up: &SetUp) -> Self {
        Self {
            secret: set_up.secret.expose_secret().to_owned(),
            otpauth_uri: set_up.otpauth_uri.expose_secret().to_owned(),
            qr_svg: set_up.qr_svg.expose_secret().to_owned(),
        }
    }
}

/// Begin to set up an authenticator app.
///
/// It counts once a code of it is confirmed, and takes the place of an earlier one.
#[utoipa::path(post, path = "/v1/me/totp", tag = "Two-factor", responses(
    (status = 200, description = "What the app is told", body = TotpSetUp),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
))]
pub async fn begin_totp(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
) -> Result<Response, ApiError> {
    let set_up =
        second_factor::begin_totp(web.context(), &caller, &live.user, live.session.id.uuid()).await?;
    Ok(axum::Json(TotpSetUp::new(&set_up)).into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmTotpRequest {
    #[schema(value_type = String, example = "123456")]
    code: SecretString,
}

/// The app counts from now on. The session has proved a second factor, so it has new tokens.
#[derive(Serialize, ToSchema)]
pub struct TotpAnswer {
    /// Shown once. Absent where the account has a set already.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_codes: Option<Vec<String>>,
    #[serde(flatten)]
    tokens: TokensAnswer,
}

/// Confirm the authenticator app by a code of it.
#[utoipa::path(post, path = "/v1/me/totp/confirm", tag = "Two-factor", request_body = ConfirmTotpRequest, responses(
    (status = 200, description = "The app counts", body = TotpAnswer),
    (status = 400, description = "The code does not work", body = Problem),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`: the account has a second factor meanwhile", body = Problem),
    (status = 409, description = "No set-up is under way", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn confirm_totp(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    headers: HeaderMap,
    Json(request): Json<ConfirmTotpRequest>,
) -> Result<Response, ApiError> {
    let code = request.code.expose_secret();
    let added = second_factor::confirm_totp(&web.sessions, &caller, &live, code).await?;
    let backup_codes = added.backup_codes.as_deref().map(shown);
    Ok(delivery::beside(&web, &headers, &added.tokens, |tokens| TotpAnswer { backup_codes, tokens }))
}

/// Remove the authenticator app.
///
/// With the last second factor the backup codes go as well.
#[utoipa::path(delete, path = "/v1/me/totp", tag = "Two-factor", responses(
    (status = 204, description = "Removed"),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
    (status = 404, description = "There is none", body = Problem),
    (status = 409, description = "The account needs a second factor, and this is the last", body = Problem),
))]
pub async fn remove_totp(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
) -> Result<StatusCode, ApiError> {
    second_factor::remove_totp(&web.sessions, &caller, &live).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many backup codes are left.
#[derive(Serialize, ToSchema)]
pub struct BackupCodesView {
    remaining: usize,
    /// `null` where there were never any.
    #[schema(format = DateTime)]
    created_at: Option<String>,
}

/// See how many backup codes are left.
#[utoipa::path(get, path = "/v1/me/backup-codes", tag = "Two-factor", responses(
    (status = 200, description = "How many are left", body = BackupCodesView),
    (status = 401, description = "Nobody is signed in", body = Problem),
))]
pub async fn backup_codes(State(web): State<Web>, SignedIn(live): SignedIn) -> Result<Response, ApiError> {
    let codes = second_factor::list(web.context(), live.user.id).await?.backup_codes;
    let answer = BackupCodesView {
        remaining: codes.map_or(0, |codes| codes.remaining),
        created_at: codes.map(|codes| codes.created_at.rfc3339()),
    };
    Ok(axum::Json(answer).into_response())
}

/// Ten codes, each of which works once.
#[derive(Serialize, ToSchema)]
pub struct NewBackupCodes {
    codes: Vec<String>,
}

/// Make new backup codes.
///
/// They are shown once. The earlier ones no longer work.
#[utoipa::path(post, path = "/v1/me/backup-codes", tag = "Two-factor", responses(
    (status = 200, description = "The new codes", body = NewBackupCodes),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
    (status = 409, description = "The account has no second factor that they could stand in for", body = Problem),
))]
pub async fn renew_backup_codes(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
) -> Result<Response, ApiError> {
    let codes = second_factor::renew_backup_codes(&web.sessions, &caller, &live).await?;
    Ok(axum::Json(NewBackupCodes { codes: shown(&codes) }).into_response())
}

/// Secrets on their way to their owner.
pub fn shown(codes: &[SecretString]) -> Vec<String> {
    codes.iter().map(|code| code.expose_secret().to_owned()).collect()
}
