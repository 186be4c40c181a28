//! A passkey that became the only second factor, and "this was not me" after it.

use doorward_test_support::{How, SoftPasskey};

use super::super::passkey_sign_in::sign_in;
use super::super::passkeys::add;
use super::super::recovery::by_the_mailbox_alone;
use super::passkey::{answer, start};
use super::*;

/// Somebody who has a passkey, has sign-ins ask for it after the password for a while, and has put another in its place.
async fn replaced(app: &TestApp) -> (String, SoftPasskey) {
    let (ada, email) = app.member("ada").await;
    let mut first = add(app, &ada).await;
    ada.patch("/v1/me/factors", &json!({"passkey_second_factor": true})).await.expect_status(200);
    let earlier = ada.get("/v1/me/passkeys").await.value()["items"][0]["id"].clone();
    app.advance(8 * DAY);
    let ada = app.browser();
    sign_in(app, &ada, &mut first).await.expect_status(200);
    let second = add(app, &ada).await;
    ada.delete(&format!("/v1/me/passkeys/{}", earlier.as_str().unwrap())).await.expect_status(204);
    (email, second)
}

#[tokio::test]
async fn the_mailbox_alone_does_not_get_past_it() {
    let app = TestApp::start().await;
    let (email, _) = replaced(&app).await;
    let token = app.mail_to(&email).await.token();
    let page = app.browser().get(&format!("/not-me?token={token}")).await;
    let text = &page.expect_status(200).text;
    assert!(
        text.contains("sign in only together with the password") && !text.contains("remove the passkey"),
        "{text}"
    );

    assert_eq!(by_the_mailbox_alone(&app, &email).await, "mfa_required");
}

#[tokio::test]
async fn it_signs_in_by_itself_again_once_it_has_come_second() {
    let app = TestApp::start().await;
    let (email, mut passkey) = replaced(&app).await;
    by_the_mailbox_alone(&app, &email).await;
    let refused = sign_in(&app, &app.browser(), &mut passkey).await;
    refused.expect_problem(401, "invalid_credentials");
    assert!(refused.text.contains("Sign in with your password, then use it."), "{}", refused.text);

    let owner = app.browser();
    let body = json!({"identifier": email, "password": "quite another sentence"});
    let token = owner.post("/v1/sign-in", &body).await.value()["mfa_token"].as_str().unwrap().to_owned();
    let (passkey_token, options) = start(&owner, &token).await;
    let credential = passkey.get(&options, &How::on(&app.url));
    let body = answer(&token, &passkey_token, &credential);
    owner.post("/v1/sign-in/mfa", &body).await.expect_status(200);

    sign_in(&app, &app.browser(), &mut passkey).await.expect_status(200);
}

#[tokio::test]
async fn where_an_app_is_left_a_new_passkey_goes() {
    let app = TestApp::start().await;
    let mut ada = ada(&app).await;
    app.advance(8 * DAY);
    ada.browser = app.browser();
    let token = first_step(&ada.browser, &ada.email).await;
    second_step(&ada.browser, &token, "totp", &ada.phone.next_code(&app)).await.expect_status(200);
    let mut planted = add(&app, &ada.browser).await;

    assert_eq!(by_the_mailbox_alone(&app, &ada.email).await, "mfa_required");

    let refused = sign_in(&app, &app.browser(), &mut planted).await;
    refused.expect_problem(401, "passkey_unknown");
}
