use std::time::Duration;

use doorward_test_support::{PASSWORD, TestApp};
use reqwest::Method;
use serde_json::json;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

#[tokio::test]
async fn the_account_shows_who_it_is_and_saves_the_profile() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    assert!(browser.get("/account").await.expect_status(200).text.contains(&email));

    let fields = [
        ("given_name", "Ada"),
        ("family_name", "Lovelace"),
        ("preferred_username", "ada.l"),
        ("locale", "en"),
        ("picture", ""),
    ];
    browser.submit("/account", &fields).await.expect_redirect("/account?saved=1");

    assert!(browser.get("/account?saved=1").await.text.contains("value=\"Lovelace\""));
    assert_eq!(browser.get("/v1/me").await.value()["preferred_username"], "ada.l");
    let wrong = browser.submit("/account", &[("preferred_username", "a b"), ("given_name", "Ada M.")]).await;
    assert!(wrong.status == 422 && wrong.text.contains("value=\"Ada M.\""), "{}", wrong.text);
}

#[tokio::test]
async fn a_hint_is_not_said_twice_where_the_error_says_it() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let fields = [("preferred_username", "a@b"), ("picture", "http://example.com/a"), ("locale", "!")];

    let page = ada.submit("/account", &fields).await.expect_status(422).text.to_lowercase();

    for once in ["an https address", "a language tag, such as en or pt-br"] {
        assert_eq!(page.matches(once).count(), 1, "{once}: {page}");
    }
    assert!(page.contains("you can sign in with it.") && !page.contains("dashes"), "{page}");
    let quiet = ada.get("/account").await.text;
    assert!(quiet.contains("An https address.") && quiet.contains("A language tag"), "{quiet}");
}

#[tokio::test]
async fn an_access_token_that_ran_out_is_renewed_while_a_page_answers_a_posted_form_included() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    app.advance(Duration::from_secs(601));
    let reply = browser.get("/account").await;
    reply.expect_status(200);
    assert_eq!(reply.set_cookies().len(), 2);

    app.advance(Duration::from_secs(601));
    browser.drop_cookie("doorward_access");
    browser.submit("/account", &[("given_name", "Ada")]).await.expect_redirect("/account?saved=1");

    assert_eq!(browser.get("/v1/me").await.value()["given_name"], "Ada");
}

#[tokio::test]
async fn the_password_is_changed_on_its_page() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let other = app.browser();
    other.sign_in(&email).await;
    let wrong = browser
        .submit(
            "/account/password",
            &[("current_password", "wrong"), ("new_password", "an entirely new one")],
        )
        .await;
    assert!(
        wrong.status == 422 && wrong.text.contains("That is not your current password."),
        "{}",
        wrong.text
    );

    let fields = [("current_password", PASSWORD), ("new_password", "an entirely new one")];
    browser.submit("/account/password", &fields).await.expect_redirect("/account/password?changed=1");

    browser.get("/account/password?changed=1").await.expect_status(200);
    other.get("/account").await.expect_status(303);
}

#[tokio::test]
async fn signing_out_everywhere_leaves_no_session() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let other = app.browser();
    other.sign_in(&email).await;

    browser.submit("/sign-out/all", &[]).await.expect_redirect("/sign-in?notice=signed_out_everywhere");

    other.get("/v1/session").await.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn a_revoked_session_with_a_token_that_has_not_run_out_ends_at_sign_in_and_in_no_loop() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    browser.copy().post_empty("/v1/sign-out").await;

    browser.get("/account").await.expect_redirect("/sign-in?redirect_to=%2Faccount");
    browser.get("/sign-in?redirect_to=%2Faccount").await.expect_status(200);
}

#[tokio::test]
async fn the_account_shows_the_sign_in_before_this_one_with_device_and_address() {
    let app = TestApp::start().await;
    let (first, email) = app.member("ada").await;
    assert!(first.get("/account").await.text.contains("This is your first"));

    app.advance(Duration::from_secs(2 * 3600));
    let second = app.browser();
    let body = json!({"identifier": email, "password": PASSWORD}).to_string();
    let headers = [("content-type", "application/json"), ("user-agent", FIREFOX)];
    second.send(Method::POST, "/v1/sign-in", &headers, Some(body.into())).await.expect_status(200);
    let wrong = json!({"identifier": email, "password": "not the right password"});
    app.browser().post("/v1/sign-in", &wrong).await.expect_status(401);
    let page = second.get("/account").await.text;
    assert!(
        page.contains("2 hours ago") && page.contains("127.0.0.1") && !page.contains("Firefox"),
        "{page}"
    );

    app.advance(Duration::from_secs(3600));
    let third = app.browser();
    third.sign_in(&email).await.expect_status(200);
    let page = third.get("/account").await.text;
    assert!(page.contains("1 hour ago") && page.contains("Firefox"), "{page}");
    assert!(second.get("/account").await.text.contains("3 hours ago"), "each session has its own");
}

#[tokio::test]
async fn a_field_that_does_not_come_stays_and_one_that_comes_empty_goes() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let fields = [("given_name", "Ada"), ("family_name", "Lovelace"), ("preferred_username", "ada.l")];
    browser.submit("/account", &fields).await.expect_status(303);

    browser.submit("/account", &[("x", "1"), ("family_name", "")]).await.expect_status(303);

    let me = browser.get("/v1/me").await.value();
    assert_eq!((&me["given_name"], &me["preferred_username"]), (&json!("Ada"), &json!("ada.l")));
    assert_eq!(me["family_name"], json!(null));
}

#[tokio::test]
async fn a_recovery_under_way_is_told_where_its_owner_looks_and_cancelled_there() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    app.add_totp(&browser).await;
    for page in ["/account", "/account/sessions", "/account/two-factor"] {
        assert!(!browser.get(page).await.text.contains("lost your second factor"), "{page}");
    }
    let mfa_token = app.browser().sign_in(&email).await.value()["mfa_token"].clone();
    app.browser().post("/v1/recovery", &json!({"mfa_token": mfa_token})).await.expect_status(202);

    for page in ["/account", "/account/sessions", "/account/two-factor"] {
        let text = browser.get(page).await.text;
        assert!(text.contains("Somebody says that you lost your second factor"), "{page}: {text}");
        assert!(text.contains("action=\"/account/two-factor/keep\""), "{page}");
    }
    browser.submit("/account/two-factor/keep", &[]).await.expect_status(303);
    assert!(!browser.get("/account").await.text.contains("lost your second factor"));
}

#[tokio::test]
async fn whoever_has_a_passkey_does_without_a_password() {
    let app = TestApp::with(|config| config.sign_in.email = false).await;
    let (browser, email) = app.member("ada").await;
    assert!(!browser.get("/account/password").await.text.contains("Remove the password"), "the only way in");
    crate::v1::passkeys::add(&app, &browser).await;
    assert!(browser.get("/account/password").await.text.contains("Remove the password"));

    let done = browser.submit("/account/password/remove", &[]).await;

    done.expect_redirect("/account/password?removed=1");
    let page = browser.get("/account/password?removed=1").await.text;
    assert!(page.contains("has no password any more") && page.contains("Set a password"), "{page}");
    app.browser().sign_in(&email).await.expect_problem(401, "invalid_credentials");
}
