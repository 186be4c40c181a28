//! Sign-in by a mailed link or code.

use std::time::Duration;

use doorward_core::config::VerifyEmail;
use doorward_core::context::Caller;
use doorward_core::operator;
use doorward_test_support::{Browser, Mail, PASSWORD, Reply, TestApp, unique};
use reqwest::Method;
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);
const NEW: &str = "an entirely different phrase";

/// Asks for the mail from a browser of its own.
async fn asked(app: &TestApp, email: &str) -> (Browser, Mail) {
    let browser = app.browser();
    browser.post("/v1/sign-in/email", &json!({"email": email})).await.expect_status(202);
    (browser, app.mail_to(email).await)
}

async fn by_code(browser: &Browser, email: &str, code: &str) -> Reply {
    browser.post("/v1/sign-in/email/verify", &json!({"email": email, "code": code})).await
}

async fn by_link(browser: &Browser, mail: &Mail) -> Reply {
    browser.post("/v1/sign-in/email/verify", &json!({"token": mail.token()})).await
}

/// A code that is not this one.
fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test]
async fn one_mail_signs_in_by_its_code_or_by_its_link_and_only_once() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;

    // Typed in another way; the mail goes to the address as the account has it.
    let browser = app.browser();
    browser.post("/v1/sign-in/email", &json!({"email": email.to_uppercase()})).await.expect_status(202);
    let mail = app.mail_to(&email).await;
    let reply = by_code(&browser, &email, &format!(" {}-{} ", &mail.code()[..3], &mail.code()[3..])).await;
    let signed_in = reply.expect_status(200).value();
    assert_eq!(signed_in["status"], "signed_in");
    assert_eq!(signed_in["session"]["amr"], json!(["email"]));
    assert_eq!(signed_in["session"]["acr"], "aal1", "a mailbox raises nothing");
    browser.get("/v1/session").await.expect_status(200);
    by_code(&browser, &email, &mail.code()).await.expect_problem(400, "invalid_or_expired_code");
    by_link(&browser, &mail).await.expect_problem(400, "invalid_or_expired_token");

    let (browser, mail) = asked(&app, &email).await;
    by_link(&browser, &mail).await.expect_status(200);
    browser.get("/v1/session").await.expect_status(200);
    by_link(&browser, &mail).await.expect_problem(400, "invalid_or_expired_token");
    by_code(&browser, &email, &mail.code()).await.expect_problem(400, "invalid_or_expired_code");
}

#[tokio::test]
async fn a_client_without_cookies_ties_the_mail_to_itself_by_a_token() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let client = app.browser();
    let body = json!({"email": email, "delivery": "body", "remember": true});
    let reply = client.post("/v1/sign-in/email", &body).await;
    assert!(reply.expect_status(202).set_cookies().is_empty());
    assert_eq!(reply.value()["expires_in"], 600);
    let flow = reply.value()["flow_token"].as_str().unwrap().to_owned();
    let code = app.mail_to(&email).await.code();

    let without = json!({"email": email, "code": code, "delivery": "body"});
    client.post("/v1/sign-in/email/verify", &without).await.expect_problem(400, "invalid_or_expired_code");
    let with = json!({"email": email, "code": code, "flow_token": flow, "delivery": "body"});
    let signed_in = client.post("/v1/sign-in/email/verify", &with).await;

    let signed_in = signed_in.expect_status(200).value();
    assert!(signed_in["refresh_token"].as_str().unwrap().starts_with("dw_rt_"));
    assert_eq!(signed_in["session"]["remember"], true);
}

#[tokio::test]
async fn looking_at_the_link_uses_nothing_up() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (browser, mail) = asked(&app, &email).await;

    for scanner in [&app.browser(), &browser] {
        for method in [Method::GET, Method::HEAD, Method::GET] {
            scanner.send(method, &mail.link(), &[], None).await.expect_status(200);
        }
        scanner.get("/v1/session").await.expect_problem(401, "not_authenticated");
    }

    by_link(&browser, &mail).await.expect_status(200);
}

#[tokio::test]
async fn opened_elsewhere_the_link_signs_nobody_in_and_is_still_good_where_it_was_asked_for() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (browser, mail) = asked(&app, &email).await;
    let (other, _) = asked(&app, &email).await;

    for elsewhere in [&app.browser(), &other] {
        by_link(elsewhere, &mail).await.expect_problem(400, "invalid_or_expired_token");
        by_code(elsewhere, &email, &mail.code()).await.expect_problem(400, "invalid_or_expired_code");
        elsewhere.get("/v1/session").await.expect_problem(401, "not_authenticated");
    }

    by_link(&browser, &mail).await.expect_status(200);
}

