use std::time::Duration;

use doorward_test_support::{PASSWORD, TestApp};
use reqwest::Method;
use serde_json::json;

const NEW: &str = "an entirely different phrase";

#[tokio::test]
async fn a_forgotten_password_is_reset_by_the_link_and_every_session_ends() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let token = app.mail_to(&email).await.token();

    let reset = app.browser().post("/v1/password/reset", &json!({"token": token, "new_password": NEW})).await;

    reset.expect_status(204);
    browser.get("/v1/session").await.expect_problem(401, "session_revoked");
    browser.refresh().await.expect_problem(401, "session_revoked");
    app.browser().sign_in(&email).await.expect_problem(401, "invalid_credentials");
    let body = json!({"identifier": email, "password": NEW});
    app.browser().post("/v1/sign-in", &body).await.expect_status(200);
    let again = app.browser().post("/v1/password/reset", &json!({"token": token, "new_password": NEW})).await;
    again.expect_problem(400, "invalid_or_expired_token");
    assert!(app.mail_to(&email).await.text.contains("/not-me?token="));
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_the_code() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    app.browser()
        .post("/v1/password/forgot", &json!({"email": email.to_uppercase()}))
        .await
        .expect_status(202);
    let code = app.mail_to(&email).await.code();

    let body = json!({"email": email, "code": code, "new_password": NEW});
    app.browser().post("/v1/password/reset", &body).await.expect_status(204);

    let body = json!({"identifier": email, "password": NEW});
    app.browser().post("/v1/sign-in", &body).await.expect_status(200);
}

#[tokio::test]
async fn a_password_that_will_not_do_uses_neither_link_nor_code_up() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let mail = app.mail_to(&email).await;
    for _ in 0..6 {
        let body = json!({"token": mail.token(), "new_password": "short"});
        app.browser().post("/v1/password/reset", &body).await.expect_field("new_password", "too_short");
        let body = json!({"email": email, "code": mail.code(), "new_password": "short"});
        app.browser().post("/v1/password/reset", &body).await.expect_field("new_password", "too_short");
    }

    let body = json!({"token": mail.token(), "new_password": NEW});
    app.browser().post("/v1/password/reset", &body).await.expect_status(204);
}

#[tokio::test]
async fn of_fifty_resets_with_one_link_one_wins() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let token = app.mail_to(&email).await.token();

    let mut racing = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (browser, token) = (app.browser(), token.clone());
        racing.spawn(async move {
            let body = json!({"token": token, "new_password": format!("{NEW} {number}")});
            browser.post("/v1/password/reset", &body).await.status
        });
    }
    let statuses = racing.join_all().await;

    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn the_link_holds_for_an_hour_and_the_code_for_ten_minutes() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let mail = app.mail_to(&email).await;

    app.advance(Duration::from_secs(10 * 60 + 1));
    let body = json!({"email": email, "code": mail.code(), "new_password": NEW});
    app.browser().post("/v1/password/reset", &body).await.expect_problem(400, "invalid_or_expired_code");
    app.advance(Duration::from_secs(50 * 60));
    let body = json!({"token": mail.token(), "new_password": NEW});
    app.browser().post("/v1/password/reset", &body).await.expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions_and_renews_this_one() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let other = app.browser();
    other.sign_in(&email).await.expect_status(200);
    let before = browser.cookie("doorward_refresh").unwrap();

    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    browser.post("/v1/password/change", &body).await.expect_status(204);

    assert_ne!(browser.cookie("doorward_refresh").unwrap(), before);
    browser.get("/v1/session").await.expect_status(200);
    browser.refresh().await.expect_status(200);
    other.get("/v1/session").await.expect_problem(401, "session_revoked");
    other.refresh().await.expect_problem(401, "session_revoked");
    assert!(app.mail_to(&email).await.text.contains("/not-me?token="));
}

#[tokio::test]
async fn a_client_without_cookies_gets_its_new_tokens_in_the_body() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let body = json!({"identifier": email, "password": PASSWORD, "delivery": "body"});
    let signed_in = app.browser().post("/v1/sign-in", &body).await.value();
    let bearer = format!("Bearer {}", signed_in["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = json!({"current_password": PASSWORD, "new_password": NEW}).to_string().into_bytes();

    let reply = app.browser().send(Method::POST, "/v1/password/change", &headers, Some(body)).await;

    reply.expect_status(200);
    assert!(reply.set_cookies().is_empty());
    assert!(reply.value()["refresh_token"].as_str().unwrap().starts_with("dw_rt_"));
}

#[tokio::test]
async fn another_tab_that_races_with_the_change_is_not_signed_out_and_a_thief_later_is() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let (tab, thief) = (browser.copy(), browser.copy());
    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    browser.post("/v1/password/change", &body).await.expect_status(204);

    tab.refresh().await.expect_status(200);
    app.advance(Duration::from_secs(60));
    thief.refresh().await.expect_problem(401, "token_reused");
}

