//! What acts leave in the audit log, with their details.

use std::collections::HashSet;
use std::time::Duration;

use doorward_core::audit::{self, EventType};
use doorward_core::audit_log::{self, Entry};
use doorward_core::context::Caller;
use doorward_core::{operator, recovery, signing_key};
use doorward_test_support::{Browser, PASSWORD, TestApp, unique};
use serde_json::{Value, json};

/// The newest events of a type, newest first.
async fn events(app: &TestApp, event_type: EventType) -> Vec<Entry> {
    let page = audit_log::Page { newest_first: true, cursor: None, limit: 100 };
    let filter = audit_log::Filter { event_type: Some(event_type), ..audit_log::Filter::default() };
    audit_log::search(app.app.context(), &filter, &page).await.unwrap()
}

#[tokio::test]
async fn attempts_that_a_limit_refuses_are_one_event_for_each_key() {
    let mut app = TestApp::with(|config| config.rate_limit.enabled = true).await;
    let guess = json!({"identifier": "nobody@example.com", "password": "not the right password"});
    let mut refused = 0;
    for _ in 0..25 {
        refused += i64::from(app.browser().post("/v1/sign-in", &guess).await.status == 429);
    }
    assert!(refused >= 10, "{refused}");
    audit::record_refusals(app.app.context()).await.unwrap();
    audit::record_refusals(app.app.context()).await.unwrap();

    let found = events(&app, EventType::LimitRefused).await;
    assert_eq!(found.len(), 1);
    let detail = found[0].details();
    assert_eq!((&detail["class"], &detail["count"]), (&json!("sign_in"), &json!(refused)));
    assert_eq!(found[0].ip.as_deref(), Some("127.0.0.1"));
    assert!(
        !Value::Object(detail).to_string().contains("nobody"),
        "people type passwords into the wrong field"
    );

    app.browser().post("/v1/sign-in", &guess).await.expect_problem(429, "rate_limited");
    app.restart().await;
    let written = "SELECT COUNT(*) FROM audit_events WHERE type = 'limit.refused'";
    assert_eq!(app.count(written).await, 2, "what was counted when the server stopped");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_events WHERE position IS NULL").await,
        0,
        "and it was sealed before the end"
    );
}

#[tokio::test]
async fn what_a_lock_and_the_count_of_wrong_codes_refuse_is_one_event_for_each_as_well() {
    let app = TestApp::with(|config| config.lockout.enabled = true).await;
    let (_, email) = app.member("ada").await;
    let (browser, mut locked, mut codes) = (app.browser(), 0, 0);
    for identifier in [email.as_str(), "nobody@example.com"] {
        let guess = json!({"identifier": identifier, "password": "not the right password"});
        for _ in 0..8 {
            locked += i64::from(browser.post("/v1/sign-in", &guess).await.status == 429);
        }
    }
    let wrong = json!({"email": email, "code": "000000", "new_password": "some other sentence"});
    for _ in 0..25 {
        codes += i64::from(browser.post("/v1/password/reset", &wrong).await.status == 429);
    }
    assert_eq!((locked, codes), (6, 5));

    audit::record_refusals(app.app.context()).await.unwrap();

    let found = events(&app, EventType::LimitRefused).await;
    let mut counts: Vec<_> = found
        .iter()
        .map(|event| (event.details()["class"].clone(), event.details()["count"].clone()))
        .collect();
    counts.sort_by_key(|(class, _)| class.to_string());
    assert_eq!(
        counts,
        [(json!("code"), json!(5)), (json!("lockout"), json!(3)), (json!("lockout"), json!(3))]
    );
    let wrong = events(&app, EventType::PasswordReset).await.len();
    assert_eq!(wrong, 20, "what is refused unseen is written down in no other event");
    for event in &found {
        let detail = Value::Object(event.details()).to_string();
        assert!(event.ip.as_deref() == Some("127.0.0.1") && detail.contains("identifier_digest"), "{detail}");
        assert!(!detail.contains("nobody") && !detail.contains(&email), "{detail}");
    }
}

