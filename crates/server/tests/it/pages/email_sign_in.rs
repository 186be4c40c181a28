//! Sign-in by mail, on the pages.

use doorward_test_support::{Browser, Mail, TestApp, code_in};

/// Asks for the mail by the second button of the sign-in page.
async fn asked(app: &TestApp, email: &str, more: &[(&str, &str)]) -> (Browser, Mail) {
    let browser = app.browser();
    let mut fields = vec![("identifier", email), ("password", "")];
    fields.extend(more);
    browser.submit("/sign-in/email/start", &fields).await.expect_redirect("/sign-in/email");
    (browser, app.mail_to(email).await)
}

/// The code that a page shows.
fn shown_code(page: &str) -> String {
    code_in(&page.replace("<p class=\"shown-code\">", "\n").replace("</p>", "\n"))
}

#[tokio::test]
async fn a_person_signs_in_by_the_code_and_goes_where_they_wanted() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (browser, mail) =
        asked(&app, &email, &[("redirect_to", "/account/password"), ("remember", "on")]).await;
    let page = browser.get("/sign-in/email").await;
    assert!(page.expect_status(200).text.contains("name=\"code\""));
    assert!(page.text.contains(&format!("{}…@example.com", &email[..1])), "{}", page.text);

    let wrong = browser.submit("/sign-in/email", &[("email", &email), ("code", "1")]).await;
    assert!(wrong.status == 400 && wrong.text.contains("That code is wrong"), "{}", wrong.text);
    let reply = browser.submit("/sign-in/email", &[("email", &email), ("code", &mail.code())]).await;

    reply.expect_redirect("/account/password");
    assert_eq!(browser.get("/v1/session").await.value()["session"]["remember"], true);
    browser.get("/sign-in/email").await.expect_redirect("/account");
}

#[tokio::test]
async fn a_person_signs_in_by_the_link_in_the_browser_that_asked() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (browser, mail) = asked(&app, &email, &[("redirect_to", "https://evil.example/")]).await;

    let page = browser.get(&mail.link()).await;
    assert!(page.expect_status(200).text.contains("One click signs you in"), "{}", page.text);
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    browser.submit("/sign-in/link", &[("token", &mail.token())]).await.expect_redirect("/account");

    browser.get("/v1/session").await.expect_status(200);
    browser.get(&mail.link()).await.expect_status(400);
}

#[tokio::test]
async fn a_link_opened_elsewhere_shows_who_asked_and_a_code_for_them_alone() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let browser = app.browser();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ];
    let body = format!("email={email}").into_bytes();
    browser
        .send(reqwest::Method::POST, "/sign-in/email/start", &headers, Some(body))
        .await
        .expect_status(303);
    let mail = app.mail_to(&email).await;
    assert!(mail.text.contains("Firefox on Linux"), "{}", mail.text);
    let phone = app.browser();

    let page = phone.get(&mail.link()).await;
    assert!(page.expect_status(200).text.contains("Firefox on Linux"), "{}", page.text);
    assert!(page.text.contains("127.0.0.1") && page.text.contains("close this page"), "{}", page.text);
    // Its page says so where the button of the other browser's page is pressed, too.
    let refused = phone.submit("/sign-in/link", &[("token", &mail.token())]).await;
    assert!(refused.status == 400 && refused.text.contains("another browser"), "{}", refused.text);
    let shown = phone.submit("/sign-in/link", &[("token", &mail.token()), ("show_code", "1")]).await;

    shown.expect_status(200);
    phone.get("/v1/session").await.expect_problem(401, "not_authenticated");
    let code = shown_code(&shown.text);
    assert!(shown.text.contains("Give it to nobody"), "{}", shown.text);
    // Neither the link nor the mail's code is good for anything any more.
    phone.get(&mail.link()).await.expect_status(400);
    phone.submit("/sign-in/link", &[("token", &mail.token()), ("show_code", "1")]).await.expect_status(400);
    phone.submit("/sign-in/email", &[("email", &email), ("code", &code)]).await.expect_status(400);
    if mail.code() != code {
        browser
            .submit("/sign-in/email", &[("email", &email), ("code", &mail.code())])
            .await
            .expect_status(400);
    }
    let reply = browser.submit("/sign-in/email", &[("email", &email), ("code", &code)]).await;
    reply.expect_redirect("/account");
    browser.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn of_fifty_codes_asked_for_at_once_one_is_shown() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (_, mail) = asked(&app, &email, &[]).await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (phone, token) = (app.browser(), mail.token());
        racing.spawn(async move {
            phone.submit("/sign-in/link", &[("token", &token), ("show_code", "1")]).await.status
        });
    }
    let statuses = racing.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn the_sign_in_pages_second_button_shows_an_empty_form_where_nothing_was_typed() {
    let app = TestApp::start().await;
    let from_sign_in =
        [("identifier", ""), ("password", ""), ("remember", "on"), ("redirect_to", "/account/data")];

    let shown = app.browser().submit("/sign-in/email/start", &from_sign_in).await;

    let text = &shown.expect_status(200).text;
    assert!(text.contains("name=\"email\"") && !text.contains("aria-invalid"), "{text}");
    assert!(text.contains("value=\"on\" checked") && text.contains("value=\"/account/data\""), "{text}");
    let own = app.browser().submit("/sign-in/email/start", &[("email", "")]).await;
    assert!(own.expect_status(422).text.contains("aria-invalid"), "its own form says what is missing");
}

#[tokio::test]
async fn what_is_no_address_is_asked_for_again_and_the_mail_can_be_sent_again() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let browser = app.browser();
    let page = browser.get("/sign-in/email?redirect_to=%2Faccount%2Fdata").await;
    assert!(page.expect_status(200).text.contains("value=\"/account/data\""), "{}", page.text);
    for identifier in ["ada", "ada@@example.com"] {
        let reply =
            browser.submit("/sign-in/email/start", &[("identifier", identifier), ("remember", "on")]).await;
        assert!(reply.status == 422 && reply.text.contains("aria-invalid=\"true\""), "{}", reply.text);
        assert!(reply.text.contains(&format!("value=\"{identifier}\"")) && reply.text.contains(" checked"));
    }
    browser.submit("/sign-in/email/start", &[("email", &email)]).await.expect_redirect("/sign-in/email");
    let again = [("email", email.as_str()), ("again", "1")];
    let reply = browser.submit("/sign-in/email/start", &again).await;
    reply.expect_redirect("/sign-in/email?resent=1");
    assert!(browser.get("/sign-in/email?resent=1").await.text.contains("sent again"));

    let code = app.mail_to(&email).await.code();
    let reply = browser.submit("/sign-in/email", &[("email", &email), ("code", &code)]).await;
    reply.expect_redirect("/account");
}
