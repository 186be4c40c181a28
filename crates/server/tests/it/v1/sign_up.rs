use std::time::Duration;

use doorward_core::config::VerifyEmail;
use doorward_test_support::{PASSWORD, TestApp, unique};
use serde_json::json;

#[tokio::test]
async fn a_new_address_gets_a_mail_and_the_browser_a_flow_cookie() {
    let app = TestApp::start().await;
    let browser = app.browser();

    let reply = browser.sign_up("ada@example.com").await;

    reply.expect_status(202);
    assert_eq!(reply.value(), json!({"next": "verify_email"}));
    assert!(browser.cookie("doorward_flow").is_some());
    let mail = app.mail_to("ada@example.com").await;
    assert_eq!(mail.code().len(), 6);
    assert!(mail.link().starts_with(&format!("{}/verify-email?token=", app.url)), "{}", mail.link());
}

#[tokio::test]
async fn the_code_in_the_same_browser_signs_in() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_up("ada@example.com").await;
    let code = app.mail_to("ada@example.com").await.code();

    let reply = browser.post("/v1/email/verify", &json!({"email": "ada@example.com", "code": code})).await;

    reply.expect_status(200);
    let answer = reply.value();
    assert_eq!(answer["status"], "signed_in");
    assert_eq!(answer["expires_in"], 600);
    assert_eq!(answer["user"]["email"], "ada@example.com");
    assert_eq!(answer["user"]["email_verified"], true);
    assert_eq!(answer["user"]["roles"], json!(["user"]));
    assert_eq!(answer["session"]["current"], true);
    assert_eq!(answer["access_token"], serde_json::Value::Null);
    assert_eq!(browser.cookie("doorward_flow"), None);
    browser.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn the_link_in_the_same_browser_signs_in() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_up("ada@example.com").await;
    let token = app.mail_to("ada@example.com").await.token();

    browser.post("/v1/email/verify", &json!({"token": token})).await.expect_status(200);

    browser.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn the_link_elsewhere_asks_for_the_password_of_the_sign_up() {
    let app = TestApp::start().await;
    app.browser().sign_up("ada@example.com").await;
    let token = app.mail_to("ada@example.com").await.token();
    let elsewhere = app.browser();

    elsewhere.post("/v1/email/verify", &json!({"token": token})).await.expect_field("password", "required");
    elsewhere
        .post("/v1/email/verify", &json!({"token": token, "password": "another password entirely"}))
        .await
        .expect_problem(401, "invalid_credentials");
    elsewhere
        .post("/v1/email/verify", &json!({"token": token, "password": PASSWORD}))
        .await
        .expect_status(200);

    elsewhere.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn the_password_of_a_sign_up_cannot_be_guessed_by_who_has_its_link() {
    let app = TestApp::start().await;
    app.browser().sign_up("ada@example.com").await;
    let token = app.mail_to("ada@example.com").await.token();
    let elsewhere = app.browser();
    for guess in 0..5 {
        let password = format!("not the right password {guess}");
        let body = json!({"token": token, "password": password});
        elsewhere.post("/v1/email/verify", &body).await.expect_problem(401, "invalid_credentials");
    }

    let reply = elsewhere.post("/v1/email/verify", &json!({"token": token, "password": PASSWORD})).await;

    reply.expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn the_code_without_the_flow_is_worth_nothing() {
    let app = TestApp::start().await;
    app.browser().sign_up("ada@example.com").await;
    let code = app.mail_to("ada@example.com").await.code();

    let reply =
        app.browser().post("/v1/email/verify", &json!({"email": "ada@example.com", "code": code})).await;

    reply.expect_problem(400, "invalid_or_expired_code");
}

#[tokio::test]
async fn a_client_without_cookies_gets_everything_in_the_body() {
    let app = TestApp::start().await;
    let client = app.browser();
    let request = json!({"email": "ada@example.com", "password": PASSWORD, "delivery": "body"});
    let started = client.post("/v1/sign-up", &request).await;
    started.expect_status(202);
    assert!(started.set_cookies().is_empty());
    let flow_token = started.value()["flow_token"].as_str().unwrap().to_owned();
    let code = app.mail_to("ada@example.com").await.code();

    let request =
        json!({"email": "ada@example.com", "code": code, "flow_token": flow_token, "delivery": "body"});
    let reply = client.post("/v1/email/verify", &request).await;

    reply.expect_status(200);
    assert!(reply.set_cookies().is_empty());
    let answer = reply.value();
    assert_eq!(answer["token_type"], "Bearer");
    assert!(answer["refresh_token"].as_str().unwrap().starts_with("dw_rt_"));
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    let session = client.send(reqwest::Method::GET, "/v1/session", &[("authorization", &bearer)], None).await;
    session.expect_status(200);
}

#[tokio::test]
async fn two_sign_ups_of_one_address_do_not_disturb_each_other() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.browser(), app.browser());
    ada.sign_up("ada@example.com").await.expect_status(202);
    let ada_code = app.mail_to("ada@example.com").await.code();
    let request = json!({"email": "ADA@example.com", "password": "a password that eve has chosen"});
    eve.post("/v1/sign-up", &request).await.expect_status(202);

    let reply = ada.post("/v1/email/verify", &json!({"email": "ada@example.com", "code": ada_code})).await;

    reply.expect_status(200);
    app.browser().sign_in("ada@example.com").await.expect_status(200);
    let request = json!({"identifier": "ada@example.com", "password": "a password that eve has chosen"});
    app.browser().post("/v1/sign-in", &request).await.expect_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn of_fifty_confirmations_at_once_one_wins() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_up("ada@example.com").await;
    let token = app.mail_to("ada@example.com").await.token();
    let body = json!({"token": token});
    let tabs: Vec<_> = (0..50).map(|_| browser.copy()).collect();

    let mut replies = tokio::task::JoinSet::new();
    for tab in tabs {
        let body = body.clone();
        replies.spawn(async move { tab.post("/v1/email/verify", &body).await.status });
    }
    let statuses = replies.join_all().await;

    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 49, "{statuses:?}");
}

