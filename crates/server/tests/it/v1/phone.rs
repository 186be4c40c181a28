//! Phone numbers, and codes by SMS.

use std::time::Duration;

use doorward_core::config::{Config, Sms};
use doorward_core::context::{Caller, Context};
use doorward_core::error::{Code, Error};
use doorward_core::outbox::SendError;
use doorward_core::secret::Consumed;
use doorward_core::user::{self, EmailAddress, User};
use doorward_core::{clean_up, phone};
use doorward_test_support::{Browser, Reply, TestApp, sms_code};
use serde_json::json;
use uuid::Uuid;

const NUMBER: &str = "+436641234567";
const OTHER: &str = "+436649876543";
const MINUTE: Duration = Duration::from_secs(60);

fn on(config: &mut Config) {
    let countries = vec!["+43".to_owned(), "+1212".to_owned()];
    config.sms = Some(Sms { countries, hourly_per_country: 100 });
}

async fn ask(browser: &Browser, number: &str) -> Reply {
    browser.post("/v1/me/phone", &json!({"phone_number": number})).await
}

async fn verify(browser: &Browser, code: &str) -> Reply {
    browser.post("/v1/me/phone/verify", &json!({"code": code})).await
}

async fn newest_code(app: &TestApp, number: &str) -> String {
    sms_code(app.sms_to(number).await.first().expect("an SMS"))
}

/// Somebody with a verified number.
async fn reachable(app: &TestApp) -> (Browser, String) {
    let (ada, email) = app.member("ada").await;
    ask(&ada, NUMBER).await.expect_status(202);
    verify(&ada, &newest_code(app, NUMBER).await).await.expect_status(200);
    (ada, email)
}

fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test]
async fn a_number_is_added_by_the_code_that_was_sent_to_it_and_removed_again() {
    let app = TestApp::with(on).await;
    let (ada, email) = app.member("ada").await;
    ask(&ada, " +43 (664) 123-45.67 ").await.expect_status(202);
    let pending = json!({"phone_number": null, "pending_phone_number": NUMBER});
    assert_eq!(ada.get("/v1/me/phone").await.value(), pending);
    let sms = app.sms_to(NUMBER).await.remove(0);
    let code = sms_code(&sms);
    assert_eq!(
        sms,
        format!(
            "Doorward: your code is {code}. It works for 10 minutes. Give it to nobody.\n\n@localhost #{code}"
        )
    );

    let reply = verify(&ada, &format!("{} {}", &code[..3], &code[3..])).await;

    let added = json!({"phone_number": NUMBER, "pending_phone_number": null});
    let answered = reply.expect_status(200).value();
    assert_eq!(answered["phone_number"], NUMBER);
    assert_eq!(answered["backup_codes"].as_array().unwrap().len(), 10, "it is a second factor from now on");
    assert_eq!(ada.get("/v1/me/phone").await.value(), added);
    assert_eq!(ada.get("/v1/me/export").await.value()["phone_number"], NUMBER);
    let told = app.mail_to(&email).await;
    assert!(told.subject.contains("phone number was added") && told.text.contains("/not-me?token="));
    verify(&ada, &code).await.expect_problem(400, "invalid_or_expired_code");

    ada.delete("/v1/me/phone").await.expect_status(204);
    assert!(app.mail_to(&email).await.subject.contains("was removed"));
    ada.delete("/v1/me/phone").await.expect_problem(404, "not_found");
    let activity = ada.get("/v1/me/activity").await.text;
    for event in ["phone.asked", "phone.added", "phone.removed"] {
        assert!(activity.contains(event), "{event}: {activity}");
    }
}

#[tokio::test]
async fn another_number_takes_the_place_of_the_first_only_once_it_is_verified() {
    let app = TestApp::with(on).await;
    let (ada, _) = reachable(&app).await;
    ask(&ada, NUMBER).await.expect_field("phone_number", "invalid");

    ask(&ada, OTHER).await.expect_status(202);
    assert_eq!(ada.get("/v1/me/phone").await.value()["phone_number"], NUMBER);
    verify(&ada, &newest_code(&app, OTHER).await).await.expect_status(200);

    assert_eq!(ada.get("/v1/me/phone").await.value()["phone_number"], OTHER);
    assert_eq!(app.count("SELECT COUNT(*) FROM phones").await, 1);
}