#[tokio::test]
async fn a_name_that_nobody_has_is_one_digest_in_whatever_case_and_in_every_event() {
    let app = TestApp::with(|config| {
        config.rate_limit.enabled = true;
        config.lockout.enabled = true;
    })
    .await;
    for (names, others) in [
        (["nobody@example.com", "Nobody@EXAMPLE.com"], "somebody@example.com"),
        (["a password, typed here", "A Password, typed here "], "another password"),
    ] {
        let guess = async |name: &str| {
            let body = json!({"identifier": name, "password": "not the right password"});
            app.browser().post("/v1/sign-in", &body).await
        };
        let locked = async || events(&app, EventType::AccountLocked).await.len();
        let before = locked().await;
        for name in names.into_iter().cycle().take(60) {
            let wait = guess(name).await.header("retry-after").parse().unwrap_or(0);
            app.advance(Duration::from_secs(wait));
            if locked().await > before {
                break;
            }
        }
        for name in names.into_iter().cycle().take(30) {
            guess(name).await.expect_status(429);
        }
        audit::record_refusals(app.app.context()).await.unwrap();

        let mut digests: HashSet<String> = HashSet::new();
        for event_type in [EventType::SignIn, EventType::AccountLocked, EventType::LimitRefused] {
            let found = events(&app, event_type).await;
            assert!(!found.is_empty(), "{}", event_type.as_str());
            for event in found {
                digests.insert(event.details()["identifier_digest"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!(digests.len(), 1, "{digests:?}");
        app.advance(Duration::from_secs(60 * 60));
        guess(others).await.expect_problem(401, "invalid_credentials");
        let newest = events(&app, EventType::SignIn).await.remove(0);
        assert!(!digests.contains(newest.details()["identifier_digest"].as_str().unwrap()));
        let clear = async |sql: &'static str| {
            app.app.context().db.write(async |tx| tx.execute(sql, &[]).await).await.unwrap();
        };
        clear("DELETE FROM audit_events").await;
    }
}

#[tokio::test]
async fn a_refresh_is_an_event_where_the_settings_say_so() {
    for said in [false, true] {
        let app = TestApp::with(|config| config.audit.refreshes = said).await;
        let (ada, email) = app.member("ada").await;
        let late = ada.copy();
        ada.refresh().await.expect_status(200);
        late.refresh().await.expect_status(200);

        let found = events(&app, EventType::SessionRefreshed).await;

        assert_eq!(found.len(), usize::from(said), "the late one is answered again, and is no refresh");
        let session = ada.get("/v1/session").await.value()["session"]["id"].clone();
        for event in found {
            assert_eq!(event.user, Some(app.user_id(&email).await));
            assert_eq!(event.session.map(|id| json!(id)), Some(session.clone()));
        }
    }
}

/// The details of the newest event of a type.
async fn detail(app: &TestApp, event_type: EventType) -> Value {
    let found = events(app, event_type).await;
    let newest = found.first().unwrap_or_else(|| panic!("no {}", event_type.as_str()));
    assert_eq!(newest.outcome, "success");
    Value::Object(newest.details())
}

/// Somebody who is signed in three times: here and in two other browsers.
async fn thrice(app: &TestApp) -> (Browser, String) {
    let (ada, email) = app.member("ada").await;
    for _ in 0..2 {
        app.browser().sign_in(&email).await.expect_status(200);
    }
    (ada, email)
}

#[tokio::test]
async fn whatever_ends_sessions_says_how_many() {
    let app = TestApp::with(|config| config.mfa.required_for = vec!["admin".to_owned()]).await;
    let caller = Caller::system("test");

    let (ada, email) = thrice(&app).await;
    let body = json!({"current_password": PASSWORD, "new_password": "a wholly new long sentence"});
    ada.post("/v1/password/change", &body).await.expect_status(204);
    assert_eq!(detail(&app, EventType::PasswordChanged).await, json!({"ended": 2}));
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let body = json!({"token": app.mail_to(&email).await.token(), "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &body).await.expect_status(204);
    assert_eq!(detail(&app, EventType::PasswordReset).await, json!({"ended": 1}));

    let (_, email) = thrice(&app).await;
    let user = app.user_id(&email).await;
    let granted = operator::grant(app.app.context(), &caller, user, "admin").await.unwrap();
    assert_eq!(granted, operator::Granted::Now { ended: 3 });
    assert_eq!(detail(&app, EventType::RoleGranted).await, json!({"role": "admin", "ended": 3}));

    let (_, email) = thrice(&app).await;
    app.disable(&email).await;
    assert_eq!(detail(&app, EventType::UserDisabled).await, json!({"ended": 3}));

    let (ada, _) = thrice(&app).await;
    ada.delete("/v1/me").await.expect_status(202);
    assert_eq!(detail(&app, EventType::AccountClosed).await, json!({"ended": 3}));

    let (ada, email) = app.member("ada").await;
    app.add_totp(&ada).await;
    recovery::reset_by_operator(app.app.context(), &caller, app.user_id(&email).await, "seen").await.unwrap();
    assert_eq!(detail(&app, EventType::FactorsReset).await, json!({"note": "seen", "ended": 1}));

    let (ada, email) = thrice(&app).await;
    let new = format!("{}@example.com", unique("new"));
    ada.post("/v1/me/email", &json!({"new_email": new})).await.expect_status(202);
    let code = app.mail_to(&new).await.code();
    ada.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
    let mails = app.mails_to(&email).await;
    let undo = mails.iter().find(|mail| mail.text.contains("/undo-email")).unwrap().token();
    app.browser().post("/v1/me/email/undo", &json!({"token": undo})).await.expect_status(204);
    assert_eq!(detail(&app, EventType::EmailChangeUndone).await, json!({"factors": 0, "ended": 3}));
}

#[tokio::test]
async fn a_session_that_is_ended_for_itself_or_with_its_device_leaves_an_event() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let user = app.user_id(&email).await;
    let session = async |browser: &Browser| {
        browser.get("/v1/session").await.expect_status(200).value()["session"]["id"].clone()
    };

    let former = session(&ada).await;
    ada.sign_in(&email).await.expect_status(200);
    let ended = events(&app, EventType::SessionEnded).await.remove(0);
    assert_eq!((ended.user, ended.session.map(|id| json!(id))), (Some(user), Some(former)));
    assert_eq!(Value::Object(ended.details()), json!({"reason": "signed_in_again"}));

    let other = app.browser();
    other.sign_in(&email).await.expect_status(200);
    let others = session(&other).await;
    ada.delete(&format!("/v1/me/sessions/{}", others.as_str().unwrap())).await.expect_status(204);
    let ended = events(&app, EventType::SessionEnded).await.remove(0);
    assert_eq!((ended.user, ended.session.map(|id| json!(id))), (Some(user), Some(others)));
    assert_eq!(Value::Object(ended.details()), json!({"reason": "ended"}));

    let devices = ada.get("/v1/me/devices").await.value()["items"].clone();
    let device = devices.as_array().unwrap().iter().find(|one| one["current"] == true).unwrap()["id"].clone();
    ada.delete(&format!("/v1/me/devices/{}", device.as_str().unwrap())).await.expect_status(204);
    assert_eq!(detail(&app, EventType::DeviceForgotten).await, json!({"device": device, "ended": 1}));
    assert_eq!(events(&app, EventType::SessionEnded).await.len(), 2, "it went with its device");
}

#[tokio::test]
async fn a_lock_leaves_an_event_on_the_account() {
    let app = TestApp::with(|config| config.lockout.enabled = true).await;
    let (_, email) = app.member("ada").await;
    let guess = json!({"identifier": email, "password": "not the right password"});
    for _ in 0..40 {
        let reply = app.browser().post("/v1/sign-in", &guess).await;
        app.advance(Duration::from_secs(reply.header("retry-after").parse().unwrap_or(0).min(60)));
        if !events(&app, EventType::AccountLocked).await.is_empty() {
            break;
        }
    }

    assert_eq!(detail(&app, EventType::AccountLocked).await, json!({"failures": 10}));
    let locked = events(&app, EventType::AccountLocked).await.remove(0);
    assert_eq!((locked.user, locked.actor), (Some(app.user_id(&email).await), None));
}

#[tokio::test]
async fn a_revoked_signing_key_leaves_what_it_was_and_what_signs_from_now_on() {
    let app = TestApp::start().await;
    let context = app.app.context();
    let keys = signing_key::list(context).await.unwrap();
    let of = |state: &str| keys.iter().find(|key| key.state == state).unwrap().kid.clone();

    signing_key::revoke(context, &Caller::system("test"), &of("current")).await.unwrap();

    let expected = json!({"kid": of("current"), "state": "current", "signs_now": of("next")});
    assert_eq!(detail(&app, EventType::KeysRevoked).await, expected);
}

#[tokio::test]
async fn an_old_refresh_token_that_is_answered_again_or_is_reuse_leaves_what_it_was() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let user = app.user_id(&email).await;
    let session = ada.get("/v1/session").await.value()["session"]["id"].clone();
    let (tab, late, thief) = (ada.copy(), ada.copy(), ada.copy());
    ada.refresh().await.expect_status(200);

    tab.refresh().await.expect_status(200);
    assert_eq!(detail(&app, EventType::RefreshRetried).await, json!({"within": "grace"}));
    app.advance(Duration::from_secs(60));
    late.refresh().await.expect_status(200);
    assert_eq!(detail(&app, EventType::RefreshRetried).await, json!({"within": "retry"}));
    ada.refresh().await.expect_status(200);
    thief.refresh().await.expect_problem(401, "token_reused");
    assert_eq!(detail(&app, EventType::RefreshReused).await, json!({}));

    let retried = events(&app, EventType::RefreshRetried).await;
    assert_eq!(retried.len(), 2);
    for event in retried.into_iter().chain(events(&app, EventType::RefreshReused).await) {
        assert_eq!((event.user, event.session.map(|id| json!(id))), (Some(user), Some(session.clone())));
        assert_eq!(event.ip.as_deref(), Some("127.0.0.1"));
    }
}
