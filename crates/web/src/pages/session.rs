//! Who looks at a page. An access token that has run out is renewed while the page answers, a posted form included.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use doorward_core::access::{self, Decision};
use doorward_core::context::Caller;
use doorward_core::error::{Code, Error, Kind, Result};
use doorward_core::session::{Live, Tokens};
use http::request::Parts;
use http::{HeaderMap, Method};

use super::see_other;
use crate::api::delivery;
use crate::http::cookies::CookieName;
use crate::http::problem::ApiError;
use crate::http::redirect::on_the_way;
use crate::routes::Access;
use crate::state::Web;

/// Lets in who may see a page; who has to sign in first is sent there and comes back: to where they were, and after a post to
/// the page `back`. Tokens that were renewed on the way go with whatever the answer is: who has spent theirs and gets no others
/// is signed out, as a thief, by the next use.
pub async fn enter(
    State((web, access, back)): State<(Web, Access, &'static str)>,
    mut request: Request,
    next: Next,
) -> Response {
    let renewed = Renewed::default();
    request.extensions_mut().insert(renewed.clone());
    let mut response = admit(&web, access, back, &renewed, request, next).await;
    renewed.hand_over(&web, response.headers_mut());
    response
}

async fn admit(
    web: &Web,
    access: Access,
    back: &'static str,
    renewed: &Renewed,
    mut request: Request,
    next: Next,
) -> Response {
    if matches!(access, Access::Public | Access::Token) {
        return next.run(request).await;
    }
    let caller = request.extensions().get::<Caller>().cloned().unwrap_or_else(|| Caller::system("unknown"));
    let live = match current(web, &caller, request.headers(), renewed).await {
        Ok(Some(live)) => live,
        Ok(None) => return to_sign_in(web, &request, back),
        Err(error) => return ApiError::from(error).into_response(),
    };
    if let Access::Permission(permission) = access
        && access::decide(&live.rights, permission) == Decision::Denied
    {
        return ApiError::from(Code::PermissionDenied).into_response();
    }
    if access == Access::Fresh {
        let token = renewed.access();
        let token = token.as_deref().or_else(|| web.cookies.get(request.headers(), CookieName::Access));
        match web.sessions.ensure_fresh(token.unwrap_or_default(), &live) {
            Ok(()) => {}
            Err(error) if error.code() == Code::ReauthenticationRequired => {
                return see_other(&to_page(web, "/reauthenticate", &request, back));
            }
            Err(error) => return ApiError::from(error).into_response(),
        }
    }
    request.extensions_mut().insert(live);
    next.run(request).await
}

/// The tokens that a page's request was given in place of those that had run out.
#[derive(Clone, Default)]
struct Renewed(Arc<Mutex<Option<Tokens>>>);

impl Renewed {
    fn put(&self, tokens: Tokens) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokens);
    }

    fn access(&self) -> Option<String> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.as_ref().map(|tokens| tokens.access().to_owned())
    }

    fn hand_over(&self, web: &Web, headers: &mut HeaderMap) {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // What the page itself set is newer: a changed password, a sign-out.
        if let Some(tokens) = tokens
            && !web.cookies.sets(headers, CookieName::Refresh)
        {
            delivery::set_tokens(web, headers, &tokens);
        }
    }
}

/// Whoever looks at a page that is there for all, if they are signed in.
pub struct Visitor(pub Option<Arc<Live>>);

impl FromRequestParts<Web> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, ApiError> {
        let Some(renewed) = parts.extensions.get::<Renewed>() else {
            return Err(Error::internal("a page that is not entered by the front door").into());
        };
        let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_else(|| Caller::system("unknown"));
        Ok(Self(current(web, &caller, &parts.headers, renewed).await?))
    }
}

/// The session of a browser's cookies. `None` where nobody is signed in.
async fn current(
    web: &Web,
    caller: &Caller,
    headers: &HeaderMap,
    renewed: &Renewed,
) -> Result<Option<Arc<Live>>> {
    if let Some(token) = web.cookies.get(headers, CookieName::Access) {
        match web.sessions.check(token).await {
            Ok(live) => return Ok(Some(live)),
            Err(error) if error.kind() != Kind::NotAuthenticated => return Err(error),
            Err(_) => {}
        }
    }
    let Some(token) = web.cookies.get(headers, CookieName::Refresh) else { return Ok(None) };
    let tokens = match web.sessions.refresh(caller, token).await {
        Ok(refreshed) => refreshed.tokens,
        Err(error) if error.kind() == Kind::NotAuthenticated => return Ok(None),
        Err(error) => return Err(error),
    };
    let access = tokens.access().to_owned();
    renewed.put(tokens);
    Ok(Some(web.sessions.check(&access).await?))
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
