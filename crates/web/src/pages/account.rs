//! The account of whoever is signed in.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use doorward_core::audit;
use doorward_core::error::{Code, Error};
use doorward_core::passkey;
use doorward_core::password as passwords;
use doorward_core::phone;
use doorward_core::session::Live;
use doorward_core::user::{self, ProfileChange, User};
use http::{HeaderMap, StatusCode};

use super::sign_up::with_redirect;
use super::views::{self, AccountPage, ChangePasswordPage, LastSignIn, Moment};
use super::{again, layout, mark, page, recovery_under_way, see_other};
use crate::api::audit::device;
use crate::api::delivery;
use crate::http::caller::ByCaller;
use crate::http::cookies::CookieName;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::state::Web;

pub async fn show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Result<Response, ApiError> {
    let notice = (!query.get("saved").is_empty()).then(|| "Your profile is saved.".to_owned());
    Ok(page(StatusCode::OK, &account_page(&web, &live, filled(&live.user), notice).await?))
}

pub async fn save(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    // What did not come stays; what came empty goes.
    let field = |name| form.given(name).map(Some);
    let change = ProfileChange::parse(
        field("preferred_username"),
        field("given_name"),
        field("family_name"),
        field("picture"),
        field("locale"),
    );
    let saved = match change.map_err(Error::invalid) {
        Ok(change) => user::change_profile(web.context(), &caller, live.user.id, change).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(user) => {
            web.sessions.forget_user(user.id);
            Ok(see_other(&format!("{}/account?saved=1", web.config.base_path())))
        }
        Err(error) => {
            let mut shown = AccountPage::form();
            for name in ["preferred_username", "given_name", "family_name", "picture", "locale"] {
                shown.fill(name, form.get(name));
            }
            let status = mark(&mut shown, error)?;
            Ok(again(&account_page(&web, &live, shown, None).await?, status, None))
        }
    }
}

pub async fn password_show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Result<Response, ApiError> {
    let notice = if query.some("changed").is_some() {
        Some("Your password is changed. You are signed out everywhere else.".to_owned())
    } else if query.some("removed").is_some() {
        Some("Your account has no password any more.".to_owned())
    } else {
        None
    };
    let form = password_form(&web, &live);
    Ok(page(StatusCode::OK, &password_page(&web, &live, form, notice).await?))
}

pub async fn password(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let (current, new) = (form.secret("current_password"), form.secret("new_password"));
    let token = web.cookies.get(&headers, CookieName::Access);
    let is_fresh = token.is_some_and(|token| web.sessions.ensure_fresh(token, &live).is_ok());
    match passwords::change(&web.sessions, &caller, &live, Some(&current), &new, is_fresh).await {
        Ok(tokens) => {
            let mut response = see_other(&format!("{}/account/password?changed=1", web.config.base_path()));
            delivery::set_tokens(&web, response.headers_mut(), &tokens);
            Ok(response)
        }
        Err(error) if error.code() == Code::ReauthenticationRequired => {
            let back = format!("{}/account/password", web.config.base_path());
            Ok(see_other(&with_redirect(&web, "/reauthenticate", Some(&back))))
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = password_form(&web, &live);
            let status = mark(&mut shown, error)?;
            Ok(again(&password_page(&web, &live, shown, None).await?, status, retry_after))
        }
    }
}

pub async fn password_remove(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    _: Form,
) -> Result<Response, ApiError> {
    let page_of_it = format!("{}/account/password", web.config.base_path());
    match passwords::remove(&web.sessions, &caller, &live).await {
        Ok(()) => Ok(see_other(&format!("{page_of_it}?removed=1"))),
        // In another tab, or a passkey went meanwhile: the page says how things stand.
        Err(error) if matches!(error.code(), Code::NotFound | Code::LastSignInMethod) => {
            Ok(see_other(&page_of_it))
        }
        Err(error) => Err(error.into()),
    }
}

fn filled(user: &User) -> views::Form {
    let mut form = AccountPage::form();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    form.fill("preferred_username", &text(&user.username));
    form.fill("given_name", &text(&user.profile.given_name));
    form.fill("family_name", &text(&user.profile.family_name));
    form.fill("picture", &text(&user.profile.picture));
    form.fill("locale", &text(&user.profile.locale));
    form
}

async fn account_page(
    web: &Web,
    live: &Live,
    form: views::Form,
    notice: Option<String>,
) -> Result<AccountPage, ApiError> {
    let (context, session) = (web.context(), &live.session);
    let passkeys = passkey::of_user(context, live.user.id).await?;
    let last = audit::last_sign_in_before(context, session.user, session.id, session.created_at).await?;
    let is_first = last.is_none();
    let (phone, _) = phone::of_user(context, live.user.id).await?;
    Ok(AccountPage {
        layout: layout(web, "Your account", Some(&live.user.email)),
        form,
        email: live.user.email.clone(),
        email_verified: live.user.email_verified,
        takes_phone: phone.is_some() || phone::is_on(context),
        phone: phone.map(|phone| phone.number.as_str().to_owned()),
        roles: live.rights.roles.clone(),
        last_sign_in: last.map(|event| LastSignIn {
            at: Moment::new(event.time, context.now()),
            device: device(event.user_agent.as_deref(), event.client_hints.as_deref()),
            ip: event.ip.as_deref().map(|ip| context.address_in_words(Some(ip))),
        }),
        offers_passkey: is_first && passkeys.is_empty(),
        signals: passkey::signals(context, &live.user, &passkeys),
        recovery: recovery_under_way(web, live).await?,
        notice,
    })
}

fn password_form(web: &Web, live: &Live) -> views::Form {
    let has_password = live.user.password_hash.is_some();
    ChangePasswordPage::form(&live.user.email, web.config.password.min_length, has_password)
}

async fn password_page(
    web: &Web,
    live: &Live,
    form: views::Form,
    notice: Option<String>,
) -> Result<ChangePasswordPage, ApiError> {
    Ok(ChangePasswordPage {
        layout: layout(web, "Password", Some(&live.user.email)),
        form,
        has_password: live.user.password_hash.is_some(),
        removable: passwords::can_be_removed(web.context(), &live.user).await?,
        notice,
    })
}
