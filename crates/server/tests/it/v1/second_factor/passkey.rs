use doorward_test_support::{How, SoftPasskey};

use super::super::passkeys::{add, add_with};
use super::*;

/// Begins the passkey's part of the second step.
pub async fn start(browser: &Browser, mfa_token: &str) -> (Value, Value) {
    let body = json!({"mfa_token": mfa_token, "method": "passkey"});
    let started = browser.post("/v1/sign-in/mfa/start", &body).await.expect_status(200).value();
    (started["passkey_token"].clone(), started["options"].clone())
}

pub fn answer(mfa_token: &str, passkey_token: &Value, credential: &Value) -> Value {
    json!({"mfa_token": mfa_token, "method": "passkey", "passkey_token": passkey_token, "credential": credential})
}

/// The first step by a passkey whose authenticator verifies nobody.
async fn first_step_by_passkey(browser: &Browser, passkey: &mut SoftPasskey, how: &How) -> Value {
    let started = browser.post_empty("/v1/sign-in/passkey/start").await.expect_status(200).value();
    let credential = passkey.get(&started["options"], how);
    let body = json!({"passkey_token": started["passkey_token"], "credential": credential});
    browser.post("/v1/sign-in/passkey/finish", &body).await.expect_status(200).value()
}

fn unverified(app: &TestApp) -> How {
    How { user_verified: false, ..How::on(&app.url) }
}

#[tokio::test]
async fn a_passkey_is_the_second_step_after_a_password() {
    let app = without_limits().await;
    let ada = ada(&app).await;
    let mut passkey = add(&app, &ada.browser).await;
    let browser = app.browser();
    let answered = browser.sign_in(&ada.email).await.value();
    assert_eq!(answered["methods"], json!(["totp", "passkey", "backup_code"]));
    let token = answered["mfa_token"].as_str().unwrap().to_owned();

    let (passkey_token, options) = start(&browser, &token).await;
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    let credential = passkey.get(&options, &How::on(&app.url));
    let body = answer(&token, &passkey_token, &credential);
    let replies = all(&app, &body).await;

    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
    browser.post("/v1/sign-in/mfa", &body).await.expect_problem(400, "invalid_or_expired_token");
}

async fn all(app: &TestApp, body: &Value) -> Vec<u16> {
    doorward_test_support::all_at_once(0..50, |_| {
        let browser = app.browser();
        async move { browser.post("/v1/sign-in/mfa", body).await.status }
    })
    .await
}

#[tokio::test]
async fn a_passkey_that_verified_its_user_is_two_factors_and_one_that_did_not_is_one() {
    let app = without_limits().await;
    let ada = ada(&app).await;
    let mut verifying = add(&app, &ada.browser).await;
    let mut plain = add_with(&ada.browser, &unverified(&app)).await;

    let browser = app.browser();
    let answered = first_step_by_passkey(&browser, &mut verifying, &How::on(&app.url)).await;
    assert_eq!(answered["status"], "signed_in");
    assert_eq!(session(&browser).await["acr"], "aal2");

    let browser = app.browser();
    let answered = first_step_by_passkey(&browser, &mut plain, &unverified(&app)).await;
    assert_eq!(answered["status"], "mfa_required");
    browser.get("/v1/session").await.expect_problem(401, "not_authenticated");
    let token = answered["mfa_token"].as_str().unwrap();
    let (passkey_token, options) = start(&browser, token).await;
    assert_eq!(options["userVerification"], "required", "what is known to be needed is asked for at once");
    let credential = plain.get(&options, &unverified(&app));
    let body = answer(token, &passkey_token, &credential);
    browser.post("/v1/sign-in/mfa", &body).await.expect_problem(401, "user_verification_required");
    second_step(&browser, token, "totp", &ada.phone.next_code(&app)).await.expect_status(200);
    let session = session(&browser).await;
    assert_eq!((&session["acr"], &session["amr"]), (&json!("aal2"), &json!(["swk", "user", "otp", "mfa"])));
}

