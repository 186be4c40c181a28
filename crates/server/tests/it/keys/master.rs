use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use doorward::app::App;
use doorward_core::mail::{OutgoingMail, Transport};
use doorward_core::master_key::{self, KeyStatus, Removal};
use doorward_core::outbox::SendError;
use doorward_test_support::{Browser, TestApp, unique};
use serde_json::json;
use tokio::task::JoinSet;

/// A server with the earlier key's process gone: it has adopted its key, and its job has nothing left to do.
async fn reseal_all(app: &App) -> u64 {
    let mut resealed = 0;
    loop {
        let round = master_key::reseal(app.context()).await.unwrap();
        assert!(round.broken == 0 && !round.superseded, "{round:?}");
        resealed += round.resealed;
        if !round.more {
            assert!(round.is_complete());
            return resealed;
        }
    }
}

fn sealed(key: &KeyStatus) -> i64 {
    key.seals.iter().map(|(_, count)| count).sum()
}

/// How many values are sealed under the first previous key.
async fn left(app: &App) -> i64 {
    sealed(&master_key::status(app.context()).await.unwrap()[1])
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(20), "still not: {what}");
        tokio::task::yield_now().await;
    }
}

/// As many sessions of one account.
async fn sessions(app: &TestApp, count: usize) -> Vec<Browser> {
    let (_, email) = app.member("ada").await;
    let mut signing_in = JoinSet::new();
    for _ in 0..count {
        let (browser, email) = (app.browser(), email.clone());
        signing_in.spawn(async move {
            browser.sign_in(&email).await.expect_status(200);
            browser
        });
    }
    let browsers = signing_in.join_all().await;
    // A mail that goes out meanwhile would be sealed under the key that its sender knows.
    app.mails_to(&email).await;
    browsers
}

#[tokio::test]
async fn a_server_with_a_new_master_key_seals_everything_again_and_then_the_old_key_may_go() {
    let mut app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let keys = app.master_keys().rotated();

    app.restart_with_keys(keys.clone()).await;
    until("sealed again", async || left(&app.app).await == 0).await;

    let status = master_key::status(app.app.context()).await.unwrap();
    let names: Vec<&str> =
        status[0].seals.iter().filter(|(_, count)| *count > 0).map(|(name, _)| *name).collect();
    assert_eq!(names, ["signing keys", "sessions", "caught mails", "the audit chain"]);
    assert!(matches!(status[1].removal, Removal::From(_)), "codes mailed under it are still good");
    app.advance(Duration::from_secs(11 * 60));
    let status = master_key::status(app.app.context()).await.unwrap();
    assert_eq!((status[0].removal, status[1].removal), (Removal::No, Removal::Yes));
    browser.refresh().await.expect_status(200);

    app.restart_with_keys(keys.without_previous()).await;

    browser.refresh().await.expect_status(200);
    browser.get("/v1/session").await.expect_status(200);
    app.mail_to(&email).await;
    app.browser().sign_in(&email).await.expect_status(200);
}

#[tokio::test]
async fn a_start_without_a_key_that_is_still_needed_is_refused_and_says_so() {
    let app = TestApp::start().await;
    app.member("ada").await;
    let keys = app.master_keys().rotated();

    let refused = app.process_with(&keys.without_previous()).await.err().expect("refused");

    let cause = refused.cause().unwrap().to_string();
    assert!(cause.contains("is this the right master key?"), "{cause}");
    assert!(cause.contains("secrets.previous_master_keys"), "{cause}");
    assert!(cause.contains(&app.app.context().sealer.current_id().to_string()), "{cause}");
    // Nor where only some of it was sealed again.
    let process = app.process_with(&keys).await.unwrap();
    master_key::adopt(process.context()).await.unwrap();
    app.app.context().db.write(async |tx| tx.execute("DELETE FROM caught_mails", &[]).await).await.unwrap();
    reseal_all(&process).await;
    app.process_with(&keys.without_previous()).await.map(|_| ()).unwrap();
    app.browser().sign_up(&format!("{}@example.com", unique("eve"))).await.expect_status(202);
    assert!(app.process_with(&keys.without_previous()).await.is_err());
}

#[tokio::test]
async fn what_was_mailed_under_the_old_key_still_works_under_the_new_one() {
    struct Down;
    impl Transport for Down {
        fn send<'a>(
            &'a self,
            _: OutgoingMail,
        ) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>> {
            Box::pin(async { Err(SendError::Temporary("down".to_owned())) })
        }
    }
    let mut app = TestApp::sending_by(Some(Arc::new(Down)), |_| {}).await;
    let email = format!("{}@example.com", unique("ada"));
    let browser = app.browser();
    browser.sign_up(&email).await.expect_status(202);
    let tried = async || app.count("SELECT COUNT(*) FROM outbox WHERE attempts > 0").await == 1;
    until("tried in vain", tried).await;
    let keys = app.master_keys().rotated();

    app.restart_with_keys(keys.clone()).await;
    until("sealed again", async || left(&app.app).await == 0).await;

    let status = master_key::status(app.app.context()).await.unwrap();
    assert!(status[0].seals.contains(&("queued mails", 1)), "{:?}", status[0].seals);
    // The mail goes out now, and its code was made under the earlier key.
    app.advance(Duration::from_secs(60));
    let code = app.mail_to(&email).await.code();
    let verified = browser.post("/v1/email/verify", &json!({"email": email, "code": code})).await;
    verified.expect_status(200);

    app.restart_with_keys(keys.without_previous()).await;
    browser.refresh().await.expect_status(200);
}

