//! The page in place of the one that was asked for.

use askama::Template as _;
use axum::response::{Html, IntoResponse, Response};
use doorward_core::config::Config;
use doorward_core::error::{Code, Error};

use super::views::{DeadLinkPage, ErrorPage, Layout};
use crate::http::problem::{self, ApiError};
use crate::state::Web;

/// The error as a page.
pub fn render(error: &Error, request_id: &str, config: &Config) -> Response {
    let status = problem::status(error.kind());
    let page = ErrorPage {
        layout: layout(config, error.code().title(), None),
        status: status.as_u16(),
        title: error.code().title().to_owned(),
        detail: error.detail().to_owned(),
        code: error.code().as_str().to_owned(),
        request_id: request_id.to_owned(),
    };
    let mut response = match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (status, error.code().title()).into_response(),
    };
    if let Some(wait) = error.retry_after() {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
    }
    response
}

/// The page behind a link that has been used or has run out, with the ways on from there. Any other error is handed back.
pub(super) fn dead_link(
    web: &Web,
    error: Error,
    ways: &[(&'static str, &'static str)],
) -> Result<Response, ApiError> {
    if error.code() != Code::InvalidOrExpiredToken {
        return Err(error.into());
    }
    let page = DeadLinkPage {
        layout: layout(&web.config, error.code().title(), None),
        detail: error.detail().to_owned(),
        ways: ways.to_vec(),
    };
    Ok(super::page(problem::status(error.kind()), &page))
}

/// What stands around a page.
pub fn layout(config: &Config, title: &str, user: Option<&str>) -> Layout {
    Layout {
        base: config.base_path().to_owned(),
        product_name: config.brand.product_name.clone(),
        title: title.to_owned(),
        dev_banner: config.development_said,
        accent_css: config.brand.accent.is_some(),
        user: user.map(str::to_owned),
    }
}
