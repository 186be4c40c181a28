//! Confirming that it is still you.

use std::time::Duration;

use doorward_test_support::{Browser, PASSWORD, TestApp};
use reqwest::Method;
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);

/// Somebody who signed in a while ago, whose session goes on.
async fn stale(app: &TestApp) -> (Browser, String) {
    let (ada, email) = app.member("ada").await;
    app.advance(11 * MINUTE);
    ada.refresh().await.expect_status(200);
    (ada, email)
}

async fn export(browser: &Browser) -> doorward_test_support::Reply {
    browser.get("/v1/me/export").await
}

#[tokio::test]
async fn what_is_sensitive_asks_for_a_sign_in_not_older_than_ten_minutes() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    export(&ada).await.expect_status(200);
    app.advance(9 * MINUTE);
    export(&ada).await.expect_status(200);
    app.advance(2 * MINUTE);
    ada.refresh().await.expect_status(200);

    for (method, path) in
        [(Method::GET, "/v1/me/export"), (Method::POST, "/v1/me/email"), (Method::DELETE, "/v1/me")]
    {
        let reply = ada.send(method, path, &[], None).await;
        reply.expect_problem(403, "reauthentication_required");
    }
    ada.get("/v1/me").await.expect_status(200);
    app.browser().get("/v1/me/export").await.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn the_password_makes_it_fresh_and_tokens_from_before_gain_nothing() {
    let app = TestApp::start().await;
    let (ada, _) = stale(&app).await;
    let older = ada.copy();

    let reply = ada.post("/v1/reauthenticate", &json!({"password": PASSWORD})).await;

    assert_eq!(reply.expect_status(200).value(), json!({"expires_in": 600}));
    export(&ada).await.expect_status(200);
    older.get("/v1/session").await.expect_status(200);
    export(&older).await.expect_problem(403, "reauthentication_required");
    let session = ada.get("/v1/session").await.value()["session"].clone();
    assert!(session["auth_time"].as_str() > session["created_at"].as_str());
    app.advance(11 * MINUTE);
    ada.refresh().await.expect_status(200);
    export(&ada).await.expect_problem(403, "reauthentication_required");
}

#[tokio::test]
async fn a_mailed_code_makes_it_fresh_once_and_for_its_session_alone() {
    let app = TestApp::start().await;
    let (ada, email) = stale(&app).await;
    let other = app.browser();
    other.sign_in(&email).await.expect_status(200);
    app.advance(11 * MINUTE);
    for browser in [&ada, &other] {
        browser.refresh().await.expect_status(200);
    }
    ada.post("/v1/reauthenticate/start", &json!({"method": "email_code"})).await.expect_status(202);
    let code = app.mail_to(&email).await.code();
    let confirm = json!({"method": "email_code", "code": code});

    let elsewhere = other.post("/v1/reauthenticate", &confirm).await;
    elsewhere.expect_problem(400, "invalid_or_expired_code");
    ada.post("/v1/reauthenticate", &confirm).await.expect_status(200);

    export(&ada).await.expect_status(200);
    ada.post("/v1/reauthenticate", &confirm).await.expect_problem(400, "invalid_or_expired_code");
    export(&other).await.expect_problem(403, "reauthentication_required");
}

#[tokio::test]
async fn a_stranger_who_tries_codes_to_sign_in_uses_up_none_of_the_owners_tries() {
    let app = TestApp::start().await;
    let (ada, email) = stale(&app).await;
    let stranger = app.browser();
    for number in 0..21 {
        if number % 5 == 0 {
            stranger.post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
        }
        let body = json!({"email": email, "code": "00000", "new_password": PASSWORD});
        let status = stranger.post("/v1/password/reset", &body).await.status;
        assert_eq!(status, if number < 20 { 400 } else { 429 });
    }

    ada.post("/v1/reauthenticate/start", &json!({"method": "email_code"})).await.expect_status(202);
    let confirm = json!({"method": "email_code", "code": app.mail_to(&email).await.code()});
    ada.post("/v1/reauthenticate", &confirm).await.expect_status(200);
}

