//! Every address that is answered, each with who may ask. There is no other way to add one.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use axum::{Extension, Router};
use doorward_core::access::{self, Decision, Permission};
use doorward_core::error::{Code, Error};
use doorward_core::session::Live;
use http::HeaderMap;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::api::{
    account, audit, challenge, email_sign_in, factors, me, not_me, openapi, passkeys, password, phone,
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

/// All routes, and the description of the API among them.
pub fn all(web: &Web) -> (Router, Arc<OpenApi>) {
    let mut routes = Routes::new(web.clone());
    api(&mut routes);
    gateways(&mut routes);
    operations(&mut routes);
    pages::routes(&mut routes);
    routes.finish()
}

fn api(routes: &mut Routes) {
    routes.api(Access::Public, routes!(sign_up::start));
    routes.api(Access::Public, routes!(sign_up::verify));
    routes.api(Access::Public, routes!(sign_up::resend));
    routes.api(Access::Public, routes!(session::sign_in));
    // Judged by the token of a sign-in under way.
    routes.api(Access::Token, routes!(second_factor::start));
    routes.api(Access::Token, routes!(second_factor::complete));
    routes.api(Access::Token, routes!(second_factor::begin_enrolment));
    routes.api(Access::Token, routes!(second_factor::confirm_enrolment));
    routes.api(Access::Token, routes!(recovery::start));
    // Judged by a mail's link, or by a session.
    routes.api(Access::Token, routes!(recovery::cancel));
    routes.api(Access::Public, routes!(recovery::complete));
    routes.api(Access::Public, routes!(email_sign_in::start));
    routes.api(Access::Public, routes!(email_sign_in::verify));
    routes.api(Access::Public, routes!(passkeys::sign_in_start));
    routes.api(Access::Public, routes!(passkeys::sign_in_finish));
    routes.api(Access::Public, routes!(challenge::issue));
    routes.api(Access::Token, routes!(session::refresh));
    routes.api(Access::Token, routes!(session::current));
    routes.api(Access::Token, routes!(session::sign_out));
    routes.api(Access::Token, routes!(session::sign_out_all));
    routes.api(Access::Public, routes!(password::forgot));
    routes.api(Access::Public, routes!(password::reset));
    routes.api(Access::SignedIn, routes!(password::change));
    routes.api(Access::SignedIn, routes!(reauthentication::start));
    routes.api(Access::SignedIn, routes!(reauthentication::confirm));
    routes.api(Access::SignedIn, routes!(me::show, me::change));
    routes.api(Access::Fresh, routes!(account::close));
    routes.api(Access::Fresh, routes!(account::change_email));
    routes.api(Access::SignedIn, routes!(account::verify_email_change));
    routes.api(Access::Public, routes!(account::undo_email_change));
    routes.api(Access::Public, routes!(account::restore));
    routes.api(Access::Fresh, routes!(account::export));
    routes.api(Access::SignedIn, routes!(factors::list));
    routes.api(Access::Fresh, routes!(factors::change));
    routes.api(Access::Fresh, routes!(factors::begin_totp, factors::remove_totp));
    routes.api(Access::SignedIn, routes!(factors::confirm_totp));
    routes.api(Access::SignedIn, routes!(factors::backup_codes));
    routes.api(Access::Fresh, routes!(factors::renew_backup_codes));
    routes.api(Access::SignedIn, routes!(sessions::list));
    routes.api(Access::SignedIn, routes!(sessions::end));
    routes.api(Access::SignedIn, routes!(sessions::devices));
    routes.api(Access::SignedIn, routes!(sessions::rename, sessions::forget));
    routes.api(Access::SignedIn, routes!(passkeys::list));
    routes.api(Access::Fresh, routes!(passkeys::start));
    routes.api(Access::Fresh, routes!(passkeys::finish));
    routes.api(Access::SignedIn, routes!(passkeys::rename));
    routes.api(Access::Fresh, routes!(passkeys::remove));
    routes.api(Access::SignedIn, routes!(phone::show));
    routes.api(Access::Fresh, routes!(phone::start, phone::remove));
    routes.api(Access::SignedIn, routes!(phone::verify));
    // Judged by a service key.
    routes.api(Access::Token, routes!(revocations::listen));
    routes.api(Access::Public, routes!(not_me::act));
    routes.api(Access::SignedIn, routes!(audit::activity));
    routes.api(Access::Permission(Permission::AUDIT_READ), routes!(audit::search));
}

fn gateways(routes: &mut Routes) {
    // Judged by the proxied request's token, and by which gateway asks.
    routes.api(Access::Token, routes!(forward_auth::ask));
    routes.plain(Access::Token, "/session/renew", get(renew::renew));
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
    api: OpenApiRouter<Web>,
    plain: Router<Web>,
}

impl Routes {
    fn new(web: Web) -> Self {
        Self { web, api: OpenApiRouter::with_openapi(openapi::frame()), plain: Router::new() }
    }

    /// A route of the JSON API, which describes itself.
    pub fn api(&mut self, access: Access, route: UtoipaMethodRouter<Web>) {
        let route = match access {
            Access::Public | Access::Token => route,
            Access::SignedIn | Access::Fresh | Access::Permission(_) => {
                route.layer(from_fn_with_state((self.web.clone(), access), require))
            }
        };
        self.api = std::mem::take(&mut self.api).routes(route);
    }

    /// A route that programs know by its name.
    pub fn plain(&mut self, access: Access, path: &str, route: MethodRouter<Web>) {
        let route = match access {
            Access::Public | Access::Token => route,
            Access::SignedIn | Access::Fresh | Access::Permission(_) => {
                route.layer(from_fn_with_state((self.web.clone(), access), require))
            }
        };
        self.plain = std::mem::take(&mut self.plain).route(path, route);
    }

    /// A page. Whoever is not signed in where that is needed is sent to sign in.
    pub fn page(&mut self, access: Access, path: &str, route: MethodRouter<Web>) {
        let route = route.layer(from_fn_with_state((self.web.clone(), access), pages::session::enter));
        self.plain = std::mem::take(&mut self.plain).route(path, route);
    }

    pub fn is_development(&self) -> bool {
        self.web.config.is_development()
    }

    fn finish(self) -> (Router, Arc<OpenApi>) {
        let (api, mut description) = self.api.split_for_parts();
        openapi::name_operations(&mut description);
        let description = Arc::new(description);
        let base = self.web.config.base_path().to_owned();
        let load = Load::new(HASHING, self.web.context().hasher.takes_at_once());
        let layer = HttpLayer::new(self.web.context().clone(), pages::error::render, load);
        let all = api
            .merge(self.plain)
            .layer(Extension(operations::Description(openapi::to_json(&description).into())))
            .with_state(self.web);
        let all = if base.is_empty() { all } else { Router::new().nest(&base, all) };
        (all.fallback(not_found).layer(layer), description)
    }
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
