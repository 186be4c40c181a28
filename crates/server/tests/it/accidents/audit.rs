//! What can't be put on record does not happen.

use doorward_core::error::Error;
use doorward_test_support::{PASSWORD, TestApp};
use serde_json::json;

const NEW: &str = "seven quiet lanterns drift";
/// What grows with whatever anybody does.
const DONE: &str =
    "SELECT (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM devices) + (SELECT COUNT(*) FROM outbox)
                         + (SELECT COUNT(*) FROM changes)";

async fn run(app: &TestApp, sql: &'static str) {
    app.app.context().db.write(async |tx| Ok::<_, Error>(tx.execute(sql, &[]).await?)).await.unwrap();
}

#[tokio::test]
async fn an_act_whose_audit_event_fails_fails_whole() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    app.mail_to(&email).await;
    let (leaving, changing) = (ada.copy(), ada.copy());
    let before = app.count(DONE).await;
    run(&app, "ALTER TABLE audit_events RENAME TO audit_events_away").await;

    let stranger = app.browser();
    let signed_in = stranger.sign_in(&email).await;
    assert!(signed_in.status >= 500, "{}", signed_in.text);
    assert!(signed_in.set_cookies().is_empty(), "no session to hold");
    let change = json!({"current_password": PASSWORD, "new_password": NEW});
    let changed = changing.post("/v1/password/change", &change).await;
    assert!(changed.status >= 500, "{}", changed.text);
    let out = leaving.post_empty("/v1/sign-out").await;
    assert!(out.status >= 500, "{}", out.text);
    assert_eq!(app.count(DONE).await, before, "nothing is left of any of them");

    run(&app, "ALTER TABLE audit_events_away RENAME TO audit_events").await;
    ada.get("/v1/session").await.expect_status(200);
    ada.refresh().await.expect_status(200);
    let with_new = json!({"identifier": email, "password": NEW});
    app.browser().post("/v1/sign-in", &with_new).await.expect_problem(401, "invalid_credentials");
    app.browser().sign_in(&email).await.expect_status(200);
    ada.post_empty("/v1/sign-out").await.expect_status(204);
}
