use doorward_core::error::Code;
use doorward_core::signing_key::{self, When};
use doorward_test_support::TestApp;
use tokio::task::JoinSet;

use super::{access_token, check, events, kid_of, kids, test, within_a_second};

const REVOKED: &str = "SELECT COUNT(*) FROM audit_events WHERE type = 'keys.revoked'";

async fn kid_in(app: &TestApp, state: &str) -> String {
    let keys = signing_key::list(app.app.context()).await.unwrap();
    keys.into_iter().find(|key| key.state == state).unwrap().kid
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaked_current_key_is_refused_by_running_servers_within_a_second_and_sessions_go_on() {
    let app = TestApp::start().await;
    let elsewhere = app.second_process().await;
    let (browser, _) = app.member("ada").await;
    let (token, leaked, next) =
        (access_token(&browser), kid_in(&app, "current").await, kid_in(&app, "next").await);
    check(&app, &token).await.expect_status(200);

    let revoked = signing_key::revoke(elsewhere.context(), &test(), &leaked).await.unwrap();

    assert!(revoked.was_current);
    assert_eq!(revoked.signs_now, next, "the next key signs at once");
    within_a_second("refused", async || check(&app, &token).await.status == 401).await;
    check(&app, &token).await.expect_problem(401, "token_expired");
    let published = kids(&app).await;
    assert!(!published.contains(&leaked) && published.contains(&next));
    assert_eq!(published.len(), 2, "and there is a new next one");
    browser.refresh().await.expect_status(200);
    assert_eq!(kid_of(&access_token(&browser)), next);
    browser.get("/v1/session").await.expect_status(200);
    assert_eq!(events(&app, REVOKED).await, 1);
}

#[tokio::test]
async fn a_revoked_key_stays_revoked_after_a_restart() {
    let mut app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let token = access_token(&browser);
    signing_key::revoke(app.app.context(), &test(), &kid_of(&token)).await.unwrap();

    app.restart().await;

    check(&app, &token).await.expect_status(401);
    assert!(!kids(&app).await.contains(&kid_of(&token)));
    let sql = "SELECT COUNT(*) FROM signing_keys WHERE state = 'dropped' AND length(sealed_private) > 0";
    assert_eq!(app.count(sql).await, 0, "its private part is wiped");
}

#[tokio::test]
async fn a_page_renews_a_session_whose_key_was_revoked() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let leaked = kid_of(&access_token(&browser));
    signing_key::revoke(app.app.context(), &test(), &leaked).await.unwrap();
    app.app.sessions.hear_changes().await.unwrap();

    browser.get("/account").await.expect_status(200);

    assert_ne!(kid_of(&access_token(&browser)), leaked);
}

#[tokio::test]
async fn a_retired_key_that_is_revoked_takes_its_tokens_along_and_others_stay() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let (old, retired) = (access_token(&browser), kid_in(&app, "current").await);
    signing_key::rotate(app.app.context(), &test(), When::Now).await.unwrap();
    app.app.sessions.hear_changes().await.unwrap();
    browser.refresh().await.expect_status(200);
    let (new, current) = (access_token(&browser), kid_in(&app, "current").await);
    check(&app, &old).await.expect_status(200);

    let revoked = signing_key::revoke(app.app.context(), &test(), &retired).await.unwrap();
    app.app.sessions.hear_changes().await.unwrap();

    assert!(!revoked.was_current);
    assert_eq!(revoked.signs_now, current);
    check(&app, &old).await.expect_status(401);
    check(&app, &new).await.expect_status(200);
}

#[tokio::test]
async fn a_next_key_that_is_revoked_is_replaced() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let (current, next) = (kid_in(&app, "current").await, kid_in(&app, "next").await);

    signing_key::revoke(app.app.context(), &test(), &next).await.unwrap();
    app.app.sessions.hear_changes().await.unwrap();

    let published = kids(&app).await;
    assert!(published.contains(&current) && !published.contains(&next));
    assert_eq!(published.len(), 2);
    browser.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn an_unknown_key_is_refused_and_a_revoked_one_too() {
    let app = TestApp::start().await;
    let current = kid_in(&app, "current").await;
    let unknown = signing_key::revoke(app.app.context(), &test(), "nobodys").await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert!(unknown.detail().contains("nobodys"), "{}", unknown.detail());
    signing_key::revoke(app.app.context(), &test(), &current).await.unwrap();
    let again = signing_key::revoke(app.app.context(), &test(), &current).await.unwrap_err();
    assert_eq!(again.code(), Code::Conflict);
    assert_eq!(events(&app, REVOKED).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_revoke_one_key_one_does() {
    let app = TestApp::start().await;
    let leaked = kid_in(&app, "current").await;

    let mut racing = JoinSet::new();
    for _ in 0..20 {
        let (context, leaked) = (app.app.context().clone(), leaked.clone());
        racing.spawn(async move { signing_key::revoke(&context, &test(), &leaked).await.is_ok() });
    }
    let revoked = racing.join_all().await;

    assert_eq!(revoked.iter().filter(|revoked| **revoked).count(), 1);
    app.app.sessions.hear_changes().await.unwrap();
    assert_eq!(kids(&app).await.len(), 2);
}
