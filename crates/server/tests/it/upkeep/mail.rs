//! Mails that do not go out at once.

use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use doorward_core::clean_up;
use doorward_core::mail::{self, OutgoingMail, Transport};
use doorward_core::outbox::SendError;
use doorward_test_support::{TestApp, unique};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const ATTEMPTS: &str = "SELECT MAX(attempts) FROM outbox";
const SEALED: &str = "SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL";

/// A mail server that fails for as long as a test says so.
#[derive(Default)]
struct MailServer {
    fails: Mutex<Option<SendError>>,
    asked: AtomicI64,
    took: Mutex<Vec<OutgoingMail>>,
}

impl Transport for MailServer {
    fn send<'a>(
        &'a self,
        mail: OutgoingMail,
    ) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            match self.fails.lock().unwrap().clone() {
                Some(error) => Err(error),
                None => {
                    self.took.lock().unwrap().push(mail);
                    Ok(())
                }
            }
        })
    }
}

/// A server of mails that fails, and somebody who signed up and waits for theirs after one attempt.
async fn waiting_for_a_mail(error: SendError) -> (TestApp, Arc<MailServer>, String) {
    let mails = Arc::new(MailServer::default());
    *mails.fails.lock().unwrap() = Some(error);
    let transport = Arc::clone(&mails) as Arc<dyn Transport>;
    let app = TestApp::sending_by(Some(transport), |_| {}).await;
    let email = format!("{}@example.com", unique("ada"));
    app.browser().sign_up(&email).await.expect_status(202);
    deliver(&app, &mails).await;
    assert_eq!(app.count(ATTEMPTS).await, 1);
    (app, mails, email)
}

/// Sends what is due, and waits for what the server's own sender has in its hands.
async fn deliver(app: &TestApp, mails: &MailServer) {
    let began = Instant::now();
    loop {
        mail::deliver_due(app.app.context(), &*app.app.transport).await.unwrap();
        let unanswered = app.count("SELECT CAST(SUM(attempts) AS BIGINT) FROM outbox").await
            != mails.asked.load(Ordering::SeqCst);
        let unnoted =
            "SELECT COUNT(*) FROM outbox WHERE attempts > 0 AND state = 'queued' AND last_error IS NULL";
        if !unanswered && app.count(unnoted).await == 0 {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
}

fn heal(mails: &MailServer) {
    *mails.fails.lock().unwrap() = None;
}

fn took(mails: &MailServer) -> Vec<String> {
    mails.took.lock().unwrap().iter().map(|mail| mail.to.clone()).collect()
}

fn away() -> SendError {
    SendError::Temporary("away".to_owned())
}

#[tokio::test]
async fn a_mail_that_could_not_go_out_is_tried_again_and_arrives_once() {
    let (app, mails, email) = waiting_for_a_mail(away()).await;
    heal(&mails);
    deliver(&app, &mails).await;
    assert!(took(&mails).is_empty(), "the next attempt is ten seconds later");

    app.advance(Duration::from_secs(11));
    deliver(&app, &mails).await;
    assert_eq!(took(&mails), [email.as_str()]);
    for _ in 0..3 {
        app.advance(HOUR);
        deliver(&app, &mails).await;
    }

    assert_eq!(took(&mails), [email.as_str()], "once");
    assert_eq!(app.count(ATTEMPTS).await, 2);
    assert_eq!(app.count(SEALED).await, 0, "what it said is wiped");
}

#[tokio::test]
async fn what_the_mail_server_refuses_for_good_is_wiped_and_not_tried_again() {
    let (app, mails, _) = waiting_for_a_mail(SendError::Permanent("no such mailbox".to_owned())).await;
    assert_eq!(app.count(SEALED).await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox WHERE state = 'failed'").await, 1);

    heal(&mails);
    app.advance(2 * HOUR);
    deliver(&app, &mails).await;

    assert!(took(&mails).is_empty());
    assert_eq!(app.count(ATTEMPTS).await, 1);
}

#[tokio::test]
async fn a_mail_server_that_is_away_for_less_than_a_day_loses_nothing() {
    let (app, mails, email) = waiting_for_a_mail(away()).await;
    for _ in 0..22 {
        app.advance(HOUR);
        deliver(&app, &mails).await;
    }
    heal(&mails);
    // From then on it is at most an hour.
    app.advance(HOUR);
    deliver(&app, &mails).await;
    assert_eq!(took(&mails), [email.as_str()]);
}

#[tokio::test]
async fn after_a_day_a_mail_is_given_up_and_wiped() {
    let (app, mails, _) = waiting_for_a_mail(away()).await;
    for _ in 0..23 {
        app.advance(HOUR);
        deliver(&app, &mails).await;
    }
    assert_eq!(app.count(SEALED).await, 1, "it still waits");
    let tried = app.count(ATTEMPTS).await;
    app.advance(HOUR + MINUTE);
    heal(&mails);
    deliver(&app, &mails).await;
    clean_up::run(&app.app.sessions).await.unwrap();
    app.advance(HOUR);
    deliver(&app, &mails).await;

    assert!(took(&mails).is_empty());
    assert_eq!((app.count(ATTEMPTS).await, app.count(SEALED).await), (tried, 0));
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox WHERE state = 'failed'").await, 1);
}
