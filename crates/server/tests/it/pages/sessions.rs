use doorward_test_support::TestApp;

async fn device(browser: &doorward_test_support::Browser) -> String {
    let devices = browser.get("/v1/me/devices").await.value();
    devices["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_page_shows_sessions_and_ends_them() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let other = app.browser();
    other.sign_in(&email).await.expect_status(200);
    let other_id = other.get("/v1/session").await.value()["session"]["id"].as_str().unwrap().to_owned();
    let page = ada.get("/account/sessions").await.expect_status(200).text.clone();
    assert_eq!(page.matches("This device").count(), 2, "once as a session, once as a device");
    assert!(page.contains(&other_id));

    let ended = ada.submit("/account/sessions/end", &[("id", &other_id)]).await;

    ended.expect_redirect("/account/sessions?done=ended");
    other.get("/v1/session").await.expect_problem(401, "session_revoked");
    assert!(ada.get("/account/sessions").await.text.contains("You are signed in nowhere else."));
    other.sign_in(&email).await.expect_status(200);
    ada.submit("/account/sessions/end-others", &[])
        .await
        .expect_redirect("/account/sessions?done=ended_others");
    other.get("/v1/session").await.expect_problem(401, "session_revoked");
    let own = ada.get("/v1/session").await.value()["session"]["id"].as_str().unwrap().to_owned();
    ada.submit("/account/sessions/end", &[("id", &own)]).await.expect_redirect("/sign-in?notice=signed_out");
    ada.get("/v1/session").await.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn devices_are_named_and_forgotten_on_the_page() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let id = device(&ada).await;

    let named = ada.submit("/account/devices/rename", &[("id", &id), ("name", "Ada's <laptop>")]).await;

    named.expect_redirect("/account/sessions?done=renamed");
    assert!(ada.get("/account/sessions").await.text.contains("Ada&#39;s &#60;laptop&#62;"));
    let long = ada.submit("/account/devices/rename", &[("id", &id), ("name", &"x".repeat(61))]).await;
    assert!(long.expect_status(422).text.contains("at most 60 characters"));
    let eve = app.member("eve").await.0;
    let others = device(&eve).await;
    ada.submit("/account/devices/rename", &[("id", &others), ("name", "x")]).await.expect_status(404);
    ada.submit("/account/devices/forget", &[("id", &others)])
        .await
        .expect_redirect("/account/sessions?done=forgotten");
    assert_eq!(device(&eve).await, others, "what is somebody else's stays");

    let other = app.browser();
    other.sign_in(&email).await.expect_status(200);
    let forgotten = other.submit("/account/devices/forget", &[("id", &id)]).await;

    forgotten.expect_redirect("/account/sessions?done=forgotten");
    ada.get("/v1/session").await.expect_problem(401, "session_revoked");
}
