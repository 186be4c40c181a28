//! Signing in by passkey, and confirming by one.

use std::time::Duration;

use doorward_core::context::{Id, SessionKind};
use doorward_core::passkey::authentication::{self, Purpose};
use doorward_test_support::{Browser, How, PASSWORD, Reply, SoftPasskey, TestApp};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::passkeys::{add, add_with};

const MINUTE: Duration = Duration::from_secs(60);

async fn start(browser: &Browser) -> (String, Value) {
    let started = browser.post_empty("/v1/sign-in/passkey/start").await;
    let started = started.expect_status(200).value();
    (started["passkey_token"].as_str().unwrap().to_owned(), started["options"].clone())
}

async fn finish(browser: &Browser, token: &str, credential: &Value) -> Reply {
    let body = json!({"passkey_token": token, "credential": credential});
    browser.post("/v1/sign-in/passkey/finish", &body).await
}

pub async fn sign_in(app: &TestApp, browser: &Browser, passkey: &mut SoftPasskey) -> Reply {
    sign_in_as(browser, passkey, &How::on(&app.url)).await
}

async fn sign_in_as(browser: &Browser, passkey: &mut SoftPasskey, how: &How) -> Reply {
    let (token, options) = start(browser).await;
    finish(browser, &token, &passkey.get(&options, how)).await
}

pub async fn confirm(app: &TestApp, browser: &Browser, passkey: &mut SoftPasskey) -> Reply {
    let started = browser.post("/v1/reauthenticate/start", &json!({"method": "passkey"})).await;
    let started = started.expect_status(200).value();
    let credential = passkey.get(&started["options"], &How::on(&app.url));
    let body = json!({"passkey_token": started["passkey_token"], "credential": credential});
    browser.post("/v1/reauthenticate", &body).await
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_name_being_typed() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let mut passkey = add(&app, &ada).await;
    let browser = app.browser();
    let (token, options) = start(&browser).await;
    assert_eq!(options["allowCredentials"], json!([]), "nothing is told of anybody");
    assert_eq!((&options["rpId"], &options["userVerification"]), (&json!("localhost"), &json!("preferred")));
    let body = json!({
        "passkey_token": token,
        "credential": passkey.get(&options, &How::on(&app.url)),
        "remember": true,
    });

    let reply = browser.post("/v1/sign-in/passkey/finish", &body).await;

    let answer = reply.expect_status(200).value();
    assert_eq!((&answer["status"], &answer["user"]["email"]), (&json!("signed_in"), &json!(email)));
    assert_eq!(answer["session"]["amr"], json!(["swk", "user", "mfa"]));
    assert_eq!(answer["session"]["remember"], true);
    browser.get("/v1/session").await.expect_status(200);
    let items = ada.get("/v1/me/passkeys").await.value();
    assert!(items["items"][0]["last_used_at"].is_string());
    assert!(browser.get("/account/sessions").await.text.contains("by passkey"));
}

#[tokio::test]
async fn a_client_without_cookies_gets_tokens_in_the_body() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let mut passkey = add(&app, &ada).await;
    let browser = app.browser();
    let (token, options) = start(&browser).await;
    let credential = passkey.get(&options, &How::on(&app.url));
    let body = json!({"passkey_token": token, "credential": credential, "delivery": "body"});
    let reply = browser.post("/v1/sign-in/passkey/finish", &body).await;
    assert!(reply.expect_status(200).set_cookies().is_empty());
    assert!(reply.value()["refresh_token"].is_string());
}

