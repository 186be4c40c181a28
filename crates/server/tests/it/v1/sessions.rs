//! One's own sessions and devices.

use std::time::Duration;

use doorward_test_support::{Browser, PASSWORD, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn sign_in_as(browser: &Browser, email: &str, headers: &[(&str, &str)]) {
    let body = json!({"identifier": email, "password": PASSWORD}).to_string().into_bytes();
    let all = [headers, &[("content-type", "application/json")]].concat();
    browser.send(Method::POST, "/v1/sign-in", &all, Some(body)).await.expect_status(200);
}

async fn items(browser: &Browser, path: &str) -> Vec<Value> {
    browser.get(path).await.expect_status(200).value()["items"].as_array().unwrap().clone()
}

fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn one_sees_where_one_is_signed_in_and_on_what() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let (other, phone) = (app.browser(), app.browser());
    sign_in_as(&other, &email, &[("user-agent", FIREFOX)]).await;
    let hints = [
        ("user-agent", CHROME),
        ("sec-ch-ua", "\"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\", \"Brave\";v=\"140\""),
        ("sec-ch-ua-platform", "\"Android\""),
        ("sec-ch-ua-mobile", "?1"),
    ];
    sign_in_as(&phone, &email, &hints).await;
    app.member("eve").await;

    let sessions = items(&ada, "/v1/me/sessions").await;

    assert_eq!(sessions.len(), 3, "{sessions:?}");
    let shown = |at: usize| {
        let device = &sessions[at]["device"];
        (device["name"].as_str().unwrap(), device["kind"].as_str().unwrap())
    };
    assert_eq!(shown(0), ("Brave on Android", "phone"));
    assert_eq!(shown(1), ("Firefox on Linux", "desktop"));
    let current: Vec<bool> = sessions.iter().map(|one| one["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, false, true]);
    let own = &sessions[2];
    assert_eq!(own["amr"], json!(["pwd"]));
    assert_eq!(own["ip"], "127.0.0.1");
    assert_eq!(*own, ada.get("/v1/session").await.value()["session"]);
}

#[tokio::test]
async fn a_browser_goes_by_one_name_in_sessions_activity_and_the_previous_sign_in() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let phone = app.browser();
    let hints = [
        ("user-agent", CHROME),
        ("sec-ch-ua", "\"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\""),
        ("sec-ch-ua-platform", "\"Linux\""),
        ("sec-ch-ua-mobile", "?0"),
    ];
    sign_in_as(&phone, &email, &hints).await;
    let later = app.browser();
    later.sign_in(&email).await.expect_status(200);

    let sessions = items(&ada, "/v1/me/sessions").await;
    let opened = sessions.iter().find(|one| one["device"]["name"] == "Chromium on Linux").unwrap();
    let activity = items(&ada, "/v1/me/activity").await;
    let event = activity.iter().find(|one| one["session_id"] == opened["id"]).unwrap();
    assert_eq!(event["device"], "Chromium on Linux");
    assert!(ada.get("/account/activity").await.text.contains("Chromium on Linux"));
    assert!(later.get("/account").await.text.contains("Chromium on Linux"));
    app.grant(&email, "admin").await;
    let all = items(&ada, "/v1/admin/audit?type=sign_in").await;
    assert!(all.iter().any(|one| one["device"] == "Chromium on Linux"), "{all:?}");
}

#[tokio::test]
async fn one_ends_a_session_and_it_is_dead_on_the_very_next_request() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let other = app.browser();
    other.sign_in(&email).await.expect_status(200);
    other.get("/v1/session").await.expect_status(200);
    let ended = id(&items(&ada, "/v1/me/sessions").await[0]);

    ada.delete(&format!("/v1/me/sessions/{ended}")).await.expect_status(204);

    other.get("/v1/session").await.expect_problem(401, "session_revoked");
    other.refresh().await.expect_problem(401, "session_revoked");
    assert_eq!(items(&ada, "/v1/me/sessions").await.len(), 1);
    ada.delete(&format!("/v1/me/sessions/{ended}")).await.expect_problem(404, "not_found");
    let own = id(&items(&ada, "/v1/me/sessions").await[0]);
    let reply = ada.delete(&format!("/v1/me/sessions/{own}")).await;
    reply.expect_status(204);
    assert!(reply.set_cookies().iter().all(|cookie| cookie.contains("Max-Age=0")));
    ada.get("/v1/session").await.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn nobody_ends_names_or_forgets_what_is_somebody_elses() {
    let app = TestApp::start().await;
    let ((ada, _), (eve, _)) = (app.member("ada").await, app.member("eve").await);
    let session = id(&items(&ada, "/v1/me/sessions").await[0]);
    let device = id(&items(&ada, "/v1/me/devices").await[0]);

    eve.delete(&format!("/v1/me/sessions/{session}")).await.expect_problem(404, "not_found");
    eve.delete(&format!("/v1/me/devices/{device}")).await.expect_problem(404, "not_found");
    eve.patch(&format!("/v1/me/devices/{device}"), &json!({"name": "Mine"}))
        .await
        .expect_problem(404, "not_found");
    for path in ["/v1/me/sessions/x", "/v1/me/sessions/user_1", "/v1/me/devices/%00"] {
        eve.delete(path).await.expect_problem(404, "not_found");
    }

    ada.get("/v1/session").await.expect_status(200);
    assert_eq!(items(&ada, "/v1/me/devices").await[0]["name"], "Unknown device");
    for path in ["/v1/me/sessions", "/v1/me/devices"] {
        app.browser().get(path).await.expect_problem(401, "not_authenticated");
    }
}

#[tokio::test]
async fn many_sessions_come_in_pages() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    for _ in 0..6 {
        app.browser().sign_in(&email).await.expect_status(200);
    }

    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = ada.get(&format!("/v1/me/sessions?limit=3{cursor}")).await.expect_status(200).value();
        seen.extend(page["items"].as_array().unwrap().iter().map(id));
        pages += 1;
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }

    assert_eq!((pages, seen.len()), (3, 7));
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, none twice");
    let first = ada.get("/v1/me/devices?limit=4").await.expect_status(200).value();
    let next = first["next_cursor"].as_str().unwrap();
    let rest = ada.get(&format!("/v1/me/devices?limit=4&cursor={next}")).await.expect_status(200).value();
    assert_eq!((first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (4, 3));
    assert_eq!(rest["next_cursor"], Value::Null);
    ada.get("/v1/me/devices?foo=1").await.expect_field("foo", "unknown");
    for (query, field, code) in [
        ("limit=0", "limit", "invalid"),
        ("limit=201", "limit", "invalid"),
        ("limit=x", "limit", "invalid"),
        ("cursor=x", "cursor", "invalid"),
        ("offset=1", "offset", "unknown"),
    ] {
        ada.get(&format!("/v1/me/sessions?{query}")).await.expect_field(field, code);
    }
}

