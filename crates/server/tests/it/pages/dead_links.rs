//! Links that have been used or have run out: their pages say so in plain words, and lead on to what helps.

use std::time::Duration;

use doorward_core::operator;
use doorward_test_support::{Browser, PASSWORD, Reply, TestApp};

const DAYS: Duration = Duration::from_secs(3 * 24 * 60 * 60);

async fn signs_up(app: &TestApp, email: &str) -> Browser {
    let browser = app.browser();
    let fields = [("email", email), ("password", PASSWORD)];
    browser.submit("/sign-up", &fields).await.expect_redirect("/verify-email");
    browser
}

fn leads_to(reply: &Reply, status: u16, places: &[&str]) {
    let text = &reply.expect_status(status).text;
    let card = text.split("class=\"card\"").nth(1).unwrap();
    let found: Vec<&str> =
        card.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(found, places, "{card}");
    let said = card.replace("<svg", "");
    assert!(!said.contains("invalid_or_expired") && !said.contains(">400<"), "{card}");
}

#[tokio::test]
async fn a_reset_link_that_was_used_leads_to_a_new_one() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let browser = app.browser();
    browser.submit("/forgot-password", &[("email", &email)]).await.expect_status(200);
    let mail = app.mail_to(&email).await;
    let (link, token) = (mail.link(), mail.token());
    let form = [("token", token.as_str()), ("new_password", "nine copper kettles sing")];
    browser.submit("/reset-password", &form).await.expect_status(200);

    leads_to(&browser.get(&link).await, 400, &["/forgot-password", "/sign-in"]);
    leads_to(&browser.submit("/reset-password", &form).await, 400, &["/forgot-password", "/sign-in"]);
}

#[tokio::test]
async fn a_link_that_verifies_no_more_leads_to_where_its_mail_is_sent_again() {
    let app = TestApp::start().await;
    let waits = signs_up(&app, "ada@example.com").await;
    let broken = format!("{}x", app.mail_to("ada@example.com").await.link());

    leads_to(&waits.get(&broken).await, 400, &["/verify-email"]);
    let elsewhere = app.browser().get(&broken).await;
    leads_to(&elsewhere, 400, &["/sign-in", "/sign-up"]);
    assert!(elsewhere.text.contains("If not, sign up again."), "{}", elsewhere.text);
    let (grace, _) = app.member("grace").await;
    leads_to(&grace.get(&broken).await, 400, &["/account"]);

    let link = app.mail_to("ada@example.com").await.link();
    app.advance(DAYS);
    leads_to(&app.browser().get(&link).await, 400, &["/sign-in", "/sign-up"]);
}

#[tokio::test]
async fn a_link_that_signs_nobody_in_any_more_leads_to_a_new_one() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let browser = app.browser();
    browser.submit("/sign-in/email/start", &[("email", &email)]).await.expect_redirect("/sign-in/email");
    let mail = app.mail_to(&email).await;
    app.advance(DAYS);

    leads_to(&browser.get(&mail.link()).await, 400, &["/sign-in/email"]);
    let pressed = browser.submit("/sign-in/link", &[("token", &mail.token())]).await;
    leads_to(&pressed, 400, &["/sign-in/email"]);
}

#[tokio::test]
async fn the_first_administrators_link_says_that_there_is_one_already() {
    let app = TestApp::start().await;
    let link = operator::first_admin_link(app.app.context(), "http://localhost:4400").await.unwrap().unwrap();
    let token = link.split("token=").nth(1).unwrap();
    let page = format!("/first-admin?token={token}");
    leads_to(&app.browser().get("/first-admin?token=nonsense").await, 400, &["/sign-in"]);
    let form = [("token", token), ("email", "root@example.com"), ("password", PASSWORD)];
    app.browser().submit("/first-admin", &form).await.expect_redirect("/account");

    for reply in [app.browser().get(&page).await, app.browser().submit("/first-admin", &form).await] {
        leads_to(&reply, 409, &["/sign-in"]);
        assert!(reply.text.contains("<h1>There is an administrator already</h1>"), "{}", reply.text);
    }
}