#[tokio::test]
async fn of_fifty_sign_ups_of_one_address_in_many_spellings_one_becomes_the_account() {
    let app = TestApp::start().await;
    let spellings = [
        "ada@example.com",
        "ADA@example.com",
        "ada@EXAMPLE.com.",
        "\u{ff41}da@example.com",
        "Ada@example\u{3002}com",
    ];
    let mut confirmations = Vec::new();
    for number in 0..50 {
        let browser = app.browser();
        let email = spellings[number % spellings.len()];
        browser.sign_up(email).await.expect_status(202);
        let token = app.mail_to(email).await.token();
        confirmations.push((browser, token));
    }

    let mut replies = tokio::task::JoinSet::new();
    for (browser, token) in confirmations {
        replies.spawn(async move { browser.post("/v1/email/verify", &json!({"token": token})).await.status });
    }
    let statuses = replies.join_all().await;

    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_known_address_is_told_by_mail_and_not_by_the_answer() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let browser = app.browser();

    let known = browser.sign_up(&email).await;
    let unknown = app.browser().sign_up(&format!("{}@example.com", unique("new"))).await;

    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    assert_eq!(known.set_cookies().len(), unknown.set_cookies().len());
    let mail = app.mail_to(&email).await;
    assert!(mail.text.contains("/sign-in"), "{}", mail.text);
    assert!(!mail.text.contains("token="), "{}", mail.text);
}

#[tokio::test]
async fn a_pending_sign_up_reserves_no_username_and_an_account_does() {
    let app = TestApp::start().await;
    let request = |email: &str| json!({"email": email, "password": PASSWORD, "preferred_username": "Ada"});
    app.browser().post("/v1/sign-up", &request("ada1@example.com")).await.expect_status(202);
    let second = app.browser();
    second.post("/v1/sign-up", &request("ada2@example.com")).await.expect_status(202);
    let token = app.mail_to("ada2@example.com").await.token();
    let confirmed = second.post("/v1/email/verify", &json!({"token": token})).await;
    assert_eq!(confirmed.value()["user"]["preferred_username"], "Ada");

    let third = app.browser().post("/v1/sign-up", &request("ada3@example.com")).await;

    third.expect_field("preferred_username", "username_taken");
}

#[tokio::test]
async fn a_sign_up_waits_for_a_day_and_its_code_for_ten_minutes() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_up("ada@example.com").await;
    let mail = app.mail_to("ada@example.com").await;
    let minutes = |minutes: u64| std::time::Duration::from_secs(minutes * 60);

    app.advance(minutes(11));
    let late_code =
        browser.post("/v1/email/verify", &json!({"email": "ada@example.com", "code": mail.code()})).await;
    late_code.expect_problem(400, "invalid_or_expired_code");
    app.advance(minutes(24 * 60));
    let late_link = browser.post("/v1/email/verify", &json!({"token": mail.token()})).await;
    late_link.expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn every_field_at_fault_is_told_at_once() {
    let app = TestApp::start().await;
    let request = json!({"email": "nobody", "password": "short", "preferred_username": "a b"});

    let reply = app.browser().post("/v1/sign-up", &request).await;

    reply.expect_field("email", "invalid");
    reply.expect_field("password", "too_short");
    reply.expect_field("preferred_username", "invalid");
}