#[tokio::test]
async fn resealing_that_is_cut_off_goes_on_where_it_was() {
    let app = TestApp::start().await;
    let browsers = sessions(&app, 170).await;
    let keys = app.master_keys().rotated();
    let process = app.process_with(&keys).await.unwrap();
    master_key::adopt(process.context()).await.unwrap();
    let all = left(&process).await;
    assert!(all > 170);

    // Dropped as soon as a part is done.
    tokio::select! {
        biased;
        () = until("begun", async || left(&process).await < all) => {}
        round = master_key::reseal(process.context()) => panic!("too quick to be cut off: {round:?}"),
    }
    let part = left(&process).await;
    assert!(part > 0 && part < all, "{part} of {all}");
    assert!(app.process_with(&keys.without_previous()).await.is_err());
    process.context().db.close().await;

    let process = app.process_with(&keys).await.unwrap();
    let resealed = reseal_all(&process).await;

    assert!(resealed <= u64::try_from(part).unwrap(), "what was done is not done again");
    assert_eq!(left(&process).await, 0);
    let alone = app.process_with(&keys.without_previous()).await.unwrap();
    let caller = super::test();
    for browser in browsers {
        let token = browser.cookie("doorward_refresh").unwrap();
        alone.sessions.refresh(&caller, &token).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_who_refresh_while_everything_is_sealed_again_are_all_answered() {
    let mut app = TestApp::start().await;
    let browsers = sessions(&app, 50).await;
    app.restart_with_keys(app.master_keys().rotated()).await;
    let there = app.process_with(app.master_keys()).await.unwrap();
    let back = app.process_with(&app.master_keys().swapped()).await.unwrap();
    let (stop, passes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));

    // To and fro, for as long as they refresh.
    let resealing = tokio::spawn({
        let (stop, passes) = (Arc::clone(&stop), Arc::clone(&passes));
        async move {
            while !stop.load(Ordering::SeqCst) {
                for process in [&back, &there] {
                    master_key::adopt(process.context()).await.unwrap();
                    master_key::reseal(process.context()).await.unwrap();
                }
                passes.fetch_add(1, Ordering::SeqCst);
            }
            there
        }
    });
    let mut refreshing = JoinSet::new();
    for browser in browsers {
        let passes = Arc::clone(&passes);
        refreshing.spawn(async move {
            let (mut refreshes, began) = (0, Instant::now());
            while refreshes < 3 || passes.load(Ordering::SeqCst) < 2 {
                browser.refresh().await.expect_status(200);
                refreshes += 1;
                assert!(began.elapsed() < Duration::from_secs(60), "everything was never sealed again");
            }
            browser
        });
    }
    let browsers = refreshing.join_all().await;
    stop.store(true, Ordering::SeqCst);
    let there = resealing.await.unwrap();
    reseal_all(&there).await;

    assert_eq!(left(&there).await, 0);
    app.restart_with_keys(app.master_keys().without_previous()).await;
    for browser in browsers {
        browser.refresh().await.expect_status(200);
        browser.get("/v1/session").await.expect_status(200);
    }
}

#[tokio::test]
async fn a_process_that_still_has_the_old_key_does_not_undo_the_work() {
    let app = TestApp::start().await;
    let keys = app.master_keys().rotated();
    app.member("ada").await;
    let new = app.process_with(&keys).await.unwrap();
    let old = app.process_with(&keys.swapped()).await.unwrap();
    master_key::adopt(new.context()).await.unwrap();
    reseal_all(&new).await;

    let round = master_key::reseal(old.context()).await.unwrap();

    assert!(round.superseded && round.resealed == 0);
    let status = master_key::status(old.context()).await.unwrap();
    assert_eq!(status[1].removal, Removal::No, "the key that seals must not be taken away");
    // Back to the old one: whoever starts with it takes over.
    master_key::adopt(old.context()).await.unwrap();
    assert!(reseal_all(&old).await > 0);
}

#[tokio::test]
async fn a_damaged_value_does_not_keep_the_others_from_being_sealed_again() {
    let app = TestApp::start().await;
    sessions(&app, 60).await;
    let sql =
        "UPDATE sessions SET sealed_secret = (SELECT sealed_private FROM signing_keys WHERE state = 'next')
               WHERE id = (SELECT id FROM sessions ORDER BY id LIMIT 1)";
    app.app.context().db.write(async |tx| tx.execute(sql, &[]).await).await.unwrap();
    let process = app.process_with(&app.master_keys().rotated()).await.unwrap();
    master_key::adopt(process.context()).await.unwrap();

    let round = master_key::reseal(process.context()).await.unwrap();

    assert_eq!((round.broken, round.more), (1, false));
    assert!(!round.is_complete());
    assert_eq!(left(&process).await, 1);
}
