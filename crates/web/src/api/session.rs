//! Sign-in, refresh, the session check, sign-out.

use crate::http::caller::ByCaller;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::error::Code;
use doorward_core::session::EndReason;
use doorward_core::sign_in::{flow, password};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use super::delivery::{self, Delivery, SignInAnswer, TokensAnswer};
use super::views::{self, CurrentSession};
use crate::http::cookies::CookieName;
use crate::http::json::{Json, JsonOrEmpty};
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::{access_token, is_bearer, required_access_token};
use crate::state::Web;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// An e-mail address or a username.
    #[schema(example = "ada@example.com")]
    identifier: String,
    #[schema(value_type = String, example = "correct horse battery staple")]
    password: SecretString,
    /// Keep the session for longer on this device.
    remember: Option<bool>,
    delivery: Option<Delivery>,
    /// The solution of a challenge, where `challenge_required` asked for one.
    challenge_response: Option<String>,
}

/// Sign in with a password.
#[utoipa::path(post, path = "/v1/sign-in", tag = "Sign-in", security(()), request_body = SignInRequest, responses(
    (status = 200, description = "Signed in, or the second factor is due", body = SignInAnswer),
    (status = 401, description = "The details do not match", body = Problem),
    (status = 403, description = "The account is disabled, or its address not verified: told after a right password only", body = Problem),
    (status = 429, description = "Too many attempts, or the account is locked for a while", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn sign_in(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<SignInRequest>,
) -> Result<Response, ApiError> {
    let factor = password::verify(
        web.context(),
        &caller,
        &request.identifier,
        &request.password,
        request.challenge_response.as_deref(),
    )
    .await?;
    let delivery = request.delivery.unwrap_or_default();
    let entry = delivery.entry(request.remember.unwrap_or_default());
    let outcome = flow::complete(&web.sessions, &caller, factor, entry).await?;
    Ok(delivery::outcome(&web, &caller, &headers, delivery, &outcome).await?)
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// For clients without cookies.
    #[schema(value_type = Option<String>)]
    refresh_token: Option<SecretString>,
    /// Has no effect: a token that came in a cookie is answered in cookies, one in the body in the body.
    delivery: Option<Delivery>,
}

/// Trade the refresh token for new tokens.
///
/// Each refresh token is used once. One that was rotated a moment ago is answered with the current tokens, so that tabs
/// and retries may race; any other old token ends the session.
#[utoipa::path(post, path = "/v1/token/refresh", tag = "Sign-in", security(()), request_body(content = Option<RefreshRequest>), responses(
    (status = 200, description = "New tokens", body = TokensAnswer),
    (status = 401, description = "`token_invalid`, `token_reused`, `session_expired`, `session_revoked`: sign in again", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn refresh(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    JsonOrEmpty(request): JsonOrEmpty<RefreshRequest>,
) -> Result<Response, ApiError> {
    let _ = request.delivery;
    // Beside a Bearer token no cookie counts.
    let cookie = web.cookies.get(&headers, CookieName::Refresh).filter(|_| !is_bearer(&headers));
    let (token, delivery) = match (&request.refresh_token, cookie) {
        (Some(token), _) => (token.expose_secret(), Delivery::Body),
        (None, Some(token)) => (token, Delivery::Cookie),
        (None, None) => return Err(Code::NotAuthenticated.into()),
    };
    match web.sessions.refresh(&caller, token).await {
        Ok(renewed) => Ok(delivery::renewed(&web, delivery, &renewed.tokens)),
        Err(error) => {
            let is_final = error.kind() == doorward_core::error::Kind::NotAuthenticated;
            let mut response = ApiError::from(error).into_response();
            // The cookies of a session that is over only make the next request fail again.
            if is_final && delivery == Delivery::Cookie {
                delivery::clear_tokens(&web, response.headers_mut());
            }
            Ok(response)
        }
    }
}

/// The session check: who is signed in, and by which session.
#[utoipa::path(get, path = "/v1/session", tag = "Sign-in", responses(
    (status = 200, description = "Somebody is signed in", body = CurrentSession),
    (status = 401, description = "Nobody is; `token_expired` asks for a refresh", body = Problem),
))]
pub async fn current(State(web): State<Web>, headers: HeaderMap) -> Result<Response, ApiError> {
    let token = required_access_token(&web, &headers)?;
    let live = web.sessions.check(token).await?;
    Ok(([(CONTENT_TYPE, JSON)], views::current_session_json(web.context(), &live)).into_response())
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOutRequest {
    /// For clients without cookies, whose access token may be gone.
    #[schema(value_type = Option<String>)]
    refresh_token: Option<SecretString>,
}

/// Sign out: end this session.
///
/// Also works with an access token that has run out. Ending what has ended already succeeds.
#[utoipa::path(post, path = "/v1/sign-out", tag = "Sign-in", request_body(content = Option<SignOutRequest>), responses(
    (status = 204, description = "This session has ended"),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn sign_out(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    JsonOrEmpty(request): JsonOrEmpty<SignOutRequest>,
) -> Result<Response, ApiError> {
    let shown = Shown::of(&web, &headers, request.refresh_token.as_ref());
    if let Some((session, user)) = web.sessions.identify(shown.access, shown.refresh).await? {
        web.sessions.end(&caller, user, session, EndReason::SignOut).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if shown.in_cookies {
        delivery::clear_tokens(&web, response.headers_mut());
    }
    Ok(response)
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOutAllRequest {
    /// Keep the session of this request.
    except_current: Option<bool>,
    #[schema(value_type = Option<String>)]
    refresh_token: Option<SecretString>,
}

/// Sign out everywhere: end every session of the account.
#[utoipa::path(post, path = "/v1/sign-out/all", tag = "Sign-in", request_body(content = Option<SignOutAllRequest>), responses(
    (status = 204, description = "The sessions have ended"),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn sign_out_all(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    JsonOrEmpty(request): JsonOrEmpty<SignOutAllRequest>,
) -> Result<Response, ApiError> {
    let shown = Shown::of(&web, &headers, request.refresh_token.as_ref());
    let identified = web.sessions.identify(shown.access, shown.refresh).await?;
    let (session, user) = identified.ok_or(Code::NotAuthenticated)?;
    // Only somebody whose own session still runs may end the others.
    web.sessions.ensure_live(session).await?;
    let except = request.except_current.unwrap_or_default().then_some(session);
    web.sessions.end_all(&caller, user, except).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if except.is_none() && shown.in_cookies {
        delivery::clear_tokens(&web, response.headers_mut());
    }
    Ok(response)
}

/// The tokens by which somebody signs out. What is said outright counts before cookies, which may be of another session.
struct Shown<'r> {
    access: Option<&'r str>,
    refresh: Option<&'r str>,
    in_cookies: bool,
}

impl<'r> Shown<'r> {
    fn of(web: &'r Web, headers: &'r HeaderMap, refresh_token: Option<&'r SecretString>) -> Self {
        let said = refresh_token.map(ExposeSecret::expose_secret);
        if is_bearer(headers) {
            Self { access: access_token(web, headers), refresh: said, in_cookies: false }
        } else if said.is_some() {
            Self { access: None, refresh: said, in_cookies: false }
        } else {
            let refresh = web.cookies.get(headers, CookieName::Refresh);
            Self { access: access_token(web, headers), refresh, in_cookies: true }
        }
    }
}