#[tokio::test]
async fn a_device_is_known_again_at_the_next_sign_in() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let device = id(&items(&ada, "/v1/me/devices").await[0]);
    ada.post_empty("/v1/sign-out").await.expect_status(204);
    assert!(ada.cookie("doorward_device").is_some(), "signing out forgets the session, not the device");

    app.advance(DAY);
    ada.sign_in(&email).await.expect_status(200);

    let devices = items(&ada, "/v1/me/devices").await;
    assert_eq!(devices.len(), 1);
    assert_eq!((id(&devices[0]), &devices[0]["current"]), (device.clone(), &json!(true)));
    assert_eq!(ada.get("/v1/session").await.value()["session"]["device"]["id"], device);
    assert!(devices[0]["last_seen_at"].as_str() > devices[0]["created_at"].as_str());
}

#[tokio::test]
async fn one_browser_keeps_several_accounts_apart() {
    let app = TestApp::start().await;
    let (browser, ada) = app.member("ada").await;
    let (_, bob) = app.member("bob").await;
    browser.sign_in(&bob).await.expect_status(200);
    assert_eq!(items(&browser, "/v1/me/devices").await.len(), 2, "bob's own, and this one");

    browser.sign_in(&ada).await.expect_status(200);

    assert_eq!(items(&browser, "/v1/me/devices").await.len(), 1, "ada was known here before");
    let alarms = |mails: Vec<doorward_test_support::Mail>| {
        mails.iter().filter(|mail| mail.subject.contains("New sign-in")).count()
    };
    assert_eq!(alarms(app.mails_to(&ada).await), 0);
    assert_eq!(alarms(app.mails_to(&bob).await), 1);
}

