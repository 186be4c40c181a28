//! The pages of passkeys, as their script posts to them.

use std::time::Duration;

use doorward_test_support::{Browser, How, SoftPasskey, TestApp};
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);

async fn begin(browser: &Browser, path: &str, body: &Value) -> (String, Value) {
    let started = browser.post(path, body).await;
    let started = started.expect_status(200).value();
    (started["passkey_token"].as_str().unwrap().to_owned(), started["options"].clone())
}

async fn add(app: &TestApp, browser: &Browser) -> SoftPasskey {
    let (token, options) = begin(browser, "/v1/me/passkeys/start", &json!({})).await;
    let (passkey, credential) = SoftPasskey::create(&options, &How::on(&app.url));
    let fields = [("passkey_token", token.as_str()), ("credential", &credential.to_string())];
    let reply = browser.submit("/account/passkeys/add", &fields).await;
    reply.expect_redirect("/account/passkeys?done=added");
    passkey
}

#[tokio::test]
async fn a_passkey_is_added_signs_in_and_leads_where_one_was_going() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    assert!(ada.get("/account").await.text.contains("Sign in faster next time"));
    let mut passkey = add(&app, &ada).await;
    let list = ada.get("/account/passkeys").await.text;
    assert!(list.contains("Synced") && list.contains("not used yet"), "{list}");
    assert!(!ada.get("/account").await.text.contains("Sign in faster next time"));

    let browser = app.browser();
    let (token, options) = begin(&browser, "/v1/sign-in/passkey/start", &json!({})).await;
    let credential = passkey.get(&options, &How::on(&app.url)).to_string();
    let to = "/account/sessions";
    let fields = [
        ("passkey_token", token.as_str()),
        ("credential", &credential),
        ("remember", "on"),
        ("redirect_to", to),
    ];
    browser.submit("/sign-in/passkey", &fields).await.expect_redirect(to);
    let session = browser.get("/v1/session").await.value();
    assert_eq!((&session["user"]["email"], &session["session"]["remember"]), (&json!(email), &json!(true)));

    let again = app.browser().submit("/sign-in/passkey", &fields).await;
    assert!(again.status == 400 && again.text.contains("Start with the passkey again"), "{}", again.text);
    let evil = [("passkey_token", "x"), ("credential", "<script>"), ("redirect_to", "//evil.example")];
    let reply = app.browser().submit("/sign-in/passkey", &evil).await;
    assert!(reply.status == 422 && reply.text.contains("toJSON"), "{}", reply.text);
}

#[tokio::test]
async fn what_a_person_can_do_about_a_refused_passkey_stands_beside_the_button() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let mut passkey = add(&app, &ada).await;
    let submit = async |passkey: &mut SoftPasskey, how: &How| {
        let browser = app.browser();
        let (token, options) = begin(&browser, "/v1/sign-in/passkey/start", &json!({})).await;
        let credential = passkey.get(&options, how).to_string();
        let fields = [("passkey_token", token.as_str()), ("credential", &credential)];
        browser.submit("/sign-in/passkey", &fields).await
    };
    let unverified = How { user_verified: false, ..How::on(&app.url) };
    let reply = submit(&mut passkey, &unverified).await;
    assert!(reply.status == 401 && reply.text.contains(" data-verify"), "{}", reply.text);

    let id = ada.get("/v1/me/passkeys").await.value()["items"][0]["id"].as_str().unwrap().to_owned();
    let removed = ada.submit("/account/passkeys/remove", &[("id", &id)]).await;
    removed.expect_redirect("/account/passkeys?done=removed");
    let reply = submit(&mut passkey, &How::on(&app.url)).await;
    assert!(
        reply.status == 401 && reply.text.contains("data-unknown=\"{&#34;credentialId"),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn adding_and_removing_go_past_the_page_that_asks_who_it_is() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let mut passkey = add(&app, &ada).await;
    app.advance(11 * MINUTE);
    ada.refresh().await.expect_status(200);
    ada.get("/account/passkeys").await.expect_status(200);
    let to = "/reauthenticate?redirect_to=%2Faccount%2Fpasskeys%2Fadd";
    ada.get("/account/passkeys/add").await.expect_redirect(to);
    let reply = ada.submit("/account/passkeys/remove", &[("id", "x")]).await;
    assert!(reply.header("location").starts_with("/reauthenticate?"), "{}", reply.status);

    assert!(ada.get("/reauthenticate").await.text.contains("Use a passkey"));
    let method = json!({"method": "passkey"});
    let (token, options) = begin(&ada, "/v1/reauthenticate/start", &method).await;
    let credential = passkey.get(&options, &How::on(&app.url)).to_string();
    let fields = [
        ("passkey_token", token.as_str()),
        ("credential", &credential),
        ("redirect_to", "/account/passkeys/add"),
    ];
    ada.submit("/reauthenticate", &fields).await.expect_redirect("/account/passkeys/add");
    ada.get("/account/passkeys/add").await.expect_status(200);
    let spent = ada.submit("/reauthenticate", &fields).await;
    assert!(spent.status == 400 && spent.text.contains("Start with the passkey again"), "{}", spent.text);
    let (bob, _) = app.member("bob").await;
    assert!(!bob.get("/reauthenticate").await.text.contains("Use a passkey"));
}

#[tokio::test]
async fn a_passkey_gets_another_name_and_a_bad_one_is_told() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    add(&app, &ada).await;
    let id = ada.get("/v1/me/passkeys").await.value()["items"][0]["id"].as_str().unwrap().to_owned();
    let reply = ada.submit("/account/passkeys/rename", &[("id", &id), ("name", "Ada's phone")]).await;
    reply.expect_redirect("/account/passkeys?done=renamed");
    assert!(ada.get("/account/passkeys").await.text.contains("Ada&#39;s phone"));
    let reply = ada.submit("/account/passkeys/rename", &[("id", &id), ("name", "")]).await;
    assert!(reply.status == 422 && reply.text.contains("Give the passkey a name."), "{}", reply.text);
}

#[tokio::test]
async fn an_account_without_a_password_is_asked_for_a_new_one_alone() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    add(&app, &ada).await;
    let db = &app.app.context().db;
    db.write(async |tx| tx.execute("UPDATE users SET password_hash = NULL", &[]).await).await.unwrap();
    app.app.sessions.forget_user(ada.get("/v1/me").await.value()["id"].as_str().unwrap().parse().unwrap());
    let page = ada.get("/account/password").await.text;
    assert!(page.contains("Set a password") && !page.contains("current_password"), "{page}");

    app.advance(11 * MINUTE);
    let new = [("new_password", "a wholly new passphrase")];
    let stale = ada.submit("/account/password", &new).await;
    stale.expect_redirect("/reauthenticate?redirect_to=%2Faccount%2Fpassword");
    app.browser().sign_in(&email).await.expect_problem(401, "invalid_credentials");
}
