//! Requests that another site's page made a browser send. `Sec-Fetch-Site` decides (W3C Fetch Metadata); without it,
//! `Origin`. A request with neither comes from no browser.

use http::header::ORIGIN;
use http::{HeaderMap, Method};

/// Whether a request may change something. `own` is our origin, `allowed` are those that the settings let in.
pub fn may_change(method: &Method, headers: &HeaderMap, own: &str, allowed: &[String]) -> bool {
    if method.is_safe() {
        return true;
    }
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or("null"));
    let is_allowed = |origin: &str| allowed.iter().any(|allowed| allowed == origin);
    match headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => true,
        Some(_) => origin.is_some_and(is_allowed),
        None => origin.is_none_or(|origin| origin == own || is_allowed(origin)),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};

    use super::may_change;

    fn decide(method: Method, site: Option<&str>, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(site) = site {
            headers.insert("sec-fetch-site", site.parse().unwrap());
        }
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        may_change(&method, &headers, "https://auth.example.com", &["https://app.example.com".to_owned()])
    }

    #[test]
    fn what_changes_nothing_passes() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(decide(method, Some("cross-site"), Some("https://evil.example")));
        }
    }

    #[test]
    fn fetch_metadata_decides_first() {
        let own = Some("https://auth.example.com");
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(decide(method.clone(), Some("same-origin"), None));
            assert!(decide(method.clone(), Some("none"), None));
            assert!(!decide(method.clone(), Some("same-site"), own));
            assert!(!decide(method.clone(), Some("cross-site"), own));
            assert!(!decide(method.clone(), Some("cross-site"), None));
            assert!(!decide(method.clone(), Some("something new"), own));
            assert!(decide(method, Some("same-site"), Some("https://app.example.com")));
        }
    }

    #[test]
    fn without_fetch_metadata_the_origin_decides() {
        assert!(decide(Method::POST, None, Some("https://auth.example.com")));
        assert!(decide(Method::POST, None, Some("https://app.example.com")));
        for origin in
            ["null", "https://evil.example", "http://auth.example.com", "https://auth.example.com:444", ""]
        {
            assert!(!decide(Method::POST, None, Some(origin)), "{origin}");
        }
    }

    #[test]
    fn what_is_no_browser_passes() {
        assert!(decide(Method::POST, None, None));
    }
}
