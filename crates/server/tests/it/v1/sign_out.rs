use std::time::Duration;

use doorward_test_support::{PASSWORD, TestApp};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn signing_out_ends_this_session_at_once_and_takes_the_cookies_back() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let other = app.browser();
    other.sign_in(&email).await.expect_status(200);
    let copy = browser.copy();
    copy.get("/v1/session").await.expect_status(200);

    let reply = browser.post_empty("/v1/sign-out").await;

    reply.expect_status(204);
    assert_eq!((browser.cookie("doorward_access"), browser.cookie("doorward_refresh")), (None, None));
    copy.get("/v1/session").await.expect_problem(401, "session_revoked");
    copy.refresh().await.expect_problem(401, "session_revoked");
    other.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn signing_out_works_with_an_access_token_that_has_run_out_and_twice() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let (copy, again) = (browser.copy(), browser.copy());
    app.advance(Duration::from_secs(3600));

    browser.post_empty("/v1/sign-out").await.expect_status(204);

    copy.refresh().await.expect_problem(401, "session_revoked");
    again.post_empty("/v1/sign-out").await.expect_status(204);
    app.browser().post_empty("/v1/sign-out").await.expect_status(204);
}

#[tokio::test]
async fn a_client_without_cookies_signs_out_by_either_token() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let sign_in = || async {
        let body = json!({"identifier": email, "password": PASSWORD, "delivery": "body"});
        app.browser().post("/v1/sign-in", &body).await.value()
    };
    let (first, second) = (sign_in().await, sign_in().await);

    let bearer = format!("Bearer {}", first["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    app.browser().send(Method::POST, "/v1/sign-out", &headers, None).await.expect_status(204);
    let body = json!({"refresh_token": second["refresh_token"]});
    app.browser().post("/v1/sign-out", &body).await.expect_status(204);

    for ended in [first, second] {
        let body = json!({"refresh_token": ended["refresh_token"]});
        app.browser().post("/v1/token/refresh", &body).await.expect_problem(401, "session_revoked");
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_or_all_but_this_one() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let (eve, _) = app.member("eve").await;
    let others = [app.browser(), app.browser()];
    for other in &others {
        other.sign_in(&email).await.expect_status(200);
    }

    browser.post("/v1/sign-out/all", &json!({"except_current": true})).await.expect_status(204);
    for other in &others {
        other.get("/v1/session").await.expect_problem(401, "session_revoked");
    }
    browser.get("/v1/session").await.expect_status(200);

    let copy = browser.copy();
    browser.post_empty("/v1/sign-out/all").await.expect_status(204);
    copy.get("/v1/session").await.expect_problem(401, "session_revoked");
    eve.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn an_ended_session_ends_no_others() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let thief = browser.copy();
    browser.post_empty("/v1/sign-out").await.expect_status(204);
    browser.sign_in(&email).await.expect_status(200);

    thief.post_empty("/v1/sign-out/all").await.expect_problem(401, "session_revoked");
    app.browser().post_empty("/v1/sign-out/all").await.expect_problem(401, "not_authenticated");

    browser.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn beside_a_bearer_token_no_cookie_counts_and_none_is_thrown_away() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let body = json!({"identifier": email, "password": PASSWORD, "delivery": "body"});
    let tokens = app.browser().post("/v1/sign-in", &body).await.value();
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];

    let refreshed = browser.send(Method::POST, "/v1/token/refresh", &headers, None).await;
    let signed_out = browser.send(Method::POST, "/v1/sign-out", &headers, None).await;

    refreshed.expect_problem(401, "not_authenticated");
    assert!(refreshed.set_cookies().is_empty());
    assert!(signed_out.expect_status(204).set_cookies().is_empty());
    browser.get("/v1/session").await.expect_status(200);
    let ended = app.browser().send(Method::GET, "/v1/session", &headers, None).await;
    ended.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn a_refresh_token_in_the_body_says_which_session_is_meant_whatever_the_cookies_are() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let body = json!({"identifier": email, "password": PASSWORD, "delivery": "body"});
    let tokens = app.browser().post("/v1/sign-in", &body).await.value();

    let reply = browser.post("/v1/sign-out", &json!({"refresh_token": tokens["refresh_token"]})).await;

    assert!(reply.expect_status(204).set_cookies().is_empty());
    browser.get("/v1/session").await.expect_status(200);
    let late = json!({"refresh_token": tokens["refresh_token"]});
    app.browser().post("/v1/token/refresh", &late).await.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn an_endpoint_that_takes_nothing_takes_null_as_well() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    for path in ["/v1/token/refresh", "/v1/sign-out"] {
        let headers = [("content-type", "application/json")];
        let reply = browser.send(Method::POST, path, &headers, Some(b" null ".to_vec())).await;
        assert!(matches!(reply.status, 200 | 204), "{path}: {}", reply.text);
    }
}
