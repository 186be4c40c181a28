use doorward_test_support::{TestApp, unique};
use serde_json::json;

#[tokio::test]
async fn a_new_code_ends_the_old_one_and_the_older_link_still_works() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_up("ada@example.com").await;
    let first = app.mail_to("ada@example.com").await;

    browser.post("/v1/email/verify/resend", &json!({"email": "ada@example.com"})).await.expect_status(202);

    assert_eq!(app.mails_to("ada@example.com").await.len(), 2);
    let old_code = json!({"email": "ada@example.com", "code": first.code()});
    browser.post("/v1/email/verify", &old_code).await.expect_problem(400, "invalid_or_expired_code");
    browser.post("/v1/email/verify", &json!({"token": first.token()})).await.expect_status(200);
}

#[tokio::test]
async fn a_code_has_five_tries() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_up("ada@example.com").await;
    let code = app.mail_to("ada@example.com").await.code();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        let body = json!({"email": "ada@example.com", "code": wrong});
        browser.post("/v1/email/verify", &body).await.expect_problem(400, "invalid_or_expired_code");
    }

    let reply = browser.post("/v1/email/verify", &json!({"email": "ada@example.com", "code": code})).await;

    reply.expect_problem(400, "invalid_or_expired_code");
}

#[tokio::test]
async fn twenty_wrong_codes_an_hour_are_enough_whatever_the_code() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_up("ada@example.com").await;
    for _ in 0..4 {
        for _ in 0..5 {
            let body = json!({"email": "ada@example.com", "code": "no code"});
            browser.post("/v1/email/verify", &body).await.expect_problem(400, "invalid_or_expired_code");
        }
        browser
            .post("/v1/email/verify/resend", &json!({"email": "ada@example.com"}))
            .await
            .expect_status(202);
    }
    let code = app.mail_to("ada@example.com").await.code();
    let body = json!({"email": "ada@example.com", "code": code});

    browser.post("/v1/email/verify", &body).await.expect_problem(429, "rate_limited");

    app.advance(std::time::Duration::from_secs(61 * 60));
    browser.post("/v1/email/verify/resend", &json!({"email": "ada@example.com"})).await.expect_status(202);
    let code = app.mail_to("ada@example.com").await.code();
    let body = json!({"email": "ada@example.com", "code": code});
    browser.post("/v1/email/verify", &body).await.expect_status(200);
}

#[tokio::test]
async fn of_fifty_uses_of_one_code_at_once_one_wins() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_up("ada@example.com").await;
    let code = app.mail_to("ada@example.com").await.code();
    let body = json!({"email": "ada@example.com", "code": code});

    let mut replies = tokio::task::JoinSet::new();
    for tab in (0..50).map(|_| browser.copy()).collect::<Vec<_>>() {
        let body = body.clone();
        replies.spawn(async move { tab.post("/v1/email/verify", &body).await.status });
    }
    let statuses = replies.join_all().await;

    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_code_may_be_typed_with_spaces() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.sign_up("ada@example.com").await;
    let code = app.mail_to("ada@example.com").await.code();
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);

    let reply = browser.post("/v1/email/verify", &json!({"email": "ada@example.com", "code": spaced})).await;

    reply.expect_status(200);
}

#[tokio::test]
async fn a_link_is_used_once_and_one_of_another_purpose_is_none() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    browser.post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let reset = app.mail_to(&email).await.token();

    browser
        .post("/v1/email/verify", &json!({"token": reset}))
        .await
        .expect_problem(400, "invalid_or_expired_token");
    for token in ["", "x", "\u{1F600}", &"a".repeat(5000)] {
        let reply = browser.post("/v1/email/verify", &json!({"token": token})).await;
        reply.expect_problem(400, "invalid_or_expired_token");
    }
}

#[tokio::test]
async fn the_link_is_built_from_the_settings_and_never_from_the_request() {
    let app = TestApp::start().await;
    let body = json!({"email": "ada@example.com", "password": doorward_test_support::PASSWORD}).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
    ];

    let browser = app.browser();
    browser
        .send(reqwest::Method::POST, "/v1/sign-up", &headers, Some(body.into_bytes()))
        .await
        .expect_status(202);

    let mail = app.mail_to("ada@example.com").await;
    assert!(mail.link().starts_with(&app.url));
    assert!(!mail.html.contains("evil.example") && !mail.text.contains("evil.example"));
}

#[tokio::test]
async fn strangers_do_not_use_up_the_tries_of_whoever_has_the_flow() {
    let app = TestApp::start().await;
    let (victim, email) = (app.browser(), format!("{}@example.com", unique("ada")));
    victim.sign_up(&email).await.expect_status(202);
    let code = app.mail_to(&email).await.code();
    for flow in ["x", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
        for _ in 0..15 {
            let body = json!({"email": email, "code": "000000", "flow_token": flow});
            app.browser().post("/v1/email/verify", &body).await;
        }
    }

    victim.post("/v1/email/verify", &json!({"email": email, "code": code})).await.expect_status(200);
}
