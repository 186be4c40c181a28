//! The way back in for somebody who has lost the second factor: for the owner, and not for a thief.

use std::time::Duration;

use doorward_core::{clean_up, recovery};
use doorward_test_support::{AuthenticatorApp, Browser, Mail, PASSWORD, TestApp, all_at_once};
use serde_json::json;

pub const HOUR: Duration = Duration::from_secs(60 * 60);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub struct Ada {
    pub browser: Browser,
    pub email: String,
    pub phone: AuthenticatorApp,
}

pub async fn start() -> (TestApp, Ada) {
    let app = TestApp::with(|config| {
        config.rate_limit.enabled = false;
        config.session.idle_timeout = 30 * DAY;
    })
    .await;
    let (browser, email) = app.member("ada").await;
    let (phone, _) = app.add_totp(&browser).await;
    (app, Ada { browser, email, phone })
}

/// Whoever knows the password, up to the second step.
pub async fn first_step(app: &TestApp, email: &str) -> String {
    let answer = app.browser().sign_in(email).await.expect_status(200).value();
    assert_eq!(answer["status"], "mfa_required", "{answer}");
    answer["mfa_token"].as_str().unwrap().to_owned()
}

/// Somebody who knows the password says that the second factor is lost. Answers how long it takes.
pub async fn ask(app: &TestApp, email: &str) -> Duration {
    let token = first_step(app, email).await;
    let reply = app.browser().post("/v1/recovery", &json!({"mfa_token": token})).await;
    let ready_at = reply.expect_status(202).value()["ready_at"].as_str().unwrap().to_owned();
    let row = app.count("SELECT (ready_at - asked_at) / 1000000 FROM recoveries WHERE used_at IS NULL").await;
    assert!(ready_at.ends_with('Z'), "{ready_at}");
    Duration::from_secs(u64::try_from(row).unwrap())
}

pub async fn mails(app: &TestApp, email: &str, subject: &str) -> Vec<Mail> {
    recovery::tell_due(app.app.context()).await.unwrap();
    app.mails_to(email).await.into_iter().filter(|mail| mail.subject.contains(subject)).collect()
}