#[tokio::test]
async fn a_code_is_good_for_its_purpose_and_its_address_alone() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (_, other) = app.member("eve").await;
    let (browser, mail) = asked(&app, &email).await;
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let reset = app.mail_to(&email).await;

    by_code(&browser, &email, &reset.code()).await.expect_problem(400, "invalid_or_expired_code");
    by_link(&browser, &reset).await.expect_problem(400, "invalid_or_expired_token");
    by_code(&browser, &other, &mail.code()).await.expect_problem(400, "invalid_or_expired_code");
    let body = json!({"email": email, "code": mail.code(), "new_password": NEW});
    app.browser().post("/v1/password/reset", &body).await.expect_problem(400, "invalid_or_expired_code");
    let body = json!({"token": mail.token(), "new_password": NEW});
    app.browser().post("/v1/password/reset", &body).await.expect_problem(400, "invalid_or_expired_token");
    let body = json!({"email": email, "code": mail.code()});
    browser.post("/v1/email/verify", &body).await.expect_problem(400, "invalid_or_expired_code");

    by_code(&browser, &email, &mail.code()).await.expect_status(200);
}

#[tokio::test]
async fn after_five_tries_not_even_the_right_code_works_but_the_link_does() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (browser, mail) = asked(&app, &email).await;
    for _ in 0..5 {
        let reply = by_code(&browser, &email, wrong(&mail.code())).await;
        reply.expect_problem(400, "invalid_or_expired_code");
    }

    by_code(&browser, &email, &mail.code()).await.expect_problem(400, "invalid_or_expired_code");
    by_link(&browser, &mail).await.expect_status(200);
}

#[tokio::test]
async fn twenty_wrong_codes_an_hour_are_all_that_an_account_takes_and_its_link_still_works() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    for _ in 0..4 {
        let (guesser, mail) = asked(&app, &email).await;
        for _ in 0..5 {
            by_code(&guesser, &email, wrong(&mail.code())).await.expect_status(400);
        }
    }

    let (browser, mail) = asked(&app, &email).await;
    by_code(&browser, &email, &mail.code()).await.expect_problem(429, "rate_limited");
    by_link(&browser, &mail).await.expect_status(200);
    app.advance(61 * MINUTE);
    let (browser, mail) = asked(&app, &email).await;
    by_code(&browser, &email, &mail.code()).await.expect_status(200);
}

#[tokio::test]
async fn the_mail_holds_for_ten_minutes() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (browser, mail) = asked(&app, &email).await;
    app.advance(Duration::from_secs(10 * 60 - 5));
    by_code(&browser, &email, &mail.code()).await.expect_status(200);

    let (browser, mail) = asked(&app, &email).await;
    app.advance(10 * MINUTE + Duration::from_secs(1));
    by_code(&browser, &email, &mail.code()).await.expect_problem(400, "invalid_or_expired_code");
    by_link(&browser, &mail).await.expect_problem(400, "invalid_or_expired_token");
    app.browser().get(&mail.link()).await.expect_status(400);
}

#[tokio::test]
async fn asking_again_ends_the_code_and_the_link_of_before() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (browser, first) = asked(&app, &email).await;
    let old = browser.copy();
    browser.post("/v1/sign-in/email", &json!({"email": email})).await.expect_status(202);
    let second = app.mail_to(&email).await;

    by_link(&old, &first).await.expect_problem(400, "invalid_or_expired_token");
    for browser in [&old, &browser] {
        let reply = by_code(browser, &email, &first.code()).await;
        assert!(first.code() == second.code() || reply.status == 400, "{}", reply.text);
    }
    by_code(&browser, &email, &second.code()).await.expect_status(200);
}

#[tokio::test]
async fn of_fifty_at_once_one_wins_by_link_and_by_code() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    for is_link in [true, false] {
        let (browser, mail) = asked(&app, &email).await;
        let mut racing = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (browser, email, mail) = (browser.copy(), email.clone(), mail.clone());
            racing.spawn(async move {
                let reply = if is_link {
                    by_link(&browser, &mail).await
                } else {
                    by_code(&browser, &email, &mail.code()).await
                };
                reply.status
            });
        }
        let statuses = racing.join_all().await;
        let won = statuses.iter().filter(|status| **status == 200).count();
        assert_eq!(won, 1, "link: {is_link}, {statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 400 | 429)), "{statuses:?}");
    }
    let opened = app.count("SELECT COUNT(*) FROM sessions").await;
    assert_eq!(opened, 3, "the member's own, and one for each race");
}

