//! Signing keys and the master key, as verifiers, clients and the operator see their rotation.

mod master;
mod revoke;
mod rotate;

use std::time::{Duration, Instant};

use doorward_core::context::Caller;
use doorward_test_support::{Browser, Reply, TestApp};
use reqwest::Method;
use serde_json::Value;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn test() -> Caller {
    Caller::system("test")
}

fn access_token(browser: &Browser) -> String {
    browser.cookie("doorward_access").unwrap()
}

/// Asks who is signed in, with a token and no cookie.
async fn check(app: &TestApp, token: &str) -> Reply {
    let authorization = format!("Bearer {token}");
    app.browser().send(Method::GET, "/v1/session", &[("authorization", &authorization)], None).await
}

async fn jwks(app: &TestApp) -> Value {
    app.browser().get("/.well-known/jwks.json").await.value()
}

async fn kids(app: &TestApp) -> Vec<String> {
    let jwks = jwks(app).await;
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn header(token: &str) -> Value {
    use base64::Engine as _;
    let header = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice(&header).unwrap()
}

fn kid_of(token: &str) -> String {
    header(token)["kid"].as_str().unwrap().to_owned()
}

async fn events(app: &TestApp, sql: &'static str) -> i64 {
    app.count(sql).await
}

async fn within_a_second(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(1), "not within a second: {what}");
        tokio::task::yield_now().await;
    }
}
