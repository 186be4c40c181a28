//! Whoever has to sign in or to confirm before a button does its work comes back to a page, not to the button's own address.

use std::time::Duration;

use doorward_core::config::Sms;
use doorward_test_support::{Browser, PASSWORD, TestApp};

const PAGES: &str = include_str!("../../../../web/src/pages/mod.rs");

/// Where buttons post to, of those that may press them.
fn buttons(access: &str) -> Vec<&'static str> {
    let start = format!("routes.act({access}, \"");
    let found = PAGES.lines().filter_map(|line| line.trim().strip_prefix(&start)?.split('"').next());
    found.collect()
}

async fn app() -> TestApp {
    TestApp::with(|config| {
        config.sms = Some(Sms { countries: vec!["+43".to_owned()], hourly_per_country: 100 });
    })
    .await
}

/// Where `page` leads on to, once it was passed.
fn wanted(location: &str, page: &str) -> String {
    let (_, query) = location.split_once('?').unwrap_or_else(|| panic!("no query: {location}"));
    assert!(location.starts_with(page), "{location}");
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "redirect_to").expect("where to go on").1.into_owned()
}

async fn lands(browser: &Browser, path: &str) {
    assert_eq!(browser.get(path).await.status, 200, "{path}");
}

#[tokio::test]
async fn every_button_that_asks_who_it_is_leads_to_a_page_afterwards() {
    let app = app().await;
    let (ada, _) = app.member("ada").await;
    let buttons = buttons("Access::Fresh");
    assert!(buttons.len() >= 5, "{buttons:?}");

    for button in buttons {
        app.advance(Duration::from_secs(11 * 60));
        let asked = ada.submit(button, &[]).await;
        let back = wanted(asked.expect_status(303).header("location"), "/reauthenticate?");
        let fields = [("password", PASSWORD), ("redirect_to", back.as_str())];
        ada.submit("/reauthenticate", &fields).await.expect_redirect(&back);
        lands(&ada, &back).await;
    }
}

#[tokio::test]
async fn every_button_of_an_account_leads_to_a_page_after_the_sign_in() {
    let app = app().await;
    let (ada, _) = app.member("ada").await;
    let buttons = [buttons("Access::SignedIn"), buttons("Access::Fresh")].concat();
    assert!(buttons.len() >= 12, "{buttons:?}");

    for button in buttons {
        let asked = app.browser().submit(button, &[]).await;
        let back = wanted(asked.expect_status(303).header("location"), "/sign-in?");
        lands(&ada, &back).await;
    }
}

#[tokio::test]
async fn below_a_path_the_way_back_is_below_it_too() {
    let app = TestApp::with(|config| {
        config.public_url =
            format!("{}/auth", config.public_url.as_str().trim_end_matches('/')).parse().unwrap();
        config.pages_base_url = config.public_url.clone();
    })
    .await;
    let (browser, email) = (app.browser(), "ada@example.com");
    let asked = browser.submit("/auth/account/passkeys/rename", &[]).await;
    asked.expect_redirect("/auth/sign-in?redirect_to=%2Fauth%2Faccount%2Fpasskeys");
    browser.submit("/auth/sign-up", &[("email", email), ("password", PASSWORD)]).await.expect_status(303);
    let code = app.mail_to(email).await.code();
    let verified = browser.submit("/auth/verify-email", &[("email", email), ("code", &code)]).await;
    verified.expect_redirect("/auth/account");
    let db = &app.app.context().db;
    db.write(async |tx| tx.execute("UPDATE users SET password_hash = NULL", &[]).await).await.unwrap();
    app.app.sessions.forget_user(app.user_id(email).await);
    app.advance(Duration::from_secs(11 * 60));

    let password =
        browser.submit("/auth/account/password", &[("new_password", "a wholly new passphrase")]).await;
    let button = browser.submit("/auth/account/passkeys/remove", &[]).await;

    password.expect_redirect("/auth/reauthenticate?redirect_to=%2Fauth%2Faccount%2Fpassword");
    button.expect_redirect("/auth/reauthenticate?redirect_to=%2Fauth%2Faccount%2Fpasskeys");
}
