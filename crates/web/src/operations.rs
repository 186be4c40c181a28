//! What operators and programs ask for: health, figures, keys, the description of the API, static files.

use std::borrow::Cow;
use std::fmt::Write as _;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use doorward_core::error::Code;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use rust_embed::RustEmbed;
use serde_json::json;

use crate::api;
use crate::http::layer::peer;
use crate::http::metrics as figures;
use crate::http::problem::ApiError;
use crate::state::Web;

/// The process answers.
pub async fn healthz() -> Json<serde_json::Value> {
    Json(json!({"status": "ok"}))
}

/// The database answers, and the keys are there. Without the cache this process still does all its work, so that it is away
/// is told and turns nobody elsewhere.
pub async fn readyz(State(web): State<Web>) -> Response {
    let (database, cache) = tokio::join!(web.context().db.ping(), web.context().limiter.shared_answers());
    if let Err(error) = &database {
        tracing::warn!(%error, "not ready");
    }
    let (status, word) = if database.is_ok() {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    };
    let cache = match cache {
        None => "none",
        Some(true) => "ok",
        Some(false) => "unavailable",
    };
    let answer = json!({"status": word, "checks": {"database": word, "cache": cache, "keys": "ok"}});
    (status, Json(answer)).into_response()
}

pub async fn metrics(State(web): State<Web>, request: Request) -> Result<Response, ApiError> {
    if !figures::may_read(peer(&request), request.uri(), request.headers(), &web.config) {
        return Err(Code::NotFound.into());
    }
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], figures::render()).into_response())
}

pub async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], api::openapi::text()).into_response()
}

/// The public signing keys (RFC 7517). Verifiers may keep them for a while; a key is published long before it signs.
pub async fn jwks(State(web): State<Web>) -> Response {
    let headers = [(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, "public, max-age=300")];
    (headers, web.sessions.keys().jwks()).into_response()
}

/// Where password managers send a person who wants to change a password.
pub async fn change_password(State(web): State<Web>) -> Redirect {
    Redirect::to(&format!("{}/account/password", web.config.base_path()))
}

/// Where password managers send a person who wants a passkey, or to look at those there are (Passkey Endpoints Well-Known URL).
pub async fn passkey_endpoints(State(web): State<Web>) -> Response {
    let config = &web.config;
    let answer = json!({
        "enroll": config.page_link("/account/passkeys/add"),
        "manage": config.page_link("/account/passkeys"),
    });
    ([(CACHE_CONTROL, "public, max-age=300")], Json(answer)).into_response()
}

#[derive(RustEmbed)]
#[folder = "../../assets"]
struct Assets;

/// A static file. Its tag is its content's digest.
pub async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let file = Assets::get(&path).ok_or(Code::NotFound)?;
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..12]));
    let content_type = match path.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    };
    let unchanged = is_known(&headers, &tag);
    let answer: [(HeaderName, HeaderValue); 3] = [
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300, must-revalidate")),
        (ETAG, HeaderValue::from_str(&tag).map_err(doorward_core::error::Error::internal)?),
    ];
    Ok(if unchanged {
        (StatusCode::NOT_MODIFIED, answer).into_response()
    } else {
        let content = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        (answer, content).into_response()
    })
}

/// Whether the client holds this content already. A proxy that compresses makes tags weak (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::response::Response;
    use axum::routing::get;
    use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
    use http::{Request, StatusCode};
    use tower::ServiceExt;

    use super::Assets;

    async fn ask(path: &str, known: Option<&str>) -> Response {
        let mut request = Request::get(path);
        if let Some(known) = known {
            request = request.header(IF_NONE_MATCH, known);
        }
        let routes: Router = Router::new().route("/assets/{*path}", get(super::asset));
        routes.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn every_static_file_is_served_with_its_type() {
        assert!(Assets::get("doorward.css").is_some() && Assets::get("doorward.js").is_some());
        for path in Assets::iter() {
            let response = ask(&format!("/assets/{path}"), None).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            let content_type = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
            assert_ne!(content_type, "application/octet-stream", "{path} has no type");
            assert!(response.headers()[CACHE_CONTROL].to_str().unwrap().starts_with("public"));
            let body = axum::body::to_bytes(response.into_body(), 1_000_000).await.unwrap();
            assert_eq!(&body[..], &Assets::get(&path).unwrap().data[..]);
        }
    }

    #[tokio::test]
    async fn content_that_is_known_is_not_sent_again() {
        let first = ask("/assets/doorward.css", None).await;
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = ask("/assets/doorward.css", Some(&known)).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(again.headers()[ETAG], *tag);
            assert!(axum::body::to_bytes(again.into_body(), 1).await.unwrap().is_empty());
        }
        for other in ["\"other\"", "", "doorward"] {
            assert_eq!(ask("/assets/doorward.css", Some(other)).await.status(), StatusCode::OK, "{other}");
        }
        assert_ne!(ask("/assets/doorward.js", None).await.headers()[ETAG], *tag);
    }

    #[tokio::test]
    async fn nothing_outside_the_folder_is_served() {
        for path in [
            "../Cargo.toml",
            "..%2fCargo.toml",
            "%2e%2e/Cargo.toml",
            "%2e%2e%2fCargo.toml",
            "/etc/passwd",
            "%2fetc%2fpasswd",
            "doorward.css/",
            "./doorward.css",
            "x/../doorward.css",
            "doorward.css%00",
            "DOORWARD.CSS",
            "..%5cCargo.toml",
            "none.css",
        ] {
            assert_eq!(ask(&format!("/assets/{path}"), None).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
