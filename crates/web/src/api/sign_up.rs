//! Sign-up and the verification of addresses.

use crate::http::caller::ByCaller;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::error::{Error, FieldError};
use doorward_core::sign_up::{self, Confirmation, Confirmed, PasswordElsewhere, SignUp, Started};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::delivery::{self, Delivery, SignInAnswer};
use crate::http::cookies::CookieName;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::signed_in;
use crate::state::Web;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpRequest {
    #[schema(example = "ada@example.com")]
    email: String,
    /// 8 to 128 characters, and not an easily guessed one.
    #[schema(value_type = String, example = "correct horse battery staple")]
    password: SecretString,
    preferred_username: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    delivery: Option<Delivery>,
    /// The solution of a challenge, where `challenge_required` asked for one.
    challenge_response: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SignUpAnswer {
    #[schema(example = "verify_email")]
    next: &'static str,
    /// With body delivery: ties the code to this sign-up. A browser gets it as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_token: Option<String>,
}

/// Begin a sign-up.
///
/// Answers alike for an address that has an account already: that one gets a mail that says so.
#[utoipa::path(post, path = "/v1/sign-up", tag = "Sign-up", security(()), request_body = SignUpRequest, responses(
    (status = 202, description = "A mail was sent; verify the address next", body = SignUpAnswer),
    (status = 200, description = "Signed in at once, where addresses are verified later", body = SignInAnswer),
    (status = 422, description = "Fields need attention", body = Problem),
    (status = 403, description = "`challenge_required`: many sign up just now, so solve one first", body = Problem),
    (status = 409, description = "Another account has that address: told only where addresses are verified later", body = Problem),
))]
pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<SignUpRequest>,
) -> Result<Response, ApiError> {
    let delivery = request.delivery.unwrap_or_default();
    let sign_up = SignUp {
        email: request.email,
        password: request.password,
        username: request.preferred_username,
        given_name: request.given_name,
        family_name: request.family_name,
        entry: delivery.entry(false),
        challenge_response: request.challenge_response,
        waited_with: None,
        redirect_to: None,
    };
    Ok(match sign_up::start(&web.sessions, &caller, &sign_up).await? {
        Started::Entered(outcome) => delivery::outcome(&web, &caller, &headers, delivery, &outcome).await?,
        Started::VerifyEmail { flow_token } => {
            let body = delivery == Delivery::Body;
            let answer = SignUpAnswer {
                next: "verify_email",
                flow_token: body.then(|| flow_token.expose_secret().to_owned()),
            };
            let mut response = (StatusCode::ACCEPTED, axum::Json(answer)).into_response();
            if !body {
                let cookie = web.cookies.set(CookieName::Flow, flow_token.expose_secret(), sign_up::LIFE);
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            response
        }
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmailRequest {
    /// The token of the mail's link; or else `email` and `code`.
    #[schema(value_type = Option<String>)]
    token: Option<SecretString>,
    email: Option<String>,
    #[schema(value_type = Option<String>, example = "123456")]
    code: Option<SecretString>,
    /// What the sign-up answered with body delivery. A browser sends its cookie.
    #[schema(value_type = Option<String>)]
    flow_token: Option<SecretString>,
    /// The sign-up's password, where it is confirmed without its flow; the account's, where an existing one is verified by
    /// somebody who is not signed in to it.
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
    delivery: Option<Delivery>,
}

#[derive(Serialize, ToSchema)]
pub struct VerifiedAnswer {
    #[schema(example = "verified")]
    status: &'static str,
}

/// Verify an e-mail address.
///
/// By the link's token, or by address and code. Confirming a sign-up signs in; verifying the address of an account that
/// exists answers `{"status": "verified"}`.
#[utoipa::path(post, path = "/v1/email/verify", tag = "Sign-up", security(()), request_body = VerifyEmailRequest, responses(
    (status = 200, description = "Signed in, or verified", body = SignInAnswer),
    (status = 400, description = "The link or the code does not work", body = Problem),
    (status = 401, description = "The password is not the sign-up's", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn verify(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<VerifyEmailRequest>,
) -> Result<Response, ApiError> {
    let flow_token = flow_token(&web, &headers, request.flow_token);
    let delivery = request.delivery.unwrap_or_default();
    let with = Confirmation {
        flow_token: flow_token.as_ref(),
        password: request.password.as_ref().map(PasswordElsewhere::Compare),
        signed_in: signed_in::maybe(&web, &headers).await?.map(|live| live.user.id),
        entry: delivery.entry(false),
    };
    let confirmed = match proof(request.token.as_ref(), request.email.as_deref(), request.code.as_ref())? {
        Proof::Link(token) => sign_up::confirm_link(&web.sessions, &caller, token, &with).await?,
        Proof::Code { email, code } => {
            sign_up::confirm_code(&web.sessions, &caller, email, code, &with).await?
        }
    };
    Ok(match confirmed {
        Confirmed::Entered(outcome) => delivery::outcome(&web, &caller, &headers, delivery, &outcome).await?,
        Confirmed::Verified => axum::Json(VerifiedAnswer { status: "verified" }).into_response(),
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendRequest {
    email: String,
    #[schema(value_type = Option<String>)]
    flow_token: Option<SecretString>,
}

/// Send the verification mail again.
///
/// Answers alike for every address.
#[utoipa::path(post, path = "/v1/email/verify/resend", tag = "Sign-up", security(()), request_body = ResendRequest, responses(
    (status = 202, description = "If the address waits for its verification, a mail is on its way"),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn resend(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    Json(request): Json<ResendRequest>,
) -> Result<StatusCode, ApiError> {
    let flow_token = flow_token(&web, &headers, request.flow_token);
    sign_up::resend(web.context(), &caller, &request.email, flow_token.as_ref()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The flow's token, from the body or the cookie.
pub fn flow_token(web: &Web, headers: &HeaderMap, from_body: Option<SecretString>) -> Option<SecretString> {
    from_body.or_else(|| web.cookies.get(headers, CookieName::Flow).map(SecretString::from))
}

/// How somebody shows that they read a mail.
pub enum Proof<'a> {
    Link(&'a str),
    Code { email: &'a str, code: &'a str },
}

/// # Errors
/// `validation_failed` where neither a token nor an address with a code came.
pub fn proof<'a>(
    token: Option<&'a SecretString>,
    email: Option<&'a str>,
    code: Option<&'a SecretString>,
) -> Result<Proof<'a>, Error> {
    let missing = |field, detail: &'static str| FieldError::new(field, "required", detail);
    match (token, email, code) {
        (Some(token), None, None) => Ok(Proof::Link(token.expose_secret())),
        (None, Some(email), Some(code)) => Ok(Proof::Code { email, code: code.expose_secret() }),
        (None, Some(_), None) => Err(Error::invalid(vec![missing("code", "Enter the code from the mail.")])),
        (None, None, Some(_)) => {
            Err(Error::invalid(vec![missing("email", "Enter the address that the code was sent to.")]))
        }
        (None, None, None) => {
            Err(Error::invalid(vec![missing("token", "Send the link's token, or the address and the code.")]))
        }
        (Some(_), ..) => Err(Error::invalid(vec![FieldError::new(
            "token",
            "invalid",
            "Send either the link's token, or the address and the code.",
        )])),
    }
}
