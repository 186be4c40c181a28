//! `GET /session/renew`: a browser whose access token has run out comes by, gets new tokens, and goes back to where it was
//! going. A gateway can't do this for it: it does not set cookies.

use axum::extract::State;
use axum::response::Response;
use doorward_core::error::Kind;
use http::HeaderMap;

use crate::api::delivery;
use crate::http::caller::ByCaller;
use crate::http::cookies::CookieName;
use crate::http::form::Query;
use crate::http::problem::ApiError;
use crate::http::redirect::{on_the_way, safe_redirect};
use crate::pages::see_other;
use crate::state::Web;

/// Always trades the refresh token, also where the access token seems good: whoever was sent here was refused with it.
pub async fn renew(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let redirect_to = query.some("redirect_to");
    let Some(token) = web.cookies.get(&headers, CookieName::Refresh) else {
        return Ok(to_sign_in(&web, redirect_to));
    };
    match web.sessions.refresh(&caller, token).await {
        Ok(renewed) => {
            let mut response = see_other(&safe_redirect(redirect_to, &web.config));
            delivery::set_tokens(&web, response.headers_mut(), &renewed.tokens);
            Ok(response)
        }
        // The cookies of a session that is over would only lead here again.
        Err(error) if error.kind() == Kind::NotAuthenticated => {
            let mut response = to_sign_in(&web, redirect_to);
            delivery::clear_tokens(&web, response.headers_mut());
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

fn to_sign_in(web: &Web, redirect_to: Option<&str>) -> Response {
    let page = web.config.page_link("/sign-in");
    see_other(&redirect_to.map_or_else(|| page.clone(), |back| on_the_way(&page, back)))
}
