//! Second factors on the pages, without a script.

use doorward_test_support::{AuthenticatorApp, Browser, How, PASSWORD, SoftPasskey, TestApp};
use serde_json::json;

fn secret(page: &str) -> String {
    let at = page.find("class=\"secret\">").unwrap() + "class=\"secret\">".len();
    page[at..].split('<').next().unwrap().to_owned()
}

fn codes(page: &str) -> Vec<String> {
    page.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

async fn sign_in(browser: &Browser, email: &str) {
    let form = [("identifier", email), ("password", PASSWORD), ("redirect_to", "/account/data")];
    browser.submit("/sign-in", &form).await.expect_redirect("/sign-in/mfa?redirect_to=%2Faccount%2Fdata");
}

#[tokio::test]
async fn an_app_is_set_up_used_and_removed() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    assert!(ada.get("/account/two-factor").await.text.contains("Set up an authenticator app"));

    let page = ada.get("/account/two-factor/app").await.expect_status(200).text.clone();
    assert!(page.contains("<svg") && page.contains("otpauth://totp/"));
    assert_eq!(
        secret(&ada.get("/account/two-factor/app").await.text),
        secret(&page),
        "a reload changes nothing"
    );
    let phone = AuthenticatorApp::of_secret(&secret(&page));
    let wrong = ada.submit("/account/two-factor/app", &[("code", "000000")]).await;
    assert_eq!(secret(&wrong.expect_status(400).text), secret(&page), "nor does a wrong code");
    let done = ada.submit("/account/two-factor/app", &[("code", &phone.code(&app))]).await;
    let backup = codes(&done.expect_status(200).text);
    assert_eq!(backup.len(), 10);
    assert!(done.text.contains("href=\"data:text/plain;charset=utf-8,Backup%20codes"));
    let overview = ada.get("/account/two-factor").await.expect_status(200).text.clone();
    assert!(overview.contains("unless you use a passkey that asks for your PIN"), "{overview}");
    assert!(overview.contains("<a href=\"/account/passkeys\">Add a passkey</a>"), "{overview}");

    let browser = app.browser();
    sign_in(&browser, &email).await;
    assert!(browser.get("/sign-in/mfa").await.expect_status(200).text.contains("Code from the app"));
    let wrong = browser.submit("/sign-in/mfa", &[("method", "totp"), ("code", "000000")]).await;
    assert!(wrong.expect_status(400).text.contains("aria-invalid"));
    let code = phone.next_code(&app);
    let form = [
        ("method", "totp"),
        ("code", code.as_str()),
        ("redirect_to", "/account/data"),
        ("trust_device", "on"),
    ];
    browser.submit("/sign-in/mfa", &form).await.expect_redirect("/account/data");
    browser.get("/account").await.expect_status(200);
    browser.submit("/sign-out", &[]).await.expect_status(303);
    let form = [("identifier", email.as_str()), ("password", PASSWORD)];
    browser.submit("/sign-in", &form).await.expect_redirect("/account");

    let browser = app.browser();
    sign_in(&browser, &email).await;
    assert!(browser.get("/sign-in/mfa?by=backup_code").await.text.contains("Backup code"));
    browser
        .submit("/sign-in/mfa", &[("method", "backup_code"), ("code", &backup[0])])
        .await
        .expect_redirect("/account");
    let overview = browser.get("/account/two-factor").await;
    assert!(overview.text.contains("9 of 10 are left"));
    let new = browser.submit("/account/two-factor/backup-codes", &[]).await;
    assert!(codes(&new.expect_status(200).text).len() == 10 && !codes(&new.text).contains(&backup[1]));
    browser
        .submit("/account/two-factor/app/remove", &[])
        .await
        .expect_redirect("/account/two-factor?done=removed");
    let form = [("identifier", email.as_str()), ("password", PASSWORD)];
    app.browser().submit("/sign-in", &form).await.expect_redirect("/account");
}

#[tokio::test]
async fn a_second_step_that_took_too_long_begins_anew_and_keeps_where_to_go() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let (phone, _) = app.add_totp(&ada).await;
    let browser = app.browser();
    browser.get("/sign-in/mfa").await.expect_redirect("/sign-in?notice=anew");
    sign_in(&browser, &email).await;
    app.advance(std::time::Duration::from_secs(601));

    let code = phone.next_code(&app);
    let form = [("method", "totp"), ("code", code.as_str()), ("redirect_to", "/account/data")];
    let reply = browser.submit("/sign-in/mfa", &form).await;

    reply.expect_redirect("/sign-in?redirect_to=%2Faccount%2Fdata&notice=anew");
    assert!(browser.get("/sign-in?notice=anew").await.text.contains("took too long"));
}