#[tokio::test]
async fn numbers_of_other_countries_and_what_is_no_number_get_no_message() {
    let app = TestApp::with(on).await;
    let (ada, _) = app.member("ada").await;
    for number in ["+4930123456", "+13105550100", "+44 20 7946 0000"] {
        ask(&ada, number).await.expect_field("phone_number", "invalid");
    }
    for number in ["0664 1234567", "ada", "+43664123456, +43664123457", "+43664\r\n123456"] {
        ask(&ada, number).await.expect_field("phone_number", "invalid");
    }
    ask(&ada, "").await.expect_field("phone_number", "required");
    ada.post("/v1/me/phone", &json!({"phone_number": [NUMBER]}))
        .await
        .expect_field("phone_number", "invalid");
    assert_eq!(app.count("SELECT COUNT(*) FROM sms_outbox").await, 0);
    ask(&ada, "+12125550100").await.expect_status(202);
}

#[tokio::test]
async fn only_the_owner_who_proved_it_a_moment_ago_adds_or_removes() {
    let app = TestApp::with(on).await;
    let (ada, _) = reachable(&app).await;
    app.advance(11 * MINUTE);
    ada.refresh().await.expect_status(200);
    ask(&ada, OTHER).await.expect_problem(403, "reauthentication_required");
    ada.delete("/v1/me/phone").await.expect_problem(403, "reauthentication_required");
    let stranger = app.browser();
    ask(&stranger, OTHER).await.expect_problem(401, "not_authenticated");
    verify(&stranger, "123456").await.expect_problem(401, "not_authenticated");
    stranger.get("/v1/me/phone").await.expect_problem(401, "not_authenticated");
    stranger.delete("/v1/me/phone").await.expect_problem(401, "not_authenticated");
    // What was sent to somebody else's number is nothing to another account.
    let (eve, _) = app.member("eve").await;
    ask(&eve, OTHER).await.expect_status(202);
    let code = newest_code(&app, OTHER).await;
    verify(&ada, &code).await.expect_problem(400, "invalid_or_expired_code");
    verify(&eve, &code).await.expect_status(200);
}

#[tokio::test]
async fn a_code_has_five_tries_ten_minutes_and_one_use() {
    let app = TestApp::with(on).await;
    let (ada, _) = app.member("ada").await;
    ask(&ada, NUMBER).await.expect_status(202);
    let code = newest_code(&app, NUMBER).await;
    for _ in 0..5 {
        let refused = verify(&ada, wrong(&code)).await;
        refused.expect_problem(400, "invalid_or_expired_code");
        assert!(refused.text.contains("Check the newest message"), "{}", refused.text);
    }
    verify(&ada, &code).await.expect_problem(400, "invalid_or_expired_code");

    ask(&ada, NUMBER).await.expect_status(202);
    let code = newest_code(&app, NUMBER).await;
    app.advance(10 * MINUTE + Duration::from_secs(1));
    ada.refresh().await.expect_status(200);
    verify(&ada, &code).await.expect_problem(400, "invalid_or_expired_code");
    assert_eq!(ada.get("/v1/me/phone").await.value()["pending_phone_number"], json!(null));

    ada.sign_in(ada.get("/v1/me").await.value()["email"].as_str().unwrap()).await.expect_status(200);
    ask(&ada, NUMBER).await.expect_status(202);
    let old = newest_code(&app, NUMBER).await;
    ask(&ada, OTHER).await.expect_status(202);
    let new = newest_code(&app, OTHER).await;
    assert!(old == new || verify(&ada, &old).await.status == 400);
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (ada, new) = (ada.copy(), new.clone());
        racing.spawn(async move { verify(&ada, &new).await.status });
    }
    let statuses = racing.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_number_gets_three_messages_in_ten_minutes_and_ten_a_day_whoever_asks() {
    let app = TestApp::with(on).await;
    let (ada, _) = app.member("ada").await;
    let (eve, eves) = app.member("eve").await;
    for browser in [&ada, &eve, &ada] {
        ask(browser, NUMBER).await.expect_status(202);
    }
    let refused = ask(&eve, NUMBER).await;
    let wait: u64 = refused.expect_problem(429, "rate_limited").header("retry-after").parse().unwrap();
    assert!((590..=600).contains(&wait), "{wait}");
    ask(&eve, OTHER).await.expect_status(202);
    // A refusal leaves everything as it was.
    assert_eq!(eve.get("/v1/me/phone").await.value()["pending_phone_number"], OTHER);
    assert_eq!(app.sms_to(NUMBER).await.len(), 3);

    for _ in 0..7 {
        app.advance(61 * MINUTE);
        eve.sign_in(&eves).await.expect_status(200);
        ask(&eve, NUMBER).await.expect_status(202);
    }
    app.advance(61 * MINUTE);
    eve.sign_in(&eves).await.expect_status(200);
    ask(&eve, NUMBER).await.expect_problem(429, "rate_limited");
    doorward_core::clean_up::run(&app.app.sessions).await.unwrap();
    ask(&eve, NUMBER).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn an_account_and_a_country_get_only_so_many_in_an_hour_even_all_at_once_and_after_a_restart() {
    let mut app = TestApp::with(|config| {
        on(config);
        config.sms.as_mut().unwrap().hourly_per_country = 8;
    })
    .await;
    let (ada, _) = app.member("ada").await;
    let mut racing = tokio::task::JoinSet::new();
    for number in 0..20 {
        let ada = ada.copy();
        racing.spawn(async move { ask(&ada, &format!("+43664000{number:04}")).await.status });
    }
    let statuses = racing.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 5, "{statuses:?}");

    app.restart().await;
    ask(&ada, NUMBER).await.expect_problem(429, "rate_limited");
    let (eve, _) = app.member("eve").await;
    for number in 0..3 {
        ask(&eve, &format!("+43664111{number:04}")).await.expect_status(202);
    }
    ask(&eve, NUMBER).await.expect_problem(429, "rate_limited");
    ask(&eve, "+12125550100").await.expect_status(202);
    app.advance(61 * MINUTE);
    let (bob, _) = app.member("bob").await;
    ask(&bob, NUMBER).await.expect_status(202);
}

