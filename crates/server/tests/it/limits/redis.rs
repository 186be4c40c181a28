//! Redis as it is in life: shared, emptied, gone, hanging, and back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward::redis::RedisCounts;
use doorward_core::error::Code;
use doorward_core::rate_limit::SharedCounts;
use doorward_test_support::{TestApp, unique};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{connect, redis_url};

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(20), "still not: {what}");
        tokio::task::yield_now().await;
    }
}

/// What lies between the process and Redis.
#[derive(Clone, Copy, PartialEq)]
enum Wire {
    Whole,
    /// Connections end, and new ones end at once.
    Cut,
    /// Whatever is sent, nothing comes back.
    Silent,
}

/// A way to Redis that can be cut. Answers its address.
async fn wire(to: SocketAddr) -> (SocketAddr, watch::Sender<Wire>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = watch::channel(Wire::Whole);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut told = told.clone();
            tokio::spawn(async move {
                let Ok(mut far) = TcpStream::connect(to).await else { return };
                loop {
                    let now = *told.borrow_and_update();
                    tokio::select! {
                        changed = told.changed() => if changed.is_err() { return },
                        _ = copy_bidirectional(&mut near, &mut far), if now == Wire::Whole => return,
                        () = std::future::ready(()), if now == Wire::Cut => return,
                    }
                }
            });
        }
    });
    (address, tell)
}

/// Where a server answers.
fn address(url: &str) -> SocketAddr {
    url::Url::parse(url).unwrap().socket_addrs(|| Some(6379)).unwrap()[0]
}

/// The same server, by another way.
fn by_way_of(url: &str, way: SocketAddr) -> String {
    let mut url = url::Url::parse(url).unwrap();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(way.port())).unwrap();
    url.into()
}

