//! What the pages say of an account's second factors, and of what goes with one that is removed.

use doorward_core::config::{Config, Sms};
use doorward_core::recovery;
use doorward_test_support::{Browser, How, PASSWORD, SoftPasskey, TestApp, sms_code};
use serde_json::json;

const NUMBER: &str = "+436641234567";
const ALONE: &str = "You sign in with the first factor alone from now on, and your backup codes go as well.";
const OTHER: &str = "Signing in asks for your other second factor from now on.";

fn by_sms(config: &mut Config) {
    config.sms = Some(Sms { countries: vec!["+43".to_owned()], hourly_per_country: 100 });
}

async fn add_phone(app: &TestApp, browser: &Browser) {
    browser.post("/v1/me/phone", &json!({"phone_number": NUMBER})).await.expect_status(202);
    let code = sms_code(&app.sms_to(NUMBER).await[0]);
    browser.post("/v1/me/phone/verify", &json!({"code": code})).await.expect_status(200);
}

async fn add_passkey(app: &TestApp, browser: &Browser) {
    let started = browser.post("/v1/me/passkeys/start", &json!({})).await.value();
    let credential = SoftPasskey::create(&started["options"], &How::on(&app.url)).1;
    let body = json!({"passkey_token": started["passkey_token"], "credential": credential});
    browser.post("/v1/me/passkeys/finish", &body).await.expect_status(201);
}

async fn page(browser: &Browser, path: &str) -> String {
    browser.get(path).await.expect_status(200).text.clone()
}

#[tokio::test]
async fn who_has_a_phone_number_alone_sees_it_and_makes_new_backup_codes() {
    let app = TestApp::with(by_sms).await;
    let (ada, _) = app.member("ada").await;
    let before = page(&ada, "/account/two-factor").await;
    assert!(before.contains("Add a phone number") && !before.contains("Make new codes"), "{before}");
    add_phone(&app, &ada).await;

    let overview = page(&ada, "/account/two-factor").await;

    assert!(overview.contains(NUMBER) && overview.contains("href=\"/account/phone\""), "{overview}");
    assert!(overview.contains("10 of 10 are left") && overview.contains("Make new codes"), "{overview}");
    let new = ada.submit("/account/two-factor/backup-codes", &[]).await;
    assert_eq!(new.expect_status(200).text.matches("<li><code>").count(), 10);
}

#[tokio::test]
async fn where_no_messages_are_sent_the_overview_offers_no_phone() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;

    assert!(!page(&ada, "/account/two-factor").await.contains("Phone number"));
}

#[tokio::test]
async fn the_backup_codes_go_with_the_last_factor_and_the_page_says_so_there_alone() {
    let app = TestApp::with(by_sms).await;
    let (ada, _) = app.member("ada").await;
    app.add_totp(&ada).await;
    assert!(page(&ada, "/account/two-factor").await.contains(ALONE));
    add_phone(&app, &ada).await;

    for path in ["/account/two-factor", "/account/phone"] {
        let page = page(&ada, path).await;
        assert!(page.contains(OTHER) && !page.contains(ALONE), "{path}: {page}");
    }

    ada.submit("/account/two-factor/app/remove", &[])
        .await
        .expect_redirect("/account/two-factor?done=removed");
    let phone = page(&ada, "/account/phone").await;
    assert!(phone.contains(ALONE) && phone.contains("Yes, remove it"), "{phone}");
    assert!(page(&ada, "/account/two-factor").await.contains("10 of 10 are left"));
}

#[tokio::test]
async fn a_passkey_that_is_asked_for_takes_the_backup_codes_along() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    add_passkey(&app, &ada).await;
    let overview = page(&ada, "/account/two-factor").await;
    assert!(overview.contains("A passkey that asks for your PIN"), "{overview}");
    assert!(!page(&ada, "/account/passkeys").await.contains("backup codes"));

    ada.submit("/account/two-factor/passkey", &[("passkey", "on")]).await.expect_status(200);

    assert!(page(&ada, "/account/passkeys").await.contains(ALONE));
    let (bob, _) = app.member("bob").await;
    for _ in 0..2 {
        add_passkey(&app, &bob).await;
    }
    bob.submit("/account/two-factor/passkey", &[("passkey", "on")]).await.expect_status(200);
    assert!(!page(&bob, "/account/passkeys").await.contains("backup codes"), "another one stays");
}

