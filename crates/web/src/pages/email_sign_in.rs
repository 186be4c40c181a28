//! Sign in by a mailed link or code.

use axum::extract::State;
use axum::response::Response;
use doorward_core::error::{Code, Error};
use doorward_core::sign_in::email::{self, Asked, LinkState, Proved};
use doorward_core::sign_in::flow::{self, Entry};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;

use super::error::dead_link;
use super::session::Visitor;
use super::sign_in::go_on;
use super::views::{self, EmailCodePage, EmailSignInPage, Moment, ShownCodePage, SignInLinkPage, masked};
use super::{again, keep_sent, layout, mark, page, see_other, still_sent};
use crate::http::caller::ByCaller;
use crate::http::cookies::CookieName;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::http::redirect::{is_safe, safe_redirect};
use crate::state::Web;

/// Where a link leads on that has been used or has run out.
const ANEW: &[(&str, &str)] = &[("/sign-in/email", "Mail me a new one")];

/// Where the code is typed; where no mail was asked for, where one is.
pub async fn show(
    State(web): State<Web>,
    Visitor(live): Visitor,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let redirect_to = query.some("redirect_to");
    if live.is_some() {
        return Ok(see_other(&safe_redirect(redirect_to, &web.config)));
    }
    Ok(match waiting_for(&web, &headers).await? {
        Some(email) => {
            let resent = !query.get("resent").is_empty();
            page(StatusCode::OK, &code_page(&web, &email, EmailCodePage::form(&email), resent))
        }
        None => page(StatusCode::OK, &start_page(&web, EmailSignInPage::form(redirect_to))),
    })
}

/// Sends the mail, from the form of this page, from the second button of the sign-in page, or once more.
pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let typed = form.some("email").unwrap_or_else(|| form.get("identifier"));
    let redirect_to = form.some("redirect_to").filter(|target| is_safe(target, &web.config));
    let (former, once_more) = (web.cookies.flow(&headers), form.some("again").is_some());
    let remember = form.is_checked("remember");
    if !form.has("email") && typed.is_empty() && web.config.sign_in.email {
        // Who pressed the sign-in page's second button has done nothing wrong here yet.
        let mut shown = EmailSignInPage::form(redirect_to);
        shown.fill("remember", if remember { "on" } else { "" });
        return Ok(page(StatusCode::OK, &start_page(&web, shown)));
    }
    let asked = Asked { email: typed, remember, redirect_to, former: former.as_ref() };
    match email::start(web.context(), &caller, &asked).await {
        Ok(token) => {
            let resent = if once_more { "?resent=1" } else { "" };
            let mut response = see_other(&format!("{}/sign-in/email{resent}", web.config.base_path()));
            let cookie = web.cookies.set(CookieName::Flow, token.expose_secret(), email::LIFE);
            response.headers_mut().append(SET_COOKIE, cookie);
            Ok(response)
        }
        Err(error) if once_more => {
            let retry_after = error.retry_after();
            let mut shown = EmailCodePage::form(typed);
            let status = mark(&mut shown, error)?;
            Ok(again(&code_page(&web, typed, shown, false), status, retry_after))
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = EmailSignInPage::form(redirect_to);
            shown.fill("email", typed);
            shown.fill("remember", if remember { "on" } else { "" });
            let status = mark(&mut shown, error)?;
            Ok(again(&start_page(&web, shown), status, retry_after))
        }
    }
}

pub async fn submit(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let (email, code) = (form.get("email"), form.get("code"));
    let flow_token = web.cookies.flow(&headers);
    let proved = email::by_code(&web.sessions, &caller, email, code, flow_token.as_ref()).await;
    let entered = match proved {
        Ok(proved) => enter(&web, &caller, &headers, proved).await,
        Err(error) => Err(error),
    };
    match entered {
        Ok(response) => Ok(response),
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = EmailCodePage::form(email);
            shown.fill("code", code);
            still_sent(&mut shown, &form);
            let status = mark(&mut shown, error)?;
            Ok(again(&code_page(&web, email, shown, false), status, retry_after))
        }
    }
}

