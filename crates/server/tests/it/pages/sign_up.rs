use std::time::Duration;

use doorward_test_support::{PASSWORD, TestApp};
use reqwest::Method;

#[tokio::test]
async fn a_person_signs_up_reads_the_mail_and_is_in_by_code() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.get("/sign-up").await.expect_status(200);

    let reply = browser.submit("/sign-up", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    reply.expect_redirect("/verify-email");
    let page = browser.get("/verify-email").await;
    assert!(
        page.text.contains("one-time-code") && page.text.contains("a\u{2026}@example.com"),
        "{}",
        page.text
    );
    let code = app.mail_to("ada@example.com").await.code();
    let reply = browser.submit("/verify-email", &[("email", "ada@example.com"), ("code", &code)]).await;

    reply.expect_redirect("/account");
    assert!(browser.get("/account").await.expect_status(200).text.contains("ada@example.com"));
}

#[tokio::test]
async fn opening_the_link_uses_nothing_up_and_its_button_does() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.submit("/sign-up", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    let mail = app.mail_to("ada@example.com").await;
    let (link, token) = (mail.link(), mail.token());

    // As a mail scanner does, with and without cookies.
    for method in [Method::GET, Method::HEAD, Method::GET] {
        app.browser().send(method.clone(), &link, &[], None).await.expect_status(200);
        browser.send(method, &link, &[], None).await.expect_status(200);
    }
    let page = browser.get(&link).await;
    assert!(
        page.text.contains("method=\"post\"") && !page.text.contains("type=\"password\""),
        "{}",
        page.text
    );

    browser.submit("/verify-email", &[("token", &token)]).await.expect_redirect("/account");
    let used = browser.copy().get(&link).await;
    assert_eq!(used.status, 400);
    assert!(used.text.contains("That link does not work"));
}

