//! Passkeys of one's own: added, listed, renamed, removed.

use std::time::Duration;

use doorward_test_support::{Browser, How, PASSWORD, SoftPasskey, TestApp};
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);

/// Begins to add a passkey: the token and the options.
pub async fn start(browser: &Browser) -> (String, Value) {
    let started = browser.post_empty("/v1/me/passkeys/start").await;
    let started = started.expect_status(200).value();
    (started["passkey_token"].as_str().unwrap().to_owned(), started["options"].clone())
}

/// Adds a passkey to the account that is signed in.
pub async fn add(app: &TestApp, browser: &Browser) -> SoftPasskey {
    add_with(browser, &How::on(&app.url)).await
}

pub async fn add_with(browser: &Browser, how: &How) -> SoftPasskey {
    let (token, options) = start(browser).await;
    let (passkey, credential) = SoftPasskey::create(&options, how);
    let body = json!({"passkey_token": token, "credential": credential});
    browser.post("/v1/me/passkeys/finish", &body).await.expect_status(201);
    passkey
}

async fn items(browser: &Browser) -> Vec<Value> {
    let list = browser.get("/v1/me/passkeys").await;
    list.expect_status(200).value()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_passkey_is_asked_for_as_the_standard_writes_it() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let has = add(&app, &ada).await;

    let (_, options) = start(&ada).await;

    assert_eq!(options["rp"], json!({"id": "localhost", "name": "Doorward"}));
    assert_eq!((&options["user"]["name"], &options["attestation"]), (&json!(email), &json!("none")));
    let handle = options["user"]["id"].as_str().unwrap();
    assert_eq!(handle.len(), 22, "16 bytes of the account's id, and nothing of the person");
    assert_eq!(options["challenge"].as_str().unwrap().len(), 43);
    let algorithms: Vec<_> = options["pubKeyCredParams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["alg"].as_i64().unwrap())
        .collect();
    assert_eq!(algorithms, [-7, -257]);
    assert_eq!(options["authenticatorSelection"]["userVerification"], "preferred");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    let excluded = options["excludeCredentials"].as_array().unwrap();
    assert_eq!(excluded.len(), 1);
    assert_eq!(excluded[0]["transports"], json!(["internal", "hybrid"]));
    let items = items(&ada).await;
    assert_eq!(items[0]["credential_id"], excluded[0]["id"]);
    drop(has);
}

#[tokio::test]
async fn a_passkey_is_added_listed_renamed_and_removed_and_its_owner_is_told() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let keychain = *uuid::uuid!("fbfc3007-154e-4ecc-8c0b-6e020557d7bd").as_bytes();
    let (token, options) = start(&ada).await;
    let (_, credential) = SoftPasskey::create(&options, &How { aaguid: keychain, ..How::on(&app.url) });
    let body = json!({"passkey_token": token, "credential": credential});

    let added = ada.post("/v1/me/passkeys/finish", &body).await.expect_status(201).value();

    assert_eq!((&added["name"], &added["provider"]), (&json!("iCloud Keychain"), &json!("iCloud Keychain")));
    assert_eq!((&added["backed_up"], &added["last_used_at"]), (&json!(true), &Value::Null));
    assert!(added["id"].as_str().unwrap().starts_with("passkey_"));
    assert!(app.mail_to(&email).await.subject.contains("A passkey was added"));
    assert_eq!(items(&ada).await, std::slice::from_ref(&added));

    let path = format!("/v1/me/passkeys/{}", added["id"].as_str().unwrap());
    let renamed = ada.patch(&path, &json!({"name": "  Ada's phone "})).await;
    assert_eq!(renamed.expect_status(200).value()["name"], "Ada's phone");
    ada.patch(&path, &json!({"name": " "})).await.expect_field("name", "required");
    ada.patch(&path, &json!({"name": "x".repeat(61)})).await.expect_field("name", "too_long");
    ada.patch(&path, &json!({"name": "a\u{202e}b"})).await.expect_field("name", "invalid");

    ada.delete(&path).await.expect_status(204);
    assert!(app.mail_to(&email).await.subject.contains("A passkey was removed"));
    assert!(items(&ada).await.is_empty());
    ada.delete(&path).await.expect_problem(404, "not_found");
    let events = ada.get("/v1/me/activity").await.value();
    let types: Vec<_> =
        events["items"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    for expected in ["passkey.added", "passkey.renamed", "passkey.removed"] {
        assert!(types.contains(&expected), "{expected} is not in {types:?}");
    }
}

#[tokio::test]
async fn the_list_says_what_the_browser_tells_the_password_manager() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    add(&app, &ada).await;
    add(&app, &ada).await;
    let (_, options) = start(&ada).await;

    // A page of it shows one, and the signals name all that are good.
    let list = ada.get("/v1/me/passkeys?limit=1").await.expect_status(200).value();

    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let newest = list["items"][0].clone();
    let oldest = ada.get(&format!("/v1/me/passkeys?cursor={}", list["next_cursor"].as_str().unwrap())).await;
    let oldest = oldest.expect_status(200).value()["items"][0].clone();
    let all = json!([newest["credential_id"], oldest["credential_id"]]);
    let told = |all: &Value| json!({"rpId": "localhost", "userId": options["user"]["id"], "name": email, "displayName": email, "allAcceptedCredentialIds": all});
    assert_eq!(list["signals"], told(&all));

    ada.delete(&format!("/v1/me/passkeys/{}", newest["id"].as_str().unwrap())).await.expect_status(204);
    let left = ada.get("/v1/me/passkeys").await.value();
    assert_eq!(left["signals"], told(&json!([oldest["credential_id"]])), "a removed one is named no more");
}

