//! One's own data, and the end of the account.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_core::account;
use doorward_core::session::Live;
use http::header::CONTENT_DISPOSITION;
use http::{HeaderValue, StatusCode};

use super::views::{AccountClosedPage, ClosePage, DataPage, RestorePage, RestoredPage};
use super::{in_words, layout, mark, page};
use crate::api::delivery;
use crate::api::export::ExportView;
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::state::Web;

pub async fn show(State(web): State<Web>, Extension(live): Extension<Arc<Live>>) -> Response {
    let layout = layout(&web, "Your data", Some(&live.user.email));
    let grace = in_words(web.config.account.deletion_grace);
    page(StatusCode::OK, &DataPage { layout, grace })
}

pub async fn export(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
) -> Result<Response, ApiError> {
    let export = account::export(&web.sessions, &caller, &live).await?;
    let mut response = axum::Json(ExportView::new(web.context(), &export, &live)).into_response();
    let name = HeaderValue::from_static("attachment; filename=\"account.json\"");
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

pub async fn close_show(State(web): State<Web>, Extension(live): Extension<Arc<Live>>) -> Response {
    page(StatusCode::OK, &close_page(&web, &live, ClosePage::form()))
}

pub async fn close(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    _: Form,
) -> Result<Response, ApiError> {
    match account::close(&web.sessions, &caller, &live).await {
        Ok(deletes_at) => {
            let layout = layout(&web, "Your account is closed", None);
            let closed = AccountClosedPage { layout, deletes_at: deletes_at.for_people() };
            let mut response = page(StatusCode::OK, &closed);
            delivery::clear_tokens(&web, response.headers_mut());
            Ok(response)
        }
        Err(error) => {
            let mut shown = ClosePage::form();
            let status = mark(&mut shown, error)?;
            Ok(page(status, &close_page(&web, &live, shown)))
        }
    }
}

/// Shows the button. Looking uses nothing up.
pub async fn restore_show(State(web): State<Web>, query: Query) -> Result<Response, ApiError> {
    let token = query.get("token");
    let email = account::look_at_restore(web.context(), token).await?;
    let layout = layout(&web, "Restore your account", None);
    Ok(page(StatusCode::OK, &RestorePage { layout, email, form: RestorePage::form(token) }))
}

pub async fn restore(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    form: Form,
) -> Result<Response, ApiError> {
    account::restore(web.context(), &caller, form.get("token")).await?;
    Ok(page(StatusCode::OK, &RestoredPage { layout: layout(&web, "Your account is open again", None) }))
}

fn close_page(web: &Web, live: &Live, form: super::views::Form) -> ClosePage {
    ClosePage {
        layout: layout(web, "Delete your account", Some(&live.user.email)),
        email: live.user.email.clone(),
        grace: in_words(web.config.account.deletion_grace),
        form,
    }
}