#[tokio::test]
async fn a_link_opened_elsewhere_lets_its_reader_choose_the_password() {
    let app = TestApp::start().await;
    app.browser()
        .submit("/sign-up", &[("email", "ada@example.com"), ("password", "what somebody else chose")])
        .await;
    let mail = app.mail_to("ada@example.com").await;
    let (link, token) = (mail.link(), mail.token());
    let elsewhere = app.browser();
    assert!(elsewhere.get(&link).await.text.contains("name=\"password\""));

    let short = elsewhere.submit("/verify-email", &[("token", &token), ("password", "short")]).await;
    assert!(short.status == 422 && short.text.contains("Use at least 8 characters."), "{}", short.text);
    elsewhere
        .submit("/verify-email", &[("token", &token), ("password", PASSWORD)])
        .await
        .expect_redirect("/account");

    app.browser().sign_in("ada@example.com").await.expect_status(200);
    let body = serde_json::json!({"identifier": "ada@example.com", "password": "what somebody else chose"});
    app.browser().post("/v1/sign-in", &body).await.expect_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn what_is_wrong_is_marked_and_what_was_typed_is_kept() {
    let app = TestApp::start().await;

    let reply = app.browser().submit("/sign-up", &[("email", "ada at example"), ("password", "short")]).await;

    assert_eq!(reply.status, 422);
    assert!(reply.text.contains("value=\"ada at example\""), "{}", reply.text);
    assert!(
        reply.text.contains("Enter one e-mail address") && reply.text.contains("Use at least 8 characters.")
    );
    assert_eq!(reply.text.matches("aria-invalid=\"true\"").count(), 2);
    assert!(!reply.text.contains("value=\"short\""));
}

#[tokio::test]
async fn what_was_typed_cannot_become_markup() {
    let app = TestApp::start().await;
    let evil = "\"><script>alert(1)</script>";
    for (path, field) in [("/sign-up", "email"), ("/sign-in", "identifier"), ("/forgot-password", "email")] {
        let reply = app.browser().submit(path, &[(field, evil), ("password", "x")]).await;
        assert!(!reply.text.contains("<script>alert"), "{path}");
    }
}

#[tokio::test]
async fn a_wrong_code_is_marked_and_the_mail_can_be_sent_again() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.submit("/sign-up", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    let reply = browser.submit("/verify-email", &[("email", "ada@example.com"), ("code", "12")]).await;
    assert_eq!(reply.status, 400);
    assert!(
        reply.text.contains("That code is wrong or has run out") && reply.text.contains("value=\"12\""),
        "{}",
        reply.text
    );

    let reply = browser.submit("/verify-email/resend", &[("email", "ada@example.com")]).await;

    reply.expect_redirect("/verify-email?resent=1");
    assert_eq!(app.mails_to("ada@example.com").await.len(), 2);
}

#[tokio::test]
async fn the_link_leads_on_to_where_the_sign_up_began_and_the_code_does_too() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let fields = |email| [("email", email), ("password", PASSWORD), ("redirect_to", "/account/sessions")];
    browser.submit("/sign-up", &fields("ada@example.com")).await.expect_status(303);
    let mail = app.mail_to("ada@example.com").await;
    let page = browser.get(&mail.link()).await;
    assert!(page.text.contains("name=\"redirect_to\" value=\"/account/sessions\""), "{}", page.text);
    let elsewhere = app.browser().get(&mail.link()).await;
    assert!(!elsewhere.text.contains("/account/sessions"), "where to go is its own browser's");
    let form = [("token", mail.token()), ("redirect_to", "/account/sessions".to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.submit("/verify-email", &form).await.expect_redirect("/account/sessions");

    let evil = app.browser();
    let fields =
        [("email", "eve@example.com"), ("password", PASSWORD), ("redirect_to", "https://evil.example/")];
    evil.submit("/sign-up", &fields).await.expect_status(303);
    let page = evil.get(&app.mail_to("eve@example.com").await.link()).await;
    assert!(!page.text.contains("evil.example"), "{}", page.text);
}

/// What a browser without script posts back of a form that has a puzzle.
fn waits_with(page: &str) -> String {
    let at = page.find("name=\"waited_with\" value=\"").unwrap_or_else(|| panic!("{page}"));
    page[at..].split('"').nth(3).unwrap().to_owned()
}

#[tokio::test]
async fn in_a_flood_a_browser_without_script_waits_a_minute_and_is_let_in_once() {
    let app = TestApp::with(|config| {
        config.challenge.enabled = true;
        config.challenge.sign_ups_above = 0;
    })
    .await;
    let browser = app.browser();
    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    let refused = browser.submit("/sign-up", &fields).await;
    let page = &refused.expect_status(403).text;
    assert!(page.contains("Wait a minute") && !page.contains("set a new password by mail"), "{page}");
    let puzzle = waits_with(page);
    let waited = [fields[0], fields[1], ("waited_with", puzzle.as_str())];

    app.advance(Duration::from_secs(30));
    let again = browser.submit("/sign-up", &waited).await;
    assert_eq!(waits_with(&again.expect_status(403).text), puzzle, "the wait goes on");
    app.advance(Duration::from_secs(31));
    browser.submit("/sign-up", &waited).await.expect_redirect("/verify-email");

    let reused = [("email", "eve@example.com"), fields[1], ("waited_with", puzzle.as_str())];
    app.browser().submit("/sign-up", &reused).await.expect_status(403);
    let made_up = [fields[0], fields[1], ("waited_with", "0.1.18.x")];
    app.browser().submit("/sign-up", &made_up).await.expect_status(403);
}

#[tokio::test]
async fn waiting_lets_in_few_from_one_network() {
    let app = TestApp::with(|config| {
        config.challenge.enabled = true;
        config.challenge.sign_ups_above = 0;
        config.rate_limit.enabled = true;
    })
    .await;
    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    let mut puzzles = Vec::new();
    for n in 0..10 {
        let email = format!("ada{n}@example.com");
        let refused = app.browser().submit("/sign-up", &[("email", &email), fields[1]]).await;
        puzzles.push((email, waits_with(&refused.text)));
    }
    app.advance(Duration::from_secs(61));

    let mut statuses = Vec::new();
    for (email, puzzle) in &puzzles {
        let form = [("email", email.as_str()), fields[1], ("waited_with", puzzle)];
        statuses.push(app.browser().submit("/sign-up", &form).await.status);
    }

    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 5, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
}