#[tokio::test]
async fn what_browsers_and_thieves_must_not_say_signs_nobody_in() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let (eve, _) = app.member("eve").await;
    let mut passkey = add(&app, &ada).await;
    let eve_id = eve.get("/v1/me").await.value()["id"].as_str().unwrap().to_owned();
    let eve_handle = eve_id.trim_start_matches("user_").to_owned();
    let eve_handle =
        (0..16).map(|at| u8::from_str_radix(&eve_handle[2 * at..2 * at + 2], 16).unwrap()).collect();
    let good = How::on(&app.url);
    let cases: Vec<(&str, &str, How)> = vec![
        ("origin", "invalid_credentials", How { origin: "https://evil.example".to_owned(), ..good.clone() }),
        (
            "subdomain",
            "invalid_credentials",
            How { origin: good.origin.replace("//", "//evil."), ..good.clone() },
        ),
        ("port", "invalid_credentials", How { origin: "http://localhost:1".to_owned(), ..good.clone() }),
        ("no port", "invalid_credentials", How { origin: "http://localhost".to_owned(), ..good.clone() }),
        ("kind", "invalid_credentials", How { kind: Some("webauthn.create"), ..good.clone() }),
        ("challenge", "invalid_credentials", How { challenge: Some(json!("AAAA")), ..good.clone() }),
        ("no challenge", "invalid_credentials", How { challenge: Some(Value::Null), ..good.clone() }),
        ("rp id", "invalid_credentials", How { rp_id: Some("evil.example"), ..good.clone() }),
        ("cross origin", "invalid_credentials", How { cross_origin: true, ..good.clone() }),
        (
            "top origin",
            "invalid_credentials",
            How { top_origin: Some("https://evil.example"), ..good.clone() },
        ),
        ("nobody there", "invalid_credentials", How { user_present: false, ..good.clone() }),
        ("nobody verified", "user_verification_required", How { user_verified: false, ..good.clone() }),
        (
            "backup turned off",
            "invalid_credentials",
            How { backup_eligible: false, backed_up: false, ..good.clone() },
        ),
        ("no handle", "invalid_credentials", How { user_handle: Some(None), ..good.clone() }),
        ("empty handle", "invalid_credentials", How { user_handle: Some(Some(Vec::new())), ..good.clone() }),
        ("eve's handle", "invalid_credentials", How { user_handle: Some(Some(eve_handle)), ..good.clone() }),
        ("cut", "invalid_credentials", How { cut: 1, ..good.clone() }),
        ("cut to nothing", "invalid_credentials", How { cut: 37, ..good.clone() }),
    ];
    for (what, code, how) in cases {
        let browser = app.browser();
        let (token, options) = start(&browser).await;
        let reply = finish(&browser, &token, &passkey.get(&options, &how)).await;
        assert_eq!((reply.status, &reply.value()["code"]), (401, &json!(code)), "{what}: {}", reply.text);
        assert!(reply.set_cookies().is_empty(), "{what}");
        // The challenge is spent.
        let again = finish(&browser, &token, &passkey.get(&options, &good)).await;
        assert_eq!(again.value()["code"], "invalid_or_expired_token", "{what}");
    }
    let mut forged = passkey.get(&start(&ada).await.1, &good);
    let (token, options) = start(&ada).await;
    forged["response"]["clientDataJSON"] = passkey.get(&options, &good)["response"]["clientDataJSON"].clone();
    finish(&ada, &token, &forged).await.expect_problem(401, "invalid_credentials");
    sign_in(&app, &app.browser(), &mut passkey).await.expect_status(200);
}

#[tokio::test]
async fn a_security_key_that_knows_no_pin_is_one_factor() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let how = How {
        user_verified: false,
        backup_eligible: false,
        backed_up: false,
        counter: Some(7),
        ..How::on(&app.url)
    };
    let mut key = add_with(&ada, &how).await;
    let how = How { counter: None, ..how };
    let answer = sign_in_as(&app.browser(), &mut key, &how).await.expect_status(200).value();
    assert_eq!(answer["session"]["amr"], json!(["hwk", "user"]));
}