#[tokio::test]
async fn a_device_gets_a_name_and_loses_it_again() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    sign_in_as(&ada, &email, &[("user-agent", FIREFOX)]).await;
    let path = format!("/v1/me/devices/{}", id(&items(&ada, "/v1/me/devices").await[0]));
    let deceiving = json!({"name": "Ada's \u{202e}potpal"});
    ada.patch(&path, &deceiving).await.expect_status(422).expect_field("name", "invalid");

    let named = ada.patch(&path, &json!({"name": "  Ada's laptop "})).await.expect_status(200).value();

    assert_eq!((&named["name"], &named["browser"]), (&json!("Ada's laptop"), &json!("Firefox")));
    assert_eq!(ada.get("/v1/session").await.value()["session"]["device"]["name"], "Ada's laptop");
    let bare = ada.patch(&path, &json!({"name": null})).await.expect_status(200).value();
    assert_eq!(bare["name"], "Firefox on Linux");
    ada.patch(&path, &json!({})).await.expect_field("name", "required");
    ada.patch(&path, &json!({"name": "x".repeat(61)})).await.expect_field("name", "too_long");
    ada.patch(&path, &json!({"name": "a\u{7}b"})).await.expect_field("name", "invalid");
    ada.patch(&path, &json!({"name": 1})).await.expect_field("name", "invalid");
    ada.patch(&path, &json!({"name": "x", "kind": "phone"})).await.expect_field("kind", "unknown");
}

#[tokio::test]
async fn forgetting_a_device_signs_it_out_and_it_is_new_again() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let lost = app.browser();
    lost.sign_in(&email).await.expect_status(200);
    let device =
        lost.get("/v1/session").await.value()["session"]["device"]["id"].as_str().unwrap().to_owned();

    ada.delete(&format!("/v1/me/devices/{device}")).await.expect_status(204);

    lost.get("/v1/session").await.expect_problem(401, "session_revoked");
    ada.get("/v1/session").await.expect_status(200);
    let before = app.mails_to(&email).await.len();
    lost.sign_in(&email).await.expect_status(200);
    assert_eq!(app.mails_to(&email).await.len(), before + 1, "it is told by mail again");
    assert_ne!(lost.get("/v1/session").await.value()["session"]["device"]["id"], device);
}

#[tokio::test]
async fn a_sign_in_on_a_new_device_is_told_by_mail_and_on_a_known_one_is_not() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    ada.sign_in(&email).await.expect_status(200);
    assert_eq!(app.mails_to(&email).await.len(), 1, "the verification, and no alarm for one's own device");

    sign_in_as(&app.browser(), &email, &[("user-agent", FIREFOX)]).await;

    let mail = app.mail_to(&email).await;
    assert!(mail.subject.contains("New sign-in"), "{}", mail.subject);
    assert!(mail.text.contains("Firefox on Linux") && mail.text.contains("127.0.0.1"), "{}", mail.text);
    assert!(mail.link().contains("/not-me?token="));
}

#[tokio::test]
async fn a_client_without_cookies_is_new_once() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    for _ in 0..3 {
        let client = app.browser();
        let body = json!({"identifier": email, "password": PASSWORD, "delivery": "body"});
        let headers = [("content-type", "application/json"), ("user-agent", "backup-tool/1.0")];
        let body = body.to_string().into_bytes();
        let reply = client.send(Method::POST, "/v1/sign-in", &headers, Some(body)).await;
        reply.expect_status(200);
        assert!(reply.set_cookies().is_empty());
        assert_eq!(reply.value()["session"]["device"]["id"], Value::Null);
        assert_eq!(reply.value()["session"]["device"]["name"], "backup-tool");
    }
    let told = app.mails_to(&email).await.iter().filter(|mail| mail.text.contains("backup-tool")).count();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn a_made_up_device_cookie_makes_nobody_known() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let (eve, _) = app.member("eve").await;
    let stranger = app.browser();
    for cookie in [&"x".repeat(43), &eve.cookie("doorward_device").unwrap(), "..", &"a.".repeat(3000)] {
        stranger.set_cookie("doorward_device", cookie);
        let before = app.mails_to(&email).await.len();
        stranger.sign_in(&email).await.expect_status(200);
        assert_eq!(app.mails_to(&email).await.len(), before + 1, "{cookie}");
        assert!(stranger.cookie("doorward_device").unwrap().len() < 250);
    }
}
