//! A passkey in place of the authenticator app, on the way into an account that needs a second factor.

use doorward_test_support::{How, SoftPasskey};

use super::super::passkeys;
use super::*;

async fn required_for_all() -> TestApp {
    TestApp::with(|config| config.mfa.required_for = vec!["user".to_owned()]).await
}

/// Somebody new, whose address is verified: the token that the set-up goes on with.
async fn newcomer(app: &TestApp, browser: &Browser, email: &str) -> String {
    browser.sign_up(email).await.expect_status(202);
    let code = app.mail_to(email).await.code();
    let reply = browser.post("/v1/email/verify", &json!({"email": email, "code": code})).await;
    let answer = reply.expect_status(200).value();
    assert_eq!(
        (&answer["status"], &answer["methods"]),
        (&json!("enrolment_required"), &json!(["totp", "passkey"]))
    );
    answer["mfa_token"].as_str().unwrap().to_owned()
}

async fn start(browser: &Browser, mfa_token: &str) -> Reply {
    browser.post("/v1/sign-in/enrol/passkey/start", &json!({"mfa_token": mfa_token})).await
}

/// Begins: the token of the challenge, and the options.
async fn begin(browser: &Browser, mfa_token: &str) -> (Value, Value) {
    let started = start(browser, mfa_token).await.expect_status(200).value();
    (started["passkey_token"].clone(), started["options"].clone())
}

async fn finish(browser: &Browser, body: &Value) -> Reply {
    browser.post("/v1/sign-in/enrol/passkey/finish", body).await
}

fn answer(mfa_token: &str, passkey_token: &Value, credential: &Value) -> Value {
    json!({"mfa_token": mfa_token, "passkey_token": passkey_token, "credential": credential})
}

/// Sets one up, with cookies.
async fn enrol(app: &TestApp, browser: &Browser, mfa_token: &str) -> (SoftPasskey, Value) {
    let (passkey_token, options) = begin(browser, mfa_token).await;
    let (passkey, credential) = SoftPasskey::create(&options, &How::on(&app.url));
    let done = finish(browser, &answer(mfa_token, &passkey_token, &credential)).await;
    (passkey, done.expect_status(200).value())
}

/// The second step, by the passkey.
async fn second_step_by(app: &TestApp, browser: &Browser, token: &str, passkey: &mut SoftPasskey) {
    let body = json!({"mfa_token": token, "method": "passkey"});
    let started = browser.post("/v1/sign-in/mfa/start", &body).await.expect_status(200).value();
    let credential = passkey.get(&started["options"], &How::on(&app.url));
    let mut body = answer(token, &started["passkey_token"], &credential);
    body["method"] = json!("passkey");
    browser.post("/v1/sign-in/mfa", &body).await.expect_status(200);
}

#[tokio::test]
async fn a_passkey_that_is_made_on_the_way_in_is_the_second_factor_from_then_on() {
    let app = required_for_all().await;
    let (browser, email) = (app.browser(), "first@example.com");
    let token = newcomer(&app, &browser, email).await;

    let (mut passkey, done) = enrol(&app, &browser, &token).await;

    assert_eq!(done["status"], "signed_in");
    assert_eq!(done["backup_codes"].as_array().unwrap().len(), 10);
    let session = session(&browser).await;
    assert_eq!((&session["acr"], &session["amr"]), (&json!("aal2"), &json!(["pwd", "swk", "mfa"])));
    let factors = browser.get("/v1/me/factors").await.value();
    assert_eq!((&factors["mfa_enabled"], &factors["passkey_second_factor"]), (&json!(true), &json!(true)));
    let told = app.mails_to(email).await;
    assert_eq!(told.iter().filter(|mail| mail.subject.contains("A passkey was added")).count(), 1);
    let activity = browser.get("/v1/me/activity").await.text;
    for event in ["passkey.added", "passkey.second_factor_on", "\"sign_in\""] {
        assert!(activity.contains(event), "{event} is not in {activity}");
    }
    let other = app.browser();
    let answered = other.sign_in(email).await.value();
    assert_eq!(
        (&answered["status"], &answered["methods"]),
        (&json!("mfa_required"), &json!(["passkey", "backup_code"]))
    );
    second_step_by(&app, &other, answered["mfa_token"].as_str().unwrap(), &mut passkey).await;
    let backup = done["backup_codes"][0].as_str().unwrap();
    let token = first_step(&app.browser(), email).await;
    second_step(&app.browser(), &token, "backup_code", backup).await.expect_status(200);
}