#[tokio::test]
async fn a_disabled_or_closed_account_is_told_only_after_the_proof() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    ada.delete("/v1/me").await.expect_status(202);
    let (browser, mail) = asked(&app, &email).await;
    by_code(&browser, &email, wrong(&mail.code())).await.expect_problem(400, "invalid_or_expired_code");
    by_code(&browser, &email, &mail.code()).await.expect_problem(403, "account_disabled");

    let (_, email) = app.member("eve").await;
    let context = app.app.context();
    let eve = operator::find_user(context, &email).await.unwrap();
    operator::disable(context, &Caller::system("operator"), eve.id).await.unwrap();
    let (browser, mail) = asked(&app, &email).await;
    by_link(&browser, &mail).await.expect_problem(403, "account_disabled");
    browser.get("/v1/session").await.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn a_mail_survives_a_restart() {
    let mut app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (browser, mail) = asked(&app, &email).await;
    let (second, other) = asked(&app, &email).await;

    app.restart().await;

    by_code(&browser, &email, &mail.code()).await.expect_status(200);
    app.restart().await;
    by_code(&browser, &email, &mail.code()).await.expect_problem(400, "invalid_or_expired_code");
    by_link(&second, &other).await.expect_status(200);
}

#[tokio::test]
async fn what_ends_all_sessions_ends_the_mail_that_is_under_way() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let (thief, mail) = asked(&app, &email).await;
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let reset = app.mail_to(&email).await.token();
    let body = json!({"token": reset, "new_password": NEW});
    app.browser().post("/v1/password/reset", &body).await.expect_status(204);
    by_code(&thief, &email, &mail.code()).await.expect_problem(400, "invalid_or_expired_code");

    let (thief, mail) = asked(&app, &email).await;
    ada.post("/v1/sign-in", &json!({"identifier": email, "password": NEW})).await.expect_status(200);
    ada.post_empty("/v1/sign-out/all").await.expect_status(204);
    by_link(&thief, &mail).await.expect_problem(400, "invalid_or_expired_token");
    thief.get("/v1/session").await.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn a_mail_to_the_former_address_is_worth_nothing() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let (browser, mail) = asked(&app, &email).await;
    let (second, other) = asked(&app, &email).await;
    let new = format!("{}@example.com", unique("new"));
    ada.post("/v1/me/email", &json!({"new_email": new})).await.expect_status(202);
    let token = app.mail_to(&new).await.token();
    ada.post("/v1/me/email/verify", &json!({"token": token})).await.expect_status(200);

    by_code(&browser, &email, &mail.code()).await.expect_problem(400, "invalid_or_expired_code");
    by_link(&second, &other).await.expect_problem(400, "invalid_or_expired_token");
    let (browser, mail) = asked(&app, &new).await;
    by_link(&browser, &mail).await.expect_status(200);
}