/// What the server itself answers to a command.
async fn command(url: &str, command: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    let mut stream = TcpStream::connect(url.socket_addrs(|| Some(6379)).unwrap()[0]).await.unwrap();
    let login = url.password().map(|password| format!("AUTH {password}\r\n")).unwrap_or_default();
    let database = url.path().trim_start_matches('/');
    stream.write_all(format!("{login}SELECT {database}\r\n{command}\r\nQUIT\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn app(shared: Arc<dyn SharedCounts>) -> TestApp {
    TestApp::made_of(|setup| {
        setup.config.rate_limit.enabled = true;
        setup.shared_counts = Some(shared);
    })
    .await
}

/// Tries an account that nobody has, and answers the status.
async fn attempt(app: &TestApp, account: &str) -> u16 {
    let body = json!({"identifier": account, "password": "not the right password"});
    app.browser().post("/v1/sign-in", &body).await.status
}

async fn cache(app: &TestApp) -> String {
    let ready = app.browser().get("/readyz").await;
    ready.expect_status(200);
    ready.value()["checks"]["cache"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn processes_count_together_and_leave_no_name_and_no_address_behind() {
    let Some(url) = redis_url(5) else { return };
    let app = app(connect(&url).await).await;
    let account = unique("nobody@example.com");
    for _ in 0..6 {
        assert_eq!(attempt(&app, &account).await, 401);
    }
    let other = app.second_process().await;
    let now = other.context().now().micros();
    let mut passed = 0;
    for _ in 0..10 {
        let class = doorward_core::rate_limit::Class::SignIn;
        let context = other.context();
        let standing = context.limiter.check(&context.sealer, now, class, None, &account).await;
        passed += usize::from(standing.wait.is_none());
    }
    assert_eq!(passed, 4, "six of ten were tried elsewhere");

    let keys = command(&url, "KEYS *").await;
    let names: Vec<&str> = keys.lines().filter(|line| line.starts_with("doorward:limit:")).collect();
    assert!(!names.is_empty(), "{keys}");
    for name in names {
        assert!(name["doorward:limit:".len()..].bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
        let left = command(&url, &format!("PTTL {name}")).await;
        let millis: i64 = left.lines().find_map(|line| line.strip_prefix(':')).unwrap().parse().unwrap();
        assert!((1..=61_000).contains(&millis), "{name} stays for {millis} ms");
    }
}

#[tokio::test]
async fn an_emptied_redis_loses_counts_and_nothing_else() {
    let Some(url) = redis_url(6) else { return };
    let app = app(connect(&url).await).await;
    let (member, _) = app.member("ada").await;
    let account = unique("nobody@example.com");
    for _ in 0..10 {
        assert_eq!(attempt(&app, &account).await, 401);
    }
    assert_eq!(attempt(&app, &account).await, 429);

    command(&url, "FLUSHDB").await;
    command(&url, "SCRIPT FLUSH").await;

    member.get("/v1/session").await.expect_status(200);
    for _ in 0..10 {
        assert_eq!(attempt(&app, &account).await, 401);
    }
    assert_eq!(attempt(&app, &account).await, 429);
    assert_eq!(cache(&app).await, "ok");
}

#[tokio::test]
async fn a_session_that_was_revoked_stays_so_after_redis_was_emptied() {
    let Some(url) = redis_url(8) else { return };
    let app = app(connect(&url).await).await;
    let (ended, email) = app.member("ada").await;
    let (stolen, token) = (ended.copy(), ended.access_token());
    ended.post_empty("/v1/sign-out").await.expect_status(204);
    let kept = app.browser();
    kept.sign_in(&email).await.expect_status(200);
    stolen.get("/v1/session").await.expect_problem(401, "session_revoked");

    command(&url, "FLUSHDB").await;
    command(&url, "SCRIPT FLUSH").await;

    stolen.get("/v1/session").await.expect_problem(401, "session_revoked");
    stolen.refresh().await.expect_problem(401, "session_revoked");
    kept.get("/v1/session").await.expect_status(200);
    let second = app.second_process().await;
    let refused = second.sessions.check(&token).await.err();
    assert_eq!(refused.map(|error| error.code()), Some(Code::SessionRevoked));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_goes_away_or_hangs_opens_nothing_slows_nothing_and_comes_back_by_itself() {
    let Some(url) = redis_url(7) else { return };
    let (way, wire) = wire(address(&url)).await;
    for fault in [Wire::Cut, Wire::Silent] {
        wire.send_replace(Wire::Whole);
        let app = app(connect(&by_way_of(&url, way)).await).await;
        let (member, _) = app.member("ada").await;
        let account = unique("nobody@example.com");
        for _ in 0..4 {
            assert_eq!(attempt(&app, &account).await, 401);
        }

        wire.send_replace(fault);
        let began = Instant::now();
        for _ in 0..6 {
            assert_eq!(attempt(&app, &account).await, 401);
        }
        assert_eq!(attempt(&app, &account).await, 429, "what was counted before counts on");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        member.get("/v1/session").await.expect_status(200);
        until("readiness says so", async || cache(&app).await == "unavailable").await;

        wire.send_replace(Wire::Whole);
        until("it is back", async || cache(&app).await == "ok").await;
        app.advance(Duration::from_secs(2));
        let account = unique("nobody@example.com");
        let elsewhere = connect(&url).await;
        let limiter = doorward_core::rate_limit::Limiter::new(Some(elsewhere));
        until("attempts are counted together again", async || {
            app.advance(Duration::from_secs(2));
            attempt(&app, &account).await;
            let context = app.app.context();
            let class = doorward_core::rate_limit::Class::SignIn;
            let ip = Some("127.0.0.1".parse().unwrap());
            let standing = limiter.check(&context.sealer, context.now().micros(), class, ip, "other").await;
            // One attempt here alone leaves 59.
            standing.network.unwrap().attempts < 59
        })
        .await;
    }
}

#[tokio::test]
async fn a_server_starts_without_its_redis_and_says_so() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("redis://:secret@{nobody}");
    let app = app(Arc::new(RedisCounts::connect(&url.as_str().into()).unwrap())).await;
    let account = unique("nobody@example.com");
    for _ in 0..10 {
        assert_eq!(attempt(&app, &account).await, 401);
    }
    assert_eq!(attempt(&app, &account).await, 429);
    assert_eq!(cache(&app).await, "unavailable");
    assert_eq!(TestApp::start().await.browser().get("/readyz").await.value()["checks"]["cache"], "none");
}

#[tokio::test]
async fn a_rediss_address_is_spoken_to_in_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rediss://:secret@localhost:{}", listener.local_addr().unwrap().port());
    let _counts = RedisCounts::connect(&url.as_str().into()).unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = [0; 3];
    stream.read_exact(&mut head).await.unwrap();
    // A handshake record of TLS (RFC 8446, section 5.1), and no password in the clear.
    assert_eq!(head[..2], [22, 3]);
}
