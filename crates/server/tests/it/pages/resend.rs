//! Pages that wait for a mail let it be sent again, after a wait that begins when the mail went and not anew.

use std::time::Duration;

use doorward_test_support::{Browser, PASSWORD, TestApp};

/// What the button waits for: none where it can be pressed at once.
fn wait(page: &str) -> Option<&str> {
    assert!(page.contains("Send it again"), "{page}");
    Some(page.split("data-wait=\"").nth(1)?.split('"').next().unwrap())
}

/// What the code's form sends along.
fn hidden(page: &str) -> Vec<(String, String)> {
    let form = page.split("<form class=\"form\"").nth(1).unwrap().split("</form>").next().unwrap();
    let attribute = |input: &str, name: &str| {
        input.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let inputs = form.split("<input").skip(1).filter(|input| input.starts_with(" type=\"hidden\""));
    inputs.map(|input| (attribute(input, "name"), attribute(input, "value"))).collect()
}

async fn type_wrong_code(browser: &Browser, page: &str, action: &str) -> String {
    let sent = hidden(page);
    let mut fields: Vec<(&str, &str)> =
        sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend([("code", "000000"), ("new_password", PASSWORD)]);
    browser.submit(action, &fields).await.expect_status(400).text.clone()
}

/// A page that just sent its mail keeps the wait through two wrong codes.
async fn keeps_the_wait(app: &TestApp, browser: &Browser, first: &str, action: &str) {
    assert_eq!(wait(first), Some("60"), "{action}");
    app.advance(Duration::from_secs(20));
    let second = type_wrong_code(browser, first, action).await;
    assert_eq!(wait(&second), Some("40"), "{action}");
    app.advance(Duration::from_secs(50));
    let third = type_wrong_code(browser, &second, action).await;
    assert_eq!(wait(&third), None, "{action}");
}

#[tokio::test]
async fn a_wrong_code_does_not_begin_the_wait_anew() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let browser = app.browser();
    browser.submit("/sign-up", &[("email", "new@example.com"), ("password", PASSWORD)]).await;
    let page = browser.get("/verify-email").await.text;
    keeps_the_wait(&app, &browser, &page, "/verify-email").await;

    browser.submit("/sign-in/email/start", &[("email", &email)]).await.expect_redirect("/sign-in/email");
    let page = browser.get("/sign-in/email").await.text;
    keeps_the_wait(&app, &browser, &page, "/sign-in/email").await;

    let page = browser.submit("/forgot-password", &[("email", &email)]).await.text;
    keeps_the_wait(&app, &browser, &page, "/reset-password").await;
}

#[tokio::test]
async fn what_is_no_moment_is_passed_over() {
    let app = TestApp::start().await;
    for nonsense in ["tomorrow", "", "-9223372036854775808", "9223372036854775807"] {
        let fields = [("email", "ada@example.com"), ("code", "000000"), ("sent", nonsense)];
        let page = app.browser().submit("/verify-email", &fields).await;
        assert!(page.expect_status(400).text.contains("Send it again"), "{}", page.text);
    }
}

#[tokio::test]
async fn the_mail_to_a_new_address_can_be_sent_again() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let new = format!("new-{email}");
    ada.submit("/account/email", &[("new_email", &new)]).await.expect_redirect("/account/email/verify");
    let page = ada.get("/account/email/verify").await;
    assert_eq!(wait(&page.expect_status(200).text), Some("60"));
    assert!(page.text.contains(&format!("{new}</strong>. Open its link")), "{}", page.text);
    app.advance(Duration::from_secs(20));
    let wrong = ada.submit("/account/email/verify", &[("code", "000000")]).await;
    assert_eq!(wait(&wrong.expect_status(400).text), Some("40"));
    app.advance(Duration::from_secs(40));
    let late = ada.get("/account/email/verify").await.text;
    assert_eq!(wait(&late), None);

    let again = ada.submit("/account/email", &[("new_email", &new), ("again", "1")]).await;

    again.expect_redirect("/account/email/verify?resent=1");
    let page = ada.get("/account/email/verify?resent=1").await;
    assert!(page.text.contains("The mail is sent again."), "{}", page.text);
    let code = app.mail_to(&new).await.code();
    ada.submit("/account/email/verify", &[("code", &code)])
        .await
        .expect_redirect("/account/email?done=changed");
}
