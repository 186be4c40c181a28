//! The revocation feed.

use std::time::Duration;

use doorward_core::context::{Caller, Clock as _};
use doorward_core::service_key::{self, Scope};
use doorward_core::session::EndReason;
use doorward_core::{clean_up, operator};
use doorward_test_support::{Browser, TestApp};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

async fn key(app: &TestApp) -> String {
    let caller = Caller::system("test");
    let made = service_key::create(app.app.context(), &caller, "gateway", &[Scope::RevocationsRead]).await;
    made.unwrap().1.expose_secret().to_owned()
}

/// A resource server that listens, as a line-based client does.
struct Listener {
    response: reqwest::Response,
    buffer: String,
}

#[derive(Debug, PartialEq)]
struct Heard {
    event: String,
    id: String,
    data: Value,
}

impl Listener {
    async fn open(app: &TestApp, key: &str, last: Option<&str>) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        // The first second of a server's life: it has not heard from the others yet.
        let began = std::time::Instant::now();
        loop {
            let mut request = client.get(format!("{}/v1/revocations", app.url)).bearer_auth(key);
            if let Some(last) = last {
                request = request.header("last-event-id", last);
            }
            let response = request.send().await.unwrap();
            if response.status() == 200 {
                assert_eq!(response.headers()["content-type"], "text/event-stream");
                assert_eq!(response.headers()["x-accel-buffering"], "no");
                assert_eq!(response.headers()["cache-control"], "no-store");
                return Self { response, buffer: String::new() };
            }
            assert!(response.status() == 503 && began.elapsed() < Duration::from_secs(10));
            tokio::task::yield_now().await;
        }
    }

    /// The next block, `None` where the feed has ended.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.find("\n\n") {
                let block = self.buffer.drain(..end + 2).collect();
                return Some(block);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.response.chunk()).await;
            let chunk = chunk.expect("a feed is never silent for so long").ok()??;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn event(&mut self) -> Heard {
        loop {
            let block = self.block().await.expect("the feed goes on");
            let field = |name: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                line.map(|value| value.trim_start().to_owned())
            };
            let Some(event) = field("event") else { continue };
            let data = serde_json::from_str(&field("data").unwrap()).unwrap();
            return Heard { event, id: field("id").unwrap(), data };
        }
    }
}