#[tokio::test]
async fn the_last_passkey_of_an_account_that_needs_a_second_factor_stays_and_stays_asked_for() {
    let app = required_for_all().await;
    let (browser, email) = (app.browser(), "first@example.com");
    let token = newcomer(&app, &browser, email).await;
    enrol(&app, &browser, &token).await;

    let id = browser.get("/v1/me/passkeys").await.value()["items"][0]["id"].as_str().unwrap().to_owned();
    browser.delete(&format!("/v1/me/passkeys/{id}")).await.expect_problem(409, "conflict");
    let off = json!({"passkey_second_factor": false});
    browser.patch("/v1/me/factors", &off).await.expect_problem(409, "conflict");

    assert_eq!(browser.get("/v1/me/backup-codes").await.value()["remaining"], 10);
    app.add_totp(&browser).await;
    browser.patch("/v1/me/factors", &off).await.expect_status(200);
}

#[tokio::test]
async fn a_client_without_cookies_gets_tokens_in_the_body_and_names_the_passkey() {
    let app = required_for_all().await;
    let browser = app.browser();
    let token = newcomer(&app, &browser, "first@example.com").await;
    let (passkey_token, options) = begin(&app.browser(), &token).await;
    let how = How { backup_eligible: false, backed_up: false, user_verified: false, ..How::on(&app.url) };
    let (_, credential) = SoftPasskey::create(&options, &how);
    let mut body = answer(&token, &passkey_token, &credential);
    body["delivery"] = json!("body");
    body["name"] = json!("My key");

    let reply = finish(&app.browser(), &body).await;

    assert!(reply.expect_status(200).set_cookies().is_empty());
    let done = reply.value();
    assert!(done["refresh_token"].is_string() && done["backup_codes"].is_array());
    assert_eq!(
        (&done["session"]["acr"], &done["session"]["amr"]),
        (&json!("aal2"), &json!(["pwd", "hwk", "mfa"]))
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM passkeys WHERE name = 'My key'").await, 1);
}

#[tokio::test]
async fn a_challenge_is_for_one_sign_in_and_for_nothing_else() {
    let app = required_for_all().await;
    let (browser, email) = (app.browser(), "first@example.com");
    let token = newcomer(&app, &browser, email).await;
    let other = browser.sign_in(email).await.value()["mfa_token"].as_str().unwrap().to_owned();
    let eves = newcomer(&app, &app.browser(), "eve@example.com").await;
    let how = How::on(&app.url);
    let gone = (400, "invalid_or_expired_token");

    for wrong in [&other, &eves] {
        let (passkey_token, options) = begin(&browser, &token).await;
        let (_, credential) = SoftPasskey::create(&options, &how);
        finish(&browser, &answer(wrong, &passkey_token, &credential)).await.expect_problem(gone.0, gone.1);
        // It is spent.
        finish(&browser, &answer(&token, &passkey_token, &credential)).await.expect_problem(gone.0, gone.1);
    }
    // One to sign in by, and one of somebody's account.
    let started = browser.post_empty("/v1/sign-in/passkey/start").await.value();
    let (_, mut options) = begin(&browser, &token).await;
    options["challenge"] = started["options"]["challenge"].clone();
    let (_, credential) = SoftPasskey::create(&options, &how);
    let body = answer(&token, &started["passkey_token"], &credential);
    finish(&browser, &body).await.expect_problem(gone.0, gone.1);
    let (_, signed_in) = enrol(&app, &browser, &other).await;
    assert_eq!(signed_in["status"], "signed_in");
    let (accounts, options) = passkeys::start(&browser).await;
    let (_, credential) = SoftPasskey::create(&options, &how);
    let body = answer(&eves, &json!(accounts), &credential);
    finish(&app.browser(), &body).await.expect_problem(gone.0, gone.1);
    // And the other way round: one of a set-up adds nothing to an account.
    let (passkey_token, options) = begin(&app.browser(), &eves).await;
    let (_, credential) = SoftPasskey::create(&options, &how);
    let body = json!({"passkey_token": passkey_token, "credential": credential});
    browser.post("/v1/me/passkeys/finish", &body).await.expect_problem(gone.0, gone.1);
    assert_eq!(app.count("SELECT COUNT(*) FROM passkeys").await, 1);
}

#[tokio::test]
async fn what_does_not_hold_makes_no_passkey_and_spends_its_challenge() {
    let app = required_for_all().await;
    let browser = app.browser();
    let token = newcomer(&app, &browser, "first@example.com").await;
    let good = How::on(&app.url);
    let cases = [
        ("origin", How { origin: "https://evil.example".to_owned(), ..good.clone() }),
        ("challenge", How { challenge: Some(json!("AAAA")), ..good.clone() }),
        ("rp id", How { rp_id: Some("evil.example"), ..good.clone() }),
        ("nobody there", How { user_present: false, ..good.clone() }),
        ("cross origin", How { cross_origin: true, ..good.clone() }),
    ];
    for (what, how) in cases {
        let (passkey_token, options) = begin(&browser, &token).await;
        let (passkey, credential) = SoftPasskey::create(&options, &how);
        let reply = finish(&browser, &answer(&token, &passkey_token, &credential)).await;
        assert_eq!((reply.status, &reply.value()["code"]), (400, &json!("malformed_request")), "{what}");
        assert!(reply.set_cookies().is_empty(), "{what}");
        let credential = passkey.register(&options, &good);
        let again = finish(&browser, &answer(&token, &passkey_token, &credential)).await;
        assert_eq!(again.value()["code"], "invalid_or_expired_token", "{what}");
    }
    let (passkey_token, _) = begin(&browser, &token).await;
    let reply = finish(&browser, &answer(&token, &passkey_token, &json!({}))).await;
    reply.expect_field("credential", "invalid");
    assert_eq!(app.count("SELECT COUNT(*) FROM passkeys").await, 0);
    enrol(&app, &browser, &token).await;
}

#[tokio::test]
async fn somebody_elses_passkey_is_refused() {
    let app = required_for_all().await;
    let (browser, eve) = (app.browser(), app.browser());
    let token = newcomer(&app, &browser, "first@example.com").await;
    let (passkey, _) = enrol(&app, &browser, &token).await;
    let token = newcomer(&app, &eve, "eve@example.com").await;
    let (passkey_token, options) = begin(&eve, &token).await;
    let credential = passkey.register(&options, &How::on(&app.url));

    let reply = finish(&eve, &answer(&token, &passkey_token, &credential)).await;

    reply.expect_problem(409, "conflict");
    eve.get("/v1/session").await.expect_problem(401, "not_authenticated");
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 1);
}

