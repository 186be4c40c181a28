//! An account's export: everything that is held about its owner.

use doorward_core::audit::{self, Event, EventType};
use doorward_core::context::Caller;
use doorward_core::error::Error;
use doorward_db::Tx;
use doorward_test_support::{PASSWORD, TestApp, unique};
use serde_json::json;

#[tokio::test]
async fn the_export_holds_what_is_known_and_no_secret() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    ada.patch("/v1/me", &json!({"given_name": "Ada"})).await.expect_status(200);
    let first = format!("{}@example.org", unique("first"));
    ada.post("/v1/me/email", &json!({"new_email": first})).await.expect_status(202);
    let code = app.mail_to(&first).await.code();
    ada.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
    let undo = app.mails_to(&email).await.into_iter().find(|mail| mail.text.contains("/undo-email")).unwrap();
    app.browser().post("/v1/me/email/undo", &json!({"token": undo.token()})).await.expect_status(204);
    let reset = json!({"token": app.mail_to(&email).await.token(), "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    ada.sign_in(&email).await.expect_status(200);
    ada.post("/v1/me/email", &json!({"new_email": "next@example.org"})).await.expect_status(202);
    let (_, other) = app.member("eve").await;

    let export = ada.get("/v1/me/export").await;

    let value = export.expect_status(200).value();
    assert_eq!((&value["user"]["email"], &value["user"]["given_name"]), (&json!(email), &json!("Ada")));
    assert_eq!(value["pending_email"], "next@example.org");
    assert_eq!(
        (value["sessions"].as_array().unwrap().len(), value["devices"].as_array().unwrap().len()),
        (1, 1)
    );
    let ended = value["ended_sessions"].as_array().unwrap();
    assert_eq!((ended.len(), &ended[0]["end_reason"]), (1, &json!("not_me")));
    assert!(ended[0]["ended_at"].as_str().unwrap().ends_with('Z') && ended[0]["ip"] == "127.0.0.1");
    let changes = value["email_changes"].as_array().unwrap();
    let told = |index: usize| {
        let change = &changes[index];
        let done = (change["confirmed_at"].is_string(), change["undone_at"].is_string());
        (change["old_email"].clone(), change["new_email"].clone(), done)
    };
    assert_eq!(told(0), (json!(email), json!("next@example.org"), (false, false)));
    assert_eq!(told(1), (json!(email), json!(first), (true, true)));
    assert_eq!(changes.len(), 2);
    let activity = value["activity"].as_array().unwrap();
    let of =
        |name: &str| activity.iter().find(|event| event["type"] == name).unwrap_or_else(|| panic!("{name}"));
    of("sign_up.completed");
    of("account.exported");
    assert_eq!(of("sign_in")["detail"], json!({"method": "password"}));
    assert_eq!(of("email.change_undone")["detail"], json!({"ended": 1, "factors": 0}));
    for secret in ["$argon2", "dw_rt_", "sealed", "hash", other.as_str()] {
        assert!(!export.text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_export_leaves_out_no_event_however_many_there_are() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let (context, user) = (app.app.context(), app.user_id(&email).await);
    let many = async |tx: &mut Tx<'_>| {
        for number in 0..2500 {
            let event = Event::new(EventType::ProfileChanged).user(user).with("number", number);
            audit::record(tx, context, &Caller::system("test"), event).await?;
        }
        Ok::<_, Error>(())
    };
    context.db.write(many).await.unwrap();

    let export = ada.get("/v1/me/export").await.expect_status(200).value();

    let activity = export["activity"].as_array().unwrap();
    let numbers: Vec<i64> = activity.iter().filter_map(|event| event["detail"]["number"].as_i64()).collect();
    assert_eq!(numbers, (0..2500).rev().collect::<Vec<_>>());
}
