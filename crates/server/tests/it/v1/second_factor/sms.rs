use doorward_core::config::{Config, Sms};
use doorward_test_support::sms_code;

use super::*;

const NUMBER: &str = "+436641234567";

fn on(config: &mut Config) {
    config.sms = Some(Sms { countries: vec!["+43".to_owned()], hourly_per_country: 100 });
    config.rate_limit.enabled = false;
}

async fn newest_code(app: &TestApp) -> String {
    sms_code(app.sms_to(NUMBER).await.first().expect("an SMS"))
}

/// Somebody whose second factor is a phone number.
async fn reachable(app: &TestApp) -> (Browser, String) {
    let (browser, email) = app.member("ada").await;
    browser.post("/v1/me/phone", &json!({"phone_number": NUMBER})).await.expect_status(202);
    let code = newest_code(app).await;
    browser.post("/v1/me/phone/verify", &json!({"code": code})).await.expect_status(200);
    (browser, email)
}

async fn send(browser: &Browser, token: &str) -> Reply {
    browser.post("/v1/sign-in/mfa/start", &json!({"mfa_token": token, "method": "sms"})).await
}

#[tokio::test]
async fn a_code_by_sms_is_the_second_step_for_the_sign_in_that_it_was_sent_for() {
    let app = TestApp::with(on).await;
    let (ada, email) = reachable(&app).await;
    assert_eq!(session(&ada).await["acr"], "aal2");
    let browser = app.browser();
    let answered = browser.sign_in(&email).await.value();
    assert_eq!(answered["methods"], json!(["sms", "backup_code"]));
    let token = answered["mfa_token"].as_str().unwrap();
    let other = first_step(&browser, &email).await;
    app.advance(MINUTE);
    send(&browser, token).await.expect_status(202);
    let code = newest_code(&app).await;

    second_step(&browser, &other, "sms", &code).await.expect_problem(400, "invalid_or_expired_code");
    second_step(&browser, token, "sms", &code).await.expect_status(200);

    let session = session(&browser).await;
    assert_eq!((&session["acr"], &session["amr"]), (&json!("aal2"), &json!(["pwd", "sms", "mfa"])));
    second_step(&browser, &other, "sms", &code).await.expect_problem(400, "invalid_or_expired_code");
}

#[tokio::test]
async fn of_fifty_uses_of_one_code_at_once_one_gets_in() {
    let app = TestApp::with(on).await;
    let (_, email) = reachable(&app).await;
    let token = first_step(&app.browser(), &email).await;
    app.advance(MINUTE);
    send(&app.browser(), &token).await.expect_status(202);
    let code = newest_code(&app).await;

    let replies = doorward_test_support::all_at_once(0..50, |_| {
        let (browser, token, code) = (app.browser(), token.clone(), code.clone());
        async move { second_step(&browser, &token, "sms", &code).await.status }
    })
    .await;

    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
}

#[tokio::test]
async fn a_code_by_sms_confirms_who_it_is() {
    let app = TestApp::with(on).await;
    let (ada, _) = reachable(&app).await;
    app.advance(11 * MINUTE);
    ada.refresh().await.expect_status(200);
    ada.post_empty("/v1/me/backup-codes").await.expect_problem(403, "reauthentication_required");

    ada.post("/v1/reauthenticate/start", &json!({"method": "sms"})).await.expect_status(202);
    let code = newest_code(&app).await;
    ada.post("/v1/reauthenticate", &json!({"method": "sms", "code": code})).await.expect_status(200);

    ada.post_empty("/v1/me/backup-codes").await.expect_status(200);
}

#[tokio::test]
async fn with_the_number_the_second_step_goes() {
    let app = TestApp::with(on).await;
    let (ada, email) = reachable(&app).await;

    ada.delete("/v1/me/phone").await.expect_status(204);

    assert_eq!(app.browser().sign_in(&email).await.value()["status"], "signed_in");
    assert_eq!(app.count("SELECT COUNT(*) FROM backup_codes").await, 0);
}

#[tokio::test]
async fn where_sms_was_switched_off_a_backup_code_or_a_new_factor_gets_in_and_never_the_password_alone() {
    let mut app = TestApp::with(on).await;
    let (ada, email) = app.member("ada").await;
    ada.post("/v1/me/phone", &json!({"phone_number": NUMBER})).await.expect_status(202);
    let code = json!({"code": newest_code(&app).await});
    let added = ada.post("/v1/me/phone/verify", &code).await.expect_status(200).value();
    let code = added["backup_codes"][0].as_str().unwrap().to_owned();

    app.restart_with(|config| config.sms = None).await;

    let browser = app.browser();
    let answered = browser.sign_in(&email).await.value();
    assert_eq!(
        (&answered["status"], &answered["methods"]),
        (&json!("mfa_required"), &json!(["backup_code"]))
    );
    let body = json!({"mfa_token": answered["mfa_token"], "method": "backup_code", "code": code});
    browser.post("/v1/sign-in/mfa", &body).await.expect_status(200);
    // Whatever changes meanwhile, the number counts.
    app.add_totp(&browser).await;
    browser.delete("/v1/me/totp").await.expect_status(204);
    let factors = browser.get("/v1/me/factors").await.value();
    assert_eq!(factors["mfa_enabled"], true, "{factors}");
}

#[tokio::test]
async fn who_claims_anothers_number_uses_up_none_of_its_owners_messages() {
    let app = TestApp::with(on).await;
    let (_, email) = reachable(&app).await;
    let (eve, _) = app.member("eve").await;
    for _ in 0..2 {
        app.advance(MINUTE);
        eve.post("/v1/me/phone", &json!({"phone_number": NUMBER})).await.expect_status(202);
    }
    app.advance(MINUTE);
    let claim = eve.post("/v1/me/phone", &json!({"phone_number": NUMBER})).await;
    claim.expect_problem(429, "rate_limited");

    let browser = app.browser();
    let token = first_step(&browser, &email).await;
    send(&browser, &token).await.expect_status(202);
}

#[tokio::test]
async fn a_right_code_past_the_limit_of_the_hour_is_not_called_wrong() {
    let app = TestApp::with(|config| {
        on(config);
        config.lockout.enabled = false;
    })
    .await;
    let (_, email) = reachable(&app).await;
    for _ in 0..4 {
        let browser = app.browser();
        let token = first_step(&browser, &email).await;
        for _ in 0..5 {
            let reply = second_step(&browser, &token, "sms", "000000").await;
            reply.expect_problem(400, "invalid_or_expired_code");
        }
    }
    let browser = app.browser();
    let token = first_step(&browser, &email).await;
    app.advance(MINUTE);
    send(&browser, &token).await.expect_status(202);

    let right = newest_code(&app).await;
    second_step(&browser, &token, "sms", &right).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn the_pages_send_the_code_and_take_it_without_a_script() {
    let app = TestApp::with(on).await;
    let (_, email) = reachable(&app).await;
    app.advance(MINUTE);
    let browser = app.browser();
    let form = [("identifier", email.as_str()), ("password", PASSWORD)];
    browser.submit("/sign-in", &form).await.expect_redirect("/sign-in/mfa");
    assert!(browser.get("/sign-in/mfa").await.text.contains("Send a code to my phone"));

    browser.submit("/sign-in/mfa/sms", &[]).await.expect_redirect("/sign-in/mfa?by=sms");

    assert!(browser.get("/sign-in/mfa?by=sms").await.text.contains("Code from the message"));
    let code = newest_code(&app).await;
    browser.submit("/sign-in/mfa", &[("method", "sms"), ("code", &code)]).await.expect_redirect("/account");
}