#[tokio::test]
async fn passwords_that_are_easy_to_guess_are_refused() {
    let app = TestApp::start().await;
    for password in ["password", "12345678", "qwertyuiop", "ada@example.com", "aaaaaaaaaaaa"] {
        let request = json!({"email": "ada@example.com", "password": password});
        app.browser().post("/v1/sign-up", &request).await.expect_field("password", "password_common");
    }
    let long = "x1!".repeat(50);
    let request = json!({"email": "ada@example.com", "password": long});
    app.browser().post("/v1/sign-up", &request).await.expect_field("password", "too_long");
}

#[tokio::test]
async fn where_addresses_are_verified_later_the_sign_up_signs_in() {
    let app = TestApp::with(|config| config.sign_up.verify_email = VerifyEmail::Later).await;
    let browser = app.browser();

    let reply = browser.sign_up("ada@example.com").await;

    reply.expect_status(200);
    assert_eq!(reply.value()["user"]["email_verified"], false);
    let token = app.mail_to("ada@example.com").await.token();
    let verified = browser.post("/v1/email/verify", &json!({"token": token})).await;
    assert_eq!(verified.expect_status(200).value(), json!({"status": "verified"}));
    assert_eq!(browser.get("/v1/session").await.value()["user"]["email_verified"], true);
    app.browser().sign_up("ada@example.com").await.expect_problem(409, "conflict");
}

#[tokio::test]
async fn a_known_account_is_told_in_its_own_mailbox_and_not_in_one_that_looks_alike() {
    let app = TestApp::start().await;
    let (_, email) = app.member("kit").await;
    let look_alike = email.replacen('k', "\u{ff4b}", 1);

    app.browser().sign_up(&look_alike).await.expect_status(202);

    assert!(app.mail_to(&email).await.subject.contains("already have"));
    assert!(app.mails_to(&look_alike).await.is_empty());
}

/// Somebody signs up with an address that is not theirs, where addresses are verified later: the app, the thief's browser,
/// and the mail that the owner of the address gets.
async fn taken_in_advance() -> (TestApp, doorward_test_support::Browser, doorward_test_support::Mail) {
    let app = TestApp::with(|config| config.sign_up.verify_email = VerifyEmail::Later).await;
    let thief = app.browser();
    thief.sign_up("victim@example.com").await.expect_status(200);
    let mail = app.mail_to("victim@example.com").await;
    (app, thief, mail)
}

#[tokio::test]
async fn a_click_by_the_owner_of_an_address_verifies_no_account_that_somebody_else_made() {
    let (app, thief, mail) = taken_in_advance().await;
    let owner = app.browser();
    let link = json!({"token": mail.token()});

    owner.post("/v1/email/verify", &link).await.expect_field("password", "required");
    let code = json!({"email": "victim@example.com", "code": mail.code()});
    owner.post("/v1/email/verify", &code).await.expect_problem(400, "invalid_or_expired_code");
    let guess = json!({"token": mail.token(), "password": "not the right one"});
    owner.post("/v1/email/verify", &guess).await.expect_problem(401, "invalid_credentials");
    let page = owner.submit("/verify-email", &[("token", &mail.token())]).await;
    assert!(page.expect_status(422).text.contains("name=\"password\""));

    assert_eq!(thief.get("/v1/me").await.value()["email_verified"], false);
}

#[tokio::test]
async fn on_the_page_the_owner_of_the_address_chooses_the_password_and_whoever_made_the_account_is_out() {
    let (app, thief, mail) = taken_in_advance().await;
    let owner = app.browser();
    let page = owner.get(&mail.link().replace(&app.url, "")).await;
    assert!(page.expect_status(200).text.contains("name=\"password\""));

    let chosen = "a wholly new long sentence";
    let done = owner.submit("/verify-email", &[("token", &mail.token()), ("password", chosen)]).await;

    assert!(done.expect_status(200).text.contains("is verified"));
    thief.get("/v1/session").await.expect_problem(401, "session_revoked");
    thief.refresh().await.expect_problem(401, "session_revoked");
    thief.sign_in("victim@example.com").await.expect_problem(401, "invalid_credentials");
    let body = json!({"identifier": "victim@example.com", "password": chosen});
    let signed_in = owner.post("/v1/sign-in", &body).await.expect_status(200).value();
    assert_eq!(signed_in["user"]["email_verified"], true);
}

#[tokio::test]
async fn whoever_is_signed_in_verifies_by_code_or_link_with_one_click() {
    let (app, browser, mail) = taken_in_advance().await;
    app.advance(Duration::from_secs(601));
    browser.drop_cookie("doorward_access");
    let page = browser.get(&mail.link().replace(&app.url, "")).await;
    assert!(!page.expect_status(200).text.contains("name=\"password\""));
    browser.submit("/verify-email", &[("token", &mail.token())]).await.expect_status(200);

    assert_eq!(browser.get("/v1/me").await.value()["email_verified"], true);
}
