use doorward_test_support::{PASSWORD, TestApp};

#[tokio::test]
async fn a_person_signs_in_and_out() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let browser = app.browser();
    browser.get("/sign-in").await.expect_status(200);

    let reply = browser
        .submit("/sign-in", &[("identifier", &email), ("password", PASSWORD), ("remember", "on")])
        .await;
    reply.expect_redirect("/account");
    assert_eq!(browser.get("/v1/session").await.value()["session"]["remember"], true);
    browser.get("/sign-in").await.expect_redirect("/account");
    browser.submit("/sign-out", &[]).await.expect_redirect("/sign-in?notice=signed_out");

    browser.get("/account").await.expect_redirect("/sign-in?redirect_to=%2Faccount");
}

#[tokio::test]
async fn a_wrong_password_is_told_and_the_name_is_kept() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;

    let reply = app.browser().submit("/sign-in", &[("identifier", &email), ("password", "wrong")]).await;

    assert_eq!(reply.status, 401);
    assert!(
        reply.text.contains("role=\"alert\"") && reply.text.contains(&format!("value=\"{email}\"")),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn nobody_is_sent_to_a_place_that_is_not_on_the_list() {
    let app =
        TestApp::with(|config| config.http.allowed_redirects = vec!["https://app.example.com".to_owned()])
            .await;
    let (_, email) = app.member("ada").await;
    let sign_in = |to: &'static str| {
        let (browser, email) = (app.browser(), email.clone());
        async move {
            let fields = [("identifier", email.as_str()), ("password", PASSWORD), ("redirect_to", to)];
            browser.submit("/sign-in", &fields).await.expect_status(303).header("location").to_owned()
        }
    };
    for good in ["/account/password?x=1", "https://app.example.com/after?x=1"] {
        assert_eq!(sign_in(good).await, good);
    }
    for evil in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/%09/../..//evil",
        "https://app.example.com@evil.example",
        "https://app.example.com.evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "https:/evil.example",
        "/\n/evil.example",
        "https://app.example.com:444/",
        " https://evil.example",
        "data:text/html,x",
    ] {
        let to = sign_in(evil).await;
        assert!(to == "/account" || to == evil && evil.starts_with("/%09"), "{evil:?} led to {to:?}");
    }
}

#[tokio::test]
async fn a_forgotten_password_is_reset_on_the_pages_by_link_and_by_code() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let browser = app.browser();

    browser.submit("/forgot-password", &[("email", &email)]).await.expect_status(200);
    let mail = app.mail_to(&email).await;
    assert!(browser.get(&mail.link()).await.expect_status(200).text.contains("name=\"new_password\""));
    let fields = [("token", mail.token()), ("new_password", "the first new password".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.submit("/reset-password", &fields).await.expect_status(200);

    browser.submit("/forgot-password", &[("email", &email)]).await.expect_status(200);
    let code = app.mail_to(&email).await.code();
    let wrong = browser
        .submit(
            "/reset-password",
            &[("email", &email), ("code", "1"), ("new_password", "the second new password")],
        )
        .await;
    assert!(wrong.status == 400 && wrong.text.contains("That code is wrong"), "{}", wrong.text);
    browser
        .submit(
            "/reset-password",
            &[("email", &email), ("code", &code), ("new_password", "the second new password")],
        )
        .await
        .expect_status(200);

    let reply =
        browser.submit("/sign-in", &[("identifier", &email), ("password", "the second new password")]).await;
    reply.expect_redirect("/account");
}

#[tokio::test]
async fn too_many_attempts_on_a_page_say_when_to_come_back() {
    let app = TestApp::with(|config| config.rate_limit.enabled = true).await;
    let browser = app.browser();
    let mut reply =
        browser.submit("/sign-in", &[("identifier", "ada@example.com"), ("password", "wrong")]).await;
    for _ in 0..10 {
        reply = browser.submit("/sign-in", &[("identifier", "ada@example.com"), ("password", "wrong")]).await;
    }
    assert_eq!(reply.status, 429);
    assert!(
        !reply.header("retry-after").is_empty() && reply.text.contains("You can try again in"),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn a_form_may_lead_on_to_where_redirects_may_and_nowhere_else() {
    let app = TestApp::with(|config| {
        config.http.allowed_redirects = vec!["https://app.example.com".to_owned()];
        config.pages_base_url = "https://www.example.com/pages".parse().unwrap();
    })
    .await;
    let page = app.browser().get("/sign-in").await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("; form-action 'self' https://www.example.com https://app.example.com; "),
        "{policy}"
    );
    let plain = TestApp::start().await.browser().get("/sign-in").await;
    assert!(plain.header("content-security-policy").contains("; form-action 'self'; "));
}
