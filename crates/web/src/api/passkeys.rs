//! Passkeys: signing in by one, and one's own.

use axum::extract::{Path, State};
use axum::response::Response;
use doorward_core::context::{Id, PasskeyId, PasskeyKind, Time};
use doorward_core::error::Code;
use doorward_core::passkey::registration::{self, Purpose};
use doorward_core::passkey::{self, Passkey, Started};
use doorward_core::second_factor;
use doorward_core::sign_in::{flow, passkey as sign_in};
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::delivery::{self, Delivery, SignInAnswer};
use super::list::{List, Page, PageQuery};
use crate::http::caller::ByCaller;
use crate::http::json::{Json, JsonOrEmpty};
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::SignedIn;
use crate::state::Web;

/// A passkey ceremony under way.
#[derive(Serialize, ToSchema)]
pub struct PasskeyStarted {
    /// Comes back with the credential. Good for ten minutes, and used once.
    passkey_token: String,
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON` of Web Authentication, Level 3: for
    /// `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.
    #[schema(value_type = Object)]
    options: Value,
}

impl From<Started> for PasskeyStarted {
    fn from(started: Started) -> Self {
        Self { passkey_token: started.token.expose_secret().to_owned(), options: started.options }
    }
}

/// Nothing is asked for.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Begin to sign in by passkey.
///
/// Nobody is named: the browser offers what passkeys it has for this site.
#[utoipa::path(post, path = "/v1/sign-in/passkey/start", tag = "Sign-in", security(()), request_body(content = Option<Nothing>), responses(
    (status = 200, description = "What to hand to navigator.credentials.get", body = PasskeyStarted),
    (status = 429, description = "Too many attempts", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn sign_in_start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    JsonOrEmpty(Nothing {}): JsonOrEmpty<Nothing>,
) -> Result<axum::Json<PasskeyStarted>, ApiError> {
    Ok(axum::Json(sign_in::start(web.context(), &caller).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeySignIn {
    #[schema(value_type = String)]
    passkey_token: SecretString,
    /// `AuthenticationResponseJSON` of Web Authentication, Level 3: the credential's `toJSON()`.
    #[schema(value_type = Object)]
    credential: Value,
    /// Keep the session for longer on this device.
    remember: Option<bool>,
    delivery: Option<Delivery>,
}

/// Sign in by passkey.
#[utoipa::path(post, path = "/v1/sign-in/passkey/finish", tag = "Sign-in", security(()), request_body = PasskeySignIn, responses(
    (status = 200, description = "Signed in", body = SignInAnswer),
    (status = 400, description = "`invalid_or_expired_token`: begin again", body = Problem),
    (status = 401, description = "`invalid_credentials`; `passkey_unknown` where no account has it; `user_verification_required` where its PIN, finger or face was not asked for", body = Problem),
    (status = 403, description = "The account is disabled, or its address not verified: told after a right passkey only", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
    (status = 429, description = "Too many attempts", body = Problem),
))]
pub async fn sign_in_finish(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<PasskeySignIn>,
) -> Result<Response, ApiError> {
    let token = request.passkey_token.expose_secret();
    let factor = sign_in::verify(web.context(), &caller, token, &request.credential).await?;
    let delivery = request.delivery.unwrap_or_default();
    let entry = delivery.entry(request.remember.unwrap_or_default());
    let outcome = flow::complete(&web.sessions, &caller, factor, entry).await?;
    Ok(delivery::outcome(&web, &caller, &headers, delivery, &outcome).await?)
}

/// A passkey of the account.
#[derive(Serialize, ToSchema)]
#[schema(as = Passkey)]
pub struct PasskeyView {
    #[schema(example = "passkey_0198a7c2f3b47c1e9d5a6b7c8d9e0f13")]
    id: String,
    /// What its authenticator calls it, in base64url: for the browser's signals.
    credential_id: String,
    name: String,
    /// What keeps it, as far as it says so.
    #[schema(example = "iCloud Keychain")]
    provider: Option<String>,
    /// RFC 3339, in UTC.
    created_at: String,
    last_used_at: Option<String>,
    /// Whether it is synced to other devices, or backed up.
    backed_up: bool,
}

impl PasskeyView {
    pub fn new(passkey: &Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            credential_id: passkey.credential_id_text(),
            name: passkey.name.clone(),
            provider: passkey.provider().map(str::to_owned),
            created_at: passkey.created_at.rfc3339(),
            last_used_at: passkey.last_used_at.map(Time::rfc3339),
            backed_up: passkey.backed_up,
        }
    }
}