#[tokio::test]
async fn a_message_is_tried_again_while_its_code_holds_and_never_after() {
    let app = TestApp::with(on).await;
    let (ada, _) = app.member("ada").await;
    app.sms().fail(Some(SendError::Temporary("away".to_owned())));
    ask(&ada, NUMBER).await.expect_status(202);
    assert!(app.sms_to(NUMBER).await.is_empty());
    app.sms().fail(None);
    app.advance(2 * MINUTE);
    verify(&ada, &newest_code(&app, NUMBER).await).await.expect_status(200);
    assert_eq!(app.sms_to(NUMBER).await.len(), 1);

    app.sms().fail(Some(SendError::Temporary("away".to_owned())));
    ask(&ada, OTHER).await.expect_status(202);
    app.sms_to(OTHER).await;
    app.sms().fail(None);
    app.advance(10 * MINUTE + Duration::from_secs(1));
    clean_up::run(&app.app.sessions).await.unwrap();
    assert!(app.sms_to(OTHER).await.is_empty());

    assert_eq!(app.count("SELECT COUNT(*) FROM sms_outbox WHERE sealed IS NOT NULL").await, 0);
    app.advance(26 * 60 * MINUTE);
    clean_up::run(&app.app.sessions).await.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM sms_outbox").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM phones").await, 1, "the one that waited is gone");
}

#[tokio::test]
async fn what_the_provider_refuses_for_good_is_not_tried_again() {
    let app = TestApp::with(on).await;
    let (ada, _) = app.member("ada").await;
    app.sms().fail(Some(SendError::Permanent("no such number".to_owned())));
    ask(&ada, NUMBER).await.expect_status(202);
    app.sms_to(NUMBER).await;
    app.sms().fail(None);
    app.advance(5 * MINUTE);
    assert!(app.sms_to(NUMBER).await.is_empty());
    assert_eq!(app.count("SELECT COUNT(*) FROM sms_outbox WHERE state = 'failed'").await, 1);
}

#[tokio::test]
async fn where_no_provider_is_set_nothing_is_sent_and_a_number_from_before_can_go() {
    let mut app = TestApp::with(on).await;
    let (ada, _) = reachable(&app).await;
    app.restart_with(|config| config.sms = None).await;

    ask(&ada, OTHER).await.expect_problem(404, "not_found");
    verify(&ada, "123456").await.expect_problem(404, "not_found");
    assert!(ada.get("/account/phone").await.expect_status(200).text.contains("No codes are sent"));
    ada.delete("/v1/me/phone").await.expect_status(204);
    ada.get("/account/phone").await.expect_status(404);
    assert!(!ada.get("/account").await.text.contains("/account/phone"));
}

#[tokio::test]
async fn a_number_is_no_way_in_and_goes_with_its_account() {
    let app = TestApp::with(on).await;
    let (ada, _) = reachable(&app).await;
    let reply = app
        .browser()
        .post("/v1/sign-in", &json!({"identifier": NUMBER, "password": doorward_test_support::PASSWORD}))
        .await;
    reply.expect_problem(401, "invalid_credentials");
    app.browser().post("/v1/sign-in/email", &json!({"email": NUMBER})).await.expect_field("email", "invalid");
    app.browser()
        .post("/v1/password/forgot", &json!({"email": NUMBER}))
        .await
        .expect_field("email", "invalid");

    ada.delete("/v1/me").await.expect_status(202);
    app.advance(15 * 24 * 60 * MINUTE);
    clean_up::run(&app.app.sessions).await.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM phones").await, 0);
}

/// As the second step of a sign-in uses it.
struct Step<'a> {
    context: &'a Context,
    user: User,
    caller: Caller,
}

