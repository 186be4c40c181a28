use std::time::Duration;

use doorward_test_support::TestApp;
use tokio::task::JoinSet;

#[tokio::test]
async fn a_browser_gets_new_tokens_and_goes_back() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let before = (ada.cookie("doorward_access"), ada.cookie("doorward_refresh"));
    app.advance(Duration::from_secs(601));
    ada.drop_cookie("doorward_access");

    let back = ada.get("/session/renew?redirect_to=%2Fdashboard%3Fx%3D1").await;

    back.expect_redirect("/dashboard?x=1");
    assert_eq!(back.header("cache-control"), "no-store");
    assert_ne!((ada.cookie("doorward_access"), ada.cookie("doorward_refresh")), before);
    ada.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn many_tabs_renew_at_once_and_nobody_is_signed_out() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    app.advance(Duration::from_secs(601));
    let tabs: Vec<_> = (0..50).map(|_| ada.copy()).collect();
    let mut renewing = JoinSet::new();
    for tab in tabs {
        renewing.spawn(async move {
            tab.get("/session/renew?redirect_to=%2Fx").await.expect_redirect("/x");
            tab
        });
    }
    for tab in renewing.join_all().await {
        tab.get("/v1/session").await.expect_status(200);
    }
}

#[tokio::test]
async fn whoever_has_nothing_to_renew_is_sent_to_sign_in() {
    let app = TestApp::start().await;
    let visitor = app.browser();
    let sign_in = format!("{}/sign-in", app.url);
    visitor.get("/session/renew").await.expect_redirect(&sign_in);
    visitor
        .get("/session/renew?redirect_to=%2Fx")
        .await
        .expect_redirect(&format!("{sign_in}?redirect_to=%2Fx"));
    visitor.set_cookie("doorward_refresh", "dw_rt_nonsense");
    visitor
        .get("/session/renew?redirect_to=%2Fx")
        .await
        .expect_redirect(&format!("{sign_in}?redirect_to=%2Fx"));
    assert_eq!(visitor.cookie("doorward_refresh"), None);
}

#[tokio::test]
async fn nobody_is_sent_elsewhere() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    for evil in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
    ] {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("redirect_to", evil).finish();
        ada.get(&format!("/session/renew?{query}")).await.expect_redirect("/account");
    }
}
