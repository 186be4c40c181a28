//! Every address that is answered, each with who may ask. There is no other way to add one.

mod api_route;
pub mod page;

use axum::Router;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use doorward_core::access::{self, Decision, Permission};
use doorward_core::error::{Code, Error};
use doorward_core::session::Live;
use http::HeaderMap;

use self::api_route::{ApiRoute, api_route};
use self::page::Page;
use crate::api::{
    account, audit, challenge, email_sign_in, enrolment, factors, me, not_me, passkeys, password, phone,
    reauthentication, recovery, revocations, second_factor, session, sessions, sign_up,
};
use crate::gateway::{forward_auth, renew};
use crate::http::layer::HttpLayer;
use crate::http::load::Load;
use crate::http::problem::ApiError;
use crate::signed_in::{SignedIn, required_access_token};
use crate::state::Web;
use crate::{operations, pages};

/// Who may ask. Each route states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever shows a token that the handler judges: an expired access token, a refresh token.
    Token,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever is signed in and proved a moment ago who they are.
    Fresh,
    /// Whoever is signed in and has a permission.
    Permission(Permission),
}

/// Where a post hashes a password. These requests have places of their own, so that they take none from the others.
pub const HASHING: &[&str] = &[
    "/v1/sign-up",
    "/v1/email/verify",
    "/v1/sign-in",
    "/v1/password/reset",
    "/v1/password/change",
    "/v1/reauthenticate",
    "/reauthenticate",
    "/sign-up",
    "/verify-email",
    "/sign-in",
    "/reset-password",
    "/account/password",
    "/first-admin",
];

/// All routes.
pub fn all(web: &Web) -> Router {
    let mut routes = Routes::new(web.clone());
    for route in api() {
        routes.api(route);
    }
    // Judged by the refresh cookie.
    routes.plain(Access::Token, "/session/renew", get(renew::renew));
    operations(&mut routes);
    pages::routes(&mut routes);
    routes.finish()
}

/// The JSON API, whose routes describe themselves.
pub fn api() -> Vec<ApiRoute> {
    vec![
        api_route!(Access::Public, sign_up::start),
        api_route!(Access::Public, sign_up::verify),
        api_route!(Access::Public, sign_up::resend),
        api_route!(Access::Public, session::sign_in),
        // Judged by the token of a sign-in under way.
        api_route!(Access::Token, second_factor::start),
        api_route!(Access::Token, second_factor::complete),
        api_route!(Access::Token, enrolment::begin_totp),
        api_route!(Access::Token, enrolment::confirm_totp),
        api_route!(Access::Token, enrolment::begin_passkey),
        api_route!(Access::Token, enrolment::finish_passkey),
        api_route!(Access::Token, recovery::start),
        // Judged by a mail's link, or by a session.
        api_route!(Access::Token, recovery::cancel),
        api_route!(Access::Public, recovery::complete),
        api_route!(Access::Public, email_sign_in::start),
        api_route!(Access::Public, email_sign_in::verify),
        api_route!(Access::Public, passkeys::sign_in_start),
        api_route!(Access::Public, passkeys::sign_in_finish),
        api_route!(Access::Public, challenge::issue),
        api_route!(Access::Token, session::refresh),
        api_route!(Access::Token, session::current),
        api_route!(Access::Token, session::sign_out),
        api_route!(Access::Token, session::sign_out_all),
        api_route!(Access::Public, password::forgot),
        api_route!(Access::Public, password::reset),
        api_route!(Access::SignedIn, password::change),
        api_route!(Access::Fresh, password::remove),
        api_route!(Access::SignedIn, reauthentication::start),
        api_route!(Access::SignedIn, reauthentication::confirm),
        api_route!(Access::SignedIn, me::show, me::change),
        api_route!(Access::Fresh, account::close),
        api_route!(Access::Fresh, account::change_email),
        api_route!(Access::SignedIn, account::verify_email_change),
        api_route!(Access::Public, account::undo_email_change),
        api_route!(Access::Public, account::restore),
        api_route!(Access::Fresh, account::export),
        api_route!(Access::SignedIn, factors::list),
        api_route!(Access::Fresh, factors::change),
        api_route!(Access::Fresh, factors::begin_totp, factors::remove_totp),
        api_route!(Access::SignedIn, factors::confirm_totp),
        api_route!(Access::SignedIn, factors::backup_codes),
        api_route!(Access::Fresh, factors::renew_backup_codes),
        api_route!(Access::SignedIn, sessions::list),
        api_route!(Access::SignedIn, sessions::end),
        api_route!(Access::SignedIn, sessions::devices),
        api_route!(Access::SignedIn, sessions::rename, sessions::forget),
        api_route!(Access::SignedIn, passkeys::list),
        api_route!(Access::Fresh, passkeys::start),
        api_route!(Access::Fresh, passkeys::finish),
        api_route!(Access::SignedIn, passkeys::rename),
        api_route!(Access::Fresh, passkeys::remove),
        api_route!(Access::SignedIn, phone::show),
        api_route!(Access::Fresh, phone::start, phone::remove),
        api_route!(Access::SignedIn, phone::verify),
        // Judged by a service key.
        api_route!(Access::Token, revocations::listen),
        api_route!(Access::Public, not_me::act),
        api_route!(Access::SignedIn, audit::activity),
        api_route!(Access::Permission(Permission::AUDIT_READ), audit::search),
        // Judged by the proxied request's token, and by which gateway asks.
        api_route!(Access::Token, forward_auth::ask),
    ]
}

