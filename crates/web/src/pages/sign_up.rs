//! Sign up, and read the mail.

use axum::extract::State;
use axum::response::Response;
use doorward_core::context::UserId;
use doorward_core::error::{Code, Error};
use doorward_core::sign_in::flow::Entry;
use doorward_core::sign_up::{self, Confirmation, Confirmed, LinkState, PasswordElsewhere, SignUp, Started};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};

use super::session::Visitor;
use super::sign_in::go_on;
use super::views::{CheckMailPage, ConfirmKind, ConfirmLinkPage, SignUpPage, VerifiedPage, masked};
use super::{again, challenge_or_wait, keep_sent, layout, mark, page, see_other, still_sent};
use crate::http::caller::ByCaller;
use crate::http::cookies::CookieName;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::http::redirect::{is_safe, safe_redirect, with_query};
use crate::state::Web;

const BROWSER: Entry = Entry { remember: false, browser: true };

pub async fn show(
    State(web): State<Web>,
    Visitor(live): Visitor,
    query: Query,
) -> Result<Response, ApiError> {
    let redirect_to = query.some("redirect_to");
    if live.is_some() {
        return Ok(see_other(&safe_redirect(redirect_to, &web.config)));
    }
    let form = SignUpPage::form(web.config.password.min_length, redirect_to);
    Ok(page(StatusCode::OK, &sign_up_page(&web, form, redirect_to)))
}

pub async fn submit(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let redirect_to = form.some("redirect_to");
    let sign_up = SignUp {
        email: form.get("email").to_owned(),
        password: form.secret("password"),
        username: None,
        given_name: None,
        family_name: None,
        entry: BROWSER,
        challenge_response: form.some("challenge_response").map(str::to_owned),
        waited_with: form.some("waited_with").map(str::to_owned),
        redirect_to: redirect_to.filter(|target| is_safe(target, &web.config)).map(str::to_owned),
    };
    match sign_up::start(&web.sessions, &caller, &sign_up).await {
        Ok(Started::VerifyEmail { flow_token }) => {
            let mut response = see_other(&with_redirect(&web, "/verify-email", redirect_to));
            let cookie = web.cookies.set(CookieName::Flow, flow_token.expose_secret(), sign_up::LIFE);
            response.headers_mut().append(SET_COOKIE, cookie);
            Ok(response)
        }
        Ok(Started::Entered(outcome)) => Ok(go_on(&web, &caller, &headers, &outcome, redirect_to).await?),
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = SignUpPage::form(web.config.password.min_length, redirect_to);
            shown.fill("email", form.get("email"));
            let is_flood = error.code() == Code::ChallengeRequired;
            let status = mark(&mut shown, error)?;
            if is_flood {
                challenge_or_wait(&web, &mut shown, form.some("waited_with"));
                shown.alert = Some(
                    "Many people sign up just now, so it takes one more step. Enter your password once more."
                        .to_owned(),
                );
            }
            Ok(again(&sign_up_page(&web, shown, redirect_to), status, retry_after))
        }
    }
}

/// With a token: what its link would confirm, behind a button. Without: the code of the sign-up under way.
pub async fn verify_show(
    State(web): State<Web>,
    Visitor(live): Visitor,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let flow_token = web.cookies.flow(&headers);
    if let Some(token) = query.some("token") {
        let user = live.map(|live| live.user.id);
        return match sign_up::look_at_link(web.context(), token, flow_token.as_ref(), user).await {
            Ok(state) => {
                let (kind, email, redirect_to) = confirm_kind(state);
                let form = ConfirmLinkPage::form(kind, &email, token, web.config.password.min_length)
                    .redirect_to(redirect_to.as_deref());
                Ok(page(StatusCode::OK, &confirm_page(&web, kind, email, form)))
            }
            Err(error) => dead_link(&web, flow_token.as_ref(), user, error).await,
        };
    }
    let redirect_to = query.some("redirect_to");
    let Some(email) = waiting_for(&web, flow_token.as_ref()).await? else {
        return Ok(see_other(&with_redirect(&web, "/sign-in", redirect_to)));
    };
    let form = CheckMailPage::form(&email, redirect_to);
    let resent = !query.get("resent").is_empty();
    Ok(page(StatusCode::OK, &check_mail_page(&web, &email, form, redirect_to, resent)))
}

pub async fn verify(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Visitor(live): Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let flow_token = web.cookies.flow(&headers);
    let user = live.map(|live| live.user.id);
    let password = form.some("password").map(SecretString::from);
    let with = Confirmation {
        flow_token: flow_token.as_ref(),
        password: password.as_ref().map(PasswordElsewhere::Choose),
        signed_in: user,
        entry: BROWSER,
    };
    let confirmed = match form.some("token") {
        Some(token) => sign_up::confirm_link(&web.sessions, &caller, token, &with).await,
        None => {
            sign_up::confirm_code(&web.sessions, &caller, form.get("email"), form.get("code"), &with).await
        }
    };
    let redirect_to = form.some("redirect_to");
    match confirmed {
        Ok(Confirmed::Entered(outcome)) => Ok(go_on(&web, &caller, &headers, &outcome, redirect_to).await?),
        Ok(Confirmed::Verified) => {
            let template = VerifiedPage {
                layout: layout(&web, "Your address is verified", None),
                signed_in: user.is_some(),
                continue_href: safe_redirect(redirect_to, &web.config),
            };
            Ok(page(StatusCode::OK, &template))
        }
        Err(error) => refused(&web, &form, flow_token.as_ref(), user, error).await,
    }
}

