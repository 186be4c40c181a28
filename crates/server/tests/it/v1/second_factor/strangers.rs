//! What others began, hold copies of or left behind does not become the owner's, and what the owner proves does not become theirs.

use super::*;

#[tokio::test]
async fn a_set_up_that_somebody_else_began_is_neither_shown_nor_finished() {
    let app = TestApp::start().await;
    let (stranger, email) = app.member("ada").await;
    let begun = stranger.post_empty("/v1/me/totp").await.expect_status(200).value();
    let strangers = begun["secret"].as_str().unwrap();
    let owner = app.browser();
    owner.sign_in(&email).await.expect_status(200);
    let code = AuthenticatorApp::of_secret(strangers).code(&app);

    owner.post("/v1/me/totp/confirm", &json!({"code": code})).await.expect_problem(409, "conflict");
    let page = owner.get("/account/two-factor/app").await.expect_status(200).text.replace(' ', "");

    assert!(page.contains("otpauth") && !page.contains(strangers), "another secret is shown");
    stranger.post("/v1/me/totp/confirm", &json!({"code": code})).await.expect_problem(409, "conflict");
}

#[tokio::test]
async fn a_set_up_is_that_of_its_sign_in() {
    let mut app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    app.restart_with(|config| config.mfa.required_for = vec!["user".to_owned()]).await;
    let begin = async |browser: &Browser| {
        let token = browser.sign_in(&email).await.expect_status(200).value()["mfa_token"].clone();
        let set_up = browser.post("/v1/sign-in/enrol/totp", &json!({"mfa_token": token})).await;
        (token, set_up.expect_status(200).value()["secret"].as_str().unwrap().to_owned())
    };
    let (stranger, owner) = (app.browser(), app.browser());
    let (strangers_token, strangers) = begin(&stranger).await;
    let (token, secret) = begin(&owner).await;
    assert_ne!(strangers, secret);

    let code = AuthenticatorApp::of_secret(&strangers).code(&app);
    let body = json!({"mfa_token": strangers_token, "code": code});
    stranger.post("/v1/sign-in/enrol/totp/confirm", &body).await.expect_problem(409, "conflict");
    let body = json!({"mfa_token": token, "code": AuthenticatorApp::of_secret(&secret).code(&app)});
    owner.post("/v1/sign-in/enrol/totp/confirm", &body).await.expect_status(200);
}

#[tokio::test]
async fn a_copied_refresh_token_gains_nothing_by_what_the_owner_proves() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    let body = json!({"mfa_token": token, "method": "totp", "code": ada.phone.next_code(&app), "trust_device": true});
    browser.post("/v1/sign-in/mfa", &body).await.expect_status(200);
    browser.post_empty("/v1/sign-out").await.expect_status(204);
    browser.sign_in(&ada.email).await.expect_status(200);
    let copied = browser.copy();

    let proof = json!({"method": "totp", "code": ada.phone.next_code(&app)});
    browser.post("/v1/reauthenticate", &proof).await.expect_status(200);
    app.advance(Duration::from_secs(11));

    copied.refresh().await.expect_problem(401, "token_reused");
}

#[tokio::test]
async fn other_processes_hear_of_what_a_session_has_proved() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    let body = json!({"mfa_token": token, "method": "totp", "code": ada.phone.next_code(&app), "trust_device": true});
    browser.post("/v1/sign-in/mfa", &body).await.expect_status(200);
    browser.post_empty("/v1/sign-out").await.expect_status(204);
    browser.sign_in(&ada.email).await.expect_status(200);
    let other = app.second_process().await;
    let before = other.sessions.check(&browser.access_token()).await.unwrap();
    assert_eq!(before.session.acr, "aal1");

    let proof = json!({"method": "totp", "code": ada.phone.next_code(&app)});
    browser.post("/v1/reauthenticate", &proof).await.expect_status(200);
    other.sessions.hear_changes().await.unwrap();

    assert_eq!(other.sessions.check(&browser.access_token()).await.unwrap().session.acr, "aal2");
}

#[tokio::test]
async fn a_device_that_a_removed_passkey_may_have_trusted_is_trusted_no_more() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    crate::v1::passkeys::add(&app, &ada.browser).await;
    let trusting = app.browser();
    let token = first_step(&trusting, &ada.email).await;
    let body = json!({"mfa_token": token, "method": "totp", "code": ada.phone.next_code(&app), "trust_device": true});
    trusting.post("/v1/sign-in/mfa", &body).await.expect_status(200);
    trusting.post_empty("/v1/sign-out").await.expect_status(204);
    let passkeys = ada.browser.get("/v1/me/passkeys").await.value();
    let id = passkeys["items"][0]["id"].as_str().unwrap();

    ada.browser.delete(&format!("/v1/me/passkeys/{id}")).await.expect_status(204);

    first_step(&trusting, &ada.email).await;
}

#[tokio::test]
async fn who_needs_a_second_factor_is_asked_for_the_passkey_that_is_left() {
    let app = TestApp::with(|config| config.mfa.required_for = vec!["admin".to_owned()]).await;
    let ada = ada(&app).await;
    app.grant(&ada.email, "admin").await;
    crate::v1::passkeys::add(&app, &ada.browser).await;

    ada.browser.delete("/v1/me/totp").await.expect_status(204);

    let factors = ada.browser.get("/v1/me/factors").await.value();
    assert_eq!((&factors["mfa_enabled"], &factors["passkey_second_factor"]), (&json!(true), &json!(true)));
    assert!(factors["items"].to_string().contains("backup_codes"), "the codes stay good: {factors}");
}
