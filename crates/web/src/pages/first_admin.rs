//! The one-time link that a new installation prints.

use axum::extract::State;
use axum::response::Response;
use doorward_core::error::{Code, Error};
use doorward_core::operator;
use http::{HeaderMap, StatusCode};

use super::error::dead_link;
use super::sign_in::go_on;
use super::views::{self, DeadLinkPage, FirstAdminPage};
use super::{again, layout, mark, page};
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::ApiError;
use crate::state::Web;

pub async fn show(State(web): State<Web>, query: Query) -> Result<Response, ApiError> {
    let token = query.get("token");
    match operator::look_at_first_admin_link(web.context(), token).await {
        Ok(()) => {
            let form = FirstAdminPage::form(token, web.config.password.min_length);
            Ok(page(StatusCode::OK, &first_admin_page(&web, form)))
        }
        Err(error) => no_more(&web, error),
    }
}

pub async fn submit(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    let (token, email) = (form.get("token"), form.get("email"));
    let created =
        operator::create_first_admin(&web.sessions, &caller, token, email, &form.secret("password")).await;
    match created {
        Ok(outcome) => Ok(go_on(&web, &caller, &headers, &outcome, None).await?),
        Err(error) if error.code() == Code::InvalidOrExpiredToken => {
            // It may be so because there is an administrator by now.
            let looked = operator::look_at_first_admin_link(web.context(), token).await;
            no_more(&web, looked.err().unwrap_or(error))
        }
        Err(error) => {
            let retry_after = error.retry_after();
            let mut shown = FirstAdminPage::form(token, web.config.password.min_length);
            shown.fill("email", email);
            let status = mark(&mut shown, error)?;
            Ok(again(&first_admin_page(&web, shown), status, retry_after))
        }
    }
}

/// What is so where the link does nothing.
fn no_more(web: &Web, error: Error) -> Result<Response, ApiError> {
    match error.code() {
        Code::Conflict => {
            let page = DeadLinkPage {
                layout: layout(web, "There is an administrator already", None),
                detail: error.detail().to_owned(),
                ways: vec![("/sign-in", "Go to sign-in")],
            };
            Ok(super::page(StatusCode::CONFLICT, &page))
        }
        _ => {
            let error = error.with_detail(
                "The link that makes the first administrator works once, for an hour. Start the server again: it prints a new one.",
            );
            dead_link(web, error, &[("/sign-in", "Go to sign-in")])
        }
    }
}

fn first_admin_page(web: &Web, form: views::Form) -> FirstAdminPage {
    FirstAdminPage { layout: layout(web, "Create the administrator", None), form }
}
