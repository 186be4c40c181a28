//! Tokens that a page renews reach the browser, whatever the page is and whatever comes of it.

use std::time::Duration;

use doorward_test_support::{Browser, TestApp};

/// Well past the grace period, and past the time in which an answer counts as lost.
const LATER: Duration = Duration::from_secs(30 * 60);

/// As a browser is whose access cookie has run out.
async fn returning(app: &TestApp) -> (Browser, String) {
    let (browser, email) = app.member("ada").await;
    browser.drop_cookie("doorward_access");
    (browser, email)
}

#[tokio::test]
async fn no_page_spends_a_refresh_token_without_giving_another() {
    let app = TestApp::with(|config| config.rate_limit.enabled = false).await;
    let pages = [
        "/",
        "/sign-in",
        "/sign-up",
        "/sign-in/email",
        "/sign-in/mfa",
        "/sign-in/link?token=x",
        "/forgot-password",
        "/reset-password?token=x",
        "/verify-email",
        "/verify-email?token=x",
        "/not-me?token=x",
        "/undo-email?token=x",
        "/restore-account?token=x",
        "/recovery/cancel?token=x",
        "/first-admin?token=x",
        "/account",
        "/account/email",
        "/account/sessions",
        "/account/delete",
        "/account/email/verify?token=x",
        "/reauthenticate",
        "/docs",
        "/nowhere",
    ];
    for page in pages {
        let (browser, _) = returning(&app).await;
        browser.get(page).await;
        app.advance(LATER);
        browser.refresh().await.expect_status(200);
    }
    let forms: [(&str, &[(&str, &str)]); 5] = [
        ("/verify-email", &[("token", "x")]),
        ("/verify-email", &[("email", "ada@example.com"), ("code", "000000")]),
        ("/sign-in/email", &[("code", "000000")]),
        ("/account", &[("given_name", "Ada")]),
        ("/account/password", &[("current_password", "wrong"), ("new_password", "quite another sentence")]),
    ];
    for (page, fields) in forms {
        let (browser, _) = returning(&app).await;
        browser.submit(page, fields).await;
        app.advance(LATER);
        browser.refresh().await.expect_status(200);
    }
}

#[tokio::test]
async fn whoever_is_signed_in_is_kept_off_the_ways_in_also_when_the_access_token_has_run_out() {
    let app = TestApp::start().await;
    for page in ["/sign-in", "/sign-up", "/sign-in/email"] {
        let (browser, _) = returning(&app).await;
        browser.get(page).await.expect_redirect("/account");
        browser.get("/v1/session").await.expect_status(200);
    }
}