#[tokio::test]
async fn what_belongs_to_another_sign_in_or_account_opens_nothing() {
    let app = without_limits().await;
    let (ada, eve) = (ada(&app).await, super::ada(&app).await);
    let mut passkey = add(&app, &ada.browser).await;
    let mut hers = add(&app, &eve.browser).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    let other = first_step(&browser, &ada.email).await;

    let (passkey_token, options) = start(&browser, &token).await;
    let credential = passkey.get(&options, &How::on(&app.url));
    let wrong_flow = answer(&other, &passkey_token, &credential);
    browser.post("/v1/sign-in/mfa", &wrong_flow).await.expect_problem(400, "invalid_or_expired_token");
    let (passkey_token, options) = start(&browser, &token).await;
    let credential = hers.get(&options, &How::on(&app.url));
    let reply = browser.post("/v1/sign-in/mfa", &answer(&token, &passkey_token, &credential)).await;
    reply.expect_problem(401, "invalid_credentials");
    let started = browser.post_empty("/v1/sign-in/passkey/start").await.value();
    let credential = passkey.get(&started["options"], &How::on(&app.url));
    let reply =
        browser.post("/v1/sign-in/mfa", &answer(&token, &started["passkey_token"], &credential)).await;
    reply.expect_problem(400, "invalid_or_expired_token");
    browser.get("/v1/session").await.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn an_owner_has_a_passkey_asked_for_after_the_password() {
    let app = without_limits().await;
    let (browser, email) = app.member("ada").await;
    let on = json!({"passkey_second_factor": true});
    browser.patch("/v1/me/factors", &on).await.expect_problem(409, "conflict");
    let mut passkey = add(&app, &browser).await;
    assert_eq!(app.browser().sign_in(&email).await.value()["status"], "signed_in", "not before they say so");

    let changed = browser.patch("/v1/me/factors", &on).await.expect_status(200).value();

    assert_eq!((&changed["mfa_enabled"], &changed["passkey_second_factor"]), (&json!(true), &json!(true)));
    assert_eq!(changed["backup_codes"].as_array().unwrap().len(), 10);
    let other = app.browser();
    let answered = other.sign_in(&email).await.value();
    assert_eq!(answered["methods"], json!(["passkey", "backup_code"]));
    let token = answered["mfa_token"].as_str().unwrap();
    let (passkey_token, options) = start(&other, token).await;
    let credential = passkey.get(&options, &How::on(&app.url));
    other.post("/v1/sign-in/mfa", &answer(token, &passkey_token, &credential)).await.expect_status(200);
    let id = other.get("/v1/me/passkeys").await.value()["items"][0]["id"].as_str().unwrap().to_owned();
    other.delete(&format!("/v1/me/passkeys/{id}")).await.expect_status(204);
    assert_eq!(other.get("/v1/me/factors").await.value()["mfa_enabled"], false);
    assert_eq!(app.browser().sign_in(&email).await.value()["status"], "signed_in");
}

#[tokio::test]
async fn where_a_second_factor_is_needed_a_passkey_will_do_and_the_last_one_stays() {
    let app = TestApp::with(|config| config.mfa.required_for = vec!["admin".to_owned()]).await;
    let (browser, email) = app.member("ada").await;
    let mut passkey = add(&app, &browser).await;
    app.grant(&email, "admin").await;

    let browser = app.browser();
    let answered = browser.sign_in(&email).await.value();

    assert_eq!((&answered["status"], &answered["methods"]), (&json!("mfa_required"), &json!(["passkey"])));
    let token = answered["mfa_token"].as_str().unwrap();
    let (passkey_token, options) = start(&browser, token).await;
    let credential = passkey.get(&options, &How::on(&app.url));
    browser.post("/v1/sign-in/mfa", &answer(token, &passkey_token, &credential)).await.expect_status(200);
    let id = browser.get("/v1/me/passkeys").await.value()["items"][0]["id"].as_str().unwrap().to_owned();
    browser.delete(&format!("/v1/me/passkeys/{id}")).await.expect_problem(409, "conflict");
}

#[tokio::test]
async fn whoever_knows_the_password_uses_up_no_count_of_the_owners() {
    let app = TestApp::with(|config| {
        config.rate_limit.enabled = true;
        config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let ada = ada(&app).await;
    add(&app, &ada.browser).await;
    let strangers = app.browser();
    let token = first_step(&strangers, &ada.email).await;
    let body = json!({"mfa_token": token, "method": "passkey"});
    let from = |network: u32| {
        [
            ("content-type", "application/json"),
            ("x-forwarded-for", ["9.9.9.1", "9.8.9.1"][network as usize % 2]),
        ]
    };
    let mut refused = 0;
    for n in 0..150 {
        let sent = Some(body.to_string().into_bytes());
        let reply = strangers.send(reqwest::Method::POST, "/v1/sign-in/mfa/start", &from(n), sent).await;
        refused += u32::from(reply.status == 429);
    }
    assert!(refused > 0, "the stranger's own sign-in is limited");

    let owner = app.browser();
    let token = first_step(&owner, &ada.email).await;
    start(&owner, &token).await;
    super::super::passkeys::start(&ada.browser).await;
    let confirming = ada.browser.post("/v1/reauthenticate/start", &json!({"method": "passkey"})).await;
    confirming.expect_status(200);
}