#[tokio::test]
async fn what_is_wrong_with_a_change_is_told_by_its_field() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let change = |current: &str, new: &str| {
        let (browser, body) = (browser.copy(), json!({"current_password": current, "new_password": new}));
        async move { browser.post("/v1/password/change", &body).await }
    };

    change("not my password", NEW).await.expect_field("current_password", "invalid");
    change(PASSWORD, PASSWORD).await.expect_field("new_password", "password_unchanged");
    change(PASSWORD, "short").await.expect_field("new_password", "too_short");
    change(PASSWORD, "password1").await.expect_field("new_password", "password_common");
    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    app.browser().post("/v1/password/change", &body).await.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn passwords_are_the_same_in_every_unicode_form() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let body = json!({"current_password": PASSWORD, "new_password": "cafe\u{301} au lait svp"});
    browser.post("/v1/password/change", &body).await.expect_status(204);

    let body = json!({"identifier": email, "password": "caf\u{e9} au lait svp"});
    app.browser().post("/v1/sign-in", &body).await.expect_status(200);
}

/// Asks for a reset; the mail's code.
async fn reset_code(app: &TestApp, email: &str) -> String {
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    app.mail_to(email).await.code()
}

async fn reset_by_code(app: &TestApp, email: &str, code: &str) -> doorward_test_support::Reply {
    let body = json!({"email": email, "code": code, "new_password": NEW});
    app.browser().post("/v1/password/reset", &body).await
}

fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test]
async fn a_reset_code_has_five_tries_and_a_new_one_takes_its_place() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let first = reset_code(&app, &email).await;
    for _ in 0..5 {
        reset_by_code(&app, &email, wrong(&first)).await.expect_problem(400, "invalid_or_expired_code");
    }
    reset_by_code(&app, &email, &first).await.expect_problem(400, "invalid_or_expired_code");
    let second = reset_code(&app, &email).await;
    let third = reset_code(&app, &email).await;
    if second != third {
        reset_by_code(&app, &email, &second).await.expect_problem(400, "invalid_or_expired_code");
    }

    reset_by_code(&app, &email, &third).await.expect_status(204);
    reset_by_code(&app, &email, &third).await.expect_problem(400, "invalid_or_expired_code");
}

#[tokio::test]
async fn twenty_wrong_codes_an_hour_count_over_every_kind_of_code_and_alike_without_an_account() {
    let app = TestApp::start().await;
    let (_, known) = app.member("ada").await;
    let unknown = format!("{}@example.com", doorward_test_support::unique("nobody"));
    let mut answers = Vec::new();
    for email in [&known, &unknown] {
        let mut statuses = Vec::new();
        for number in 0..24 {
            if number % 5 == 0 {
                app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
            }
            statuses.push(reset_by_code(&app, email, "00000").await.status);
        }
        answers.push(statuses);
    }
    assert_eq!(answers[0], [vec![400; 20], vec![429; 4]].concat());
    assert_eq!(answers[0], answers[1]);

    let browser = app.browser();
    browser.post("/v1/sign-in/email", &json!({"email": known})).await.expect_status(202);
    let body = json!({"email": known, "code": app.mail_to(&known).await.code()});
    browser.post("/v1/sign-in/email/verify", &body).await.expect_problem(429, "rate_limited");
    app.advance(Duration::from_secs(61 * 60));
    let code = reset_code(&app, &known).await;
    reset_by_code(&app, &known, &code).await.expect_status(204);
}

#[tokio::test]
async fn of_fifty_resets_with_one_code_one_wins() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let code = reset_code(&app, &email).await;
    let mut racing = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (browser, email, code) = (app.browser(), email.clone(), code.clone());
        racing.spawn(async move {
            let body = json!({"email": email, "code": code, "new_password": format!("{NEW} {number}")});
            browser.post("/v1/password/reset", &body).await.status
        });
    }
    let statuses = racing.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn who_typed_too_many_wrong_codes_waits_until_the_oldest_of_them_is_an_hour_ago() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let reset = async || {
        let body = json!({"email": email, "code": "000000", "new_password": "a wholly new long sentence"});
        app.browser().post("/v1/password/reset", &body).await
    };
    reset().await.expect_problem(400, "invalid_or_expired_code");
    app.advance(Duration::from_secs(40 * 60));
    for _ in 0..19 {
        reset().await.expect_problem(400, "invalid_or_expired_code");
    }

    let refused = reset().await;

    let wait: u64 = refused.expect_problem(429, "rate_limited").header("retry-after").parse().unwrap();
    assert!((19 * 60..=20 * 60).contains(&wait), "{wait}");
    app.advance(Duration::from_secs(wait - 60));
    reset().await.expect_problem(429, "rate_limited");
    app.advance(Duration::from_secs(60));
    reset().await.expect_problem(400, "invalid_or_expired_code");
    let wait: u64 = reset().await.expect_problem(429, "rate_limited").header("retry-after").parse().unwrap();
    assert!((39 * 60..=40 * 60).contains(&wait), "the next one went in twenty minutes later: {wait}");
}
