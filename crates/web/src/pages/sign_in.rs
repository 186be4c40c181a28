//! Sign in, and out.

use axum::extract::State;
use axum::response::Response;
use doorward_core::error::Code;
use doorward_core::session::EndReason;
use doorward_core::sign_in::flow::{self, Entry};
use doorward_core::sign_in::password;
use http::{HeaderMap, StatusCode};

use super::views::{PasskeyForm, SignInPage};
use super::{again, challenge, layout, mark, page, see_other, session};
use crate::api::delivery;
use crate::http::caller::ByCaller;
use crate::http::cookies::CookieName;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::http::redirect::safe_redirect;
use crate::state::Web;

pub async fn show(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let redirect_to = query.some("redirect_to");
    // Nobody is asked twice.
    if let Some((_, tokens)) = session::current(&web, &caller, &headers).await? {
        let mut response = see_other(&safe_redirect(redirect_to, &web.config));
        if let Some(tokens) = tokens {
            delivery::set_tokens(&web, response.headers_mut(), &tokens);
        }
        return Ok(response);
    }
    let notice = match query.get("notice") {
        "signed_out" => Some("You are signed out."),
        "signed_out_everywhere" => Some("You are signed out everywhere."),
        _ => None,
    };
    let form = SignInPage::form(redirect_to);
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
        Ok(signed_in) => {
            let mut response = see_other(&safe_redirect(redirect_to, &web.config));
            delivery::enter_browser(&web, &caller, &headers, response.headers_mut(), &signed_in).await?;
            Ok(response)
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = SignInPage::form(redirect_to);
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

pub async fn sign_out(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let access = web.cookies.get(&headers, CookieName::Access);
    let refresh = web.cookies.get(&headers, CookieName::Refresh);
    if let Some((session, user)) = web.sessions.identify(access, refresh).await? {
        web.sessions.end(&caller, user, session, EndReason::SignOut).await?;
    }
    Ok(signed_out(&web, "signed_out"))
}

pub async fn sign_out_all(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let access = web.cookies.get(&headers, CookieName::Access);
    let refresh = web.cookies.get(&headers, CookieName::Refresh);
    let (session, user) = web.sessions.identify(access, refresh).await?.ok_or(Code::NotAuthenticated)?;
    web.sessions.ensure_live(session).await?;
    web.sessions.end_all(&caller, user, None).await?;
    Ok(signed_out(&web, "signed_out_everywhere"))
}

pub(super) fn signed_out(web: &Web, notice: &str) -> Response {
    let mut response = see_other(&format!("{}/sign-in?notice={notice}", web.config.base_path()));
    delivery::clear_tokens(web, response.headers_mut());
    response
}