#[tokio::test]
async fn a_passkey_without_a_known_provider_is_called_after_the_browser_or_as_one_likes() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let (token, options) = start(&ada).await;
    let (_, credential) = SoftPasskey::create(&options, &How::on(&app.url));
    let body = json!({"passkey_token": token, "credential": credential, "name": "My key"});
    assert_eq!(ada.post("/v1/me/passkeys/finish", &body).await.expect_status(201).value()["name"], "My key");
    add(&app, &ada).await;
    let newest = &items(&ada).await[0];
    assert!(!newest["name"].as_str().unwrap().is_empty() && newest["provider"].is_null());
}

#[tokio::test]
async fn what_browsers_and_thieves_must_not_say_makes_no_passkey() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let good = How::on(&app.url);
    let elsewhere = good.origin.replace("localhost", "evil.localhost");
    let other_port = "http://localhost:1".to_owned();
    let cases: Vec<(&str, How)> = vec![
        ("origin", How { origin: "https://evil.example".to_owned(), ..good.clone() }),
        ("subdomain", How { origin: elsewhere, ..good.clone() }),
        ("port", How { origin: other_port, ..good.clone() }),
        ("path", How { origin: format!("{}/x", good.origin), ..good.clone() }),
        ("null", How { origin: "null".to_owned(), ..good.clone() }),
        ("kind", How { kind: Some("webauthn.get"), ..good.clone() }),
        (
            "challenge",
            How { challenge: Some(json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")), ..good.clone() },
        ),
        ("rp id", How { rp_id: Some("evil.example"), ..good.clone() }),
        ("cross origin", How { cross_origin: true, ..good.clone() }),
        ("top origin", How { top_origin: Some("https://evil.example"), ..good.clone() }),
        ("nobody there", How { user_present: false, ..good.clone() }),
        ("backed up without being able to", How { backup_eligible: false, ..good.clone() }),
        ("cut key", How { cut: 3, ..good.clone() }),
        ("cut id", How { cut: 90, ..good.clone() }),
        ("cut head", How { cut: 150, ..good.clone() }),
    ];
    for (what, how) in cases {
        let (token, options) = start(&ada).await;
        let (_, credential) = SoftPasskey::create(&options, &how);
        let body = json!({"passkey_token": token, "credential": credential});
        let reply = ada.post("/v1/me/passkeys/finish", &body).await;
        assert_eq!(reply.value()["code"], "malformed_request", "{what}: {}", reply.text);
        // The challenge is spent.
        let (_, credential) = SoftPasskey::create(&options, &good);
        let body = json!({"passkey_token": token, "credential": credential});
        let again = ada.post("/v1/me/passkeys/finish", &body).await;
        assert_eq!(again.value()["code"], "invalid_or_expired_token", "{what}: {}", again.text);
    }
    assert!(items(&ada).await.is_empty());
}

#[tokio::test]
async fn what_is_no_credential_is_told_by_its_field() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let (token, options) = start(&ada).await;
    let (_, good) = SoftPasskey::create(&options, &How::on(&app.url));
    let with = |path: &str, value: Value| {
        let mut wrong = good.clone();
        *wrong.pointer_mut(path).unwrap() = value;
        wrong
    };
    for wrong in [
        json!({}),
        json!("x"),
        Value::Null,
        with("/type", json!("password")),
        with("/id", json!("AAAA")),
        with("/rawId", json!("not base64url!")),
        with("/response", json!([])),
        with("/response/attestationObject", json!(7)),
        with("/response/clientDataJSON", json!("e30=")),
    ] {
        let body = json!({"passkey_token": token, "credential": wrong});
        let reply = ada.post("/v1/me/passkeys/finish", &body).await;
        reply.expect_status(422);
        assert!(reply.text.contains("\"credential\""), "{}", reply.text);
    }
    let body = json!({"passkey_token": token, "credential": with("/response/clientDataJSON", json!("e30"))});
    ada.post("/v1/me/passkeys/finish", &body).await.expect_problem(400, "malformed_request");
    ada.post("/v1/me/passkeys/finish", &json!({"credential": good}))
        .await
        .expect_field("passkey_token", "required");
    let body = json!({"passkey_token": "x", "credential": good, "nickname": "x"});
    ada.post("/v1/me/passkeys/finish", &body).await.expect_field("nickname", "unknown");
}