#[tokio::test]
async fn an_answer_is_worth_nothing_the_second_time_and_after_ten_minutes() {
    let mut app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let mut passkey = add(&app, &ada).await;
    let (token, options) = start(&ada).await;
    let credential = passkey.get(&options, &How::on(&app.url));
    finish(&app.browser(), &token, &credential).await.expect_status(200);
    finish(&app.browser(), &token, &credential).await.expect_problem(400, "invalid_or_expired_token");

    let (late, options) = start(&ada).await;
    let answer = passkey.get(&options, &How::on(&app.url));
    app.advance(10 * MINUTE);
    finish(&app.browser(), &late, &answer).await.expect_problem(400, "invalid_or_expired_token");

    let (unused, options) = start(&app.browser()).await;
    app.restart().await;
    finish(&app.browser(), &token, &credential).await.expect_problem(400, "invalid_or_expired_token");
    let answer = passkey.get(&options, &How::on(&app.url));
    finish(&app.browser(), &unused, &answer).await.expect_status(200);
    doorward_core::clean_up::run(&app.app.sessions).await.unwrap();
    app.advance(10 * MINUTE);
    doorward_core::clean_up::run(&app.app.sessions).await.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM passkey_challenges").await, 0);
}

#[tokio::test]
async fn of_fifty_answers_to_one_challenge_one_signs_in() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let mut passkey = add(&app, &ada).await;
    let (token, options) = start(&ada).await;
    let credential = passkey.get(&options, &How::on(&app.url));
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (browser, token, credential) = (app.browser(), token.clone(), credential.clone());
        running.spawn(async move { finish(&browser, &token, &credential).await });
    }
    let replies = running.join_all().await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 400)));
}

#[tokio::test]
async fn a_counter_that_does_not_rise_is_a_clone_and_its_owner_is_told() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let how = How { counter: Some(5), backup_eligible: false, backed_up: false, ..How::on(&app.url) };
    let mut key = add_with(&ada, &how).await;
    let how = How { counter: None, ..how };
    sign_in_as(&app.browser(), &mut key, &how).await.expect_status(200);
    for behind in [6, 5, 0] {
        let before = app.mails_to(&email).await.len();
        let cloned = How { counter: Some(behind), ..how.clone() };
        let reply = sign_in_as(&app.browser(), &mut key, &cloned).await;
        reply.expect_problem(401, "invalid_credentials");
        assert!(reply.set_cookies().is_empty());
        let mails = app.mails_to(&email).await;
        assert_eq!(mails.len(), before + 1);
        assert!(mails[0].subject.contains("We refused a passkey"), "{}", mails[0].subject);
        assert!(mails[0].text.contains("/not-me?token="));
    }
    let events = "SELECT COUNT(*) FROM audit_events WHERE type = 'passkey.clone_suspected'";
    assert_eq!(app.count(events).await, 3);
    key.counter = 6;
    sign_in_as(&app.browser(), &mut key, &how).await.expect_status(200);
}

#[tokio::test]
async fn of_fifty_answers_with_one_count_one_signs_in() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let how = How { counter: Some(5), ..How::on(&app.url) };
    let mut key = add_with(&ada, &how).await;
    let how = How { counter: Some(9), ..how };
    let mut answers = Vec::new();
    for _ in 0..50 {
        let (token, options) = start(&app.browser()).await;
        answers.push((token, key.get(&options, &how)));
    }
    let mut running = tokio::task::JoinSet::new();
    for (token, credential) in answers {
        let browser = app.browser();
        running.spawn(async move { finish(&browser, &token, &credential).await });
    }
    let replies = running.join_all().await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 401)));
}

