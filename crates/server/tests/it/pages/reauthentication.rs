//! The page that asks who it is, for accounts with little to show.

use std::time::Duration;

use doorward_core::config::{Config, Sms};
use doorward_test_support::{Browser, PASSWORD, TestApp, sms_code};
use serde_json::json;

const NUMBER: &str = "+436641234567";
const PAGE: &str = "/reauthenticate?redirect_to=%2Faccount%2Femail";

fn by_sms(config: &mut Config) {
    config.sms = Some(Sms { countries: vec!["+43".to_owned()], hourly_per_country: 100 });
}

/// Somebody without a password, whose last proof is too old.
async fn without_a_password(app: &TestApp) -> (Browser, String) {
    let (ada, email) = app.member("ada").await;
    let db = &app.app.context().db;
    db.write(async |tx| tx.execute("UPDATE users SET password_hash = NULL", &[]).await).await.unwrap();
    app.app.sessions.forget_user(app.user_id(&email).await);
    app.advance(Duration::from_secs(11 * 60));
    ada.get("/account/email").await.expect_redirect(PAGE);
    (ada, email)
}

/// Somebody whose only second factor is a phone number, on a device that is not asked for it.
async fn on_a_trusted_device(app: &TestApp) -> (Browser, String) {
    let (ada, email) = app.member("ada").await;
    ada.post("/v1/me/phone", &json!({"phone_number": NUMBER})).await.expect_status(202);
    let code = sms_code(&app.sms_to(NUMBER).await[0]);
    ada.post("/v1/me/phone/verify", &json!({"code": code})).await.expect_status(200);
    app.advance(Duration::from_secs(60));
    let browser = app.browser();
    let form = [("identifier", email.as_str()), ("password", PASSWORD)];
    browser.submit("/sign-in", &form).await.expect_redirect("/sign-in/mfa");
    browser.submit("/sign-in/mfa/sms", &[]).await.expect_redirect("/sign-in/mfa?by=sms");
    let code = sms_code(&app.sms_to(NUMBER).await[0]);
    let step = [("method", "sms"), ("code", code.as_str()), ("trust_device", "on")];
    browser.submit("/sign-in/mfa", &step).await.expect_redirect("/account");
    browser.submit("/sign-out", &[]).await.expect_status(303);
    browser.submit("/sign-in", &form).await.expect_redirect("/account");
    browser.get("/account/email").await.expect_redirect(PAGE);
    (browser, email)
}

#[tokio::test]
async fn an_account_without_a_password_asks_for_a_mailed_code_and_then_types_it() {
    let app = TestApp::start().await;
    let (ada, email) = without_a_password(&app).await;
    let page = ada.get(PAGE).await.expect_status(200).text.clone();
    assert!(page.contains("Mail me a code") && page.contains("button primary"), "{page}");
    assert!(!page.contains("name=\"code\"") && !page.contains("the newest mail"), "{page}");

    let form = [("by", "code"), ("redirect_to", "/account/email")];
    let sent = ada.submit("/reauthenticate/start", &form).await;
    let to = format!("{PAGE}&by=code");
    sent.expect_redirect(&to);
    let page = ada.get(&to).await.expect_status(200).text.clone();
    assert!(page.contains("name=\"code\"") && page.contains("Send a new code"), "{page}");
    let code = app.mail_to(&email).await.code();
    let form = [("by", "code"), ("code", code.as_str()), ("redirect_to", "/account/email")];
    ada.submit("/reauthenticate", &form).await.expect_redirect("/account/email");

    ada.get("/account/email").await.expect_status(200);
}