#[tokio::test]
async fn a_challenge_is_for_its_session_alone_once_and_not_for_long() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let (eve, _) = app.member("eve").await;
    let elsewhere = app.browser();
    elsewhere.sign_in(&email).await.expect_status(200);
    for other in [&eve, &elsewhere] {
        let (token, options) = start(&ada).await;
        let (_, credential) = SoftPasskey::create(&options, &How::on(&app.url));
        let body = json!({"passkey_token": token, "credential": credential});
        other.post("/v1/me/passkeys/finish", &body).await.expect_problem(400, "invalid_or_expired_token");
        ada.post("/v1/me/passkeys/finish", &body).await.expect_problem(400, "invalid_or_expired_token");
    }
    let (token, options) = start(&ada).await;
    let (_, credential) = SoftPasskey::create(&options, &How::on(&app.url));
    app.advance(11 * MINUTE);
    ada.refresh().await.expect_status(200);
    ada.post("/v1/reauthenticate", &json!({"password": PASSWORD})).await.expect_status(200);
    let body = json!({"passkey_token": token, "credential": credential});
    ada.post("/v1/me/passkeys/finish", &body).await.expect_problem(400, "invalid_or_expired_token");
    for browser in [&ada, &eve, &elsewhere] {
        browser.refresh().await;
        assert!(items(browser).await.is_empty());
    }
}

