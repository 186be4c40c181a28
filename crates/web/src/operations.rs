//! What operators and programs ask for: health, figures, keys, the description of the API, static files.


use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use doorward_core::error::Code;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use rust_embed::RustEmbed;
use serde_json::json;

use crate::http::layer::peer;
use crate::http::metrics as figures;
use crate::http::problem::ApiError;
use crate::state::Web;

/// The API's description as it is served.
#[derive(Clone)]
pub struct Description(pub Bytes);

/// The process answers.
pub async fn healthz() -> Json<serde_json::Value> {
    Json(json!({"status": "ok"}))
}

/// The database answers, and the keys are there.
pub async fn readyz(State(web): State<Web>) -> Response {
    let database = web.context().db.ping().await;
    if let Err(error) = &database {
        tracing::warn!(%error, "not ready");
    }
    let (status, word) =
        if database.is_ok() { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
    let answer = json!({"status": word, "checks": {"database": word, "signing_keys": "ok"}});
    (status, Json(answer)).into_response()
}

pub async fn metrics(State(web): State<Web>, request: Request) -> Result<Response, ApiError> {
    if !figures::may_read(peer(&request), request.headers(), &web.config) {
        return Err(Code::NotFound.into());
    }
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], figures::render()).into_response())
}

pub async fn openapi(Extension(Description(text)): Extension<Description>) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
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
    let unchanged = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let answer: [(HeaderName, HeaderValue); 3] = [
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300, must-revalidate")),
        (ETAG, HeaderValue::from_str(&tag).map_err(doorward_core::error::Error::internal)?),
    ];
    Ok(if unchanged {
        (StatusCode::NOT_MODIFIED, answer).into_response()
    } else {
        (answer, file.data.into_owned()).into_response()
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