pub async fn resend(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let flow_token = web.cookies.flow(&headers);
    let redirect_to = form.some("redirect_to");
    match sign_up::resend(web.context(), &caller, form.get("email"), flow_token.as_ref()).await {
        Ok(()) => {
            let page = format!("{}/verify-email", web.config.base_path());
            Ok(see_other(&with_query(&page, &[("redirect_to", redirect_to), ("resent", Some("1"))])))
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = CheckMailPage::form(form.get("email"), redirect_to);
            let status = mark(&mut shown, error)?;
            Ok(again(
                &check_mail_page(&web, form.get("email"), shown, redirect_to, false),
                status,
                retry_after,
            ))
        }
    }
}

/// Shows the form again that the refused confirmation came from.
async fn refused(
    web: &Web,
    form: &Form,
    flow_token: Option<&SecretString>,
    user: Option<UserId>,
    error: Error,
) -> Result<Response, ApiError> {
    let retry_after = error.retry_after();
    if let Some(token) = form.some("token") {
        if error.code() == Code::InvalidOrExpiredToken {
            return dead_link(web, flow_token, user, error).await;
        }
        let state = sign_up::look_at_link(web.context(), token, flow_token, user).await?;
        let (kind, email, redirect_to) = confirm_kind(state);
        let mut shown = ConfirmLinkPage::form(kind, &email, token, web.config.password.min_length)
            .redirect_to(redirect_to.as_deref());
        let status = mark(&mut shown, error)?;
        return Ok(again(&confirm_page(web, kind, email, shown), status, retry_after));
    }
    let (email, redirect_to) = (form.get("email"), form.some("redirect_to"));
    let mut shown = CheckMailPage::form(email, redirect_to);
    shown.fill("code", form.get("code"));
    still_sent(&mut shown, form);
    let status = mark(&mut shown, error)?;
    Ok(again(&check_mail_page(web, email, shown, redirect_to, false), status, retry_after))
}

/// Leads on from a link that has been used or has run out: to where its mail can be sent again, as long as this browser waits for
/// one.
async fn dead_link(
    web: &Web,
    flow_token: Option<&SecretString>,
    user: Option<UserId>,
    error: Error,
) -> Result<Response, ApiError> {
    const WHY: &str = "That link has been used, has run out or was not copied whole.";
    let (what_now, ways): (_, &[_]) = if user.is_some() {
        ("Your account says whether your address is verified.", &[("/account", "Go to your account")])
    } else if waiting_for(web, flow_token).await?.is_some() {
        ("Ask for a new one.", &[("/verify-email", "Mail me a new one")])
    } else {
        let ways = &[("/sign-in", "Go to sign-in"), ("/sign-up", "Sign up again")];
        ("If your address is verified already, sign in. If not, sign up again.", ways)
    };
    let error = match error.code() {
        Code::InvalidOrExpiredToken => error.with_detail(format!("{WHY} {what_now}")),
        _ => error,
    };
    super::error::dead_link(web, error, ways)
}

async fn waiting_for(web: &Web, flow_token: Option<&SecretString>) -> Result<Option<String>, Error> {
    match flow_token {
        Some(token) => sign_up::waiting_for(web.context(), token).await,
        None => Ok(None),
    }
}

fn confirm_kind(state: LinkState) -> (ConfirmKind, String, Option<String>) {
    match state {
        LinkState::Mine { email, redirect_to } => (ConfirmKind::Mine, email, redirect_to),
        LinkState::Elsewhere { email } => (ConfirmKind::Elsewhere, email, None),
        LinkState::Account { email } => (ConfirmKind::Account, email, None),
    }
}

fn sign_up_page(web: &Web, form: super::views::Form, redirect_to: Option<&str>) -> SignUpPage {
    SignUpPage {
        layout: layout(web, "Create your account", None),
        form,
        redirect_to: redirect_to.map(str::to_owned),
    }
}

fn confirm_page(web: &Web, kind: ConfirmKind, email: String, form: super::views::Form) -> ConfirmLinkPage {
    ConfirmLinkPage { layout: layout(web, "Verify your address", None), kind, email, form }
}

fn check_mail_page(
    web: &Web,
    email: &str,
    mut form: super::views::Form,
    redirect_to: Option<&str>,
    resent: bool,
) -> CheckMailPage {
    let wait = keep_sent(web, &mut form);
    CheckMailPage {
        layout: layout(web, "Check your mail", None),
        masked_email: masked(email),
        form,
        resend: CheckMailPage::resend(email, wait, redirect_to),
        resent,
    }
}

/// A page of ours that keeps where to go afterwards.
pub fn with_redirect(web: &Web, path: &str, redirect_to: Option<&str>) -> String {
    with_query(&format!("{}{path}", web.config.base_path()), &[("redirect_to", redirect_to)])
}