/// The token of the link to a page.
pub fn token(mail: &Mail, page: &str) -> String {
    let at = mail.text.find(&format!("{page}?token=")).unwrap_or_else(|| panic!("{page} in {}", mail.text));
    mail.text[at..].split("token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

pub async fn complete(app: &TestApp, token: &str) -> doorward_test_support::Reply {
    app.browser().post("/v1/recovery/complete", &json!({"token": token})).await
}

async fn sign_in_status(app: &TestApp, email: &str) -> serde_json::Value {
    app.browser().sign_in(email).await.expect_status(200).value()["status"].clone()
}

#[tokio::test]
async fn after_a_day_the_factors_go_the_sessions_end_and_a_new_one_is_set_up() {
    let (app, ada) = start().await;
    assert_eq!(ask(&app, &ada.email).await, DAY);
    assert_eq!(mails(&app, &ada.email, "lost your second factor").await.len(), 1);
    ada.browser.get("/v1/session").await.expect_status(200);
    assert!(mails(&app, &ada.email, "will be removed soon").await.is_empty());
    app.advance(12 * HOUR);
    assert_eq!(mails(&app, &ada.email, "will be removed soon").await.len(), 1);
    app.advance(11 * HOUR);
    assert!(mails(&app, &ada.email, "get back into").await.is_empty());
    app.advance(HOUR);
    let ready = mails(&app, &ada.email, "get back into").await;
    assert_eq!(
        mails(&app, &ada.email, "").await.iter().filter(|m| m.subject.contains("get back")).count(),
        1
    );
    let token = token(&ready[0], "/recovery/complete");
    for _ in 0..2 {
        let page = app.browser().get(&format!("/recovery/complete?token={token}")).await;
        assert!(page.expect_status(200).text.contains(&ada.email), "looking uses nothing up");
    }

    complete(&app, &token).await.expect_status(204);

    complete(&app, &token).await.expect_problem(400, "invalid_or_expired_token");
    ada.browser.refresh().await.expect_problem(401, "session_revoked");
    assert!(app.mail_to(&ada.email).await.subject.contains("removed"));
    let answer = app.browser().sign_in(&ada.email).await.value();
    assert_eq!(answer["status"], "enrolment_required");
    let mfa_token = json!({"mfa_token": answer["mfa_token"]});
    let set_up = app.browser().post("/v1/sign-in/enrol/totp", &mfa_token).await.value();
    let phone = AuthenticatorApp::of_secret(set_up["secret"].as_str().unwrap());
    let body = json!({"mfa_token": answer["mfa_token"], "code": phone.code(&app)});
    app.browser().post("/v1/sign-in/enrol/totp/confirm", &body).await.expect_status(200);
    assert_eq!(sign_in_status(&app, &ada.email).await, "mfa_required");
}

#[tokio::test]
async fn before_its_time_nothing_completes_it() {
    let (app, ada) = start().await;
    ask(&app, &ada.email).await;
    app.advance(DAY);
    let token = token(&mails(&app, &ada.email, "get back into").await[0], "/recovery/complete");
    app.clock.turn_back(30 * Duration::from_secs(1));

    complete(&app, &token).await.expect_problem(409, "conflict");

    assert_eq!(sign_in_status(&app, &ada.email).await, "mfa_required");
    app.advance(31 * Duration::from_secs(1));
    complete(&app, &token).await.expect_status(204);
}

#[tokio::test]
async fn the_owner_cancels_by_any_mail() {
    for stage in ["lost your second factor", "will be removed soon", "get back into"] {
        let (app, ada) = start().await;
        ask(&app, &ada.email).await;
        mails(&app, &ada.email, stage).await;
        for _ in 0..2 {
            app.advance(12 * HOUR);
            mails(&app, &ada.email, stage).await;
        }
        let ready = token(&mails(&app, &ada.email, "get back into").await[0], "/recovery/complete");
        let cancel = token(&mails(&app, &ada.email, stage).await[0], "/recovery/cancel");
        app.browser().get(&format!("/recovery/cancel?token={cancel}")).await.expect_status(200);

        let reply = app.browser().post("/v1/recovery/cancel", &json!({"token": cancel})).await;

        reply.expect_status(204);
        complete(&app, &ready).await.expect_problem(400, "invalid_or_expired_token");
        assert_eq!(sign_in_status(&app, &ada.email).await, "mfa_required", "{stage}");
        let reply = app.browser().post("/v1/recovery/cancel", &json!({"token": cancel})).await;
        reply.expect_problem(400, "invalid_or_expired_token");
    }
}

#[tokio::test]
async fn the_owner_cancels_from_a_session_and_sees_it_there() {
    let (app, ada) = start().await;
    ada.browser.post_empty("/v1/recovery/cancel").await.expect_problem(404, "not_found");
    ask(&app, &ada.email).await;
    let page = ada.browser.get("/account/two-factor").await.text;
    assert!(page.contains("Somebody says that you lost"), "{page}");
    app.browser().post_empty("/v1/recovery/cancel").await.expect_problem(401, "not_authenticated");

    ada.browser.post_empty("/v1/recovery/cancel").await.expect_status(204);

    app.advance(DAY);
    assert!(mails(&app, &ada.email, "get back into").await.is_empty());
    ask(&app, &ada.email).await;
    ada.browser.refresh().await.expect_status(200);
    ada.browser.submit("/account/two-factor/keep", &[]).await.expect_status(303);
    assert!(!ada.browser.get("/account/two-factor").await.text.contains("Somebody says"));
}

#[tokio::test]
async fn signing_in_with_the_factor_cancels_it() {
    let (app, ada) = start().await;
    ask(&app, &ada.email).await;
    let token = first_step(&app, &ada.email).await;
    let code = ada.phone.next_code(&app);
    let body = json!({"mfa_token": token, "method": "totp", "code": code});

    app.browser().post("/v1/sign-in/mfa", &body).await.expect_status(200);

    app.advance(DAY);
    assert!(mails(&app, &ada.email, "get back into").await.is_empty());
}

#[tokio::test]
async fn whoever_has_just_set_the_password_by_mail_waits_for_a_week() {
    let (app, ada) = start().await;
    app.browser().post("/v1/password/forgot", &json!({"email": ada.email})).await.expect_status(202);
    let reset = json!({"token": app.mail_to(&ada.email).await.token(), "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);

    assert_eq!(ask(&app, &ada.email).await, 7 * DAY);

    app.advance(3 * DAY);
    assert!(mails(&app, &ada.email, "will be removed soon").await.is_empty());
    app.advance(4 * DAY);
    assert_eq!(mails(&app, &ada.email, "get back into").await.len(), 1);
}

#[tokio::test]
async fn whoever_has_nothing_but_the_mailbox_waits_for_a_week() {
    let (app, ada) = start().await;
    let browser = app.browser();
    browser.post("/v1/sign-in/email", &json!({"email": ada.email})).await.expect_status(202);
    let proof = json!({"email": ada.email, "code": app.mail_to(&ada.email).await.code()});
    let answer = browser.post("/v1/sign-in/email/verify", &proof).await.value();

    let body = json!({"mfa_token": answer["mfa_token"]});
    browser.post("/v1/recovery", &body).await.expect_status(202);

    let wait = app.count("SELECT (ready_at - asked_at) / 1000000 FROM recoveries").await;
    assert_eq!(wait, 7 * 24 * 60 * 60);
}

#[tokio::test]
async fn a_week_after_the_password_was_set_the_wait_is_a_day_again() {
    let (app, ada) = start().await;
    app.browser().post("/v1/password/forgot", &json!({"email": ada.email})).await.expect_status(202);
    let reset = json!({"token": app.mail_to(&ada.email).await.token(), "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    app.advance(7 * DAY);

    assert_eq!(ask(&app, &ada.email).await, DAY);
}

#[tokio::test]
async fn asking_again_neither_shortens_the_wait_nor_mails_again() {
    let (app, ada) = start().await;
    ask(&app, &ada.email).await;
    app.advance(10 * HOUR);

    let again = all_at_once(0..20, |_| async {
        let token = first_step(&app, &ada.email).await;
        app.browser().post("/v1/recovery", &json!({"mfa_token": token})).await.value()["ready_at"].clone()
    })
    .await;

    assert!(again.iter().all(|ready_at| *ready_at == again[0]));
    assert_eq!(app.count("SELECT COUNT(*) FROM recoveries").await, 1);
    assert_eq!(mails(&app, &ada.email, "lost your second factor").await.len(), 1);
}

#[tokio::test]
async fn of_fifty_completions_and_cancellations_at_once_one_wins() {
    let (app, ada) = start().await;
    ask(&app, &ada.email).await;
    app.advance(DAY);
    let ready = mails(&app, &ada.email, "get back into").await.remove(0);
    let (complete, cancel) = (token(&ready, "/recovery/complete"), token(&ready, "/recovery/cancel"));

    let replies = all_at_once(0..50, |at| {
        let (path, token) = if at % 2 == 0 { ("complete", &complete) } else { ("cancel", &cancel) };
        let (browser, body) = (app.browser(), json!({"token": token}));
        async move { browser.post(&format!("/v1/recovery/{path}"), &body).await.status }
    })
    .await;

    assert_eq!(replies.iter().filter(|status| **status == 204).count(), 1, "{replies:?}");
    let completed = app.count("SELECT COUNT(*) FROM audit_events WHERE type = 'recovery.completed'").await;
    let cancelled = app.count("SELECT COUNT(*) FROM audit_events WHERE type = 'recovery.cancelled'").await;
    assert_eq!(completed + cancelled, 1);
    let status = sign_in_status(&app, &ada.email).await;
    assert_eq!(status == "enrolment_required", completed == 1, "{status}");
}

#[tokio::test]
async fn of_many_processes_one_sends_each_mail() {
    let (app, ada) = start().await;
    ask(&app, &ada.email).await;
    let other = app.second_process().await;
    app.advance(DAY);

    for _ in 0..5 {
        let (one, two) =
            tokio::join!(recovery::tell_due(app.app.context()), recovery::tell_due(other.context()));
        one.unwrap();
        two.unwrap();
    }

    assert_eq!(mails(&app, &ada.email, "get back into").await.len(), 1);
}

#[tokio::test]
async fn a_recovery_that_nobody_completes_within_a_week_is_over() {
    let (app, ada) = start().await;
    ask(&app, &ada.email).await;
    app.advance(DAY);
    let token = token(&mails(&app, &ada.email, "get back into").await[0], "/recovery/complete");
    app.advance(7 * DAY);

    complete(&app, &token).await.expect_problem(400, "invalid_or_expired_token");

    clean_up::run(&app.app.sessions).await.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM recoveries").await, 0);
    assert_eq!(sign_in_status(&app, &ada.email).await, "mfa_required");
}

#[tokio::test]
async fn nobody_recovers_what_was_never_there() {
    let app = TestApp::with(|config| config.mfa.required_for = vec!["user".to_owned()]).await;
    app.browser()
        .post("/v1/recovery", &json!({"mfa_token": "x"}))
        .await
        .expect_problem(400, "invalid_or_expired_token");
    let browser = app.browser();
    browser.sign_up("first@example.com").await.expect_status(202);
    let code = app.mail_to("first@example.com").await.code();
    let verify = json!({"email": "first@example.com", "code": code});
    let answer = browser.post("/v1/email/verify", &verify).await.value();

    let body = json!({"mfa_token": answer["mfa_token"]});
    browser.post("/v1/recovery", &body).await.expect_problem(409, "conflict");
}

#[tokio::test]
async fn a_factor_that_a_stranger_added_goes_when_the_owner_says_that_it_was_not_them() {
    let app = TestApp::start().await;
    let (stranger, email) = app.member("ada").await;
    app.add_totp(&stranger).await;
    let told = app.mails_to(&email).await;
    let alarm = told.iter().find(|mail| mail.subject.contains("new second factor")).unwrap();

    let body = json!({"token": token(alarm, "/not-me")});
    app.browser().post("/v1/not-me", &body).await.expect_status(204);

    let reset = json!({"token": app.mail_to(&email).await.token(), "new_password": "quite another sentence"});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    let body = json!({"identifier": email, "password": "quite another sentence"});
    let answer = app.browser().post("/v1/sign-in", &body).await.value();
    assert_eq!(answer["status"], "signed_in");
}

#[tokio::test]
async fn a_factor_that_a_stranger_added_goes_also_when_a_later_mail_is_answered() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let stranger = app.browser();
    stranger.sign_in(&email).await.expect_status(200);
    app.add_totp(&stranger).await;
    app.advance(Duration::from_secs(5 * 60));
    let body = json!({"current_password": PASSWORD, "new_password": "quite another sentence"});
    stranger.post("/v1/password/change", &body).await.expect_status(204);
    let told = app.mails_to(&email).await;
    let changed = told.iter().find(|mail| mail.subject.contains("password was changed")).unwrap();
    let token = token(changed, "/not-me");
    let page = app.browser().get(&format!("/not-me?token={token}")).await;
    assert!(page.expect_status(200).text.contains("the authenticator app, added"), "the page says what goes");

    app.browser().post("/v1/not-me", &json!({"token": token})).await.expect_status(204);

    assert_eq!(app.count("SELECT COUNT(*) FROM totp").await, 0);
}

/// Whoever reads the mailbox and knows nothing else: says by the newest alarm that it was not them, and sets a password.
pub async fn by_the_mailbox_alone(app: &TestApp, email: &str) -> String {
    let told = app.mails_to(email).await;
    let alarm = told.iter().find(|mail| mail.text.contains("/not-me?")).unwrap();
    let body = json!({"token": token(alarm, "/not-me")});
    app.browser().post("/v1/not-me", &body).await.expect_status(204);
    let reset = json!({"token": app.mail_to(email).await.token(), "new_password": "quite another sentence"});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    let body = json!({"identifier": email, "password": "quite another sentence"});
    let answer = app.browser().post("/v1/sign-in", &body).await.expect_status(200).value();
    answer["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_has_the_mailbox_alone_gets_past_no_app_that_took_the_place_of_another() {
    for again in [false, true] {
        let (app, ada) = start().await;
        app.advance(29 * DAY);
        ada.browser.refresh().await.expect_status(200);
        let proof = json!({"method": "totp", "code": ada.phone.next_code(&app)});
        ada.browser.post("/v1/reauthenticate", &proof).await.expect_status(200);
        if again {
            ada.browser.delete("/v1/me/totp").await.expect_status(204);
        }
        app.add_totp(&ada.browser).await;

        assert_eq!(by_the_mailbox_alone(&app, &ada.email).await, "mfa_required", "removed first: {again}");
    }
}

#[tokio::test]
async fn a_stranger_who_answers_a_mail_does_not_keep_the_factor_that_they_added() {
    let app = TestApp::start().await;
    let (stranger, email) = app.member("ada").await;
    app.add_totp(&stranger).await;
    app.advance(Duration::from_secs(10));
    let theirs = "eve@elsewhere.example";
    stranger.post("/v1/me/email", &json!({"new_email": theirs})).await.expect_status(202);
    let code = app.mail_to(theirs).await.code();
    stranger.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
    let undo =
        app.mails_to(&email).await.into_iter().find(|mail| mail.text.contains("/undo-email?")).unwrap();
    stranger.post_empty("/v1/me/backup-codes").await.expect_status(200);
    by_the_mailbox_alone(&app, theirs).await;
    let page = app.browser().get(&format!("/undo-email?token={}", token(&undo, "/undo-email"))).await;
    assert!(page.expect_status(200).text.contains("remove the authenticator app, added"), "{}", page.text);

    let body = json!({"token": token(&undo, "/undo-email")});
    app.browser().post("/v1/me/email/undo", &body).await.expect_status(204);

    assert_eq!(app.count("SELECT COUNT(*) FROM totp").await, 0);
}

#[tokio::test]
async fn asking_for_a_passkey_after_the_password_ends_with_the_not_me_of_its_mail() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    super::passkeys::add(&app, &ada).await;
    app.advance(8 * DAY);
    let stranger = app.browser();
    stranger.sign_in(&email).await.expect_status(200);
    let on = json!({"passkey_second_factor": true});
    stranger.patch("/v1/me/factors", &on).await.expect_status(200);
    let told = app.mails_to(&email).await;
    let alarm = told.iter().find(|mail| mail.text.contains("/not-me?")).unwrap();
    let page = app.browser().get(&format!("/not-me?token={}", token(alarm, "/not-me"))).await;
    let asked = "remove the question for a passkey after the password, added";
    assert!(page.expect_status(200).text.contains(asked), "{}", page.text);

    assert_eq!(by_the_mailbox_alone(&app, &email).await, "signed_in");
    assert_eq!(app.count("SELECT COUNT(*) FROM passkeys").await, 1);
}

#[tokio::test]
async fn a_change_of_address_that_waits_ends_with_not_me() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let stranger = app.browser();
    stranger.sign_in(&email).await.expect_status(200);
    let theirs = "eve@elsewhere.example";
    stranger.post("/v1/me/email", &json!({"new_email": theirs})).await.expect_status(202);
    let link = token(&app.mail_to(theirs).await, "/account/email/verify");
    by_the_mailbox_alone(&app, &email).await;
    let owner = app.browser();
    let body = json!({"identifier": email, "password": "quite another sentence"});
    owner.post("/v1/sign-in", &body).await.expect_status(200);

    let reply = owner.post("/v1/me/email/verify", &json!({"token": link})).await;

    reply.expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn whatever_proves_a_factor_that_is_said_to_be_lost_ends_the_recovery() {
    let (app, ada) = start().await;
    let mut passkey = super::passkeys::add(&app, &ada.browser).await;
    ask(&app, &ada.email).await;

    let proof = json!({"method": "totp", "code": ada.phone.next_code(&app)});
    ada.browser.post("/v1/reauthenticate", &proof).await.expect_status(200);
    assert_eq!(ada.browser.get("/v1/me/factors").await.value()["recovery"], json!(null), "confirming");

    ask(&app, &ada.email).await;
    super::passkey_sign_in::sign_in(&app, &app.browser(), &mut passkey).await.expect_status(200);
    assert_eq!(
        ada.browser.get("/v1/me/factors").await.value()["recovery"],
        json!(null),
        "a passkey by itself"
    );
}

#[tokio::test]
async fn mails_that_went_to_an_earlier_address_let_no_factor_go() {
    let (app, ada) = start().await;
    app.advance(Duration::from_secs(5 * 60));
    let new = "ada@elsewhere.example";
    ada.browser.post("/v1/me/email", &json!({"new_email": new})).await.expect_status(202);
    let code = app.mail_to(new).await.code();
    ada.browser.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
    app.advance(HOUR);
    let token_ = first_step(&app, new).await;
    let body = json!({"mfa_token": token_, "method": "totp", "code": ada.phone.next_code(&app)});
    app.browser().post("/v1/sign-in/mfa", &body).await.expect_status(200);
    let told = app.mails_to(new).await;
    let alarm = told.iter().find(|mail| mail.subject.contains("New sign-in")).unwrap();

    let body = json!({"token": token(alarm, "/not-me")});
    app.browser().post("/v1/not-me", &body).await.expect_status(204);

    assert_eq!(app.count("SELECT COUNT(*) FROM totp WHERE confirmed").await, 1);
}

#[tokio::test]
async fn a_factor_from_before_stays_when_something_else_was_not_the_owner() {
    let (app, ada) = start().await;
    app.advance(8 * DAY);
    let stranger = app.browser();
    let token_ = first_step(&app, &ada.email).await;
    let body = json!({"mfa_token": token_, "method": "totp", "code": ada.phone.next_code(&app)});
    stranger.post("/v1/sign-in/mfa", &body).await.expect_status(200);
    let told = app.mails_to(&ada.email).await;
    let alarm = told.iter().find(|mail| mail.subject.contains("New sign-in")).unwrap();

    let body = json!({"token": token(alarm, "/not-me")});
    app.browser().post("/v1/not-me", &body).await.expect_status(204);

    assert_eq!(app.count("SELECT COUNT(*) FROM totp WHERE confirmed").await, 1);
}

#[tokio::test]
async fn whoever_has_the_mailbox_alone_gets_past_no_factor_by_saying_that_it_was_not_them() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    super::passkeys::add(&app, &ada).await;
    ada.patch("/v1/me/factors", &json!({"passkey_second_factor": true})).await.expect_status(200);
    app.advance(8 * DAY);
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let reset = json!({"token": app.mail_to(&email).await.token(), "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    let told = app.mails_to(&email).await;
    let changed = told.iter().find(|mail| mail.subject.contains("password was changed")).unwrap();

    let body = json!({"token": token(changed, "/not-me")});
    app.browser().post("/v1/not-me", &body).await.expect_status(204);

    let reset = json!({"token": app.mail_to(&email).await.token(), "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    let answer = app.browser().sign_in(&email).await.value();
    assert_eq!(answer["status"], "mfa_required");
    assert_eq!(answer["methods"][0], "passkey");
}

#[tokio::test]
async fn a_recovery_ends_where_its_mails_lie_in_a_mailbox_that_is_the_accounts_no_more() {
    let (app, ada) = start().await;
    ask(&app, &ada.email).await;
    app.advance(DAY);
    let ready = token(&mails(&app, &ada.email, "get back into").await[0], "/recovery/complete");
    let proof = json!({"method": "totp", "code": ada.phone.next_code(&app)});
    ada.browser.refresh().await.expect_status(200);
    ada.browser.post("/v1/reauthenticate", &proof).await.expect_status(200);
    let new = "ada@elsewhere.example";

    ada.browser.post("/v1/me/email", &json!({"new_email": new})).await.expect_status(202);
    let code = app.mail_to(new).await.code();
    ada.browser.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);

    complete(&app, &ready).await.expect_problem(400, "invalid_or_expired_token");
    assert_eq!(app.count("SELECT COUNT(*) FROM totp").await, 1);
}

#[tokio::test]
async fn a_recovery_ends_when_something_was_not_the_owner() {
    let (app, ada) = start().await;
    app.advance(8 * DAY);
    let stranger = first_step(&app, &ada.email).await;
    app.browser().post("/v1/recovery", &json!({"mfa_token": stranger})).await.expect_status(202);
    let token_ = first_step(&app, &ada.email).await;
    let body = json!({"mfa_token": token_, "method": "totp", "code": ada.phone.next_code(&app)});
    // Signing in with the factor cancels too, so the stranger asks again.
    app.browser().post("/v1/sign-in/mfa", &body).await.expect_status(200);
    ask(&app, &ada.email).await;
    let told = app.mails_to(&ada.email).await;
    let alarm = told.iter().find(|mail| mail.subject.contains("New sign-in")).unwrap();

    let body = json!({"token": token(alarm, "/not-me")});
    app.browser().post("/v1/not-me", &body).await.expect_status(204);

    assert_eq!(app.count("SELECT COUNT(*) FROM recoveries WHERE used_at IS NULL").await, 0);
}

#[tokio::test]
async fn every_session_is_told_of_a_recovery_under_way() {
    let (app, ada) = start().await;
    assert_eq!(ada.browser.get("/v1/me/factors").await.value()["recovery"], json!(null));

    let token = first_step(&app, &ada.email).await;
    let asked = app.browser().post("/v1/recovery", &json!({"mfa_token": token})).await.value();

    let recovery = ada.browser.get("/v1/me/factors").await.value()["recovery"].clone();
    assert_eq!(recovery["ready_at"], asked["ready_at"]);
    assert!(recovery["asked_at"].as_str() < recovery["ready_at"].as_str(), "{recovery}");
    ada.browser.post("/v1/recovery/cancel", &json!({})).await.expect_status(204);
    assert_eq!(ada.browser.get("/v1/me/factors").await.value()["recovery"], json!(null));
}

#[tokio::test]
async fn the_operator_removes_them_at_once_with_a_note() {
    let (app, ada) = start().await;
    ask(&app, &ada.email).await;
    let user = app.user_id(&ada.email).await;
    let caller = doorward_core::context::Caller::system("test");

    recovery::reset_by_operator(app.app.context(), &caller, user, "identity checked by video call")
        .await
        .unwrap();

    app.app.sessions.hear_changes().await.unwrap();
    ada.browser.get("/v1/session").await.expect_problem(401, "session_revoked");
    assert_eq!(sign_in_status(&app, &ada.email).await, "enrolment_required");
    let noted =
        "SELECT COUNT(*) FROM audit_events WHERE type = 'factors.reset' AND detail LIKE '%video call%'";
    assert_eq!(app.count(noted).await, 1);
    assert!(app.mail_to(&ada.email).await.subject.contains("removed"));
    for note in ["", "  \n", "x".repeat(501).as_str()] {
        let refused = recovery::reset_by_operator(app.app.context(), &caller, user, note).await;
        assert_eq!(refused.unwrap_err().code().as_str(), "validation_failed", "{note}");
    }
    let again = recovery::reset_by_operator(app.app.context(), &caller, user, "again").await;
    assert!(again.is_err(), "there is none left");
}
