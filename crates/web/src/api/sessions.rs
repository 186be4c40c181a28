//! One's own sessions and devices.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use doorward_core::context::{DeviceId, DeviceKind, Id, IdKind, SessionKind};
use doorward_core::device;
use doorward_core::error::Code;
use doorward_core::session::EndReason;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::delivery;
use super::list::{List, Page, PageQuery};
use super::views::{DeviceView, SessionView};
use crate::http::caller::ByCaller;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::SignedIn;
use crate::state::Web;

/// The live sessions of the account, newest first.
#[utoipa::path(get, path = "/v1/me/sessions", tag = "Sessions and devices", params(PageQuery), responses(
    (status = 200, description = "The sessions", body = List<SessionView>),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 422, description = "A query that makes no sense", body = Problem),
))]
pub async fn list(
    State(web): State<Web>,
    SignedIn(live): SignedIn,
    page: Page<SessionKind>,
) -> Result<axum::Json<List<SessionView>>, ApiError> {
    let read = web.sessions.of_user(live.user.id, page.after, page.probe()).await?;
    let current = live.session.id;
    Ok(axum::Json(page.of(
        read,
        |one| one.id,
        |one| SessionView::new(web.context(), &one, one.id == current),
    )))
}

/// End one session. Its tokens are refused from now on.
#[utoipa::path(delete, path = "/v1/me/sessions/{id}", tag = "Sessions and devices",
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 204, description = "It has ended"),
        (status = 401, description = "Nobody is signed in", body = Problem),
        (status = 404, description = "The account has no such session", body = Problem),
    ))]
pub async fn end(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id = parse_id(&id)?;
    if !web.sessions.end(&caller, live.user.id, id, EndReason::Ended).await? {
        return Err(Code::NotFound.into());
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if id == live.session.id {
        delivery::clear_tokens(&web, response.headers_mut());
    }
    Ok(response)
}

/// A browser that the account was used in.
#[derive(Serialize, ToSchema)]
pub struct KnownDevice {
    #[serde(flatten)]
    device: DeviceView,
    /// Whether it is the one of this request.
    current: bool,
    /// RFC 3339, in UTC.
    created_at: String,
    /// When it was last signed in from.
    last_seen_at: String,
}

impl KnownDevice {
    pub fn new(device: &device::Device, current: bool) -> Self {
        Self {
            device: DeviceView::new(Some(device.id), device.name.as_deref(), device.client()),
            current,
            created_at: device.created_at.rfc3339(),
            last_seen_at: device.last_seen_at.rfc3339(),
        }
    }
}

/// The devices that the account was signed in from, last seen first.
#[utoipa::path(get, path = "/v1/me/devices", tag = "Sessions and devices", params(PageQuery), responses(
    (status = 200, description = "The devices", body = List<KnownDevice>),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 422, description = "A query that makes no sense", body = Problem),
))]
pub async fn devices(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    page: Page<DeviceKind>,
) -> Result<axum::Json<List<KnownDevice>>, ApiError> {
    let current = device::current(web.context(), live.user.id, &caller).await?;
    let all = device::of_user(web.context(), live.user.id).await?;
    // At most some dozens, last seen first.
    Ok(axum::Json(page.of_all(all, |one| one.id, |one| KnownDevice::new(&one, Some(one.id) == current))))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameRequest {
    /// At most 60 characters; `null` gives back the browser's own name.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(example = "Ada's laptop")]
    name: Option<String>,
}

/// Give a device a name.
#[utoipa::path(patch, path = "/v1/me/devices/{id}", tag = "Sessions and devices", request_body = RenameRequest,
    params(("id" = String, Path, description = "The device")),
    responses(
        (status = 200, description = "The device as it is now", body = KnownDevice),
        (status = 401, description = "Nobody is signed in", body = Problem),
        (status = 404, description = "The account has no such device", body = Problem),
        (status = 422, description = "Fields need attention", body = Problem),
    ))]
pub async fn rename(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Path(id): Path<String>,
    Json(request): Json<RenameRequest>,
) -> Result<axum::Json<KnownDevice>, ApiError> {
    let (context, user) = (web.context(), live.user.id);
    let renamed = device::rename(context, &caller, user, parse_id(&id)?, request.name.as_deref()).await?;
    web.sessions.forget_user(user);
    let current = device::current(context, user, &caller).await?;
    Ok(axum::Json(KnownDevice::new(&renamed, Some(renamed.id) == current)))
}

/// Forget a device. The sessions that live in it end.
#[utoipa::path(delete, path = "/v1/me/devices/{id}", tag = "Sessions and devices",
    params(("id" = String, Path, description = "The device")),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = 401, description = "Nobody is signed in", body = Problem),
        (status = 404, description = "The account has no such device", body = Problem),
    ))]
pub async fn forget(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id: DeviceId = parse_id(&id)?;
    web.sessions.forget_device(&caller, live.user.id, id).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if live.session.device == Some(id) {
        delivery::clear_tokens(&web, response.headers_mut());
    }
    Ok(response)
}

/// What is no id names nothing that there is.
fn parse_id<K: IdKind>(id: &str) -> Result<Id<K>, ApiError> {
    Id::parse(id).ok_or_else(|| Code::NotFound.into())
}
