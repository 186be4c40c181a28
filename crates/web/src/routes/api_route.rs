//! A route of the JSON API, and what it says of itself once somebody asks.

use axum::routing::MethodRouter;
use utoipa_axum::router::OpenApiRouter;

use super::Access;
use crate::state::Web;

/// The handlers of one path. Made by [`api_route!`].
pub struct ApiRoute {
    pub access: Access,
    pub path: String,
    pub handlers: MethodRouter<Web>,
    /// Hangs the description of the handlers into the API's. It is code that runs for the first who reads the description, and
    /// takes no memory before.
    pub describe: fn(OpenApiRouter<Web>) -> OpenApiRouter<Web>,
}

/// `api_route!(access, module::handler, …)`: handlers of one path, each with its method from its `utoipa::path`.
macro_rules! api_route {
    ($access:expr, $($module:ident::$handler:ident),+) => {
        utoipa_axum::paste! {{
            use utoipa::Path as _;
            let mut handlers = axum::routing::MethodRouter::new();
            let mut paths = Vec::new();
            $(
                for method in $module::[<__path_ $handler>]::methods() {
                    handlers = handlers.on(utoipa_axum::PathItemExt::to_method_filter(&method), $module::$handler);
                }
                paths.push($module::[<__path_ $handler>]::path());
            )+
            paths.dedup();
            assert_eq!(paths.len(), 1, "one route has one path");
            $crate::routes::api_route::ApiRoute {
                access: $access,
                path: paths.remove(0),
                handlers,
                describe: |api| api.routes(utoipa_axum::routes!($($module::$handler),+)),
            }
        }}
    };
}
pub(super) use api_route;