#[tokio::test]
async fn a_sign_in_that_waits_for_a_second_factor_makes_none() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;

    start(&browser, &token).await.expect_problem(400, "invalid_or_expired_token");
    start(&browser, "no-such-token").await.expect_problem(400, "invalid_or_expired_token");
    browser
        .post("/v1/sign-in/enrol/passkey/start", &json!({}))
        .await
        .expect_problem(400, "invalid_or_expired_token");
    let (accounts, options) = passkeys::start(&ada.browser).await;
    let (_, credential) = SoftPasskey::create(&options, &How::on(&app.url));
    let reply = finish(&browser, &answer(&token, &json!(accounts), &credential)).await;
    reply.expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn what_was_begun_is_over_after_ten_minutes_and_once_there_is_a_second_factor() {
    let app = required_for_all().await;
    let (browser, email) = (app.browser(), "first@example.com");
    let late = newcomer(&app, &browser, email).await;
    let (passkey_token, options) = begin(&browser, &late).await;
    let (_, credential) = SoftPasskey::create(&options, &How::on(&app.url));
    app.advance(10 * MINUTE);
    let reply = finish(&browser, &answer(&late, &passkey_token, &credential)).await;
    reply.expect_problem(400, "invalid_or_expired_token");

    let token = browser.sign_in(email).await.value()["mfa_token"].as_str().unwrap().to_owned();
    let thief = app.browser();
    let thiefs = thief.sign_in(email).await.value()["mfa_token"].as_str().unwrap().to_owned();
    let (passkey_token, options) = begin(&thief, &thiefs).await;
    let (_, credential) = SoftPasskey::create(&options, &How::on(&app.url));
    let set_up = browser.post("/v1/sign-in/enrol/totp", &json!({"mfa_token": token})).await.value();
    let phone = AuthenticatorApp::of_secret(set_up["secret"].as_str().unwrap());
    let body = json!({"mfa_token": token, "code": phone.code(&app)});
    browser.post("/v1/sign-in/enrol/totp/confirm", &body).await.expect_status(200);

    let reply = finish(&thief, &answer(&thiefs, &passkey_token, &credential)).await;
    reply.expect_problem(400, "invalid_or_expired_token");
    assert_eq!(app.count("SELECT COUNT(*) FROM passkeys").await, 0);
}

