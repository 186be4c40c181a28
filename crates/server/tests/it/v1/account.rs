//! The life of an account: another address, its export, its end.

use std::time::Duration;

use doorward_core::clean_up;
use doorward_db::p;
use doorward_test_support::{Browser, PASSWORD, TestApp, unique};
use serde_json::json;
use tokio::task::JoinSet;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn address(name: &str) -> String {
    format!("{}@example.org", unique(name))
}

/// Asks for another address and answers the code that its mail carries.
async fn ask(app: &TestApp, browser: &Browser, new: &str) -> String {
    browser.post("/v1/me/email", &json!({"new_email": new})).await.expect_status(202);
    app.mail_to(new).await.code()
}

async fn change(app: &TestApp, browser: &Browser, new: &str) {
    let code = ask(app, browser, new).await;
    browser.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
}

async fn sign_in(app: &TestApp, email: &str) -> u16 {
    app.browser().sign_in(email).await.status
}

#[tokio::test]
async fn an_address_changes_once_the_new_one_is_confirmed() {
    let app = TestApp::start().await;
    let (ada, old) = app.member("ada").await;
    let new = address("Ada.New");
    let code = ask(&app, &ada, &new).await;
    assert_eq!(ada.get("/v1/me").await.value()["email"], old, "not yet");

    let changed = ada.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200).value();

    assert_eq!((&changed["email"], &changed["email_verified"]), (&json!(new), &json!(true)));
    assert_eq!(ada.get("/v1/session").await.value()["user"]["email"], new);
    assert_eq!((sign_in(&app, &new).await, sign_in(&app, &old).await), (200, 401));
    let told = app.mail_to(&old).await;
    assert!(told.link().contains("/undo-email?token="), "{}", told.text);
    ada.post("/v1/me/email/verify", &json!({"code": code}))
        .await
        .expect_problem(400, "invalid_or_expired_code");
}

#[tokio::test]
async fn the_link_works_too_but_only_for_whoever_is_signed_in_to_that_account() {
    let app = TestApp::start().await;
    let ((ada, _), (eve, _)) = (app.member("ada").await, app.member("eve").await);
    let new = address("ada");
    ask(&app, &ada, &new).await;
    let body = json!({"token": app.mail_to(&new).await.token()});

    eve.post("/v1/me/email/verify", &body).await.expect_problem(400, "invalid_or_expired_token");
    app.browser().post("/v1/me/email/verify", &body).await.expect_problem(401, "not_authenticated");
    ada.post("/v1/me/email/verify", &body).await.expect_status(200);

    assert_eq!(ada.get("/v1/me").await.value()["email"], new);
}

