//! Calls of the JSON API from the pages of configured origins, with credentials. By default there are none.

use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

/// The origin of a request, where the settings let it in.
pub fn allowed_origin<'h>(headers: &'h HeaderMap, allowed: &[String]) -> Option<&'h HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then_some(origin)
}

/// The answer to a preflight (Fetch, section 3.3.6) from an origin that is let in. [`allow`] completes it.
pub fn preflight(method: &Method, headers: &HeaderMap) -> Option<Response> {
    if method != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let answer = response.headers_mut();
    answer.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"),
    );
    answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    Some(response)
}

/// Lets a page of this origin read the answer. Without one the answer says only that others may get another.
pub fn allow(answer: &mut HeaderMap, origin: Option<HeaderValue>) {
    answer.append(VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin else { return };
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    answer.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("x-request-id, retry-after, ratelimit, ratelimit-policy"),
    );
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::ORIGIN;

    use super::allowed_origin;

    #[test]
    fn origins_are_compared_byte_by_byte() {
        let allowed = ["https://app.example.com".to_owned(), "http://localhost:3000".to_owned()];
        let is_allowed = |origin: &str| {
            let headers: HeaderMap = [(ORIGIN, origin.parse().unwrap())].into_iter().collect();
            allowed_origin(&headers, &allowed).is_some_and(|value| value == origin)
        };
        assert!(is_allowed("https://app.example.com") && is_allowed("http://localhost:3000"));
        for origin in [
            "",
            "null",
            "*",
            "https://app.example.com/",
            "https://app.example.com:443",
            "https://APP.example.com",
            "http://app.example.com",
            "https://x.app.example.com",
            "https://app.example.com.evil.example",
            "https://app.example.com https://evil.example",
            "http://localhost",
            "http://localhost:30000",
        ] {
            assert!(!is_allowed(origin), "{origin}");
        }
        assert!(allowed_origin(&HeaderMap::new(), &allowed).is_none());
    }
}
