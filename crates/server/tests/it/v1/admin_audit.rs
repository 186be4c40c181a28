use doorward_core::context::{Caller, UserId};
use doorward_core::operator;
use doorward_test_support::{Browser, TestApp};
use serde_json::{Value, json};

async fn administrator(app: &TestApp) -> (Browser, String) {
    let (browser, _) = app.member("root").await;
    let id = id(&browser).await;
    let caller = Caller::system("test");
    operator::grant(app.app.context(), &caller, UserId::parse(&id).unwrap(), "admin").await.unwrap();
    app.app.sessions.hear_changes().await.unwrap();
    (browser, id)
}

async fn id(browser: &Browser) -> String {
    browser.get("/v1/me").await.value()["id"].as_str().unwrap().to_owned()
}

async fn items(browser: &Browser, query: &str) -> Vec<Value> {
    let reply = browser.get(&format!("/v1/admin/audit{query}")).await;
    reply.expect_status(200).value()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_log_is_for_those_who_may_read_it() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    app.browser().get("/v1/admin/audit").await.expect_problem(401, "not_authenticated");
    ada.get("/v1/admin/audit").await.expect_problem(403, "permission_denied");
    ada.get("/v1/admin/audit?limit=0").await.expect_problem(403, "permission_denied");
    let me = id(&ada).await;
    ada.get(&format!("/v1/admin/audit?user={me}")).await.expect_problem(403, "permission_denied");
}

#[tokio::test]
async fn administrators_find_events_by_account_type_and_time() {
    let app = TestApp::start().await;
    let (root, root_id) = administrator(&app).await;
    let (ada, email) = app.member("ada").await;
    let ada_id = id(&ada).await;
    let wrong = json!({"identifier": email, "password": "not the right password"});
    app.browser().post("/v1/sign-in", &wrong).await.expect_status(401);

    let all = items(&root, "").await;
    let of_ada = items(&root, &format!("?user={ada_id}")).await;
    assert!(of_ada.len() >= 2 && of_ada.iter().all(|event| event["user_id"] == json!(ada_id)), "{of_ada:?}");
    assert!(all.iter().any(|event| event["user_id"] == json!(root_id)));
    let failed = items(&root, &format!("?user={ada_id}&type=sign_in")).await;
    assert!(failed.iter().any(|event| event["outcome"] == "failure" && event["actor_id"].is_null()));
    assert_eq!(failed[0]["detail"]["method"], "password");
    let granted = items(&root, "?type=role.granted").await;
    assert!(granted.iter().any(|event| event["detail"]["role"] == "admin" && event["device"] == "test"));

    let middle = all[all.len() / 2]["time"].as_str().unwrap();
    let since = items(&root, &format!("?since={middle}&limit=200")).await;
    let until = items(&root, &format!("?until={middle}&limit=200")).await;
    assert!(since.iter().all(|event| event["time"].as_str().unwrap() >= middle) && !since.is_empty());
    assert!(until.iter().all(|event| event["time"].as_str().unwrap() < middle) && !until.is_empty());
    assert!(since.len() + until.len() >= all.len());
    assert_eq!(items(&root, "?until=2020-01-01").await.len(), 0);

    let first = root.get("/v1/admin/audit?limit=3").await.value();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = items(&root, &format!("?limit=3&cursor={cursor}")).await;
    assert_eq!([first["items"].as_array().unwrap().clone(), second].concat(), items(&root, "?limit=6").await);
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused_by_name() {
    let app = TestApp::start().await;
    let (root, _) = administrator(&app).await;
    for (name, value) in [
        ("user", "ada"),
        ("user", "event_0198a7c2f3b47c1e9d5a6b7c8d9e0f10"),
        ("type", "sign_inn"),
        ("since", "yesterday"),
        ("until", "2026-13-01"),
        ("limit", "201"),
        ("cursor", "x"),
    ] {
        root.get(&format!("/v1/admin/audit?{name}={value}")).await.expect_field(name, "invalid");
    }
    root.get("/v1/admin/audit?page=2").await.expect_field("page", "unknown");
}