#[tokio::test]
async fn who_claims_an_address_that_is_anothers_uses_up_none_of_the_owners_tries() {
    let app = TestApp::start().await;
    let (ada, email) = stale(&app).await;
    let (eve, _) = app.member("eve").await;
    for number in 0..20 {
        if number % 5 == 0 {
            eve.post("/v1/me/email", &json!({"new_email": email})).await.expect_status(202);
        }
        let reply = eve.post("/v1/me/email/verify", &json!({"code": "00000"})).await;
        reply.expect_problem(400, "invalid_or_expired_code");
    }

    ada.post("/v1/reauthenticate/start", &json!({"method": "email_code"})).await.expect_status(202);
    let code = app
        .mails_to(&email)
        .await
        .into_iter()
        .find(|mail| mail.subject.contains("Your code"))
        .unwrap()
        .code();
    ada.post("/v1/reauthenticate", &json!({"method": "email_code", "code": code})).await.expect_status(200);
}

#[tokio::test]
async fn a_client_without_cookies_gets_its_new_tokens_in_the_body() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let body = json!({"identifier": email, "password": PASSWORD, "delivery": "body"});
    let tokens = app.browser().post("/v1/sign-in", &body).await.value();
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = json!({"password": PASSWORD}).to_string().into_bytes();

    let reply = app.browser().send(Method::POST, "/v1/reauthenticate", &headers, Some(body)).await;

    assert!(reply.expect_status(200).set_cookies().is_empty());
    assert!(reply.value()["access_token"].is_string() && reply.value()["refresh_token"].is_string());
}

#[tokio::test]
async fn what_is_wrong_is_told_by_its_field() {
    let app = TestApp::start().await;
    let (ada, email) = stale(&app).await;
    for (body, field, code) in [
        (json!({"password": "not that one"}), "password", "invalid"),
        (json!({}), "password", "required"),
        (json!({"method": "email_code"}), "code", "required"),
        (json!({"code": "123456"}), "method", "required"),
        (json!({"password": PASSWORD, "code": "123456"}), "password", "invalid"),
        (json!({"method": "sms", "code": "1"}), "method", "invalid"),
        (json!({"passwort": PASSWORD}), "passwort", "unknown"),
    ] {
        ada.post("/v1/reauthenticate", &body).await.expect_field(field, code);
    }
    ada.post("/v1/reauthenticate/start", &json!({"method": "sms"})).await.expect_field("method", "invalid");
    let wrong = json!({"method": "email_code", "code": "123456"});
    ada.post("/v1/reauthenticate", &wrong).await.expect_problem(400, "invalid_or_expired_code");
    export(&ada).await.expect_problem(403, "reauthentication_required");
    assert_eq!(app.mails_to(&email).await.len(), 1, "only the verification");
    for path in ["/v1/reauthenticate", "/v1/reauthenticate/start"] {
        app.browser().post(path, &json!({})).await.expect_problem(401, "not_authenticated");
    }
}

#[tokio::test]
async fn where_policy_does_not_let_it_no_code_is_mailed() {
    let app = TestApp::with(|config| config.reauthentication.email_code = false).await;
    let (ada, email) = stale(&app).await;
    let before = app.mails_to(&email).await.len();

    let reply = ada.post("/v1/reauthenticate/start", &json!({"method": "email_code"})).await;

    reply.expect_field("method", "invalid");
    assert_eq!(app.mails_to(&email).await.len(), before);
    assert!(!ada.get("/reauthenticate").await.text.contains("Mail me a code"));
}

#[tokio::test]
async fn a_lost_answer_signs_nobody_out() {
    let app = TestApp::start().await;
    let (ada, _) = stale(&app).await;
    let kept = ada.copy();
    ada.post("/v1/reauthenticate", &json!({"password": PASSWORD})).await.expect_status(200);

    app.advance(MINUTE);
    kept.refresh().await.expect_status(200);

    kept.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn a_tab_that_is_two_tokens_behind_is_answered_whatever_was_proved_meanwhile() {
    for what in ["confirmed", "password changed", "second factor added"] {
        let app = TestApp::start().await;
        let (ada, _) = app.member("ada").await;
        let tab = ada.copy();
        ada.refresh().await.expect_status(200);
        match what {
            "confirmed" => {
                ada.post("/v1/reauthenticate", &json!({"password": PASSWORD})).await.expect_status(200);
            }
            "password changed" => {
                let body = json!({"current_password": PASSWORD, "new_password": "quite another sentence"});
                ada.post("/v1/password/change", &body).await.expect_status(204);
            }
            _ => drop(app.add_totp(&ada).await),
        }

        tab.refresh().await.expect_status(200);

        let [ada, tab] = [&ada, &tab].map(|browser| browser.cookie("doorward_refresh"));
        assert_eq!(ada, tab, "one live branch: {what}");
    }
}
