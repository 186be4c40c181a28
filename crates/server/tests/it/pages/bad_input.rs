//! Bad input on pages: each answers with a page that says so, and nothing is changed by it.

use doorward_test_support::TestApp;
use reqwest::Method;

/// Every address that takes a form.
const POSTING: &[&str] = &[
    "/sign-up",
    "/verify-email",
    "/verify-email/resend",
    "/sign-in",
    "/sign-in/mfa",
    "/sign-in/mfa/sms",
    "/sign-in/set-up",
    "/sign-in/recover",
    "/recovery/cancel",
    "/recovery/complete",
    "/account/two-factor/keep",
    "/sign-in/email",
    "/sign-in/email/start",
    "/sign-in/link",
    "/sign-in/passkey",
    "/sign-out",
    "/sign-out/all",
    "/forgot-password",
    "/reset-password",
    "/account",
    "/account/password",
    "/account/password/remove",
    "/account/email",
    "/account/email/verify",
    "/account/phone",
    "/account/phone/verify",
    "/account/phone/remove",
    "/undo-email",
    "/account/delete",
    "/restore-account",
    "/account/two-factor/app",
    "/account/two-factor/app/remove",
    "/account/two-factor/passkey",
    "/account/two-factor/backup-codes",
    "/account/passkeys/add",
    "/account/passkeys/rename",
    "/account/passkeys/remove",
    "/account/sessions/end",
    "/account/sessions/end-others",
    "/account/devices/rename",
    "/account/devices/forget",
    "/reauthenticate",
    "/reauthenticate/start",
    "/not-me",
    "/first-admin",
];

const FORM: &str = "application/x-www-form-urlencoded";

/// What grows with whatever anybody does.
const DONE: &str = "SELECT (SELECT COUNT(*) FROM audit_events) + (SELECT COUNT(*) FROM outbox)
                         + (SELECT COUNT(*) FROM single_use_secrets) + (SELECT COUNT(*) FROM pending_sign_ups)
                         + (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM sessions)";

#[test]
fn no_address_that_takes_a_form_is_left_out() {
    let routes = include_str!("../../../../web/src/pages/mod.rs").split("\nasync fn ").next().unwrap();
    let posting = routes.matches(".post(").count() + routes.matches("routes.act(").count();
    assert_eq!(posting, POSTING.len());
    for path in POSTING {
        assert!(routes.contains(&format!("\"{path}\"")), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_form_is_answered_by_a_page_and_changes_nothing() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let before = app.count(DONE).await;
    for path in POSTING {
        let large = format!("email={}", "a".repeat(70_000));
        for (what, method, kind, body, status) in [
            ("no UTF-8", Method::POST, FORM, &b"email=%ff"[..], 400),
            ("no UTF-8, bare", Method::POST, FORM, b"email=\xff", 400),
            ("a broken escape", Method::POST, FORM, b"email=%4", 400),
            ("a field twice", Method::POST, FORM, b"email=ada%40example.com&email=eve%40example.com", 400),
            ("JSON", Method::POST, "application/json", b"{\"email\": \"ada@example.com\"}", 415),
            ("parts", Method::POST, "multipart/form-data; boundary=x", b"--x--", 415),
            ("too much", Method::POST, FORM, large.as_bytes(), 413),
            ("another method", Method::PUT, FORM, b"email=ada%40example.com", 405),
        ] {
            let reply = browser.send(method, path, &[("content-type", kind)], Some(body.to_vec())).await;
            assert_eq!(reply.status, status, "{path}, {what}: {}", reply.text);
            assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{path}, {what}");
            assert!(reply.text.contains("<h1"), "{path}, {what}: {}", reply.text);
            assert!(reply.set_cookies().is_empty(), "{path}, {what}");
        }
        assert_eq!(app.count(DONE).await, before, "{path} did something");
    }
    browser.get("/v1/session").await.expect_status(200);
}
