//! Sign-in by a mailed link or code.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::secret::CODE_LIFE;
use doorward_core::sign_in::email::{self, Asked};
use doorward_core::sign_in::flow;
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::delivery::{self, Delivery, SignInAnswer};
use super::sign_up::{Proof, flow_token, proof};
use crate::http::caller::ByCaller;
use crate::http::cookies::CookieName;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::state::Web;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailSignInRequest {
    #[schema(example = "ada@example.com")]
    email: String,
    /// Keep the session for longer on this device.
    remember: Option<bool>,
    delivery: Option<Delivery>,
    /// What an earlier request was answered, which this one takes the place of. A browser sends its cookie.
    #[schema(value_type = Option<String>)]
    flow_token: Option<SecretString>,
}

#[derive(Serialize, ToSchema)]
pub struct EmailSignInAnswer {
    /// Seconds until the link and the code run out.
    #[schema(example = 600)]
    expires_in: u64,
    /// With body delivery: ties the link and the code to this request. A browser gets it as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_token: Option<String>,
}

/// Have a link and a code mailed, to sign in by.
///
/// Answers alike for every address. Asking again ends the link and the code of before.
#[utoipa::path(post, path = "/v1/sign-in/email", tag = "Sign-in", security(()), request_body = EmailSignInRequest, responses(
    (status = 202, description = "If the address has an account, a mail is on its way", body = EmailSignInAnswer),
    (status = 404, description = "The settings switch sign-in by mail off", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<EmailSignInRequest>,
) -> Result<Response, ApiError> {
    let former = flow_token(&web, &headers, request.flow_token);
    let asked = Asked {
        email: &request.email,
        remember: request.remember.unwrap_or_default(),
        redirect_to: None,
        former: former.as_ref(),
    };
    let token = email::start(web.context(), &caller, &asked).await?;
    let in_body = request.delivery == Some(Delivery::Body);
    let answer = EmailSignInAnswer {
        expires_in: CODE_LIFE.as_secs(),
        flow_token: in_body.then(|| token.expose_secret().to_owned()),
    };
    let mut response = (StatusCode::ACCEPTED, axum::Json(answer)).into_response();
    if !in_body {
        let cookie = web.cookies.set(CookieName::Flow, token.expose_secret(), email::LIFE);
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailSignInVerifyRequest {
    /// The token of the mail's link; or else `email` and `code`.
    #[schema(value_type = Option<String>)]
    token: Option<SecretString>,
    email: Option<String>,
    #[schema(value_type = Option<String>, example = "123456")]
    code: Option<SecretString>,
    /// What the request for the mail was answered with body delivery. A browser sends its cookie.
    #[schema(value_type = Option<String>)]
    flow_token: Option<SecretString>,
    /// Keep the session for longer on this device: in place of what was said with the request for the mail.
    remember: Option<bool>,
    delivery: Option<Delivery>,
}

/// Sign in by a mailed link or code.
///
/// Both work only where the mail was asked for: with its cookie, or with its `flow_token`.
#[utoipa::path(post, path = "/v1/sign-in/email/verify", tag = "Sign-in", security(()), request_body = EmailSignInVerifyRequest, responses(
    (status = 200, description = "Signed in", body = SignInAnswer),
    (status = 400, description = "The link or the code does not work, or not here", body = Problem),
    (status = 403, description = "The account is disabled: told after a right link or code only", body = Problem),
    (status = 404, description = "The settings switch sign-in by mail off", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
    (status = 429, description = "Too many attempts", body = Problem),
))]
pub async fn verify(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<EmailSignInVerifyRequest>,
) -> Result<Response, ApiError> {
    let flow_token = flow_token(&web, &headers, request.flow_token);
    let flow_token = flow_token.as_ref();
    let proved = match proof(request.token.as_ref(), request.email.as_deref(), request.code.as_ref())? {
        Proof::Link(token) => email::by_link(&web.sessions, &caller, token, flow_token).await?,
        Proof::Code { email, code } => {
            email::by_code(&web.sessions, &caller, email, code, flow_token).await?
        }
    };
    let delivery = request.delivery.unwrap_or_default();
    let entry = delivery.entry(request.remember.unwrap_or(proved.remember));
    let outcome = flow::complete(&web.sessions, &caller, proved.factor, entry).await?;
    Ok(delivery::outcome(&web, &caller, &headers, delivery, &outcome).await?)
}
