//! More than can be done: a clear answer at once for what is too much, and all else goes on.

use std::time::{Duration, Instant};

use doorward_crypto::password::{Params, PoolConfig};
use doorward_test_support::{Browser, TestApp, unique};
use doorward_web::serve::Limits;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Far more than any answer here takes on a machine that has something else to do.
const SOON: Duration = Duration::from_secs(5);

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.url.replace("http://localhost", "127.0.0.1")).await.unwrap()
}

/// What comes until the other side closes, or for long enough.
async fn read(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut all)).await;
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_sign_ins_is_answered_and_session_checks_go_on_meanwhile() {
    let app = TestApp::made_of(|setup| {
        let params = Params::new(19_456, 2, 1).unwrap();
        setup.hashing = PoolConfig { params, threads: 1, queue: 2 };
    })
    .await;
    let (member, email) = app.member("ada").await;
    member.get("/v1/session").await.expect_status(200);
    let mut storm = JoinSet::new();
    for number in 0..200 {
        let browser = Browser::new(&app.url);
        let right = number % 2 == 0;
        let identifier = if right { email.clone() } else { format!("{}@example.com", unique("nobody")) };
        storm.spawn(async move {
            let began = Instant::now();
            (browser.sign_in(&identifier).await, right, began.elapsed())
        });
    }
    let (mut done, mut refused, mut checks) = (0, 0, 0);
    while let Some(answered) = storm.join_next().await {
        let (reply, right, took) = answered.unwrap();
        match reply.status {
            200 if right => done += 1,
            401 if !right => done += 1,
            _ => {
                reply.expect_problem(503, "overloaded");
                let wait: u64 = reply.header("retry-after").parse().unwrap();
                assert!((1..=60).contains(&wait), "{wait}");
                assert!(took < SOON, "refused after {took:?}");
                refused += 1;
            }
        }
        if checks < 20 {
            let began = Instant::now();
            member.get("/v1/session").await.expect_status(200);
            assert!(began.elapsed() < SOON, "a session check took {:?}", began.elapsed());
            checks += 1;
        }
    }
    assert!(done >= 3 && refused > 0 && done + refused == 200, "{done} done, {refused} refused");
    app.browser().sign_in(&email).await.expect_status(200);
}

#[tokio::test]
async fn who_finds_no_place_is_answered_503_by_the_layer_that_answers_everybody() {
    // Nobody is disconnected for being idle while this machine is busy with something else.
    let patient = Limits { header_timeout: Duration::from_secs(600), ..Limits::default() };
    for limits in [Limits { max_connections: 3, ..patient }, Limits { per_address: 3, ..patient }] {
        let app = TestApp::made_of(|setup| setup.limits = limits).await;
        let member = app.member("ada").await.0;
        let mut idle = vec![connect(&app).await, connect(&app).await];

        let answer = loop {
            assert!(idle.len() < 10, "there is always a place");
            let mut beyond = connect(&app).await;
            beyond
                .write_all(b"GET /v1/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .await
                .unwrap();
            let answer = read(&mut beyond).await;
            if answer.starts_with("HTTP/1.1 503") {
                break answer;
            }
            // A connection from the sign-up may have closed only now.
            idle.push(connect(&app).await);
        };

        let answer = answer.to_lowercase();
        for expected in
            ["\"code\":\"overloaded\"", "retry-after: 1", "x-request-id: req_", "connection: close"]
        {
            assert!(answer.contains(expected), "{expected} is not in {answer}");
        }
        member.get("/v1/session").await.expect_status(200);
        drop(idle);
        let began = Instant::now();
        while app.browser().try_post("/v1/sign-out", &json!({})).await.is_none_or(|reply| reply.status != 204)
        {
            assert!(began.elapsed() < 4 * SOON, "no place came back");
        }
    }
}

#[tokio::test]
async fn slow_clients_hold_nobody_up() {
    let app = TestApp::made_of(|setup| {
        // The storm's queue: places that slow clients must not take.
        setup.hashing = PoolConfig { params: Params::insecure_for_tests(), threads: 1, queue: 1 };
    })
    .await;
    let (member, email) = app.member("ada").await;
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut head = connect(&app).await;
        head.write_all(b"GET /v1/session HTTP/1.1\r\nHost: loc").await.unwrap();
        let mut body = connect(&app).await;
        body.write_all(
            b"POST /v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
        )
        .await
        .unwrap();
        let mut reader = connect(&app).await;
        // Asks for more than the kernel keeps, and takes none of it.
        let ask = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200);
        let _ = tokio::time::timeout(Duration::from_millis(50), reader.write_all(ask.as_bytes())).await;
        slow.push((head, body, reader));
    }
    let began = Instant::now();
    member.get("/v1/session").await.expect_status(200);
    app.browser().sign_in(&email).await.expect_status(200);
    member.refresh().await.expect_status(200);
    assert!(began.elapsed() < 2 * SOON, "{:?}", began.elapsed());
}

#[tokio::test]
async fn every_place_that_is_said_to_hash_takes_a_post() {
    let app = TestApp::start().await;
    for path in doorward_web::routes::HASHING {
        let reply = app.browser().post_empty(path).await;
        assert!(!matches!(reply.status, 404 | 405), "{path}: {}", reply.status);
    }
}
