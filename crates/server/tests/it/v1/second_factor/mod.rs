//! Second factors: set up, asked for whichever way somebody begins, and never skipped.

mod backup_codes;
mod enrol_passkey;
mod every_way;
mod gate;
mod oathtool;
mod passkey;
mod required;
mod restart;
mod second_only;
mod sms;
mod strangers;
mod totp;
mod trusted_device;

use std::time::Duration;

use doorward_test_support::{AuthenticatorApp, Browser, PASSWORD, Reply, TestApp};
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Somebody with an authenticator app, and how they are signed in.
struct Ada {
    browser: Browser,
    email: String,
    phone: AuthenticatorApp,
    codes: Vec<String>,
}

async fn ada(app: &TestApp) -> Ada {
    let (browser, email) = app.member("ada").await;
    let (phone, codes) = app.add_totp(&browser).await;
    Ada { browser, email, phone, codes }
}

/// The first step, by the password.
async fn first_step(browser: &Browser, email: &str) -> String {
    let reply = browser.sign_in(email).await;
    let answer = reply.expect_status(200).value();
    assert_eq!(answer["status"], "mfa_required", "{answer}");
    assert!(reply.set_cookies().is_empty(), "nobody is signed in yet");
    answer["mfa_token"].as_str().unwrap().to_owned()
}

async fn second_step(browser: &Browser, token: &str, method: &str, code: &str) -> Reply {
    browser.post("/v1/sign-in/mfa", &json!({"mfa_token": token, "method": method, "code": code})).await
}

async fn session(browser: &Browser) -> Value {
    browser.get("/v1/session").await.expect_status(200).value()["session"].clone()
}

/// Where only what is tested refuses.
async fn without_limits() -> TestApp {
    TestApp::with(|config| {
        config.rate_limit.enabled = false;
        config.lockout.enabled = false;
    })
    .await
}

fn password(identifier: &str) -> Value {
    json!({"identifier": identifier, "password": PASSWORD})
}