impl<'a> Step<'a> {
    async fn of(app: &'a TestApp, email: &str) -> Self {
        let context = app.app.context();
        let email = EmailAddress::parse("email", email).unwrap();
        let user = context.db.read(async |tx| user::find_by_email(tx, &email).await).await.unwrap().unwrap();
        Self { context, user, caller: Caller::system("test") }
    }

    async fn send(&self, flow: Uuid) -> Result<(), Error> {
        phone::send_code(self.context, &self.caller, &self.user, flow).await
    }

    async fn attempt(&self, flow: Uuid, code: &str) -> Result<Consumed, Error> {
        let (context, user) = (self.context, &self.user);
        let tried = context
            .db
            .write(async |tx| {
                phone::try_code(
                    tx,
                    context,
                    user,
                    flow,
                    (doorward_core::secret::Tries::FirstFactor(user.id), &self.caller),
                    code,
                )
                .await
            })
            .await;
        tried.unwrap()
    }
}

#[tokio::test]
async fn as_a_second_factor_a_code_is_good_for_its_sign_in_once() {
    let app = TestApp::with(on).await;
    let (ada, email) = reachable(&app).await;
    let step = Step::of(&app, &email).await;
    let (flow, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    step.send(flow).await.unwrap();
    let code = newest_code(&app, NUMBER).await;

    assert_eq!(step.attempt(other, &code).await.unwrap_err().code(), Code::InvalidOrExpiredCode);
    assert_eq!(step.attempt(flow, wrong(&code)).await.unwrap_err().code(), Code::InvalidOrExpiredCode);
    let consumed = step.attempt(flow, &code).await.unwrap();
    assert_eq!(consumed.subject(), flow);
    assert_eq!(step.attempt(flow, &code).await.unwrap_err().code(), Code::InvalidOrExpiredCode);

    // A number that is taken away meanwhile proves nothing.
    step.send(other).await.unwrap();
    let code = newest_code(&app, NUMBER).await;
    ada.delete("/v1/me/phone").await.expect_status(204);
    assert_eq!(step.attempt(other, &code).await.unwrap_err().code(), Code::InvalidOrExpiredCode);
    assert_eq!(step.send(other).await.unwrap_err().code(), Code::ValidationFailed);
}

#[tokio::test]
async fn whoever_waits_in_an_account_of_somebody_elses_address_leaves_no_number_behind() {
    let app = TestApp::with(|config| {
        on(config);
        config.sign_up.verify_email = doorward_core::config::VerifyEmail::Later;
    })
    .await;
    let email = "ada@example.com";
    let stranger = app.browser();
    stranger.sign_up(email).await.expect_status(200);
    ask(&stranger, NUMBER).await.expect_status(202);
    verify(&stranger, &newest_code(&app, NUMBER).await).await.expect_status(200);
    ask(&stranger, OTHER).await.expect_status(202);

    let owner = app.browser();
    owner.post("/v1/sign-in/email", &json!({"email": email})).await.expect_status(202);
    let code = app.mail_to(email).await.code();
    let reply = owner.post("/v1/sign-in/email/verify", &json!({"email": email, "code": code})).await;
    reply.expect_status(200);

    assert_eq!(app.count("SELECT COUNT(*) FROM phones").await, 0);
}

#[tokio::test]
async fn a_number_that_was_planted_before_the_address_was_proved_is_gone_with_the_first_reset() {
    let app = TestApp::with(|config| {
        on(config);
        config.sign_up.verify_email = doorward_core::config::VerifyEmail::Later;
    })
    .await;
    let email = "victim@example.com";
    let stranger = app.browser();
    stranger.sign_up(email).await.expect_status(200);
    ask(&stranger, NUMBER).await.expect_status(202);
    verify(&stranger, &newest_code(&app, NUMBER).await).await.expect_status(200);
    let owner = app.browser();
    owner.post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let token = app.mail_to(email).await.token();

    let body = json!({"token": token, "new_password": "a wholly new passphrase"});
    owner.post("/v1/password/reset", &body).await.expect_status(204);

    assert_eq!(app.count("SELECT COUNT(*) FROM phones").await, 0);
    let body = json!({"identifier": email, "password": "a wholly new passphrase"});
    assert_eq!(owner.post("/v1/sign-in", &body).await.value()["status"], "signed_in");
}

#[tokio::test]
async fn a_session_is_told_whether_a_number_can_be_added() {
    let (with, without) = (TestApp::with(on).await, TestApp::start().await);
    for (app, available) in
        [(&with, json!(["totp", "passkey", "sms"])), (&without, json!(["totp", "passkey"]))]
    {
        let (ada, _) = app.member("ada").await;
        assert_eq!(ada.get("/v1/me/factors").await.value()["available"], available);
    }
}