async fn sid(browser: &Browser) -> String {
    browser.get("/v1/session").await.value()["session"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ending_is_heard_within_a_second_whoever_made_it() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let ((ada, email), (bob, bobs)) = (app.member("ada").await, app.member("bob").await);
    let (own, other) = (sid(&ada).await, app.browser());
    other.sign_in(&email).await.expect_status(200);
    let (others, bobs_session) = (sid(&other).await, sid(&bob).await);
    let mut listener = Listener::open(&app, &key, None).await;
    assert_eq!(listener.event().await.event, "snapshot");

    let began = std::time::Instant::now();
    other.post_empty("/v1/sign-out").await.expect_status(204);
    let heard = listener.event().await;
    assert_eq!((heard.event.as_str(), heard.data), ("revoked", json!({"sid": others})));
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());

    ada.post_empty("/v1/sign-out/all").await.expect_status(204);
    assert_eq!(listener.event().await.data, json!({"sid": own}));

    let second = app.second_process().await;
    let user = operator::find_user(second.context(), &bobs).await.unwrap();
    let began = std::time::Instant::now();
    operator::disable(second.context(), &Caller::system("test"), user.id).await.unwrap();
    assert_eq!(listener.event().await.data, json!({"sid": bobs_session}));
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_snapshot_holds_what_still_matters_and_no_more() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let (old, recent) = (app.member("old").await.0, app.member("recent").await.0);
    let (old_id, recent_id) = (sid(&old).await, sid(&recent).await);
    old.post_empty("/v1/sign-out").await.expect_status(204);
    app.advance(Duration::from_secs(12 * 60));
    recent.refresh().await.expect_status(200);
    recent.post_empty("/v1/sign-out").await.expect_status(204);

    let snapshot = Listener::open(&app, &key, None).await.event().await;

    assert_eq!(snapshot.data, json!({"items": [{"sid": recent_id}]}));
    assert_ne!(old_id, recent_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_comes_back_hears_what_it_missed_and_after_a_long_gap_everything() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let (ada, _) = app.member("ada").await;
    let missed = sid(&ada).await;
    let mut listener = Listener::open(&app, &key, None).await;
    let last = listener.event().await.id;
    drop(listener);
    ada.post_empty("/v1/sign-out").await.expect_status(204);

    let heard = Listener::open(&app, &key, Some(&last)).await.event().await;
    assert_eq!((heard.event.as_str(), heard.data), ("revoked", json!({"sid": missed})));

    for last in ["1", "x", "-5", "99999999999999999999"] {
        assert_eq!(Listener::open(&app, &key, Some(last)).await.event().await.event, "snapshot", "{last}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_gone_takes_all_its_tokens_with_it() {
    let app = TestApp::with(|config| config.account.deletion_grace = Duration::ZERO).await;
    let key = key(&app).await;
    let (ada, _) = app.member("ada").await;
    let (id, session) = (ada.get("/v1/me").await.value()["id"].as_str().unwrap().to_owned(), sid(&ada).await);
    let mut listener = Listener::open(&app, &key, None).await;
    listener.event().await;
    ada.delete("/v1/me").await.expect_status(202);
    assert_eq!(listener.event().await.data, json!({"sid": session}));
    app.advance(Duration::from_secs(1));

    clean_up::run(&app.app.sessions).await.unwrap();

    let gone = listener.event().await.data;
    let now = app.app.context().now().seconds();
    assert_eq!(gone["sub"], id);
    assert!((now - 2..=now + 1).contains(&gone["before"].as_i64().unwrap()), "{gone}");
    let snapshot = Listener::open(&app, &key, None).await.event().await;
    assert_eq!(snapshot.data["items"][0]["sub"], id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comment_comes_every_five_seconds_until_the_key_is_revoked() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let mut listener = Listener::open(&app, &key, None).await;
    listener.event().await;
    assert!(listener.block().await.unwrap().starts_with(':'));

    assert!(service_key::revoke(app.app.context(), &Caller::system("test"), "gateway").await.unwrap());

    let began = std::time::Instant::now();
    assert_eq!(listener.block().await, None);
    assert!(began.elapsed() < Duration::from_secs(3), "within a second, on a busy machine too");
    let headers = [("authorization", format!("Bearer {key}"))];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let late = app.browser().send(reqwest::Method::GET, "/v1/revocations", &headers, None).await;
    late.expect_problem(401, "token_invalid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_to_have_heard_what_is_still_to_come_is_told_everything() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let (ada, _) = app.member("ada").await;
    ada.post_empty("/v1/sign-out").await.expect_status(204);
    let to_come = (app.clock.now().micros() + 300_000_000).to_string();
    let snapshot = Listener::open(&app, &key, Some(&to_come)).await.event().await;
    assert_eq!((snapshot.event.as_str(), snapshot.data["items"].as_array().unwrap().len()), ("snapshot", 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_listens_without_a_service_key() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    ada.get("/v1/revocations").await.expect_problem(401, "not_authenticated");
    let access = ada.cookie("doorward_access").unwrap();
    for wrong in [access.as_str(), "dw_key_x", "dw_key_"] {
        let bearer = format!("Bearer {wrong}");
        let reply = app
            .browser()
            .send(reqwest::Method::GET, "/v1/revocations", &[("authorization", bearer.as_str())], None)
            .await;
        reply.expect_problem(401, "token_invalid");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_the_server_does_not_wait_for_listeners() {
    let mut app = TestApp::start().await;
    let key = key(&app).await;
    let (ada, email) = app.member("ada").await;
    let mut listener = Listener::open(&app, &key, None).await;
    listener.event().await;
    let began = std::time::Instant::now();

    app.restart().await;

    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(listener.block().await, None);
    let user = operator::find_user(app.app.context(), &email).await.unwrap();
    let session = ada.get("/v1/session").await.value()["session"]["id"].as_str().unwrap().parse().unwrap();
    let caller = Caller::system("test");
    app.app.sessions.end(&caller, user.id, session, EndReason::Ended).await.unwrap();
}