#[tokio::test]
async fn nobody_waits_in_an_account_that_they_made_with_an_address_of_somebody_else() {
    let app = TestApp::with(|config| config.sign_up.verify_email = VerifyEmail::Later).await;
    let email = format!("{}@example.com", unique("ada"));
    let stranger = app.browser();
    stranger.sign_up(&email).await.expect_status(200);
    let elsewhere = app.browser();
    elsewhere.sign_in(&email).await.expect_status(200);
    stranger.get("/v1/session").await.expect_status(200);

    let (owner, mail) = asked(&app, &email).await;
    let signed_in = by_link(&owner, &mail).await;

    assert_eq!(signed_in.expect_status(200).value()["user"]["email_verified"], true);
    for out in [&stranger, &elsewhere] {
        out.get("/v1/session").await.expect_problem(401, "session_revoked");
        out.refresh().await.expect_problem(401, "session_revoked");
        out.sign_in(&email).await.expect_problem(401, "invalid_credentials");
    }
    let told = app.mails_to(&email).await;
    assert!(told.iter().any(|mail| mail.subject.contains("password was removed")));
    // Who comes to an address that is verified keeps the password.
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let body = json!({"token": app.mail_to(&email).await.token(), "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &body).await.expect_status(204);
    let (owner, mail) = asked(&app, &email).await;
    by_link(&owner, &mail).await.expect_status(200);
    app.browser().sign_in(&email).await.expect_status(200);
}

#[tokio::test]
async fn a_sign_up_that_waits_is_no_account_and_an_unknown_address_gets_no_mail() {
    let app = TestApp::start().await;
    let email = format!("{}@example.com", unique("nobody"));
    let browser = app.browser();
    browser.sign_up(&email).await.expect_status(202);
    let before = app.mails_to(&email).await;

    let asking = app.browser();
    asking.post("/v1/sign-in/email", &json!({"email": email})).await.expect_status(202);

    assert_eq!(app.mails_to(&email).await.len(), before.len());
    // Confirmed afterwards, the account is not what was asked for.
    let verify = json!({"email": email, "code": before[0].code()});
    browser.post("/v1/email/verify", &verify).await.expect_status(200);
    by_code(&asking, &email, &before[0].code()).await.expect_problem(400, "invalid_or_expired_code");
}

#[tokio::test]
async fn what_is_wrong_is_told_by_its_field() {
    let app = TestApp::start().await;
    for (path, body, field, code) in [
        ("/v1/sign-in/email", json!({}), "email", "required"),
        ("/v1/sign-in/email", json!({"email": "a@b.example, c@d.example"}), "email", "invalid"),
        ("/v1/sign-in/email", json!({"email": ["a@b.example"]}), "email", "invalid"),
        ("/v1/sign-in/email", json!({"email": "a@b.example", "x": 1}), "x", "unknown"),
        ("/v1/sign-in/email/verify", json!({}), "token", "required"),
        ("/v1/sign-in/email/verify", json!({"email": "a@b.example"}), "code", "required"),
        ("/v1/sign-in/email/verify", json!({"code": "123456"}), "email", "required"),
        ("/v1/sign-in/email/verify", json!({"token": "x", "code": "123456"}), "token", "invalid"),
    ] {
        app.browser().post(path, &body).await.expect_field(field, code);
    }
    let none = json!({"token": "not a token"});
    let reply = app.browser().post("/v1/sign-in/email/verify", &none).await;
    reply.expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn where_it_is_switched_off_nothing_of_it_is_there() {
    let mut app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (browser, mail) = asked(&app, &email).await;
    assert!(app.browser().get("/sign-in").await.text.contains("/sign-in/email/start"));

    app.restart_with(|config| config.sign_in.email = false).await;

    browser.post("/v1/sign-in/email", &json!({"email": email})).await.expect_problem(404, "not_found");
    by_link(&browser, &mail).await.expect_problem(404, "not_found");
    by_code(&browser, &email, &mail.code()).await.expect_problem(404, "not_found");
    for path in ["/sign-in/email", &format!("/sign-in/link?token={}", mail.token())] {
        browser.get(path).await.expect_status(404);
    }
    assert!(!app.browser().get("/sign-in").await.text.contains("/sign-in/email"));
}

#[tokio::test]
async fn mails_and_tries_are_limited() {
    let app = TestApp::with(|config| config.rate_limit.enabled = true).await;
    let email = format!("{}@example.com", unique("nobody"));
    for _ in 0..5 {
        app.browser().post("/v1/sign-in/email", &json!({"email": email})).await.expect_status(202);
    }
    let reply = app.browser().post("/v1/sign-in/email", &json!({"email": email})).await;
    assert!(!reply.expect_problem(429, "rate_limited").header("retry-after").is_empty());
    let guesser = app.browser();
    let mut last = 0;
    for _ in 0..12 {
        last = by_code(&guesser, &email, "000000").await.status;
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn a_new_device_is_told_of_and_the_events_are_written() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let (browser, mail) = asked(&app, &email).await;
    by_code(&browser, &email, wrong(&mail.code())).await.expect_status(400);
    by_code(&browser, &email, &mail.code()).await.expect_status(200);

    assert!(app.mail_to(&email).await.text.contains("/not-me?token="));
    let activity = ada.get("/v1/me/activity").await.value();
    let items = activity["items"].as_array().unwrap();
    let has = |event: &str, outcome: &str| {
        items.iter().any(|item| item["type"] == event && item["outcome"] == outcome)
    };
    assert!(has("sign_in.mail_asked", "success") && has("sign_in", "failure"), "{activity}");
}

#[tokio::test]
async fn sign_ins_by_mail_that_ran_out_are_cleaned_up() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let _ = asked(&app, &email).await;
    app.browser().post("/v1/sign-in/email", &json!({"email": "nobody@example.com"})).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM email_sign_ins").await, 2);

    app.advance(61 * MINUTE);
    doorward_core::clean_up::run(&app.app.sessions).await.unwrap();

    assert_eq!(app.count("SELECT COUNT(*) FROM email_sign_ins").await, 0);
}
