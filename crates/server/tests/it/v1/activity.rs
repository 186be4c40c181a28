use doorward_test_support::{Browser, TestApp};
use serde_json::{Value, json};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn items(browser: &Browser, path: &str) -> Vec<Value> {
    browser.get(path).await.expect_status(200).value()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn people_see_what_happened_to_their_account_and_to_no_other() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let (eve, _) = app.member("eve").await;
    let body = json!({"identifier": email, "password": "not the right password"}).to_string().into_bytes();
    let headers = [("content-type", "application/json"), ("user-agent", FIREFOX)];
    eve.send(reqwest::Method::POST, "/v1/sign-in", &headers, Some(body)).await.expect_status(401);

    let of_ada = items(&ada, "/v1/me/activity").await;
    let of_eve = items(&eve, "/v1/me/activity").await;

    let newest = &of_ada[0];
    assert_eq!((&newest["type"], &newest["outcome"]), (&json!("sign_in"), &json!("failure")));
    assert_eq!((&newest["device"], &newest["ip"]), (&json!("Firefox on Linux"), &json!("127.0.0.1")));
    assert_eq!((&newest["place"], &newest["session_id"]), (&Value::Null, &Value::Null));
    let session = ada.get("/v1/session").await.value()["session"]["id"].clone();
    assert!(of_ada.iter().any(|item| item["type"] == "sign_up.completed"), "{of_ada:?}");
    assert!(of_ada.iter().any(|item| item["session_id"] == session), "{of_ada:?}");
    assert!(of_ada.windows(2).all(|pair| pair[0]["time"].as_str() >= pair[1]["time"].as_str()));
    let mut keys: Vec<_> = newest.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["device", "id", "ip", "outcome", "place", "session_id", "time", "type"]);
    assert!(of_eve.iter().all(|item| !of_ada.contains(item)));
    app.browser().get("/v1/me/activity").await.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn a_long_list_comes_in_pages_that_leave_nothing_out() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    for number in 0..12 {
        ada.patch("/v1/me", &json!({"given_name": format!("Ada {number}")})).await.expect_status(200);
    }
    let all = items(&ada, "/v1/me/activity?limit=200").await;
    assert!(all.len() >= 13, "{}", all.len());

    let (mut paged, mut path) = (Vec::new(), "/v1/me/activity?limit=5".to_owned());
    loop {
        let page = ada.get(&path).await.expect_status(200).value();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 5);
        paged.extend(items.iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        assert_eq!(items.len(), 5, "there is more, so the page is full");
        path = format!("/v1/me/activity?limit=5&cursor={cursor}");
    }
    assert_eq!(paged, all);
    assert_eq!(ada.get("/v1/me/activity?limit=200").await.value()["next_cursor"], Value::Null);
}

#[tokio::test]
async fn somebody_elses_cursor_leads_to_nothing_of_theirs() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let (eve, _) = app.member("eve").await;
    let cursor = items(&ada, "/v1/me/activity").await[0]["id"].as_str().unwrap().to_owned();
    let seen = items(&eve, &format!("/v1/me/activity?cursor={cursor}")).await;
    let own = items(&eve, "/v1/me/activity").await;
    assert!(seen.iter().all(|item| own.contains(item)), "{seen:?}");
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused_by_name() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    for limit in ["0", "201", "-1", "1.5", "all", "", "99999999999999999999"] {
        let reply = ada.get(&format!("/v1/me/activity?limit={limit}")).await;
        reply.expect_field("limit", "invalid");
    }
    for cursor in ["", "1", "event_1", "user_0198a7c2f3b47c1e9d5a6b7c8d9e0f10", "'; DROP TABLE users; --"] {
        let cursor: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
        ada.get(&format!("/v1/me/activity?cursor={cursor}")).await.expect_field("cursor", "invalid");
    }
    ada.get("/v1/me/activity?user=user_1").await.expect_field("user", "unknown");
    let both = ada.get("/v1/me/activity?limit=0&cursor=1").await;
    both.expect_field("limit", "invalid").expect_field("cursor", "invalid");
    ada.get("/v1/me/activity?limit=1&limit=2").await.expect_problem(400, "malformed_request");
}

#[tokio::test]
async fn wrong_codes_are_seen_whatever_they_were_for() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    ada.post("/v1/me/email", &json!({"new_email": "ada@elsewhere.example"})).await.expect_status(202);
    let wrong = json!({"code": "no code"});
    ada.post("/v1/me/email/verify", &wrong).await.expect_problem(400, "invalid_or_expired_code");
    for address in [email.as_str(), "nobody@example.com"] {
        let body = json!({"email": address, "code": "no code", "new_password": "quite another sentence"});
        let stranger = app.browser();
        stranger.post("/v1/password/reset", &body).await.expect_problem(400, "invalid_or_expired_code");
    }

    let seen = items(&ada, "/v1/me/activity").await;

    let newest: Vec<_> = seen[..2].iter().map(|item| (&item["type"], &item["outcome"])).collect();
    let failed = json!("failure");
    assert_eq!(newest, [(&json!("password.reset"), &failed), (&json!("email.changed"), &failed)]);
    let of_nobody = "SELECT COUNT(*) FROM audit_events WHERE type = 'password.reset' AND user_id IS NULL";
    assert_eq!(app.count(of_nobody).await, 1, "an unknown address leaves the same rows");
}

#[tokio::test]
async fn a_wrong_code_for_an_accounts_address_is_seen() {
    let app = TestApp::with(|config| {
        config.sign_up.verify_email = doorward_core::config::VerifyEmail::Later;
    })
    .await;
    let ada = app.browser();
    ada.sign_up("ada@example.com").await.expect_status(200);
    let wrong = json!({"email": "ada@example.com", "code": "no code"});
    ada.post("/v1/email/verify", &wrong).await.expect_problem(400, "invalid_or_expired_code");

    let newest = items(&ada, "/v1/me/activity").await[0].clone();

    assert_eq!((&newest["type"], &newest["outcome"]), (&json!("email.verified"), &json!("failure")));
}
