use std::time::Duration;

use doorward_core::context::Caller;
use doorward_core::operator;
use doorward_test_support::{PASSWORD, TestApp};
use serde_json::json;

#[tokio::test]
async fn an_address_or_a_username_signs_in() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    browser.patch("/v1/me", &json!({"preferred_username": "Ada.L"})).await.expect_status(200);

    for identifier in [email.as_str(), &email.to_uppercase(), "ada.l", "ADA.L"] {
        let reply = app.browser().sign_in(identifier).await;
        reply.expect_status(200);
        assert_eq!(reply.value()["user"]["email"], email);
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_answer_alike() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let attempt = |identifier: &str| {
        let browser = app.browser();
        let body = json!({"identifier": identifier, "password": "not the right password"});
        async move { browser.post("/v1/sign-in", &body).await }
    };

    let wrong = attempt(&email).await;
    wrong.expect_problem(401, "invalid_credentials");
    for unknown in ["nobody@example.com", "nobody", "no body", "", "\u{202e}x", "@@@"] {
        let reply = attempt(unknown).await;
        reply.expect_problem(401, "invalid_credentials");
        assert_eq!(reply.text, wrong.text);
        assert!(reply.set_cookies().is_empty());
    }
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_of_other_sites() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;

    let reply = app.browser().sign_in(&email).await;

    let cookies = reply.set_cookies();
    let access = cookies.iter().find(|cookie| cookie.starts_with("doorward_access=")).unwrap();
    let refresh = cookies.iter().find(|cookie| cookie.starts_with("doorward_refresh=")).unwrap();
    for cookie in [access, refresh] {
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
            "{cookie}"
        );
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert!(access.contains("Max-Age=600"), "{access}");
}

#[tokio::test]
async fn over_https_the_cookies_carry_the_host_prefix_and_no_other_name_is_read() {
    let app = TestApp::with(|config| {
        config.public_url = "https://auth.example.com".parse().unwrap();
        config.pages_base_url = config.public_url.clone();
    })
    .await;
    let browser = app.browser();
    browser.sign_up("ada@example.com").await.expect_status(202);
    let token = app.mail_to("ada@example.com").await.token();

    let reply = browser.post("/v1/email/verify", &json!({"token": token})).await;

    reply.expect_status(200);
    let cookies = reply.set_cookies();
    let access = cookies.iter().find(|cookie| cookie.starts_with("__Host-doorward_access=")).unwrap();
    assert!(access.contains("Secure") && access.contains("Path=/"), "{access}");
    let value = browser.cookie("__Host-doorward_access").unwrap();
    browser.get("/v1/session").await.expect_status(200);
    for wrong in ["doorward_access", "__host-doorward_access", "__Secure-doorward_access"] {
        let thief = app.browser();
        thief.set_cookie(wrong, &value);
        thief.get("/v1/session").await.expect_problem(401, "not_authenticated");
    }
}

#[tokio::test]
async fn remember_me_keeps_the_session_for_longer() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (short, long) = (app.browser(), app.browser());
    short.sign_in(&email).await.expect_status(200);
    let body = json!({"identifier": email, "password": PASSWORD, "remember": true});
    long.post("/v1/sign-in", &body).await.expect_status(200);

    app.advance(Duration::from_secs(8 * 24 * 60 * 60));

    short.refresh().await.expect_problem(401, "session_expired");
    long.refresh().await.expect_status(200);
    long.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn a_sign_in_in_a_browser_that_is_signed_in_ends_the_old_session() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let (_, eve) = app.member("eve").await;
    let (api, page) = (browser.copy(), browser.copy());

    browser.sign_in(&eve).await.expect_status(200);
    api.get("/v1/session").await.expect_problem(401, "session_revoked");
    page.refresh().await.expect_problem(401, "session_revoked");

    let before = browser.copy();
    let fields = [("identifier", email.as_str()), ("password", PASSWORD)];
    browser.submit("/sign-in", &fields).await.expect_redirect("/account");
    before.get("/v1/session").await.expect_problem(401, "session_revoked");
    browser.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn every_sign_in_is_a_session_of_its_own() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let first = browser.get("/v1/session").await.value()["session"]["id"].clone();

    browser.sign_in(&email).await.expect_status(200);

    let second = browser.get("/v1/session").await.value()["session"]["id"].clone();
    assert_ne!(first, second);
}

#[tokio::test]
async fn a_disabled_account_is_told_only_after_a_right_password() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let context = app.app.context();
    let user = operator::find_user(context, &email).await.unwrap();
    operator::disable(context, &Caller::system("test"), user.id).await.unwrap();

    let wrong = json!({"identifier": email, "password": "not the right password"});
    app.browser().post("/v1/sign-in", &wrong).await.expect_problem(401, "invalid_credentials");
    app.browser().sign_in(&email).await.expect_problem(403, "account_disabled");
}

#[tokio::test]
async fn hashes_of_other_systems_sign_in_and_are_upgraded() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let context = app.app.context();
    let user = operator::find_user(context, &email).await.unwrap();
    let id = user.id;
    let imported = DJANGO_PBKDF2;
    context
        .db
        .write(async |tx| doorward_core::user::set_password_hash(tx, context, id, imported).await)
        .await
        .unwrap();

    app.browser().sign_in(&email).await.expect_status(200);

    let upgraded = operator::find_user(context, &email).await.unwrap().password_hash.unwrap();
    assert!(upgraded.starts_with("$argon2id$"), "{upgraded}");
    app.browser().sign_in(&email).await.expect_status(200);
}

/// "correct horse battery staple", by Python's `hashlib.pbkdf2_hmac`.
const DJANGO_PBKDF2: &str = "pbkdf2_sha256$1000$doorwardsalt$rOggclWT/hN0XTAyUNGAHUGeN+S01bg40zFuTBFZNCw=";
