//! Who looks at a page. An access token that has run out is renewed while the page answers, a posted form included.

use std::sync::Arc;

use axum::extract::{OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use doorward_core::access::{self, Decision};
use doorward_core::context::Caller;
use doorward_core::error::{Code, Kind, Result};
use doorward_core::session::{Live, Tokens};
use http::{HeaderMap, Method};

use super::see_other;
use crate::api::delivery;
use crate::http::cookies::CookieName;
use crate::http::problem::ApiError;
use crate::http::redirect::on_the_way;
use crate::routes::Access;
use crate::state::Web;

/// Lets in who may see a page; who has to sign in first is sent there and comes back: to where they were, and after a post to
/// the page `back`.
pub async fn enter(
    State((web, access, back)): State<(Web, Access, &'static str)>,
    mut request: Request,
    next: Next,
) -> Response {
    if matches!(access, Access::Public | Access::Token) {
        return next.run(request).await;
    }
    let caller = request.extensions().get::<Caller>().cloned().unwrap_or_else(|| Caller::system("unknown"));
    let (live, tokens) = match current(&web, &caller, request.headers()).await {
        Ok(Some(current)) => current,
        Ok(None) => return to_sign_in(&web, &request, back),
        Err(error) => return ApiError::from(error).into_response(),
    };
    if let Access::Permission(permission) = access
        && access::decide(&live.rights, permission) == Decision::Denied
    {
        return ApiError::from(Code::PermissionDenied).into_response();
    }
    if access == Access::Fresh {
        let token = match &tokens {
            Some(renewed) => renewed.access(),
            None => web.cookies.get(request.headers(), CookieName::Access).unwrap_or_default(),
        };
        match web.sessions.ensure_fresh(token, &live) {
            Ok(()) => {}
            Err(error) if error.code() == Code::ReauthenticationRequired => {
                let mut response = see_other(&to_page(&web, "/reauthenticate", &request, back));
                if let Some(tokens) = tokens {
                    delivery::set_tokens(&web, response.headers_mut(), &tokens);
                }
                return response;
            }
            Err(error) => return ApiError::from(error).into_response(),
        }
    }
    request.extensions_mut().insert(live);
    let mut response = next.run(request).await;
    // What the page itself set is newer: a changed password, a sign-out.
    if let Some(tokens) = tokens
        && !response.headers().contains_key(http::header::SET_COOKIE)
    {
        delivery::set_tokens(&web, response.headers_mut(), &tokens);
    }
    response
}

/// The session of a browser's cookies, and new tokens where the access token had run out. `None` where nobody is signed
/// in.
pub async fn current(
    web: &Web,
    caller: &Caller,
    headers: &HeaderMap,
) -> Result<Option<(Arc<Live>, Option<Tokens>)>> {
    if let Some(token) = web.cookies.get(headers, CookieName::Access) {
        match web.sessions.check(token).await {
            Ok(live) => return Ok(Some((live, None))),
            Err(error) if error.kind() != Kind::NotAuthenticated => return Err(error),
            Err(_) => {}
        }
    }
    let Some(token) = web.cookies.get(headers, CookieName::Refresh) else { return Ok(None) };
    let renewed = match web.sessions.refresh(caller, token).await {
        Ok(renewed) => renewed,
        Err(error) if error.kind() == Kind::NotAuthenticated => return Ok(None),
        Err(error) => return Err(error),
    };
    let live = web.sessions.check(renewed.tokens.access()).await?;
    Ok(Some((live, Some(renewed.tokens))))
}

fn to_sign_in(web: &Web, request: &Request, back: &str) -> Response {
    let mut response = see_other(&to_page(web, "/sign-in", request, back));
    delivery::clear_tokens(web, response.headers_mut());
    response
}

/// A page on the way to what was asked for, which it keeps as where to go afterwards.
fn to_page(web: &Web, page: &str, request: &Request, back: &str) -> String {
    let base = web.config.base_path();
    if request.method() != Method::GET {
        // A form's content is gone with the session; its page is where to go on.
        return on_the_way(&format!("{base}{page}"), &format!("{base}{back}"));
    }
    // Below a base path the router has cut it off.
    let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |original| &original.0);
    let wanted = uri.path_and_query().map_or("", |wanted| wanted.as_str());
    on_the_way(&format!("{base}{page}"), wanted)
}