#[tokio::test]
async fn of_fifty_answers_at_once_one_signs_in() {
    let app = TestApp::with(|config| {
        config.mfa.required_for = vec!["user".to_owned()];
        config.rate_limit.enabled = false;
    })
    .await;
    let token = newcomer(&app, &app.browser(), "first@example.com").await;
    let mut bodies = Vec::new();
    for at in 0..50 {
        // Some answer one challenge, some have one of their own.
        if at < 25 || bodies.is_empty() {
            let (passkey_token, options) = begin(&app.browser(), &token).await;
            let (_, credential) = SoftPasskey::create(&options, &How::on(&app.url));
            bodies.push(answer(&token, &passkey_token, &credential));
        } else {
            bodies.push(bodies[0].clone());
        }
    }

    let replies = doorward_test_support::all_at_once(bodies, |body| {
        let browser = app.browser();
        async move { finish(&browser, &body).await.status }
    })
    .await;

    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
    assert!(replies.iter().all(|status| matches!(status, 200 | 400)), "{replies:?}");
    for table in ["SELECT COUNT(*) FROM sessions", "SELECT COUNT(*) FROM passkeys"] {
        assert_eq!(app.count(table).await, 1, "{table}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM backup_codes").await, 10);
}

#[tokio::test]
async fn after_a_reset_by_the_operator_a_passkey_will_do_as_well() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let (user, caller) = (app.user_id(&ada.email).await, doorward_core::context::Caller::system("test"));
    doorward_core::recovery::reset_by_operator(app.app.context(), &caller, user, "seen in person")
        .await
        .unwrap();
    let browser = app.browser();
    let answered = browser.sign_in(&ada.email).await.value();
    assert_eq!(answered["status"], "enrolment_required");

    let token = answered["mfa_token"].as_str().unwrap();
    let (mut passkey, _) = enrol(&app, &browser, token).await;

    let other = app.browser();
    let token = first_step(&other, &ada.email).await;
    second_step_by(&app, &other, &token, &mut passkey).await;
}