#[tokio::test]
async fn of_fifty_answers_to_one_challenge_one_makes_a_passkey() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let (token, options) = start(&ada).await;
    let bodies: Vec<Value> = (0..50)
        .map(|_| {
            let (_, credential) = SoftPasskey::create(&options, &How::on(&app.url));
            json!({"passkey_token": token, "credential": credential})
        })
        .collect();
    let mut running = tokio::task::JoinSet::new();
    for body in bodies {
        let browser = ada.copy();
        running.spawn(async move { browser.post("/v1/me/passkeys/finish", &body).await });
    }
    let replies = running.join_all().await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert!(replies.iter().all(|reply| matches!(reply.status, 201 | 400)));
    assert_eq!(items(&ada).await.len(), 1);
}

#[tokio::test]
async fn one_passkey_belongs_to_one_account_and_an_account_has_at_most_twenty() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let (eve, _) = app.member("eve").await;
    let passkey = add(&app, &ada).await;
    for browser in [&ada, &eve] {
        let (token, options) = start(browser).await;
        let credential = passkey.register(&options, &How::on(&app.url));
        let body = json!({"passkey_token": token, "credential": credential});
        browser.post("/v1/me/passkeys/finish", &body).await.expect_problem(409, "conflict");
    }
    let (token, options) = start(&ada).await;
    for _ in 1..20 {
        add(&app, &ada).await;
    }
    ada.post_empty("/v1/me/passkeys/start").await.expect_problem(409, "conflict");
    let (_, credential) = SoftPasskey::create(&options, &How::on(&app.url));
    let body = json!({"passkey_token": token, "credential": credential});
    ada.post("/v1/me/passkeys/finish", &body).await.expect_problem(409, "conflict");
    assert_eq!(items(&ada).await.len(), 20);
}

#[tokio::test]
async fn adding_and_removing_ask_for_a_recent_proof() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    add(&app, &ada).await;
    let id = items(&ada).await[0]["id"].as_str().unwrap().to_owned();
    app.advance(11 * MINUTE);
    ada.refresh().await.expect_status(200);

    ada.post_empty("/v1/me/passkeys/start").await.expect_problem(403, "reauthentication_required");
    ada.post("/v1/me/passkeys/finish", &json!({})).await.expect_problem(403, "reauthentication_required");
    ada.delete(&format!("/v1/me/passkeys/{id}")).await.expect_problem(403, "reauthentication_required");
    ada.patch(&format!("/v1/me/passkeys/{id}"), &json!({"name": "x"})).await.expect_status(200);
    let nobody = app.browser();
    nobody.get("/v1/me/passkeys").await.expect_problem(401, "not_authenticated");
    nobody.post_empty("/v1/me/passkeys/start").await.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn another_account_s_passkeys_are_out_of_reach() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let (eve, _) = app.member("eve").await;
    add(&app, &ada).await;
    let path = format!("/v1/me/passkeys/{}", items(&ada).await[0]["id"].as_str().unwrap());
    eve.patch(&path, &json!({"name": "mine"})).await.expect_problem(404, "not_found");
    eve.delete(&path).await.expect_problem(404, "not_found");
    eve.delete("/v1/me/passkeys/passkey_x").await.expect_problem(404, "not_found");
    assert_eq!(items(&ada).await.len(), 1);
}

#[tokio::test]
async fn the_last_way_to_sign_in_stays_also_when_two_are_removed_at_once() {
    let app = TestApp::with(|config| config.sign_in.email = false).await;
    let (ada, _) = app.member("ada").await;
    let mut passkey = add(&app, &ada).await;
    add(&app, &ada).await;
    drop_password(&app).await;
    let all: Vec<String> = items(&ada)
        .await
        .iter()
        .map(|one| format!("/v1/me/passkeys/{}", one["id"].as_str().unwrap()))
        .collect();

    let (one, other) = tokio::join!(ada.delete(&all[0]), ada.delete(&all[1]));

    let mut both = [one.status, other.status];
    both.sort_unstable();
    assert_eq!(both, [204, 409], "{} {}", one.text, other.text);
    let left = &items(&ada).await[0];
    let last = ada.delete(&format!("/v1/me/passkeys/{}", left["id"].as_str().unwrap())).await;
    last.expect_problem(409, "last_sign_in_method");
    passkey.counter = 0;
}

