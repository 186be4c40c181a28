use doorward_test_support::{PASSWORD, TestApp};
use serde_json::{Value, json};

#[tokio::test]
async fn the_profile_is_read_and_changed_field_by_field() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;

    let change = json!({"given_name": "Ada", "family_name": "Lovelace", "preferred_username": "ada.l",
                        "picture": "https://example.com/ada.png", "locale": "en-GB"});
    browser.patch("/v1/me", &change).await.expect_status(200);
    browser.patch("/v1/me", &json!({"family_name": null})).await.expect_status(200);

    let me = browser.get("/v1/me").await.expect_status(200).value();
    assert_eq!(
        (&me["email"], &me["given_name"], &me["family_name"]),
        (&json!(email), &json!("Ada"), &Value::Null)
    );
    assert_eq!((&me["preferred_username"], &me["locale"]), (&json!("ada.l"), &json!("en-GB")));
    let session = browser.get("/v1/session").await.value();
    assert_eq!(session["user"], me);
}

#[tokio::test]
async fn what_does_not_belong_into_a_profile_is_refused() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    for (field, value, code) in [
        ("given_name", "A\u{0}da", "invalid"),
        ("given_name", "A\u{202e}da", "invalid"),
        ("family_name", &"x".repeat(101), "too_long"),
        ("picture", "http://example.com/ada.png", "invalid"),
        ("picture", "javascript:alert(1)", "invalid"),
        ("picture", "https://user:password@example.com/", "invalid"),
        // On an https page these would be paths of its own.
        ("picture", "https:/sign-out", "invalid"),
        ("picture", "https:sign-out", "invalid"),
        ("picture", "https:\\\\example.com\\ada.png", "invalid"),
        ("picture", "https://example.com/\u{202e}gnp.exe", "invalid"),
        ("locale", "not a language", "invalid"),
        ("preferred_username", "ada@example.com", "invalid"),
        ("preferred_username", "ad", "too_short"),
    ] {
        browser.patch("/v1/me", &json!({field: value})).await.expect_field(field, code);
    }
    browser.patch("/v1/me", &json!({"email": "eve@example.com"})).await.expect_field("email", "unknown");
    browser.patch("/v1/me", &json!({"roles": ["admin"]})).await.expect_field("roles", "unknown");
    browser.patch("/v1/me", &json!({"id": "user_1"})).await.expect_field("id", "unknown");
}

#[tokio::test]
async fn of_fifty_who_want_one_username_one_gets_it() {
    let app = TestApp::start().await;
    let mut racing = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (browser, _) = app.member("user").await;
        let name = if number % 2 == 0 { "Wanted" } else { "wANTED" };
        racing.spawn(async move { browser.patch("/v1/me", &json!({"preferred_username": name})).await });
    }
    let replies = racing.join_all().await;

    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.expect_field("preferred_username", "username_taken");
    }
}

#[tokio::test]
async fn nobody_is_nobody() {
    let app = TestApp::start().await;
    app.browser().get("/v1/me").await.expect_problem(401, "not_authenticated");
    let body = json!({"given_name": PASSWORD});
    app.browser().patch("/v1/me", &body).await.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn a_picture_is_kept_as_a_browser_writes_it() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let typed = "https://EXAMPLE.com/a da\"><b>.png".replace(' ', "%20");
    let user = ada.patch("/v1/me", &json!({"picture": typed})).await.expect_status(200).value();
    assert_eq!(user["picture"], "https://example.com/a%20da%22%3E%3Cb%3E.png");
}

#[tokio::test]
async fn a_username_is_of_one_alphabet() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    for twin in ["\u{430}dmin", "adm\u{456}n", "\u{391}lice", "rooт"] {
        let reply = ada.patch("/v1/me", &json!({"preferred_username": twin})).await;
        reply.expect_field("preferred_username", "invalid");
    }
    for name in ["админ", "αλίκη", "žofie.1", "アダ-ada"] {
        ada.patch("/v1/me", &json!({"preferred_username": name})).await.expect_status(200);
    }
}
