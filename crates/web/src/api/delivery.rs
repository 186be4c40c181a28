//! How tokens reach a client: a browser gets cookies that scripts can't read, another client the body.

use axum::response::{IntoResponse, Response};
use doorward_core::context::Caller;
use doorward_core::device;
use doorward_core::error::Result;
use doorward_core::session::{EndReason, Live, Tokens};
use doorward_core::sign_in::flow::{Entry, Outcome, SignedIn};
use doorward_core::sign_in::pending::{self, Due};
use http::HeaderMap;
use http::header::SET_COOKIE;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::{SessionView, UserView};
use crate::http::cookies::CookieName;
use crate::signed_in::is_bearer;
use crate::state::Web;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// `HttpOnly` cookies.
    #[default]
    Cookie,
    /// `access_token` and `refresh_token` in the answer, and no cookie.
    Body,
}

/// The answer to a sign-in: done, or on the way.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum SignInAnswer {
    SignedIn(Box<SignedInAnswer>),
    SecondFactor(SecondFactorAnswer),
}

/// The second factor is due, or has to be set up: nobody is signed in yet.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorAnswer {
    /// `mfa_required`, or `enrolment_required` where the account needs a second factor and has none.
    #[schema(example = "mfa_required")]
    status: &'static str,
    /// Opens the second step of this sign-in, and nothing else.
    mfa_token: String,
    /// Ways to take the second step, or to set one up: `totp`, `passkey`, `sms`, `backup_code`.
    methods: Vec<&'static str>,
    /// Seconds until the sign-in has to begin anew.
    expires_in: u64,
}

impl SecondFactorAnswer {
    pub fn new(due: &Due) -> Self {
        Self {
            status: if due.enrols { "enrolment_required" } else { "mfa_required" },
            mfa_token: due.token.expose_secret().to_owned(),
            methods: due.methods.iter().map(|method| method.as_str()).collect(),
            expires_in: pending::LIFE.as_secs(),
        }
    }
}

/// The answer to a finished sign-in.
#[derive(Serialize, ToSchema)]
pub struct SignedInAnswer {
    #[schema(example = "signed_in")]
    status: &'static str,
    user: UserView,
    session: SessionView,
    #[serde(flatten)]
    tokens: TokensAnswer,
}

/// New tokens. With cookie delivery only `expires_in` is there.
#[derive(Serialize, ToSchema)]
pub struct TokensAnswer {
    /// Seconds until the access token runs out.
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
}

impl SignedInAnswer {
    pub fn new(web: &Web, delivery: Delivery, signed_in: &SignedIn) -> Self {
        let live = &signed_in.live;
        Self {
            status: "signed_in",
            user: UserView::new(&live.user, live),
            session: SessionView::new(web.context(), &live.session, true),
            tokens: TokensAnswer::new(&signed_in.tokens, delivery),
        }
    }
}

impl TokensAnswer {
    pub fn new(tokens: &Tokens, delivery: Delivery) -> Self {
        let body = delivery == Delivery::Body;
        Self {
            expires_in: tokens.access_life.as_secs(),
            access_token: body.then(|| tokens.access().to_owned()),
            refresh_token: body.then(|| tokens.refresh().to_owned()),
            token_type: body.then_some("Bearer"),
        }
    }
}

impl Delivery {
    /// How somebody comes in who asked for this.
    pub fn entry(self, remember: bool) -> Entry {
        Entry { remember, browser: self == Self::Cookie }
    }
}

/// Answers a sign-in, whose second step may be next.
pub async fn outcome(
    web: &Web,
    caller: &Caller,
    headers: &HeaderMap,
    delivery: Delivery,
    outcome: &Outcome,
) -> Result<Response> {
    match outcome {
        Outcome::SignedIn(done) => signed_in(web, caller, headers, delivery, done).await,
        Outcome::Due(due) => Ok(axum::Json(SecondFactorAnswer::new(due)).into_response()),
    }
}

/// Answers a sign-in that is finished.
pub async fn signed_in(
    web: &Web,
    caller: &Caller,
    headers: &HeaderMap,
    delivery: Delivery,
    signed_in: &SignedIn,
) -> Result<Response> {
    let mut response = axum::Json(SignedInAnswer::new(web, delivery, signed_in)).into_response();
    if delivery == Delivery::Cookie {
        enter_browser(web, caller, headers, response.headers_mut(), signed_in).await?;
    }
    Ok(response)
}

/// Signs a browser in: its former session ends, a flow that led here as well, and it is known again from now on.
pub async fn enter_browser(
    web: &Web,
    caller: &Caller,
    asked: &HeaderMap,
    answered: &mut HeaderMap,
    signed_in: &SignedIn,
) -> Result<()> {
    end_former(web, caller, asked, &signed_in.live).await?;
    set_tokens(web, answered, &signed_in.tokens);
    answered.append(SET_COOKIE, web.cookies.clear(CookieName::Flow));
    if let Some(cookie) = &signed_in.device_cookie {
        let cookie = web.cookies.set(CookieName::Device, cookie.expose_secret(), device::LIFE);
        answered.append(SET_COOKIE, cookie);
    }
    Ok(())
}

/// As the request brought its own tokens.
pub fn as_asked(headers: &HeaderMap) -> Delivery {
    if is_bearer(headers) { Delivery::Body } else { Delivery::Cookie }
}

/// Answers with something, and with the tokens of a session that goes on beside it.
pub fn beside<T: Serialize>(
    web: &Web,
    asked: &HeaderMap,
    tokens: &Tokens,
    answer: impl FnOnce(TokensAnswer) -> T,
) -> Response {
    let delivery = as_asked(asked);
    let mut response = axum::Json(answer(TokensAnswer::new(tokens, delivery))).into_response();
    if delivery == Delivery::Cookie {
        set_tokens(web, response.headers_mut(), tokens);
    }
    response
}

/// Answers with tokens of a session that goes on.
pub fn renewed(web: &Web, delivery: Delivery, tokens: &Tokens) -> Response {
    let mut response = axum::Json(TokensAnswer::new(tokens, delivery)).into_response();
    if delivery == Delivery::Cookie {
        set_tokens(web, response.headers_mut(), tokens);
    }
    response
}

/// Sets both token cookies: the access token's for its life, the refresh token's for what is left of the session.
pub fn set_tokens(web: &Web, headers: &mut HeaderMap, tokens: &Tokens) {
    headers.append(SET_COOKIE, web.cookies.set(CookieName::Access, tokens.access(), tokens.access_life));
    headers.append(SET_COOKIE, web.cookies.set(CookieName::Refresh, tokens.refresh(), tokens.refresh_life));
}

/// Ends the session that this browser had until now: a new sign-in takes its place, whoever signed in.
async fn end_former(web: &Web, caller: &Caller, headers: &HeaderMap, new: &Live) -> Result<()> {
    let access = web.cookies.get(headers, CookieName::Access);
    let refresh = web.cookies.get(headers, CookieName::Refresh);
    match web.sessions.identify(access, refresh).await? {
        Some((former, user)) if former != new.session.id => {
            web.sessions.end(caller, user, former, EndReason::SignedInAgain).await.map(|_| ())
        }
        _ => Ok(()),
    }
}

/// Takes both token cookies back.
pub fn clear_tokens(web: &Web, headers: &mut HeaderMap) {
    headers.append(SET_COOKIE, web.cookies.clear(CookieName::Access));
    headers.append(SET_COOKIE, web.cookies.clear(CookieName::Refresh));
}
