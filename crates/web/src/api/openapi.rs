//! The API's description, OpenAPI 3.1, made from the handlers themselves.

use std::sync::LazyLock;

use doorward_core::error::Code;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::routes;

/// The description as it is served and checked in: the same for every installation, made for the first who asks.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let frame = OpenApiRouter::with_openapi(frame());
        let mut api =
            routes::api().into_iter().fold(frame, |api, route| (route.describe)(api)).into_openapi();
        name_operations(&mut api);
        let mut text = api.to_pretty_json().unwrap_or_default();
        text.push('\n');
        text
    });
    &TEXT
}

/// The frame that the routes are hung into.
fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Doorward")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Authentication that you own. Errors are RFC 9457 problem details with a stable `code`. Any endpoint may \
             answer 429 `rate_limited` or 503 `overloaded`, with `Retry-After`; those that are limited tell what is left \
             in `RateLimit` and `RateLimit-Policy`. Nor is it said at each that a request is refused which can't be read \
             (400 `malformed_request`), comes from another site's page (403 `cross_site_refused`), is too large \
             (413 `body_too_large`) or is not JSON (415 `unsupported_media_type`), and that a server may fail \
             (500 `internal_error`) or miss something that it needs (503 `unavailable`).",
        ))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()))
        .build();
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
        "doorward_access",
        "Set at sign-in. Over https its name is `__Host-doorward_access`.",
    ));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let service_key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("dw_key_…")
        .description(Some("A service's key, made by `doorward key create`."))
        .build();
    // Not what `code` is limited to: a client of today meets the codes of tomorrow.
    let codes = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(
            "The codes of problems that are in use. They are never renamed; new ones may come.",
        ))
        .enum_values(Some(Code::ALL.iter().map(|code| code.as_str())));
    let components = ComponentsBuilder::new()
        .schema("ErrorCode", codes)
        .security_scheme("cookie", SecurityScheme::ApiKey(cookie))
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .security_scheme("service_key", SecurityScheme::Http(service_key))
        .build();
    let none: [&str; 0] = [];
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([SecurityRequirement::new("cookie", none), SecurityRequirement::new("bearer", none)]))
        .build()
}

/// Gives each operation a name of its own, from its method and path: those of handlers repeat.
fn name_operations(api: &mut OpenApi) {
    for (path, item) in &mut api.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                let words =
                    path.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
                let name = words
                    .filter(|word| *word != "v1")
                    .fold(method.to_owned(), |name, word| format!("{name}_{word}"));
                operation.operation_id = Some(name);
            }
        }
    }
}