#[tokio::test]
async fn a_passkey_that_was_removed_is_not_known() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let mut passkey = add(&app, &ada).await;
    let id = ada.get("/v1/me/passkeys").await.value()["items"][0]["id"].as_str().unwrap().to_owned();
    let (token, options) = start(&ada).await;
    ada.delete(&format!("/v1/me/passkeys/{id}")).await.expect_status(204);
    let answer = passkey.get(&options, &How::on(&app.url));
    finish(&app.browser(), &token, &answer).await.expect_problem(401, "passkey_unknown");
    sign_in(&app, &app.browser(), &mut passkey).await.expect_problem(401, "passkey_unknown");
    let (_, options) =
        (String::new(), json!({"rp": {"id": "localhost"}, "user": {"id": "AAAA"}, "challenge": "AAAA"}));
    let (mut stranger, _) = SoftPasskey::create(&options, &How::on(&app.url));
    sign_in(&app, &app.browser(), &mut stranger).await.expect_problem(401, "passkey_unknown");
}

#[tokio::test]
async fn an_account_that_may_not_come_in_does_not_come_in_by_passkey() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let mut passkey = add(&app, &ada).await;
    let db = &app.app.context().db;
    db.write(async |tx| tx.execute("UPDATE users SET disabled_at = 1", &[]).await).await.unwrap();
    sign_in(&app, &app.browser(), &mut passkey).await.expect_problem(403, "account_disabled");
    db.write(async |tx| tx.execute("UPDATE users SET disabled_at = NULL", &[]).await).await.unwrap();
    ada.delete("/v1/me").await.expect_status(202);
    sign_in(&app, &app.browser(), &mut passkey).await.expect_problem(403, "account_disabled");
}

#[tokio::test]
async fn passkeys_are_limited_by_network() {
    let app = TestApp::with(|config| config.rate_limit.enabled = true).await;
    let mut refused = None;
    for _ in 0..130 {
        let reply = app.browser().post_empty("/v1/sign-in/passkey/start").await;
        if reply.status == 429 {
            refused = Some(reply);
            break;
        }
    }
    refused.expect("a limit").expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn a_passkey_of_the_account_makes_it_fresh() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let (eve, _) = app.member("eve").await;
    let mut passkey = add(&app, &ada).await;
    let mut eves = add(&app, &eve).await;
    app.advance(11 * MINUTE);
    ada.refresh().await.expect_status(200);
    ada.get("/v1/me/export").await.expect_problem(403, "reauthentication_required");

    let reply = confirm(&app, &ada, &mut eves).await;
    reply.expect_problem(401, "invalid_credentials");
    ada.get("/v1/me/export").await.expect_problem(403, "reauthentication_required");
    let reply = confirm(&app, &ada, &mut passkey).await;

    assert_eq!(reply.expect_status(200).value(), json!({"expires_in": 600}));
    ada.get("/v1/me/export").await.expect_status(200);
}

