//! An account that does without a password.

use doorward_test_support::{PASSWORD, TestApp};
use serde_json::json;

use super::passkey_sign_in::sign_in;
use super::passkeys::add;

#[tokio::test]
async fn it_is_signed_in_to_by_passkey_alone_and_its_owner_is_told() {
    let app = TestApp::with(|config| config.sign_in.email = false).await;
    let (ada, email) = app.member("ada").await;
    ada.delete("/v1/me/password").await.expect_problem(409, "last_sign_in_method");
    let mut passkey = add(&app, &ada).await;
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let reset = app.mail_to(&email).await.token();

    ada.delete("/v1/me/password").await.expect_status(204);

    let told = app.mail_to(&email).await;
    assert!(told.subject.contains("was removed") && told.text.contains("/not-me?token="), "{}", told.text);
    app.browser().sign_in(&email).await.expect_problem(401, "invalid_credentials");
    sign_in(&app, &app.browser(), &mut passkey).await.expect_status(200);
    ada.get("/v1/session").await.expect_status(200);
    ada.delete("/v1/me/password").await.expect_problem(404, "not_found");
    let body = json!({"token": reset, "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &body).await.expect_problem(400, "invalid_or_expired_token");
    let events =
        "SELECT COUNT(*) FROM audit_events WHERE type = 'password.removed' AND session_id IS NOT NULL";
    assert_eq!(app.count(events).await, 1);
}

#[tokio::test]
async fn where_mails_sign_in_no_passkey_is_needed_and_a_mail_sets_a_password_again() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;

    ada.delete("/v1/me/password").await.expect_status(204);

    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let body = json!({"token": app.mail_to(&email).await.token(), "new_password": "quite another sentence"});
    app.browser().post("/v1/password/reset", &body).await.expect_status(204);
    let body = json!({"identifier": email, "password": "quite another sentence"});
    app.browser().post("/v1/sign-in", &body).await.expect_status(200);
}

#[tokio::test]
async fn the_last_passkey_then_stays() {
    let app = TestApp::with(|config| config.sign_in.email = false).await;
    let (ada, _) = app.member("ada").await;
    add(&app, &ada).await;
    ada.delete("/v1/me/password").await.expect_status(204);
    let id = ada.get("/v1/me/passkeys").await.value()["items"][0]["id"].as_str().unwrap().to_owned();

    ada.delete(&format!("/v1/me/passkeys/{id}")).await.expect_problem(409, "last_sign_in_method");
}
