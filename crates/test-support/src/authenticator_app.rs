use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use doorward_core::context::Clock as _;
use doorward_crypto::otp;
use serde_json::json;

use crate::{Browser, TestApp};

/// An authenticator app with one account in it.
#[derive(Debug, Clone)]
pub struct AuthenticatorApp(Vec<u8>);

impl AuthenticatorApp {
    /// As somebody types it in.
    pub fn of_secret(base32: &str) -> Self {
        let typed: String = base32.chars().filter(|c| !c.is_whitespace()).collect();
        Self(BASE32_NOPAD.decode(typed.as_bytes()).unwrap())
    }

    /// What it shows now, by the test's clock.
    pub fn code(&self, app: &TestApp) -> String {
        self.code_at(app, 0)
    }

    /// What it shows so many steps from now.
    pub fn code_at(&self, app: &TestApp, steps: i64) -> String {
        otp::code(&self.0, otp::step_at(app.clock.now().seconds()) + steps)
    }

    /// What it shows by this machine's clock, to a server that goes by it too.
    pub fn code_now(&self) -> String {
        otp::code(&self.0, otp::step_at(doorward_core::context::SystemClock::machine_now().seconds()))
    }

    /// What it shows next: the clock moves on, since each code works once.
    pub fn next_code(&self, app: &TestApp) -> String {
        app.advance(Duration::from_secs(30));
        self.code(app)
    }
}

impl TestApp {
    /// Sets up an authenticator app for whoever is signed in. Answers it, and the backup codes.
    pub async fn add_totp(&self, browser: &Browser) -> (AuthenticatorApp, Vec<String>) {
        let set_up = browser.post_empty("/v1/me/totp").await.expect_status(200).value();
        let phone = AuthenticatorApp::of_secret(set_up["secret"].as_str().unwrap());
        let added = browser.post("/v1/me/totp/confirm", &json!({"code": phone.code(self)})).await;
        let codes = added.expect_status(200).value()["backup_codes"].clone();
        (phone, serde_json::from_value(codes).unwrap_or_default())
    }
}