#[tokio::test]
async fn the_old_address_takes_the_change_back_and_whoever_made_it_is_out() {
    let app = TestApp::start().await;
    let (thief, old) = app.member("ada").await;
    let stolen = address("thief");
    let code = ask(&app, &thief, &stolen).await;
    thief.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
    let undo = json!({"token": app.mail_to(&old).await.token()});
    let further = address("further");
    let code = ask(&app, &thief, &further).await;
    thief.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
    let second_undo = json!({"token": app.mail_to(&stolen).await.token()});
    app.browser().post("/v1/password/forgot", &json!({"email": further})).await.expect_status(202);
    let reset_of_thief = app.mail_to(&further).await.token();
    app.advance(6 * DAY);

    app.browser().post("/v1/me/email/undo", &undo).await.expect_status(204);

    thief.get("/v1/session").await.expect_status(401);
    thief.refresh().await.expect_problem(401, "session_revoked");
    for email in [&old, &stolen, &further] {
        assert_eq!(sign_in(&app, email).await, 401, "the password no longer works");
    }
    let stale = json!({"token": reset_of_thief, "new_password": "a wholly new long sentence"});
    thief.post("/v1/password/reset", &stale).await.expect_problem(400, "invalid_or_expired_token");
    thief.post("/v1/me/email/undo", &second_undo).await.expect_problem(400, "invalid_or_expired_token");
    let reset = json!({"token": app.mail_to(&old).await.token(), "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    assert_eq!(sign_in(&app, &old).await, 200);
    app.browser().post("/v1/me/email/undo", &undo).await.expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn an_owner_who_changed_the_address_back_keeps_it() {
    let app = TestApp::start().await;
    let (owner, old) = app.member("ada").await;
    let thief = app.browser();
    thief.sign_in(&old).await.expect_status(200);
    let stolen = address("eve");
    change(&app, &thief, &stolen).await;
    app.advance(3 * DAY);
    owner.refresh().await.expect_status(200);
    owner.post("/v1/reauthenticate", &json!({"password": PASSWORD})).await.expect_status(200);
    change(&app, &owner, &old).await;
    let told = app.mail_to(&stolen).await;
    app.advance(4 * DAY);

    let undo = app.browser().post("/v1/me/email/undo", &json!({"token": told.token()})).await;

    undo.expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn a_change_is_undone_for_a_week_and_no_longer() {
    let app = TestApp::start().await;
    let (ada, old) = app.member("ada").await;
    let code = ask(&app, &ada, &address("ada")).await;
    ada.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
    let undo = json!({"token": app.mail_to(&old).await.token()});
    app.advance(7 * DAY + Duration::from_secs(1));

    app.browser().post("/v1/me/email/undo", &undo).await.expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn an_address_that_has_an_account_is_answered_alike_and_is_told() {
    let app = TestApp::start().await;
    let ((ada, _), (bob, taken)) = (app.member("ada").await, app.member("bob").await);

    let known = ada.post("/v1/me/email", &json!({"new_email": taken.to_uppercase()})).await;
    let unknown = ada.post("/v1/me/email", &json!({"new_email": address("free")})).await;

    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    let mail = app.mail_to(&taken).await;
    assert!(mail.subject.contains("already have"), "{}", mail.subject);
    assert_eq!(bob.get("/v1/me").await.value()["email"], taken);
}

#[tokio::test]
async fn of_fifty_confirmations_one_wins_and_one_mail_goes_out() {
    let app = TestApp::start().await;
    let (ada, old) = app.member("ada").await;
    let new = address("ada");
    ask(&app, &ada, &new).await;
    let token = app.mail_to(&new).await.token();
    let before = app.mails_to(&old).await.len();
    let mut racing = JoinSet::new();
    for _ in 0..50 {
        let (tab, body) = (ada.copy(), json!({"token": token}));
        racing.spawn(async move { tab.post("/v1/me/email/verify", &body).await.status });
    }

    let statuses = racing.join_all().await;

    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 400)));
    assert_eq!(app.mails_to(&old).await.len(), before + 1);
}

#[tokio::test]
async fn of_fifty_accounts_that_want_one_address_one_gets_it() {
    let app = TestApp::start().await;
    let new = address("wanted");
    let mut wanting = Vec::new();
    for _ in 0..10 {
        let (browser, _) = app.member("ada").await;
        let code = ask(&app, &browser, &new).await;
        wanting.push((browser, code));
    }
    let mut racing = JoinSet::new();
    for (browser, code) in wanting {
        racing.spawn(async move { browser.post("/v1/me/email/verify", &json!({"code": code})).await.status });
    }

    let statuses = racing.join_all().await;

    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 409)), "{statuses:?}");
}

#[tokio::test]
async fn what_is_no_address_or_no_proof_is_told() {
    let app = TestApp::start().await;
    let (ada, old) = app.member("ada").await;
    for (body, field, code) in [
        (json!({"new_email": "x"}), "new_email", "invalid"),
        (json!({"new_email": old}), "new_email", "invalid"),
        (json!({"new_email": ["a@example.com", "b@example.com"]}), "new_email", "invalid"),
        (json!({"new_email": "a@example.com,b@example.com"}), "new_email", "invalid"),
        (json!({}), "new_email", "required"),
    ] {
        ada.post("/v1/me/email", &body).await.expect_field(field, code);
    }
    ada.post("/v1/me/email/verify", &json!({})).await.expect_field("token", "required");
    ada.post("/v1/me/email/verify", &json!({"token": "x", "code": "1"}))
        .await
        .expect_field("token", "invalid");
    ada.post("/v1/me/email/verify", &json!({"code": "123456"}))
        .await
        .expect_problem(400, "invalid_or_expired_code");
    app.browser().post("/v1/me/email/undo", &json!({})).await.expect_field("token", "required");
}

#[tokio::test]
async fn a_newer_request_ends_the_older_one() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let (first, second) = (address("first"), address("second"));
    ask(&app, &ada, &first).await;
    let first_token = app.mail_to(&first).await.token();
    let code = ask(&app, &ada, &second).await;

    let late = ada.post("/v1/me/email/verify", &json!({"token": first_token})).await;

    late.expect_problem(400, "invalid_or_expired_token");
    ada.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
    assert_eq!(ada.get("/v1/me").await.value()["email"], second);
}

#[tokio::test]
async fn a_closed_account_is_shut_until_it_is_restored() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let other = app.browser();
    other.sign_in(&email).await.expect_status(200);

    let closed = ada.delete("/v1/me").await.expect_status(202).value();

    assert!(closed["deletes_at"].is_string());
    for browser in [&ada, &other] {
        browser.get("/v1/session").await.expect_status(401);
        browser.refresh().await.expect_status(401);
    }
    app.browser().sign_in(&email).await.expect_problem(403, "account_disabled");
    let wrong = json!({"identifier": email, "password": "not that one"});
    app.browser().post("/v1/sign-in", &wrong).await.expect_problem(401, "invalid_credentials");
    let body = json!({"token": app.mail_to(&email).await.token()});
    app.advance(13 * DAY);
    clean_up::run(&app.app.sessions).await.unwrap();

    app.browser().post("/v1/account/restore", &body).await.expect_status(204);

    assert_eq!(sign_in(&app, &email).await, 200);
    app.browser().post("/v1/account/restore", &body).await.expect_problem(400, "invalid_or_expired_token");
    app.advance(30 * DAY);
    clean_up::run(&app.app.sessions).await.unwrap();
    assert_eq!(sign_in(&app, &email).await, 200);
}