fn operations(routes: &mut Routes) {
    routes.plain(Access::Public, "/healthz", get(operations::healthz));
    routes.plain(Access::Public, "/readyz", get(operations::readyz));
    // Judged by the peer's address or a token of its own.
    routes.plain(Access::Token, "/metrics", get(operations::metrics));
    routes.plain(Access::Public, "/openapi.json", get(operations::openapi));
    routes.plain(Access::Public, "/.well-known/jwks.json", get(operations::jwks));
    routes.plain(Access::Public, "/.well-known/change-password", get(operations::change_password));
    routes.plain(Access::Public, "/.well-known/passkey-endpoints", get(operations::passkey_endpoints));
    routes.plain(Access::Public, "/assets/{*path}", get(operations::asset));
}

/// Takes routes in.
pub struct Routes {
    web: Web,
    router: Router<Web>,
}

impl Routes {
    fn new(web: Web) -> Self {
        Self { web, router: Router::new() }
    }

    fn api(&mut self, route: ApiRoute) {
        self.plain(route.access, &route.path, route.handlers);
    }

    /// A route that programs know by its name.
    pub fn plain(&mut self, access: Access, path: &str, route: MethodRouter<Web>) {
        let route = match access {
            Access::Public | Access::Token => route,
            Access::SignedIn | Access::Fresh | Access::Permission(_) => {
                route.layer(from_fn_with_state((self.web.clone(), access), require))
            }
        };
        self.router = std::mem::take(&mut self.router).route(path, route);
    }

    /// A page. Whoever is not signed in where that is needed is sent to sign in, and comes back.
    pub fn page(&mut self, access: Access, path: &'static str, page: Page) {
        self.enter(access, path, path, page.handlers());
    }

    /// Where a button of a page posts to, and there is nothing to look at. Whoever has to sign in or to confirm first comes back
    /// to the page `back`, and presses the button once more.
    pub fn act<H: Handler<T, Web>, T: 'static>(
        &mut self,
        access: Access,
        path: &'static str,
        back: &'static str,
        handler: H,
    ) {
        self.enter(access, path, back, post(handler));
    }

    fn enter(&mut self, access: Access, path: &str, back: &'static str, route: MethodRouter<Web>) {
        let state = (self.web.clone(), access, back);
        let route = route.layer(from_fn_with_state(state, pages::session::enter));
        self.router = std::mem::take(&mut self.router).route(path, route);
    }

    pub fn is_development(&self) -> bool {
        self.web.config.is_development()
    }

    fn finish(self) -> Router {
        let base = self.web.config.base_path().to_owned();
        let load = Load::new(HASHING, self.web.context().hasher.takes_at_once());
        let layer = HttpLayer::new(self.web.context().clone(), pages::error::render, load);
        let all = self.router.with_state(self.web);
        let all = if base.is_empty() { all } else { below(&base, all) };
        all.fallback(not_found).layer(layer)
    }
}

/// All of it below a path. With a slash at its end, as gateways like to write it, the path itself leads on at once: without one
/// some would put it back.
fn below(base: &str, all: Router) -> Router {
    let account = format!("{base}/account");
    let lead = get(async move || pages::see_other(&account));
    Router::new().nest(base, all).route(&format!("{base}/"), lead)
}

/// Lets nobody through who may not ask, and leaves the session for the handler.
async fn require(State((web, access)): State<(Web, Access)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let checked = SignedIn::from_request_parts(&mut parts, &web).await;
    let SignedIn(live) = match checked {
        Ok(signed_in) => signed_in,
        Err(refusal) => return ApiError::into_response(refusal),
    };
    if access == Access::Fresh
        && let Err(refusal) = fresh(&web, &parts.headers, &live)
    {
        return ApiError::from(refusal).into_response();
    }
    if let Access::Permission(permission) = access
        && access::decide(&live.rights, permission) == Decision::Denied
    {
        return ApiError::from(Code::PermissionDenied).into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

fn fresh(web: &Web, headers: &HeaderMap, live: &Live) -> Result<(), Error> {
    web.sessions.ensure_fresh(required_access_token(web, headers)?, live)
}

async fn not_found() -> ApiError {
    Code::NotFound.into()
}
