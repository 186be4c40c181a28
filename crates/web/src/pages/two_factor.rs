//! One's own second factors.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use doorward_core::error::{Code, Kind};
use doorward_core::second_factor::Factors;
use doorward_core::session::Live;
use doorward_core::totp::SetUp;
use doorward_core::{phone, second_factor};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};

use super::views::{
    App, BackupCodesItem, BackupCodesPage, Moment, Removal, SetUpPage, TotpItem, TwoFactorPage,
};
use super::{again, layout, mark, page, recovery_under_way, see_other};
use crate::api::delivery;
use crate::api::factors::shown;
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::{self, ApiError};
use crate::state::Web;

const TITLE: &str = "Two-factor";
const SET_UP: &str = "Set up an authenticator app";

pub async fn show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Result<Response, ApiError> {
    let notice = match query.get("done") {
        "added" => Some("Your authenticator app is set up."),
        "cancelled" => Some(
            "The recovery is cancelled. Your second factor stays. Set a new password if you did not ask for it.",
        ),
        "passkey_on" => Some("From now on your passkey is asked for after the password."),
        "passkey_off" => Some("Your passkey is no longer asked for after the password."),
        "removed" => Some("Your authenticator app is removed."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &overview(&web, &live, notice, None).await?))
}

pub async fn app_show(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
) -> Result<Response, ApiError> {
    let set_up =
        second_factor::resume_totp(web.context(), &caller, &live.user, live.session.id.uuid()).await?;
    let replaces = second_factor::list(web.context(), live.user.id).await?.totp.is_some();
    let (layout, form) = (layout(&web, SET_UP, Some(&live.user.email)), SetUpPage::form());
    Ok(page(StatusCode::OK, &SetUpPage { layout, app: app(&set_up), form, replaces }))
}

pub async fn app_confirm(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    match second_factor::confirm_totp(&web.sessions, &caller, &live, form.get("code")).await {
        Ok(added) => {
            let on = done(&web, "added");
            let mut response = match added.backup_codes {
                Some(codes) => backup_codes(&web, &codes, on),
                None => see_other(&on),
            };
            delivery::set_tokens(&web, response.headers_mut(), &added.tokens);
            Ok(response)
        }
        // It took longer than an hour: there is a new picture to scan.
        Err(error) if error.code() == Code::Conflict => {
            Ok(see_other(&format!("{}/account/two-factor/app", web.config.base_path())))
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = SetUpPage::form();
            let status = mark(&mut shown, error)?;
            let set_up =
                second_factor::resume_totp(web.context(), &caller, &live.user, live.session.id.uuid())
                    .await?;
            let replaces = second_factor::list(web.context(), live.user.id).await?.totp.is_some();
            let layout = layout(&web, SET_UP, Some(&live.user.email));
            let template = SetUpPage { layout, app: app(&set_up), form: shown, replaces };
            Ok(again(&template, status, retry_after))
        }
    }
}

pub async fn app_remove(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    _: Form,
) -> Result<Response, ApiError> {
    match second_factor::remove_totp(&web.sessions, &caller, &live).await {
        Ok(()) => Ok(see_other(&done(&web, "removed"))),
        // Removed in another tab meanwhile: that is what was asked for.
        Err(error) if error.kind() == Kind::NotFound => Ok(see_other(&done(&web, "removed"))),
        Err(error) if error.code() == Code::Conflict => {
            let detail = error.detail().to_owned();
            let shown = overview(&web, &live, None, Some(detail)).await?;
            Ok(page(problem::status(error.kind()), &shown))
        }
        Err(error) => Err(error.into()),
    }
}

pub async fn renew_backup_codes(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    _: Form,
) -> Result<Response, ApiError> {
    match second_factor::renew_backup_codes(&web.sessions, &caller, &live).await {
        Ok(codes) => {
            let on = format!("{}/account/two-factor", web.config.base_path());
            Ok(backup_codes(&web, &codes, on))
        }
        Err(error) if error.code() == Code::Conflict => {
            let detail = error.detail().to_owned();
            let shown = overview(&web, &live, None, Some(detail)).await?;
            Ok(page(problem::status(error.kind()), &shown))
        }
        Err(error) => Err(error.into()),
    }
}

/// Has a passkey asked for after the password, or not.
pub async fn choose_passkey(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    let chosen = form.get("passkey") == "on";
    match second_factor::choose_passkey(&web.sessions, &caller, &live, chosen).await {
        Ok(codes) => {
            let on = done(&web, if chosen { "passkey_on" } else { "passkey_off" });
            Ok(codes.map_or_else(|| see_other(&on), |codes| backup_codes(&web, &codes, on.clone())))
        }
        Err(error) if error.code() == Code::Conflict => {
            let detail = error.detail().to_owned();
            let shown = overview(&web, &live, None, Some(detail)).await?;
            Ok(page(problem::status(error.kind()), &shown))
        }
        Err(error) => Err(error.into()),
    }
}

/// The codes, once, and on from there.
pub(super) fn backup_codes(web: &Web, codes: &[SecretString], continue_href: String) -> Response {
    let layout = layout(web, "Keep your backup codes", None);
    page(StatusCode::OK, &BackupCodesPage { layout, codes: shown(codes), continue_href })
}

pub(super) fn app(set_up: &SetUp) -> App {
    let picture = set_up.qr_svg.expose_secret();
    let secret: Vec<char> = set_up.secret.expose_secret().chars().collect();
    App {
        // Within a page the element stands without its declaration.
        picture: picture.find("<svg").map_or("", |at| &picture[at..]).to_owned(),
        otpauth_uri: set_up.otpauth_uri.expose_secret().to_owned(),
        secret: secret.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" "),
    }
}

/// What changes with a second factor whose removal leaves these.
pub(super) fn removal_to(web: &Web, live: &Live, left: &Factors) -> Removal {
    let required = second_factor::is_required_of(web.context(), &live.rights);
    Removal { is_last: !left.is_enabled(), required }
}

fn done(web: &Web, what: &str) -> String {
    format!("{}/account/two-factor?done={what}", web.config.base_path())
}

async fn overview(
    web: &Web,
    live: &Live,
    notice: Option<&str>,
    alert: Option<String>,
) -> Result<TwoFactorPage, ApiError> {
    let mut factors = second_factor::list(web.context(), live.user.id).await?;
    let is_enabled = factors.is_enabled();
    let totp = factors.totp.take();
    let removal = removal_to(web, live, &factors);
    let (phone, _) = phone::of_user(web.context(), live.user.id).await?;
    let now = web.context().now();
    let required = removal.required;
    Ok(TwoFactorPage {
        layout: layout(web, TITLE, Some(&live.user.email)),
        passkey_stays: required && totp.is_none() && factors.phone.is_none(),
        removal,
        phone: phone.map(|phone| phone.number.as_str().to_owned()),
        takes_phone: phone::is_on(web.context()),
        is_enabled,
        totp: totp.map(|totp| TotpItem {
            created: Moment::new(totp.created_at, now),
            used: totp.last_used_at.map(|at| Moment::new(at, now)),
        }),
        backup_codes: factors.backup_codes.map(|codes| BackupCodesItem {
            remaining: codes.remaining,
            created: Moment::new(codes.created_at, now),
        }),
        has_passkeys: !factors.passkeys.is_empty(),
        passkey_second: factors.passkey_second,
        recovery: recovery_under_way(web, live).await?,
        required,
        notice: notice.map(str::to_owned),
        alert,
    })
}
