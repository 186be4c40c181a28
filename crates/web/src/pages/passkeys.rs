//! Passkeys: signing in by one, and the account's own.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use doorward_core::context::{Id, PasskeyId};
use doorward_core::error::{Code, Error, Kind};
use doorward_core::passkey::{self, MOST, Passkey, registration};
use doorward_core::second_factor;
use doorward_core::session::Live;
use doorward_core::sign_in::flow::{self, Entry};
use doorward_core::sign_in::passkey as signing_in;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::sign_in::go_on;
use super::two_factor::removal_to;
use super::views::{AddPasskeyPage, Moment, PasskeyForm, PasskeyItem, PasskeysPage, SignInPage};
use super::{again, layout, page, see_other, with_wait};
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::{self, ApiError};
use crate::http::redirect::safe_redirect;
use crate::state::Web;

/// Signs in with what the script of the sign-in page got from the browser.
pub async fn sign_in(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let redirect_to = form.some("redirect_to");
    let remember = form.is_checked("remember");
    let signed_in = async {
        let (token, credential) = (form.get("passkey_token"), credential(&form));
        let factor = signing_in::verify(web.context(), &caller, token, &credential).await?;
        flow::complete(&web.sessions, &caller, factor, Entry { remember, browser: true }).await
    };
    match signed_in.await {
        Ok(outcome) => Ok(go_on(&web, &caller, &headers, &outcome, redirect_to).await?),
        Err(error) => {
            let mut passkey = PasskeyForm::sign_in(redirect_to);
            let (status, retry_after) = mark(&web, &mut passkey, &form, error)?;
            let mut password = SignInPage::form(redirect_to, web.config.sign_in.email);
            password.fill("remember", if remember { "on" } else { "" });
            password.focus = false;
            let template = SignInPage {
                layout: layout(&web, "Sign in", None),
                form: password,
                passkey,
                notice: None,
                redirect_to: redirect_to.map(str::to_owned),
            };
            Ok(again(&template, status, retry_after))
        }
    }
}

pub async fn show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Result<Response, ApiError> {
    let notice = match query.get("done") {
        "added" => Some("Your passkey is added. You can sign in with it from now on."),
        "renamed" => Some("The passkey has a new name."),
        "removed" => Some("That passkey is removed. Nobody can sign in with it any more."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &passkeys_page(&web, &live, notice, None).await?))
}

pub async fn add_show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Response {
    let form = PasskeyForm::add(query.some("redirect_to"));
    page(StatusCode::OK, &add_page(&web, &live, form, query.some("redirect_to")))
}

pub async fn add(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    let redirect_to = form.some("redirect_to");
    let (token, credential) = (form.get("passkey_token"), credential(&form));
    match registration::finish(web.context(), &caller, &live, token, &credential, None).await {
        Ok(_) => Ok(match redirect_to {
            Some(_) => see_other(&safe_redirect(redirect_to, &web.config)),
            None => done(&web, "added"),
        }),
        Err(error) => {
            let mut shown = PasskeyForm::add(redirect_to);
            let (status, retry_after) = mark(&web, &mut shown, &form, error)?;
            Ok(again(&add_page(&web, &live, shown, redirect_to), status, retry_after))
        }
    }
}

pub async fn rename(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    let id: PasskeyId = Id::parse(form.get("id")).ok_or(Code::NotFound)?;
    match passkey::rename(web.context(), &caller, &live, id, form.get("name")).await {
        Ok(_) => Ok(done(&web, "renamed")),
        Err(error) => refused(&web, &live, error).await,
    }
}

pub async fn remove(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    let id: PasskeyId = Id::parse(form.get("id")).ok_or(Code::NotFound)?;
    match second_factor::remove_passkey(&web.sessions, &caller, &live, id).await {
        Ok(()) => Ok(done(&web, "removed")),
        // One that is gone already is what was asked for.
        Err(error) if error.kind() == Kind::NotFound => Ok(done(&web, "removed")),
        Err(error) => refused(&web, &live, error).await,
    }
}

/// What the browser answered, as the script posts it. What is no JSON is no credential.
pub(super) fn credential(form: &Form) -> Value {
    serde_json::from_str(form.get("credential")).unwrap_or_default()
}

/// Says beside the button what was wrong with a passkey's answer. What belongs to no form is handed back.
pub(super) fn mark(
    web: &Web,
    shown: &mut PasskeyForm,
    posted: &Form,
    error: Error,
) -> Result<(StatusCode, Option<Duration>), Error> {
    if matches!(error.kind(), Kind::Internal | Kind::NotFound | Kind::MethodNotAllowed) {
        return Err(error);
    }
    let field = error.fields().first().map(|field| field.detail.to_string());
    shown.alert = Some(field.unwrap_or_else(|| with_wait(&error)));
    shown.verify = error.code() == Code::UserVerificationRequired;
    if error.code() == Code::PasskeyUnknown {
        let id = credential(posted).get("id").cloned().unwrap_or_default();
        shown.unknown = Some(json!({"rpId": web.config.webauthn.rp_id, "credentialId": id}));
    }
    Ok((problem::status(error.kind()), error.retry_after()))
}

fn done(web: &Web, what: &str) -> Response {
    see_other(&format!("{}/account/passkeys?done={what}", web.config.base_path()))
}

async fn refused(web: &Web, live: &Live, error: Error) -> Result<Response, ApiError> {
    if !matches!(error.kind(), Kind::Invalid | Kind::Conflict) {
        return Err(error.into());
    }
    let detail = error.fields().first().map_or(error.detail(), |field| &field.detail).to_owned();
    Ok(page(problem::status(error.kind()), &passkeys_page(web, live, None, Some(detail)).await?))
}

async fn passkeys_page(
    web: &Web,
    live: &Live,
    notice: Option<&str>,
    alert: Option<String>,
) -> Result<PasskeysPage, ApiError> {
    let context = web.context();
    let mut factors = second_factor::list(context, live.user.id).await?;
    let all = std::mem::take(&mut factors.passkeys);
    let is_asked_for = factors.passkey_second && all.len() == 1;
    Ok(PasskeysPage {
        removal: is_asked_for.then(|| removal_to(web, live, &factors)),
        layout: layout(web, "Passkeys", Some(&live.user.email)),
        has_room: i64::try_from(all.len()).is_ok_and(|has| has < MOST),
        signals: passkey::signals(context, &live.user, &all),
        passkeys: all.iter().map(|one| item(web, one)).collect(),
        notice: notice.map(str::to_owned),
        alert,
    })
}

fn item(web: &Web, passkey: &Passkey) -> PasskeyItem {
    let now = web.context().now();
    PasskeyItem {
        id: passkey.id.to_string(),
        name: passkey.name.clone(),
        provider: passkey.provider().filter(|provider| *provider != passkey.name).map(str::to_owned),
        kind: passkey.kind(),
        backed_up: passkey.backed_up,
        backup_eligible: passkey.backup_eligible,
        added: Moment::new(passkey.created_at, now),
        last_used: passkey.last_used_at.map(|at| Moment::new(at, now)),
    }
}

fn add_page(web: &Web, live: &Live, form: PasskeyForm, redirect_to: Option<&str>) -> AddPasskeyPage {
    AddPasskeyPage {
        layout: layout(web, "Add a passkey", None),
        form,
        email: live.user.email.clone(),
        back_href: match redirect_to {
            Some(_) => safe_redirect(redirect_to, &web.config),
            None => format!("{}/account/passkeys", web.config.base_path()),
        },
    }
}
