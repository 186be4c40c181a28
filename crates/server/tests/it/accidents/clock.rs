//! A clock that was ahead by weeks, and is right again.

use std::time::Duration;

use doorward_test_support::{PASSWORD, TestApp};
use serde_json::json;

const AHEAD: Duration = Duration::from_secs(20 * 24 * 60 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

#[tokio::test]
async fn nobody_is_locked_out_until_the_day_that_the_clock_showed() {
    let app = TestApp::with(|config| config.lockout.enabled = true).await;
    let (_, email) = app.member("ada").await;
    app.advance(AHEAD);
    let wrong = json!({"identifier": email, "password": "not the right password"});
    for _ in 0..12 {
        app.browser().post("/v1/sign-in", &wrong).await;
        app.advance(Duration::from_secs(20 * 60));
    }
    app.browser().post("/v1/sign-in", &wrong).await;
    app.browser().sign_in(&email).await.expect_problem(429, "rate_limited");

    app.clock.turn_back(AHEAD);

    app.browser().sign_in(&email).await.expect_status(200);
}

#[tokio::test]
async fn a_session_from_then_is_not_fresh_for_weeks_and_its_token_is_refreshed() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    app.advance(AHEAD);
    let browser = app.browser();
    browser.sign_in(&email).await.expect_status(200);
    browser.get("/v1/me/export").await.expect_status(200);

    app.clock.turn_back(AHEAD);

    browser.get("/v1/session").await.expect_problem(401, "token_expired");
    browser.refresh().await.expect_status(200);
    browser.get("/v1/session").await.expect_status(200);
    browser.get("/v1/me/export").await.expect_problem(403, "reauthentication_required");
    browser.post("/v1/reauthenticate", &json!({"password": PASSWORD})).await.expect_status(200);
    browser.get("/v1/me/export").await.expect_status(200);
}

#[tokio::test]
async fn codes_and_links_from_then_are_worth_nothing() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    app.advance(AHEAD);
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let mail = app.mail_to(&email).await;

    app.clock.turn_back(AHEAD);
    app.advance(HOUR);

    let new = "another correct horse battery";
    let by_code = json!({"email": email, "code": mail.code(), "new_password": new});
    app.browser().post("/v1/password/reset", &by_code).await.expect_problem(400, "invalid_or_expired_code");
    let by_link = json!({"token": mail.token(), "new_password": new});
    app.browser().post("/v1/password/reset", &by_link).await.expect_problem(400, "invalid_or_expired_token");
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    // Not the one from the time to come, which still counts as the newest.
    let newer = app.mails_to(&email).await.into_iter().find(|newer| newer.text != mail.text).unwrap();
    let link = json!({"token": newer.token(), "new_password": new});
    app.browser().post("/v1/password/reset", &link).await.expect_status(204);
}