#[tokio::test]
async fn an_account_without_a_password_sets_one_with_a_fresh_session() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let mut passkey = add(&app, &ada).await;
    drop_password(&app).await;
    app.app.sessions.forget_user(user_id(&ada).await);
    app.browser().sign_in(&email).await.expect_problem(401, "invalid_credentials");
    let new = json!({"new_password": "a wholly new passphrase"});
    app.advance(11 * MINUTE);
    ada.refresh().await.expect_status(200);
    ada.post("/v1/password/change", &new).await.expect_problem(403, "reauthentication_required");
    super::passkey_sign_in::confirm(&app, &ada, &mut passkey).await.expect_status(200);

    ada.post("/v1/password/change", &new).await.expect_status(204);

    let body = json!({"identifier": email, "password": "a wholly new passphrase"});
    app.browser().post("/v1/sign-in", &body).await.expect_status(200);
    ada.post("/v1/password/change", &new).await.expect_field("current_password", "required");
}

#[tokio::test]
async fn the_export_has_them_and_an_account_that_is_deleted_takes_them_along() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    add(&app, &ada).await;
    start(&ada).await;
    let export = ada.get("/v1/me/export").await.value();
    assert_eq!(export["passkeys"][0], items(&ada).await[0]);
    assert!(!ada.get("/v1/me/export").await.text.contains("public_key"));

    ada.delete("/v1/me").await.expect_status(202);
    app.advance(15 * 24 * 60 * MINUTE);
    doorward_core::clean_up::run(&app.app.sessions).await.unwrap();

    assert_eq!(app.count("SELECT COUNT(*) FROM passkeys").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM passkey_challenges").await, 0);
}

#[tokio::test]
async fn whoever_got_in_and_left_a_passkey_is_out_when_the_owner_says_that_it_was_not_them() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let mut planted = add(&app, &ada).await;
    let token = app.mail_to(&email).await.token();

    app.browser().post("/v1/not-me", &json!({"token": token})).await.expect_status(204);

    let reply = super::passkey_sign_in::sign_in(&app, &app.browser(), &mut planted).await;
    reply.expect_problem(401, "passkey_unknown");
}

#[tokio::test]
async fn a_passkey_that_was_planted_before_the_address_was_proved_is_gone_with_the_first_reset() {
    let app = TestApp::with(|config| {
        config.sign_up.verify_email = doorward_core::config::VerifyEmail::Later;
    })
    .await;
    let (eve, email) = (app.browser(), "victim@example.com");
    eve.sign_up(email).await.expect_status(200);
    let mut planted = add(&app, &eve).await;
    let owner = app.browser();
    owner.post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let token = app.mail_to(email).await.token();

    let body = json!({"token": token, "new_password": "a wholly new passphrase"});
    owner.post("/v1/password/reset", &body).await.expect_status(204);

    let reply = super::passkey_sign_in::sign_in(&app, &app.browser(), &mut planted).await;
    reply.expect_problem(401, "passkey_unknown");
}

#[tokio::test]
async fn password_managers_find_where_passkeys_are_made_and_kept() {
    let app = TestApp::start().await;
    let found = app.browser().get("/.well-known/passkey-endpoints").await;
    let base = &app.url;
    assert_eq!(
        found.expect_status(200).value(),
        json!({"enroll": format!("{base}/account/passkeys/add"), "manage": format!("{base}/account/passkeys")})
    );
    assert!(found.header("content-type").starts_with("application/json"));
}

async fn user_id(browser: &Browser) -> doorward_core::context::UserId {
    browser.get("/v1/me").await.value()["id"].as_str().unwrap().parse().unwrap()
}

/// As where an account was made without one.
async fn drop_password(app: &TestApp) {
    let db = &app.app.context().db;
    db.write(async |tx| tx.execute("UPDATE users SET password_hash = NULL", &[]).await).await.unwrap();
}
