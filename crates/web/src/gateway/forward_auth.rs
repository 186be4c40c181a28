//! `GET /forward-auth`: may this request pass, and who is asking.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use doorward_core::error::{Code, Error, Kind, Result};
use http::header::LOCATION;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::gates::Gates;
use super::identity;
use super::original::Original;
use crate::http::client_address::is_from_gateway;
use crate::http::cookies::CookieName;
use crate::http::form::Query;
use crate::http::layer::peer;
use crate::http::problem::{ApiError, Problem};
use crate::http::redirect;
use crate::signed_in::{is_bearer, required_access_token};
use crate::state::Web;

const REDIRECT: HeaderName = HeaderName::from_static("x-auth-redirect");

/// For gateways: whether a request may pass, and who is asking.
///
/// Answers only a gateway: a peer in `http.trusted_proxies`, or one that shows the proxy secret. It sends the request's own
/// headers, and tells what was asked for in `X-Original-URL`, or in `X-Forwarded-Proto`, `-Host` and `-Uri`. Never refreshes
/// a session, never sets a cookie.
#[utoipa::path(get, path = "/forward-auth", tag = "Gateways",
    params(
        ("role" = Option<String>, Query, description = "A role that is needed"),
        ("permission" = Option<String>, Query, description = "A permission that is needed"),
        ("verified" = Option<bool>, Query, description = "Whether the address must be verified"),
        ("acr" = Option<String>, Query, description = "The least level of the sign-in: `aal1`, `aal2` or `aal3`"),
        ("mode" = Option<String>, Query, description = "`redirect`: 303 to sign-in for a page, in place of 401"),
    ),
    responses(
        (status = 200, description = "It may. Who is asking is in the headers, percent-encoded where not visible ASCII", headers(
            ("X-Auth-Subject" = String, description = "The account's id"),
            ("X-Auth-Session" = String, description = "The session's id"),
            ("X-Auth-Email" = String),
            ("X-Auth-Email-Verified" = bool),
            ("X-Auth-Username" = String, description = "Empty where there is none"),
            ("X-Auth-Roles" = String, description = "With commas between them"),
            ("X-Auth-Token" = String, description = "The same as a JWT of 60 seconds for the service: `typ` is `internal+jwt`, `aud` the origin that was asked for"),
        )),
        (status = 303, description = "Nobody is signed in, and a person asked for a page (`mode=redirect`)"),
        (status = 422, description = "The query asks for what there is not", body = Problem),
        (status = 401, description = "Nobody is signed in. `X-Auth-Redirect` leads a person there", body = Problem),
        (status = 403, description = "Somebody is, who may not", body = Problem),
    ))]
pub async fn ask(State(web): State<Web>, query: Query, request: Request) -> Result<Response, ApiError> {
    let headers = request.headers();
    if !is_from_gateway(peer(&request), headers, &web.config) {
        return Err(Error::new(Code::PermissionDenied)
            .with_detail("Only a gateway may ask this. Put its address into http.trusted_proxies.")
            .into());
    }
    let gates = Gates::parse(&query)?;
    let original = Original::of(headers)?;
    let live = match check(&web, headers).await {
        Ok(live) => live,
        Err(error) if error.kind() == Kind::NotAuthenticated => {
            return Ok(refuse(&web, headers, &original, &gates, error));
        }
        Err(error) => return Err(error.into()),
    };
    gates.ensure_open(&live)?;
    let token = web.sessions.internal_token(&live, &original.origin())?;
    let mut response = StatusCode::OK.into_response();
    identity::set(response.headers_mut(), &live, &token)?;
    Ok(response)
}

async fn check(web: &Web, headers: &HeaderMap) -> Result<std::sync::Arc<doorward_core::session::Live>> {
    web.sessions.check(required_access_token(web, headers)?).await
}

/// Nobody is signed in: 401, with the way to change that where there is one.
fn refuse(web: &Web, headers: &HeaderMap, original: &Original, gates: &Gates, error: Error) -> Response {
    let Some(way) = way_in(web, headers, original) else { return ApiError::from(error).into_response() };
    let Ok(way) = HeaderValue::from_str(&way) else { return ApiError::from(error).into_response() };
    if gates.redirects && original.is_page() {
        return (StatusCode::SEE_OTHER, [(LOCATION, way)]).into_response();
    }
    let mut response = ApiError::from(error).into_response();
    response.headers_mut().insert(REDIRECT, way);
    response
}

/// Where a person's browser goes: past the renewal of the session where it may have one, else to sign-in. `None` for clients
/// without cookies, and where cookies of ours do not reach what was asked for: signing in would only lead round and round.
fn way_in(web: &Web, headers: &HeaderMap, original: &Original) -> Option<String> {
    let config = &web.config;
    if is_bearer(headers) || !original.shares_cookies(config) {
        return None;
    }
    // Two cookies of one name: a renewal would set a third, and come back.
    if web.cookies.came(headers, CookieName::Access) && web.cookies.get(headers, CookieName::Access).is_none()
    {
        return None;
    }
    let page = if web.cookies.get(headers, CookieName::Refresh).is_some() {
        format!("{}/session/renew", config.issuer())
    } else {
        config.page_link("/sign-in")
    };
    let back = original.url.as_str();
    if !original.is_get() || !redirect::is_safe(back, config) {
        return Some(page);
    }
    Some(redirect::on_the_way(&page, back))
}