/// The page behind the mail's link. Looking at it uses nothing up.
pub async fn link_show(
    State(web): State<Web>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let token = query.get("token");
    let flow_token = web.cookies.flow(&headers);
    match email::look_at_link(web.context(), token, flow_token.as_ref()).await {
        Ok(state) => Ok(page(StatusCode::OK, &link_page(&web, state, token, None))),
        Err(error) => dead_link(&web, error, ANEW),
    }
}

/// Signs in where the mail was asked for. Elsewhere it shows a code, and nobody is signed in by that.
pub async fn link(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let token = form.get("token");
    if form.some("show_code").is_some() {
        let shown = email::show_code(web.context(), &caller, token).await?;
        let template = ShownCodePage {
            layout: layout(&web, "Your code", None),
            code: shown.code.expose_secret().to_owned(),
            expires: shown.expires_at.for_people(),
            device: shown.asked_by.device,
        };
        return Ok(page(StatusCode::OK, &template));
    }
    let flow_token = web.cookies.flow(&headers);
    let proved = email::by_link(&web.sessions, &caller, token, flow_token.as_ref()).await;
    let entered = match proved {
        Ok(proved) => enter(&web, &caller, &headers, proved).await,
        Err(error) => Err(error),
    };
    match entered {
        Ok(response) => Ok(response),
        // The link itself is still good: its page says where to use it, or when.
        Err(error) if matches!(error.code(), Code::InvalidOrExpiredToken | Code::RateLimited) => {
            let (retry_after, code) = (error.retry_after(), error.code());
            let status = crate::http::problem::status(error.kind());
            let state = match email::look_at_link(web.context(), token, flow_token.as_ref()).await {
                Ok(state) => state,
                Err(error) => return dead_link(&web, error, ANEW),
            };
            if code == Code::InvalidOrExpiredToken && matches!(state, LinkState::Mine { .. }) {
                return Err(error.into());
            }
            Ok(again(&link_page(&web, state, token, Some(super::with_wait(&error))), status, retry_after))
        }
        Err(error) => Err(error.into()),
    }
}

async fn enter(
    web: &Web,
    caller: &doorward_core::context::Caller,
    headers: &HeaderMap,
    proved: Proved,
) -> Result<Response, Error> {
    let entry = Entry { remember: proved.remember, browser: true };
    let outcome = flow::complete(&web.sessions, caller, proved.factor, entry).await?;
    go_on(web, caller, headers, &outcome, proved.redirect_to.as_deref()).await
}

async fn waiting_for(web: &Web, headers: &HeaderMap) -> Result<Option<String>, Error> {
    match web.cookies.flow(headers) {
        Some(token) => email::waiting_for(web.context(), &token).await,
        None if web.config.sign_in.email => Ok(None),
        None => Err(Code::NotFound.into()),
    }
}

fn start_page(web: &Web, form: views::Form) -> EmailSignInPage {
    EmailSignInPage { layout: layout(web, "Sign in by mail", None), form }
}

fn code_page(web: &Web, email: &str, mut form: views::Form, resent: bool) -> EmailCodePage {
    let wait = keep_sent(web, &mut form);
    EmailCodePage {
        layout: layout(web, "Check your mail", None),
        masked_email: masked(email),
        form,
        resend: EmailCodePage::resend(email, wait),
        resent,
    }
}

fn link_page(web: &Web, state: LinkState, token: &str, alert: Option<String>) -> SignInLinkPage {
    let (title, email, asked_by) = match state {
        LinkState::Mine { email } => ("Sign in", email, None),
        LinkState::Elsewhere(asked) => {
            let at = Moment::new(asked.at, web.context().now());
            let asked_by = views::AskedBy { device: asked.device, place: asked.place, at };
            ("Was this you?", asked.email, Some(asked_by))
        }
    };
    let mut form = SignInLinkPage::form(asked_by.is_some(), token);
    form.alert = alert;
    SignInLinkPage { layout: layout(web, title, None), email, asked_by, form }
}