/// What a browser is told for the person's password manager, so that it offers no passkey that is gone, and names the account as it
/// is called now. The names are those of Web Authentication, Level 3, section 5.1.10.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it only describes what `passkey::signals` writes")]
pub struct PasskeySignals {
    /// What passkeys belong to here.
    #[schema(example = "example.com")]
    rp_id: String,
    /// The account, as its passkeys know it, in base64url.
    user_id: String,
    name: String,
    display_name: String,
    /// All that are still good, whichever page of the list this is.
    all_accepted_credential_ids: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct PasskeyList {
    #[serde(flatten)]
    page: List<PasskeyView>,
    /// For `PublicKeyCredential.signalAllAcceptedCredentials` and `signalCurrentUserDetails`.
    #[schema(value_type = PasskeySignals)]
    signals: Value,
}

/// Your passkeys, the newest first.
#[utoipa::path(get, path = "/v1/me/passkeys", tag = "Passkeys", params(PageQuery), responses(
    (status = 200, description = "The passkeys", body = PasskeyList),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 422, description = "A query that makes no sense", body = Problem),
))]
pub async fn list(
    State(web): State<Web>,
    SignedIn(live): SignedIn,
    page: Page<PasskeyKind>,
) -> Result<axum::Json<PasskeyList>, ApiError> {
    let all = passkey::of_user(web.context(), live.user.id).await?;
    let signals = passkey::signals(web.context(), &live.user, &all);
    Ok(axum::Json(PasskeyList {
        page: page.of_all(all, |one| one.id, |one| PasskeyView::new(&one)),
        signals,
    }))
}

/// Begin to add a passkey.
#[utoipa::path(post, path = "/v1/me/passkeys/start", tag = "Passkeys", request_body(content = Option<Nothing>), responses(
    (status = 200, description = "What to hand to navigator.credentials.create", body = PasskeyStarted),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
    (status = 409, description = "The account has as many as it may have", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    JsonOrEmpty(Nothing {}): JsonOrEmpty<Nothing>,
) -> Result<axum::Json<PasskeyStarted>, ApiError> {
    Ok(axum::Json(registration::start(web.context(), &caller, Purpose::of(&live)).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPasskey {
    #[schema(value_type = String)]
    passkey_token: SecretString,
    /// `RegistrationResponseJSON` of Web Authentication, Level 3: the credential's `toJSON()`.
    #[schema(value_type = Object)]
    credential: Value,
    /// At most 60 characters. Without one it is called after what keeps it.
    name: Option<String>,
}

/// Add a passkey. The account's owner is told by mail.
#[utoipa::path(post, path = "/v1/me/passkeys/finish", tag = "Passkeys", request_body = AddPasskey, responses(
    (status = 201, description = "Added", body = PasskeyView),
    (status = 400, description = "`invalid_or_expired_token`: begin again; `malformed_request`: it could not be verified", body = Problem),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 403, description = "`reauthentication_required`", body = Problem),
    (status = 409, description = "It is in use already, or the account has as many as it may have", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn finish(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Json(request): Json<AddPasskey>,
) -> Result<(StatusCode, axum::Json<PasskeyView>), ApiError> {
    let (token, name) = (request.passkey_token.expose_secret(), request.name.as_deref());
    let added = registration::finish(web.context(), &caller, &live, token, &request.credential, name).await?;
    Ok((StatusCode::CREATED, axum::Json(PasskeyView::new(&added))))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenamePasskey {
    /// At most 60 characters.
    #[schema(example = "Ada's phone")]
    name: String,
}

/// Give a passkey another name.
#[utoipa::path(patch, path = "/v1/me/passkeys/{id}", tag = "Passkeys", request_body = RenamePasskey,
    params(("id" = String, Path, description = "The passkey")),
    responses(
        (status = 200, description = "The passkey as it is now", body = PasskeyView),
        (status = 401, description = "Nobody is signed in", body = Problem),
        (status = 404, description = "The account has no such passkey", body = Problem),
        (status = 422, description = "Fields need attention", body = Problem),
    ))]
pub async fn rename(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Path(id): Path<String>,
    Json(request): Json<RenamePasskey>,
) -> Result<axum::Json<PasskeyView>, ApiError> {
    let renamed = passkey::rename(web.context(), &caller, &live, parse_id(&id)?, &request.name).await?;
    Ok(axum::Json(PasskeyView::new(&renamed)))
}

/// Remove a passkey. Nobody signs in with it any more, and the account's owner is told by mail.
#[utoipa::path(delete, path = "/v1/me/passkeys/{id}", tag = "Passkeys",
    params(("id" = String, Path, description = "The passkey")),
    responses(
        (status = 204, description = "It is removed"),
        (status = 401, description = "Nobody is signed in", body = Problem),
        (status = 403, description = "`reauthentication_required`", body = Problem),
        (status = 404, description = "The account has no such passkey", body = Problem),
        (status = 409, description = "`last_sign_in_method`: nobody could get in without it; `conflict`: it is the last second factor of an account that needs one", body = Problem),
    ))]
pub async fn remove(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    second_factor::remove_passkey(&web.sessions, &caller, &live, parse_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is no id names nothing that there is.
fn parse_id(id: &str) -> Result<PasskeyId, ApiError> {
    Id::parse(id).ok_or_else(|| Code::NotFound.into())
}
