//! What gateways ask, and what they hand on.

mod forward_auth;
mod real;
mod renew;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use doorward_test_support::{Browser, Reply};
use reqwest::Method;
use serde_json::Value;

/// Asks as a gateway does for a browser that wants `url`.
async fn ask(browser: &Browser, query: &str, url: &str, more: &[(&str, &str)]) -> Reply {
    let headers = [&[("x-original-url", url), ("x-original-method", "GET")], more].concat();
    browser.send(Method::GET, &format!("/forward-auth{query}"), &headers, None).await
}

/// A token's header and claims, as it says itself.
fn read(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

/// Where an address leads: the path on the server under test.
fn path(url: &str) -> &str {
    url.find("://").and_then(|at| url[at + 3..].find('/').map(|slash| &url[at + 3 + slash..])).unwrap_or(url)
}