#[tokio::test]
async fn after_the_grace_period_a_closed_account_is_gone_for_good_and_the_log_keeps_an_opaque_id() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let id = ada.get("/v1/me").await.value()["id"].as_str().unwrap().to_owned();
    ada.delete("/v1/me").await.expect_status(202);
    let token = app.mail_to(&email).await.token();
    app.advance(14 * DAY + Duration::from_secs(1));

    clean_up::run(&app.app.sessions).await.unwrap();

    assert_eq!(sign_in(&app, &email).await, 401);
    app.browser()
        .post("/v1/account/restore", &json!({"token": token}))
        .await
        .expect_problem(400, "invalid_or_expired_token");
    let left = "SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM sessions)
                     + (SELECT COUNT(*) FROM devices) + (SELECT COUNT(*) FROM email_changes)";
    assert_eq!(app.count(left).await, 0);
    let personal = "SELECT COUNT(*) FROM audit_events WHERE type <> 'account.deleted' AND outcome = 'success'
                        AND (ip IS NOT NULL OR user_agent IS NOT NULL OR personal IS NOT NULL)";
    assert_eq!(app.count(personal).await, 0, "that somebody signed up too");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_events WHERE type = 'account.deleted'").await, 1);
    app.browser().sign_up(&email).await.expect_status(202);
    let again = app.browser();
    again.sign_up(&email).await.expect_status(202);
    let code = json!({"email": email, "code": app.mail_to(&email).await.code()});
    again.post("/v1/email/verify", &code).await.expect_status(200);
    assert_ne!(again.get("/v1/me").await.value()["id"], id, "a new account, not the old one");
}

/// Deleting a row leaves what it held in the file, unless somebody sees to it.
#[tokio::test]
async fn nothing_of_a_person_who_is_gone_for_good_is_left_in_the_file() {
    let mut app = TestApp::start().await;
    let (ada, email) = app.member("zebrafinch").await;
    ada.patch("/v1/me", &json!({"given_name": "Zebrafinchette", "preferred_username": "zebra.finch"}))
        .await
        .expect_status(200);
    ada.post("/v1/sign-out", &json!({})).await.expect_status(204);
    let again = app.browser();
    again.sign_in(&email).await.expect_status(200);
    again.delete("/v1/me").await.expect_status(202);
    app.mail_to(&email).await;
    app.advance(14 * DAY + Duration::from_secs(1));
    clean_up::run(&app.app.sessions).await.unwrap();
    // The mails that were caught for the developer are kept for a while of their own.
    app.app.context().db.write(async |tx| tx.execute("DELETE FROM caught_mails", &[]).await).await.unwrap();
    let Some(file) = app.database_file() else { return };

    app.shut_down().await;
    app.app.context().db.close().await;

    let bytes = std::fs::read(&file).unwrap();
    assert!(bytes.len() > 100_000, "it is the database");
    for trace in [email.as_str(), "Zebrafinchette", "zebra.finch", "zebrafinch", "$argon2id$"] {
        let found = bytes.windows(trace.len()).filter(|window| *window == trace.as_bytes()).count();
        assert_eq!(found, 0, "{trace}");
    }
}

