//! The headers of every answer, whoever made it.

use doorward_core::config::Config;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

const LOADS: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                     font-src 'self'";
const NOWHERE: &str = "base-uri 'none'; frame-ancestors 'none'";
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const NO_PERMISSIONS: HeaderValue = HeaderValue::from_static("camera=(), geolocation=(), microphone=()");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const ORIGIN_ONLY: HeaderValue = HeaderValue::from_static("strict-origin-when-cross-origin");

/// The policy of every page. A form's answer may lead on to where `redirect_to` may: browsers hold the whole way of a form to
/// it, redirects included.
pub fn policy(config: &Config) -> HeaderValue {
    let pages = config.pages_base_url.origin().ascii_serialization();
    let elsewhere = std::iter::once(&pages).filter(|pages| **pages != config.origin());
    let allowed = elsewhere.chain(&config.http.allowed_redirects);
    let forms = allowed.fold("form-action 'self'".to_owned(), |text, origin| format!("{text} {origin}"));
    // Origins as they are serialised have nothing that a header could not hold.
    HeaderValue::from_str(&format!("{LOADS}; {forms}; {NOWHERE}"))
        .unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Adds them. What may be cached, and policies of the answer's own, are the handler's to say.
pub fn set(
    headers: &mut HeaderMap,
    request_id: HeaderValue,
    policy: &HeaderValue,
    token_in_address: bool,
    https: bool,
) {
    headers.reserve(9);
    headers.insert(X_REQUEST_ID, request_id);
    headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    headers.entry(CONTENT_SECURITY_POLICY).or_insert_with(|| policy.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(X_FRAME_OPTIONS, DENY);
    headers.insert(OPENER_POLICY, SAME_ORIGIN);
    headers.insert(PERMISSIONS_POLICY, NO_PERMISSIONS);
    headers.entry(REFERRER_POLICY).or_insert(if token_in_address { NO_REFERRER } else { ORIGIN_ONLY });
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    }
}
