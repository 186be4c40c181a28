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