#[tokio::test]
async fn a_challenge_of_one_purpose_is_refused_for_another() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let elsewhere = app.browser();
    elsewhere.sign_in(&email).await.expect_status(200);
    let mut passkey = add(&app, &ada).await;
    let how = How::on(&app.url);
    let confirm = async |browser: &Browser, token: &str, credential: &Value| {
        let body = json!({"passkey_token": token, "credential": credential});
        browser.post("/v1/reauthenticate", &body).await
    };
    let begin = async || {
        let started = ada.post("/v1/reauthenticate/start", &json!({"method": "passkey"})).await.value();
        (started["passkey_token"].as_str().unwrap().to_owned(), started["options"].clone())
    };

    // A sign-in's for a confirmation, and the other way round.
    let (token, options) = start(&ada).await;
    let reply = confirm(&ada, &token, &passkey.get(&options, &how)).await;
    reply.expect_problem(400, "invalid_or_expired_token");
    let (token, options) = begin().await;
    let answer = passkey.get(&options, &how);
    finish(&app.browser(), &token, &answer).await.expect_problem(400, "invalid_or_expired_token");
    // Another session's.
    let (token, options) = begin().await;
    let reply = confirm(&elsewhere, &token, &passkey.get(&options, &how)).await;
    reply.expect_problem(400, "invalid_or_expired_token");
    // A registration's.
    let started = ada.post_empty("/v1/me/passkeys/start").await.value();
    let answer = passkey.get(&json!({"challenge": started["options"]["challenge"]}), &how);
    let token = started["passkey_token"].as_str().unwrap();
    finish(&app.browser(), token, &answer).await.expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn a_second_factor_s_challenge_is_for_its_account_and_its_sign_in() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let (eve, _) = app.member("eve").await;
    let mut passkey = add(&app, &ada).await;
    let mut eves = add(&app, &eve).await;
    let (context, caller) = (app.app.context(), doorward_core::context::Caller::system("test"));
    let user: doorward_core::context::UserId =
        ada.get("/v1/me").await.value()["id"].as_str().unwrap().parse().unwrap();
    let flow = context.new_id::<SessionKind>().uuid();
    let purpose = Purpose::SecondFactor { user, flow, verifies: false };
    let how = How::on(&app.url);
    let prove = async |passkey: &mut SoftPasskey, how: &How, shown_for: Purpose| {
        let started = authentication::start(context, &caller, purpose).await.unwrap();
        let credential = passkey.get(&started.options, how);
        let token = started.token.expose_secret().to_owned();
        authentication::prove(context, &caller, shown_for, &token, &credential).await
    };
    let started = authentication::start(context, &caller, purpose).await.unwrap();
    assert_eq!(started.options["allowCredentials"].as_array().unwrap().len(), 1);

    let proof = prove(&mut passkey, &how, purpose).await.unwrap();
    assert!(proof.user() == user && proof.user_verified() && proof.backup_eligible());
    // A key that is no discoverable one names nobody.
    let silent = How { user_handle: Some(None), ..how.clone() };
    prove(&mut passkey, &silent, purpose).await.unwrap();
    let another =
        Purpose::SecondFactor { user, flow: context.new_id::<SessionKind>().uuid(), verifies: false };
    let session = Purpose::Reauthenticate { user, session: Id::from_uuid(flow) };
    for wrong in [another, session, Purpose::SignIn] {
        assert_eq!(
            prove(&mut passkey, &how, wrong).await.unwrap_err().code().as_str(),
            "invalid_or_expired_token"
        );
    }
    assert_eq!(prove(&mut eves, &how, purpose).await.unwrap_err().code().as_str(), "invalid_credentials");
}

#[tokio::test]
async fn confirming_says_what_is_missing() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let begin = json!({"method": "passkey"});
    ada.post("/v1/reauthenticate/start", &begin).await.expect_field("method", "invalid");
    add(&app, &ada).await;
    for (body, field) in [
        (json!({"method": "passkey"}), "passkey_token"),
        (json!({"passkey_token": "x"}), "credential"),
        (json!({"credential": {}}), "passkey_token"),
    ] {
        ada.post("/v1/reauthenticate", &body).await.expect_field(field, "required");
    }
    let both = json!({"password": PASSWORD, "passkey_token": "x", "credential": {}});
    ada.post("/v1/reauthenticate", &both).await.expect_field("password", "invalid");
}

#[tokio::test]
async fn every_sign_in_everywhere_ends_also_a_passkey_that_is_under_way() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let mut passkey = add(&app, &ada).await;
    let (context, caller) = (app.app.context(), doorward_core::context::Caller::system("test"));
    let started = doorward_core::sign_in::passkey::start(context, &caller).await.unwrap();
    let credential = passkey.get(&started.options, &How::on(&app.url));
    let token = started.token.expose_secret();
    let factor = doorward_core::sign_in::passkey::verify(context, &caller, token, &credential).await.unwrap();
    ada.post_empty("/v1/sign-out/all").await.expect_status(204);
    let entry = doorward_core::sign_in::flow::Entry::default();
    let late = doorward_core::sign_in::flow::complete(&app.app.sessions, &caller, factor, entry).await;
    assert_eq!(late.err().unwrap().code().as_str(), "invalid_credentials");
}
