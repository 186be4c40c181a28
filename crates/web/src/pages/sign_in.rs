//! Sign in, and out.

use axum::extract::State;
use axum::response::Response;
use doorward_core::context::Caller;
use doorward_core::error::{Code, Error};
use doorward_core::session::EndReason;
use doorward_core::sign_in::flow::{self, Entry, Outcome};
use doorward_core::sign_in::{password, pending};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;

use super::session::Visitor;
use super::sign_up::with_redirect;
use super::views::{PasskeyForm, SignInPage};
use super::{again, challenge, layout, mark, page, see_other};
use crate::api::delivery;
use crate::http::caller::ByCaller;
use crate::http::cookies::CookieName;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::http::redirect::{safe_redirect, with_query};
use crate::state::Web;

pub async fn show(
    State(web): State<Web>,
    Visitor(live): Visitor,
    query: Query,
) -> Result<Response, ApiError> {
    let redirect_to = query.some("redirect_to");
    // Nobody is asked twice.
    if live.is_some() {
        return Ok(see_other(&safe_redirect(redirect_to, &web.config)));
    }
    let notice = match query.get("notice") {
        "signed_out" => Some("You are signed out."),
        "anew" => Some("That took too long, or was tried too often. Sign in again."),
        "signed_out_everywhere" => Some("You are signed out everywhere."),
        _ => None,
    };
    let form = SignInPage::form(redirect_to, web.config.sign_in.email);
    Ok(page(
        StatusCode::OK,
        &SignInPage {
            layout: layout(&web, "Sign in", None),
            form,
            passkey: PasskeyForm::sign_in(redirect_to),
            notice: notice.map(str::to_owned),
            redirect_to: redirect_to.map(str::to_owned),
        },
    ))
}

pub async fn submit(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let redirect_to = form.some("redirect_to");
    let remember = form.is_checked("remember");
    let signed_in = async {
        let factor = password::verify(
            web.context(),
            &caller,
            form.get("identifier"),
            &form.secret("password"),
            form.some("challenge_response"),
        )
        .await?;
        flow::complete(&web.sessions, &caller, factor, Entry { remember, browser: true }).await
    };
    match signed_in.await {
        Ok(outcome) => Ok(go_on(&web, &caller, &headers, &outcome, redirect_to).await?),
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = SignInPage::form(redirect_to, web.config.sign_in.email);
            shown.fill("identifier", form.get("identifier"));
            shown.fill("remember", if remember { "on" } else { "" });
            let status = mark(&mut shown, error)?;
            // Solved while the person types: the next try may ask for it.
            challenge(&web, &mut shown);
            let template = SignInPage {
                layout: layout(&web, "Sign in", None),
                form: shown,
                passkey: PasskeyForm::sign_in(redirect_to),
                notice: None,
                redirect_to: redirect_to.map(str::to_owned),
            };
            Ok(again(&template, status, retry_after))
        }
    }
}

/// Sends a browser on whose first factor was proved: to where it wanted to go, or to the second step.
pub(super) async fn go_on(
    web: &Web,
    caller: &Caller,
    headers: &HeaderMap,
    outcome: &Outcome,
    redirect_to: Option<&str>,
) -> Result<Response, Error> {
    match outcome {
        Outcome::SignedIn(signed_in) => {
            let mut response = see_other(&safe_redirect(redirect_to, &web.config));
            delivery::enter_browser(web, caller, headers, response.headers_mut(), signed_in).await?;
            Ok(response)
        }
        Outcome::Due(due) => {
            let page = if due.enrols { "/sign-in/set-up" } else { "/sign-in/mfa" };
            let mut response = see_other(&with_redirect(web, page, redirect_to));
            let cookie = web.cookies.set(CookieName::Flow, due.token.expose_secret(), pending::LIFE);
            response.headers_mut().append(SET_COOKIE, cookie);
            Ok(response)
        }
    }
}

pub async fn sign_out(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let access = web.cookies.get(&headers, CookieName::Access);
    let refresh = web.cookies.get(&headers, CookieName::Refresh);
    if let Some((session, user)) = web.sessions.identify(access, refresh).await? {
        web.sessions.end(&caller, user, session, EndReason::SignOut).await?;
    }
    Ok(signed_out(&web, "signed_out", form.some("redirect_to")))
}

pub async fn sign_out_all(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    _: Form,
) -> Result<Response, ApiError> {
    let access = web.cookies.get(&headers, CookieName::Access);
    let refresh = web.cookies.get(&headers, CookieName::Refresh);
    let (session, user) = web.sessions.identify(access, refresh).await?.ok_or(Code::NotAuthenticated)?;
    web.sessions.ensure_live(session).await?;
    web.sessions.end_all(&caller, user, None).await?;
    Ok(signed_out(&web, "signed_out_everywhere", None))
}

/// To the sign-in page, which leads on from there to where somebody wants to go.
pub(super) fn signed_out(web: &Web, notice: &str, redirect_to: Option<&str>) -> Response {
    let page = format!("{}/sign-in", web.config.base_path());
    let mut response =
        see_other(&with_query(&page, &[("redirect_to", redirect_to), ("notice", Some(notice))]));
    delivery::clear_tokens(web, response.headers_mut());
    response
}