#[tokio::test]
async fn the_last_administrator_cannot_close_the_account() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let context = app.app.context();
    let id = ada.get("/v1/me").await.value()["id"].as_str().unwrap().parse().unwrap();
    let caller = doorward_core::context::Caller::system("test");
    doorward_core::operator::grant(context, &caller, id, "admin").await.unwrap();

    ada.delete("/v1/me").await.expect_problem(409, "conflict");

    ada.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn an_account_that_a_thief_gave_another_address_and_closed_is_open_again_once_the_change_is_taken_back()
{
    let app = TestApp::start().await;
    let (thief, old) = app.member("ada").await;
    let stolen = address("thief");
    let code = ask(&app, &thief, &stolen).await;
    thief.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
    thief.delete("/v1/me").await.expect_status(202);
    let restore = json!({"token": app.mail_to(&stolen).await.token()});
    let mails = app.mails_to(&old).await;
    let undo = mails.iter().find(|mail| mail.text.contains("/undo-email")).unwrap().token();

    app.browser().post("/v1/me/email/undo", &json!({"token": undo})).await.expect_status(204);

    thief.post("/v1/account/restore", &restore).await.expect_problem(400, "invalid_or_expired_token");
    let reset = json!({"token": app.mail_to(&old).await.token(), "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    assert_eq!(sign_in(&app, &old).await, 200);
}

#[tokio::test]
async fn links_that_a_thief_was_mailed_do_nothing_once_the_change_is_taken_back() {
    let app = TestApp::start().await;
    let (thief, old) = app.member("ada").await;
    let stolen = address("thief");
    let code = ask(&app, &thief, &stolen).await;
    thief.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
    app.browser().sign_in(&stolen).await.expect_status(200);
    let not_me = json!({"token": app.mail_to(&stolen).await.token()});
    let undo = json!({"token": app.mail_to(&old).await.token()});
    app.browser().post("/v1/me/email/undo", &undo).await.expect_status(204);
    let reset = json!({"token": app.mail_to(&old).await.token(), "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    let owner = app.browser();
    owner.sign_in(&old).await.expect_status(200);

    thief.post("/v1/not-me", &not_me).await.expect_problem(400, "invalid_or_expired_token");

    owner.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn saying_that_it_was_not_me_gives_the_address_back_too() {
    let app = TestApp::start().await;
    let (owner, old) = app.member("ada").await;
    let thief = app.browser();
    thief.sign_in(&old).await.expect_status(200);
    let not_me = json!({"token": app.mail_to(&old).await.token()});
    let stolen = address("thief");
    let code = ask(&app, &thief, &stolen).await;
    thief.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);

    app.browser().post("/v1/not-me", &not_me).await.expect_status(204);

    thief.get("/v1/session").await.expect_status(401);
    assert!(app.mails_to(&stolen).await.iter().all(|mail| !mail.text.contains("/reset-password")));
    let reset = json!({"token": app.mail_to(&old).await.token(), "new_password": PASSWORD});
    owner.post("/v1/password/reset", &reset).await.expect_status(204);
    assert_eq!((sign_in(&app, &old).await, sign_in(&app, &stolen).await), (200, 401));
}

#[tokio::test]
async fn of_fifty_who_close_the_account_at_once_one_does_and_one_mail_goes_out() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let before = app.mails_to(&email).await.len();
    let mut racing = JoinSet::new();
    for _ in 0..50 {
        let tab = ada.copy();
        racing.spawn(async move { tab.delete("/v1/me").await.status });
    }

    let statuses = racing.join_all().await;

    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 202 | 401)));
    assert_eq!(app.mails_to(&email).await.len(), before + 1);
}

#[tokio::test]
async fn an_operator_opens_a_closed_account() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let id = ada.get("/v1/me").await.value()["id"].as_str().unwrap().parse().unwrap();
    ada.delete("/v1/me").await.expect_status(202);
    let caller = doorward_core::context::Caller::system("test");

    assert!(doorward_core::operator::enable(app.app.context(), &caller, id).await.unwrap());

    assert_eq!(sign_in(&app, &email).await, 200);
}

#[tokio::test]
async fn an_address_that_somebody_signed_up_with_meanwhile_and_never_proved_goes_back_to_its_owner() {
    for by_undo in [true, false] {
        let mut app = TestApp::start().await;
        let (_, old) = app.member("ada").await;
        let later = doorward_core::config::VerifyEmail::Later;
        app.restart_with(|config| config.sign_up.verify_email = later).await;
        let thief = app.browser();
        thief.sign_in(&old).await.expect_status(200);
        let alarm = app.mail_to(&old).await.token();
        let stolen = address("eve");
        change(&app, &thief, &stolen).await;
        let undo = app.mail_to(&old).await.token();
        let squatter = app.browser();
        squatter.sign_up(&old).await.expect_status(200);
        let gone = app.user_id(&old).await;
        let personal = async || {
            let context = app.app.context();
            let sql = "SELECT COUNT(*) FROM audit_events
                       WHERE user_id = ?1 AND (ip IS NOT NULL OR user_agent IS NOT NULL OR personal IS NOT NULL)
                         AND type <> 'account.deleted'";
            let row = context.db.read(async |tx| tx.query_one(sql, &p![gone]).await).await.unwrap();
            row.get::<i64>(0).unwrap()
        };
        assert!(personal().await > 0);

        let (path, token) = if by_undo { ("/v1/me/email/undo", &undo) } else { ("/v1/not-me", &alarm) };
        app.browser().post(path, &json!({"token": token})).await.expect_status(204);

        let user = app.user_id(&old).await;
        assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 1, "by undo: {by_undo}, {user}");
        assert_eq!(personal().await, 0, "what the log tells of whoever had the account is erased");
        thief.get("/v1/session").await.expect_problem(401, "session_revoked");
        let reset = json!({"token": app.mail_to(&old).await.token(), "new_password": PASSWORD});
        app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    }
}