#[tokio::test]
async fn who_asks_for_too_many_codes_can_still_type_the_last_one() {
    let app = TestApp::with(|config| config.rate_limit.enabled = true).await;
    let (ada, _) = without_a_password(&app).await;
    let mut refused = ada.submit("/reauthenticate/start", &[("by", "code"), ("again", "on")]).await;
    for _ in 0..30 {
        if refused.status == 429 {
            break;
        }
        refused = ada.submit("/reauthenticate/start", &[("by", "code"), ("again", "on")]).await;
    }

    let page = &refused.expect_status(429).text;

    assert!(page.contains("name=\"code\"") && page.contains("You can try again in"), "{page}");
    let first = ada.submit("/reauthenticate/start", &[("by", "code")]).await;
    let page = &first.expect_status(429).text;
    assert!(!page.contains("name=\"code\"") && page.contains("You can try again in"), "{page}");
}

#[tokio::test]
async fn a_phone_on_a_trusted_device_gets_its_code_when_it_is_asked_for() {
    let app = TestApp::with(by_sms).await;
    let (browser, _) = on_a_trusted_device(&app).await;
    let page = browser.get(PAGE).await.expect_status(200).text.clone();
    assert!(page.contains("Send a code to my phone") && page.contains("button primary"), "{page}");
    assert!(!page.contains("name=\"code\"") && !page.contains("came to your phone"), "{page}");
    assert!(page.contains("Use a backup code") && !page.contains("Mail me a code"), "{page}");
    app.advance(Duration::from_secs(60));

    let form = [("by", "sms"), ("redirect_to", "/account/email")];
    let sent = browser.submit("/reauthenticate/start", &form).await;

    let to = format!("{PAGE}&by=sms");
    sent.expect_redirect(&to);
    assert!(browser.get(&to).await.text.contains("Code from the message"));
    let code = sms_code(&app.sms_to(NUMBER).await[0]);
    let form = [("by", "sms"), ("code", code.as_str()), ("redirect_to", "/account/email")];
    browser.submit("/reauthenticate", &form).await.expect_redirect("/account/email");
    browser.get("/account/email").await.expect_status(200);
}

#[tokio::test]
async fn a_page_of_a_code_claims_nothing_that_was_not_sent() {
    let app = TestApp::with(by_sms).await;
    let (browser, email) = on_a_trusted_device(&app).await;
    let confirm = browser.get("/reauthenticate?by=sms").await.expect_status(200).text.clone();
    let other = app.browser();
    let form = [("identifier", email.as_str()), ("password", PASSWORD)];
    other.submit("/sign-in", &form).await.expect_redirect("/sign-in/mfa");

    let step = other.get("/sign-in/mfa?by=sms").await.expect_status(200).text.clone();

    for page in [confirm, step] {
        assert!(page.contains("name=\"code\"") && !page.contains("We sent"), "{page}");
    }
}

#[tokio::test]
async fn with_no_way_at_all_signing_in_again_is_offered_and_leads_on() {
    let app = TestApp::with(|config| config.reauthentication.email_code = false).await;
    let (ada, _) = without_a_password(&app).await;
    let page = ada.get(PAGE).await.expect_status(200).text.clone();
    assert!(page.contains("There is no way to confirm it here"), "{page}");
    assert!(page.contains("Sign out and sign in again") && !page.contains("name=\"password\""), "{page}");

    let out = ada.submit("/sign-out", &[("redirect_to", "/account/email")]).await;

    out.expect_redirect("/sign-in?redirect_to=%2Faccount%2Femail&notice=signed_out");
    ada.get("/v1/session").await.expect_status(401);
}

#[tokio::test]
async fn where_sms_was_switched_off_and_no_backup_code_is_left_signing_in_again_is_offered() {
    let mut app = TestApp::with(by_sms).await;
    let (browser, _) = on_a_trusted_device(&app).await;
    let db = &app.app.context().db;
    db.write(async |tx| tx.execute("DELETE FROM backup_codes", &[]).await).await.unwrap();
    app.restart_with(|config| config.sms = None).await;

    let page = browser.get(PAGE).await.expect_status(200).text.clone();

    assert!(page.contains("Sign out and sign in again"), "{page}");
}