#[tokio::test]
async fn whoever_needs_a_second_factor_sets_one_up_on_the_way_in() {
    let app = TestApp::with(|config| config.mfa.required_for = vec!["user".to_owned()]).await;
    let email = "first@example.com";
    let browser = app.browser();
    browser.submit("/sign-up", &[("email", email), ("password", PASSWORD)]).await.expect_status(303);
    let code = app.mail_to(email).await.code();
    let reply = browser.submit("/verify-email", &[("email", email), ("code", &code)]).await;
    reply.expect_redirect("/sign-in/set-up");
    browser.get("/sign-in/mfa").await.expect_redirect("/sign-in/set-up");

    let page = browser.get("/sign-in/set-up").await.expect_status(200).text.clone();
    let phone = AuthenticatorApp::of_secret(&secret(&page));
    let wrong = browser.submit("/sign-in/set-up", &[("code", "000000")]).await;
    assert_eq!(secret(&wrong.expect_status(400).text), secret(&page));
    let done = browser.submit("/sign-in/set-up", &[("code", &phone.code(&app))]).await;

    assert_eq!(codes(&done.expect_status(200).text).len(), 10);
    let overview = browser.get("/account/two-factor").await;
    assert!(overview.expect_status(200).text.contains("can be replaced and not removed"));
    browser.submit("/account/two-factor/app/remove", &[]).await.expect_status(409);
}

#[tokio::test]
async fn whoever_needs_a_second_factor_may_make_a_passkey_in_place_of_the_app() {
    let app = TestApp::with(|config| config.mfa.required_for = vec!["user".to_owned()]).await;
    let email = "first@example.com";
    let browser = app.browser();
    browser.submit("/sign-up", &[("email", email), ("password", PASSWORD)]).await.expect_status(303);
    let code = app.mail_to(email).await.code();
    let reply = browser.submit("/verify-email", &[("email", email), ("code", &code)]).await;
    reply.expect_redirect("/sign-in/set-up");
    let page = browser.get("/sign-in/set-up?redirect_to=/account/data").await.expect_status(200).text.clone();
    assert!(page.contains("data-start=\"/v1/sign-in/enrol/passkey/start\"") && page.contains("<svg"));
    let begin = async || {
        let started = browser.post("/v1/sign-in/enrol/passkey/start", &json!({})).await;
        let started = started.expect_status(200).value();
        (started["passkey_token"].as_str().unwrap().to_owned(), started["options"].clone())
    };

    let (token, options) = begin().await;
    let elsewhere = How { origin: "https://evil.example".to_owned(), ..How::on(&app.url) };
    let credential = SoftPasskey::create(&options, &elsewhere).1.to_string();
    let fields = [("passkey_token", token.as_str()), ("credential", &credential)];
    let refused = browser.submit("/sign-in/set-up", &fields).await;
    assert!(refused.expect_status(400).text.contains("The new passkey could not be verified"));
    assert_eq!(secret(&refused.text), secret(&page), "the app can still be set up");
    let (token, options) = begin().await;
    let credential = SoftPasskey::create(&options, &How::on(&app.url)).1.to_string();
    let fields =
        [("passkey_token", token.as_str()), ("credential", &credential), ("redirect_to", "/account/data")];
    let done = browser.submit("/sign-in/set-up", &fields).await;

    assert_eq!(codes(&done.expect_status(200).text).len(), 10);
    assert!(done.text.contains("href=\"/account/data\""));
    let overview = browser.get("/account/two-factor").await.expect_status(200).text.clone();
    assert!(overview.contains("this stays on until you set up another one"), "{overview}");
    browser.submit("/account/two-factor/passkey", &[("passkey", "off")]).await.expect_status(409);
    browser
        .submit("/sign-in/set-up", &fields)
        .await
        .expect_redirect("/sign-in?redirect_to=%2Faccount%2Fdata&notice=anew");
}

#[tokio::test]
async fn a_trusted_device_confirms_by_the_app_before_what_is_sensitive() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let (phone, _) = app.add_totp(&ada).await;
    let browser = app.browser();
    sign_in(&browser, &email).await;
    let code = phone.next_code(&app);
    let form = [("method", "totp"), ("code", code.as_str()), ("trust_device", "on")];
    browser.submit("/sign-in/mfa", &form).await.expect_redirect("/account");
    browser.submit("/sign-out", &[]).await.expect_status(303);
    let form = [("identifier", email.as_str()), ("password", PASSWORD)];
    browser.submit("/sign-in", &form).await.expect_redirect("/account");

    let to = "/reauthenticate?redirect_to=%2Faccount%2Ftwo-factor%2Fapp";
    browser.get("/account/two-factor/app").await.expect_redirect(to);
    let page = browser.get(to).await.expect_status(200).text.clone();
    assert!(
        page.contains("Code from the app") && !page.contains("Use the password") && !page.contains("Mail me")
    );
    let code = phone.next_code(&app);
    let form = [("by", "totp"), ("code", code.as_str()), ("redirect_to", "/account/two-factor/app")];
    browser.submit("/reauthenticate", &form).await.expect_redirect("/account/two-factor/app");
    browser.get("/account/two-factor/app").await.expect_status(200);
}

#[tokio::test]
async fn how_long_a_device_is_trusted_is_said_as_it_is() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    app.add_totp(&ada).await;
    let mut app = app;
    for (hours, words) in
        [(12, "for 12 hours"), (24, "for one day"), (36, "for 36 hours"), (720, "for 30 days")]
    {
        app.restart_with(|config| config.mfa.trusted_device = std::time::Duration::from_secs(hours * 3600))
            .await;
        let browser = app.browser();
        let form = [("identifier", email.as_str()), ("password", doorward_test_support::PASSWORD)];
        browser.submit("/sign-in", &form).await.expect_redirect("/sign-in/mfa");
        let page = browser.get("/sign-in/mfa").await.text;
        assert!(page.contains(&format!("Don&#39;t ask on this device {words}")), "{page}");
    }
}
