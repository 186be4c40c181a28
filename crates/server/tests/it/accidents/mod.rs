//! What happens to every server one day. In between, a clear answer; afterwards, all is well and nothing acknowledged is lost.

mod audit;
mod clock;
mod file;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use doorward_core::mail::{self, OutgoingMail, Transport};
use doorward_core::outbox::SendError;
use doorward_test_support::{Browser, TestApp, unique};
use tokio::task::JoinSet;

/// Until it holds; and where it does not for long, the test fails.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(20), "still not: {what}");
        tokio::task::yield_now().await;
    }
}

/// A full disk under SQLite, a server that goes away under PostgreSQL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_fails_under_load_is_a_clear_503_and_afterwards_all_is_well() {
    let app = TestApp::start().await;
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(app.member("ada").await.0);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut refreshing = JoinSet::new();
    for client in clients {
        let stop = Arc::clone(&stop);
        refreshing.spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let reply = client.refresh().await;
                if reply.status != 200 {
                    reply.expect_problem(503, "unavailable");
                    assert!(reply.set_cookies().is_empty(), "a 503 takes no cookie away");
                }
            }
            client
        });
    }
    let (accepted, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let signing_up = tokio::spawn({
        let (url, stop) = (app.url.clone(), Arc::clone(&stop));
        let (accepted, refused) = (Arc::clone(&accepted), Arc::clone(&refused));
        async move {
            let mut acknowledged = Vec::new();
            while !stop.load(Ordering::SeqCst) {
                let (browser, email) = (Browser::new(&url), format!("{}@example.com", unique("new")));
                let reply = browser.sign_up(&email).await;
                if reply.status == 202 {
                    accepted.fetch_add(1, Ordering::SeqCst);
                    acknowledged.push((browser, email));
                } else {
                    reply.expect_problem(503, "unavailable");
                    assert!(!reply.header("retry-after").is_empty());
                    refused.fetch_add(1, Ordering::SeqCst);
                }
            }
            acknowledged
        }
    });
    until("some signed up", async || accepted.load(Ordering::SeqCst) >= 3).await;

    app.break_database().await;
    until("some were refused", async || refused.load(Ordering::SeqCst) >= 3).await;
    let before = accepted.load(Ordering::SeqCst);
    app.mend_database().await;
    until("it works again", async || accepted.load(Ordering::SeqCst) >= before + 3).await;

    stop.store(true, Ordering::SeqCst);
    // Mails that could not be kept are tried again a little later.
    app.advance(Duration::from_secs(61));
    for client in refreshing.join_all().await {
        client.refresh().await.expect_status(200);
        client.get("/v1/session").await.expect_status(200);
    }
    for (browser, email) in signing_up.await.unwrap() {
        let body = serde_json::json!({"email": email, "code": app.mail_to(&email).await.code()});
        browser.post("/v1/email/verify", &body).await.expect_status(200);
    }
    assert_eq!(app.browser().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn while_the_database_is_away_no_revoked_session_comes_back_and_readiness_says_so() {
    let app = TestApp::start().await;
    let (ended, _) = app.member("ada").await;
    let thief = ended.copy();
    ended.post_empty("/v1/sign-out").await.expect_status(204);

    app.break_database().await;

    let reply = thief.get("/v1/session").await;
    assert!(matches!(reply.status, 401 | 503), "{}", reply.text);
    assert_ne!(thief.copy().refresh().await.status, 200);
    app.mend_database().await;
    until("it is ready", async || app.browser().get("/readyz").await.status == 200).await;
    thief.get("/v1/session").await.expect_problem(401, "session_revoked");
}

/// Takes a mail and never answers: the process dies with the mail in its hands.
struct Dying;

impl Transport for Dying {
    fn send<'a>(
        &'a self,
        _mail: OutgoingMail,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_mail_in_a_dead_senders_hands_goes_out_once_its_claim_has_run_out() {
    let app = TestApp::sending_by(Some(Arc::new(Dying)), |_| {}).await;
    app.browser().sign_up(&format!("{}@example.com", unique("ada"))).await.expect_status(202);
    until("it is claimed", async || app.count("SELECT MAX(attempts) FROM outbox").await == 1).await;
    let other = app.second_process().await;

    assert_eq!(
        mail::deliver_due(other.context(), &*other.transport).await.unwrap(),
        0,
        "it may still go out"
    );

    app.advance(Duration::from_secs(61));
    assert_eq!(mail::deliver_due(other.context(), &*other.transport).await.unwrap(), 1);
    assert_eq!(mail::deliver_due(other.context(), &*other.transport).await.unwrap(), 0, "and only once");
}
