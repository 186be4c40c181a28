//! The account's phone number.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use doorward_core::error::{Code, Error};
use doorward_core::second_factor::Factors;
use doorward_core::session::Live;
use doorward_core::{phone, second_factor};
use http::StatusCode;

use super::two_factor::{backup_codes, removal_to};
use super::views::{self, ConfirmPhonePage, PhonePage};
use super::{again, layout, mark, page, see_other};
use crate::api::delivery;
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::{self, ApiError};
use crate::state::Web;

const PATH: &str = "/account/phone";

pub async fn show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Result<Response, ApiError> {
    let notice = match query.get("done") {
        "added" => Some("Your phone number is verified."),
        "removed" => Some("Your phone number is removed."),
        _ => None,
    };
    let shown = phone_page(&web, &live, PhonePage::form(), notice).await?;
    // Where it was switched off, a number that is there can still be taken away.
    if !shown.is_on && shown.phone.is_none() && notice.is_none() {
        return Err(Code::NotFound.into());
    }
    Ok(page(StatusCode::OK, &shown))
}

pub async fn start(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    match phone::start(web.context(), &caller, &live, form.get("phone_number")).await {
        Ok(()) => Ok(see_other(&format!("{}{PATH}/verify", web.config.base_path()))),
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = PhonePage::form();
            shown.fill("phone_number", form.get("phone_number"));
            let status = mark(&mut shown, error)?;
            Ok(again(&phone_page(&web, &live, shown, None).await?, status, retry_after))
        }
    }
}

pub async fn verify_show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
) -> Result<Response, ApiError> {
    Ok(match confirm_page(&web, &live, ConfirmPhonePage::form()).await? {
        Some(shown) => page(StatusCode::OK, &shown),
        None => see_other(&format!("{}{PATH}", web.config.base_path())),
    })
}

pub async fn verify(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    match second_factor::verify_phone(&web.sessions, &caller, &live, form.get("code")).await {
        Ok((_, added)) => {
            let on = format!("{}{PATH}?done=added", web.config.base_path());
            let mut response = match added.backup_codes {
                Some(codes) => backup_codes(&web, &codes, on),
                None => see_other(&on),
            };
            delivery::set_tokens(&web, response.headers_mut(), &added.tokens);
            Ok(response)
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = ConfirmPhonePage::form();
            shown.fill("code", form.get("code"));
            let status = mark(&mut shown, error)?;
            refused(&web, &live, shown, status, retry_after).await
        }
    }
}

pub async fn remove(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    _: Form,
) -> Result<Response, ApiError> {
    match second_factor::remove_phone(&web.sessions, &caller, &live).await {
        Ok(()) => {}
        // Gone already: all the same to whoever wants it gone.
        Err(error) if error.code() == Code::NotFound => {}
        Err(error) if error.code() == Code::Conflict => {
            let mut shown = phone_page(&web, &live, PhonePage::form(), None).await?;
            shown.alert = Some(error.detail().to_owned());
            return Ok(page(problem::status(error.kind()), &shown));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(see_other(&format!("{}{PATH}?done=removed", web.config.base_path())))
}

async fn refused(
    web: &Web,
    live: &Live,
    form: views::Form,
    status: StatusCode,
    retry_after: Option<std::time::Duration>,
) -> Result<Response, ApiError> {
    Ok(match confirm_page(web, live, form).await? {
        Some(shown) => again(&shown, status, retry_after),
        // What waited has run out.
        None => see_other(&format!("{}{PATH}", web.config.base_path())),
    })
}

async fn phone_page(
    web: &Web,
    live: &Live,
    form: views::Form,
    notice: Option<&str>,
) -> Result<PhonePage, Error> {
    let (phone, pending) = phone::of_user(web.context(), live.user.id).await?;
    let factors = second_factor::list(web.context(), live.user.id).await?;
    let number = |phone: phone::Phone| phone.number.as_str().to_owned();
    Ok(PhonePage {
        layout: layout(web, "Phone number", Some(&live.user.email)),
        phone: phone.map(number),
        pending: pending.map(number),
        is_on: phone::is_on(web.context()),
        form,
        removal: removal_to(web, live, &Factors { phone: None, ..factors }),
        notice: notice.map(str::to_owned),
        alert: None,
    })
}

async fn confirm_page(web: &Web, live: &Live, form: views::Form) -> Result<Option<ConfirmPhonePage>, Error> {
    let (_, pending) = phone::of_user(web.context(), live.user.id).await?;
    Ok(pending.map(|pending| ConfirmPhonePage {
        layout: layout(web, "Phone number", Some(&live.user.email)),
        number: pending.number.as_str().to_owned(),
        form,
    }))
}