#[tokio::test]
async fn who_needs_a_second_factor_removes_any_but_the_last_and_is_told_on_the_page() {
    let app = TestApp::with(|config| {
        by_sms(config);
        config.mfa.required_for = vec!["admin".to_owned()];
    })
    .await;
    let (ada, email) = app.member("ada").await;
    app.add_totp(&ada).await;
    add_phone(&app, &ada).await;
    app.grant(&email, "admin").await;
    let overview = page(&ada, "/account/two-factor").await;
    assert!(overview.contains("Yes, remove it") && overview.contains("the last one can be replaced"));

    ada.submit("/account/two-factor/app/remove", &[])
        .await
        .expect_redirect("/account/two-factor?done=removed");
    let refused = ada.submit("/account/phone/remove", &[]).await;

    let text = &refused.expect_status(409).text;
    assert!(text.contains("Set up another one before you remove this") && text.contains(NUMBER), "{text}");
}

#[tokio::test]
async fn a_session_says_in_words_that_a_code_came_by_sms() {
    let app = TestApp::with(by_sms).await;
    let (ada, email) = app.member("ada").await;
    add_phone(&app, &ada).await;
    app.advance(std::time::Duration::from_secs(60));
    let browser = app.browser();
    let form = [("identifier", email.as_str()), ("password", PASSWORD)];
    browser.submit("/sign-in", &form).await.expect_redirect("/sign-in/mfa");
    browser.submit("/sign-in/mfa/sms", &[]).await.expect_status(303);
    let code = sms_code(&app.sms_to(NUMBER).await[0]);
    browser.submit("/sign-in/mfa", &[("method", "sms"), ("code", &code)]).await.expect_redirect("/account");

    assert!(page(&browser, "/account/sessions").await.contains("by password and code by SMS"));
}

#[tokio::test]
async fn a_recovery_says_how_long_it_waits_and_what_goes_and_keeps_where_to_go() {
    let app = TestApp::with(|config| {
        config.recovery.wait = std::time::Duration::from_secs(36 * 3600);
    })
    .await;
    let (ada, email) = app.member("ada").await;
    app.add_totp(&ada).await;
    let browser = app.browser();
    let to = "redirect_to=%2Faccount%2Fdata";
    let form = [("identifier", email.as_str()), ("password", PASSWORD), ("redirect_to", "/account/data")];
    browser.submit("/sign-in", &form).await.expect_redirect(&format!("/sign-in/mfa?{to}"));
    let step = page(&browser, &format!("/sign-in/mfa?{to}")).await;
    assert!(step.contains(&format!("href=\"/sign-in/recover?{to}\"")), "{step}");

    let ask = page(&browser, &format!("/sign-in/recover?{to}")).await;

    assert!(ask.contains("a wait of 36 hours begins (of 7 days if you signed in by mail"), "{ask}");
    assert!(ask.contains("name=\"redirect_to\" value=\"/account/data\""), "{ask}");
    for link in [format!("/sign-in/mfa?{to}"), format!("/sign-in/mfa?{to}&#38;by=backup_code")] {
        assert!(ask.contains(&format!("href=\"{link}\"")), "{link}: {ask}");
    }
    let asked = browser.submit("/sign-in/recover", &[("redirect_to", "/account/data")]).await;
    let asked = &asked.expect_status(200).text;
    assert!(asked.contains(&format!("href=\"/sign-in?{to}\"")), "{asked}");
    let elsewhere = app.browser().submit("/sign-in/recover", &[("redirect_to", "/account/data")]).await;
    elsewhere.expect_redirect(&format!("/sign-in?{to}&notice=anew"));

    app.advance(std::time::Duration::from_secs(37 * 3600));
    recovery::tell_due(app.app.context()).await.unwrap();
    let mails = app.mails_to(&email).await;
    let mail = mails.iter().find(|mail| mail.text.contains("/recovery/complete?")).expect("the link");
    let link = mail.text.split_whitespace().find(|word| word.contains("/recovery/complete?")).unwrap();
    let complete = page(&app.browser(), &link.replace(&app.url, "")).await;
    assert!(complete.contains("authenticator app, passkeys, phone number and backup codes"), "{complete}");
}
