//! Codes of the real `oathtool`, which reads the address that is in the picture to scan, as an app would.

use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use doorward_core::context::Clock as _;

use super::*;

/// An authenticator app that is not ours.
struct Oathtool {
    program: std::ffi::OsString,
    told: HashMap<String, String>,
}

impl Oathtool {
    /// With what an `otpauth` address says; what it leaves out is as everybody takes it.
    fn scan(program: std::ffi::OsString, otpauth_uri: &str) -> Self {
        let uri = url::Url::parse(otpauth_uri).unwrap();
        assert_eq!((uri.scheme(), uri.host_str()), ("otpauth", Some("totp")));
        Self { program, told: uri.query_pairs().into_owned().collect() }
    }

    /// The code that it shows now, by the test's clock.
    fn code(&self, app: &TestApp) -> String {
        let told = |name: &str, usual: &str| self.told.get(name).map_or(usual, String::as_str).to_owned();
        let mut oathtool = Command::new(&self.program);
        oathtool.arg(format!("--totp={}", told("algorithm", "SHA1")));
        oathtool.args(["--digits", &told("digits", "6")]);
        oathtool.arg(format!("--time-step-size={}s", told("period", "30")));
        oathtool.arg(format!("--now=@{}", app.clock.now().seconds()));
        let mut running = oathtool
            .args(["--base32", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("DOORWARD_TEST_OATHTOOL is oathtool");
        writeln!(running.stdin.take().unwrap(), "{}", self.told["secret"]).unwrap();
        let shown = running.wait_with_output().unwrap();
        assert!(shown.status.success(), "oathtool ended with {}", shown.status);
        String::from_utf8(shown.stdout).unwrap().trim().to_owned()
    }
}

#[tokio::test]
async fn the_codes_of_an_app_that_is_not_ours_set_it_up_and_sign_in_once_each() {
    let Some(program) = std::env::var_os("DOORWARD_TEST_OATHTOOL") else { return };
    let app = without_limits().await;
    let (browser, email) = app.member("ada").await;
    let set_up = browser.post_empty("/v1/me/totp").await.expect_status(200).value();
    let phone = Oathtool::scan(program, set_up["otpauth_uri"].as_str().unwrap());

    let added = browser.post("/v1/me/totp/confirm", &json!({"code": phone.code(&app)})).await;

    added.expect_status(200);
    // Years ahead too, when there are more seconds than fit into 31 bits.
    for later in [Duration::from_secs(30), DAY, 365 * DAY, 15 * 365 * DAY] {
        app.advance(later);
        let other = app.browser();
        let (token, code) = (first_step(&other, &email).await, phone.code(&app));
        second_step(&other, &token, "totp", &code).await.expect_status(200);
        assert_eq!(session(&other).await["amr"], json!(["pwd", "otp", "mfa"]));
        let token = first_step(&other, &email).await;
        second_step(&other, &token, "totp", &code).await.expect_problem(400, "invalid_or_expired_code");
    }
    let other = app.browser();
    let token = first_step(&other, &email).await;
    let early = phone.code(&app);
    app.advance(3 * MINUTE);
    second_step(&other, &token, "totp", &early).await.expect_problem(400, "invalid_or_expired_code");
}
