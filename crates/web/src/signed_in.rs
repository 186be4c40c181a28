//! Who is signed in, as handlers ask for it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use doorward_core::error::{Code, Kind};
use doorward_core::session::Live;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::http::cookies::CookieName;
use crate::http::problem::ApiError;
use crate::state::Web;

/// The live session of an API request. Extracting it is the check.
pub struct SignedIn(pub Arc<Live>);

impl FromRequestParts<Web> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, ApiError> {
        if let Some(live) = parts.extensions.get::<Arc<Live>>() {
            return Ok(Self(Arc::clone(live)));
        }
        let token = required_access_token(web, &parts.headers)?;
        let live = web.sessions.check(token).await?;
        parts.extensions.insert(Arc::clone(&live));
        Ok(Self(live))
    }
}

/// The live session of a request, where it has one.
pub async fn maybe(web: &Web, headers: &HeaderMap) -> Result<Option<Arc<Live>>, ApiError> {
    let Some(token) = access_token(web, headers) else { return Ok(None) };
    match web.sessions.check(token).await {
        Ok(live) => Ok(Some(live)),
        Err(error) if error.kind() == Kind::NotAuthenticated => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The Bearer token of a request (RFC 6750, section 2.1).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The access token of a request: a Bearer token, and only without one the cookie.
pub fn access_token<'h>(web: &Web, headers: &'h HeaderMap) -> Option<&'h str> {
    match headers.get(AUTHORIZATION) {
        Some(_) => bearer(headers),
        None => web.cookies.get(headers, CookieName::Access),
    }
}

/// As [`access_token`], and where there is none, what to do about that.
///
/// # Errors
/// `token_expired` where only the refresh cookie came: the browser has dropped the access cookie, which lives no longer than
/// its token. Else `not_authenticated`.
pub fn required_access_token<'h>(web: &Web, headers: &'h HeaderMap) -> Result<&'h str, Code> {
    access_token(web, headers).ok_or_else(|| {
        let can_refresh = !is_bearer(headers) && web.cookies.get(headers, CookieName::Refresh).is_some();
        if can_refresh { Code::TokenExpired } else { Code::NotAuthenticated }
    })
}

/// Whether a request carries its tokens as a client without cookies does.
pub fn is_bearer(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION)
}
