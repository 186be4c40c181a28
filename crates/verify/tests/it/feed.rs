//! The revocation feed, and what happens without it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use doorward_verify::VerifyError::{Expired, Refused, SessionEnded, Unavailable};
use doorward_verify::{Unreachable, Verifier, VerifyError};
use serde_json::{Value, json};

use crate::doorward::{Answer, Connection, Fake, set};
use crate::signer::Signer;
use crate::{NOW, Stopped, claims, clock, eventually, with};

struct House {
    fake: Arc<Fake>,
    clock: Arc<Stopped>,
    key: Signer,
    verifier: Verifier,
    token: String,
}

impl House {
    async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    async fn with(change: impl FnOnce(doorward_verify::Builder) -> doorward_verify::Builder) -> Self {
        let (key, clock) = (Signer::es256("one"), clock());
        let fake = Fake::start(set(&[&key])).await;
        let builder = fake.builder(&clock).revocation_feed("dw_key_test").timeout(Duration::from_millis(300));
        let verifier = change(builder).build().unwrap();
        verifier.prime().await.unwrap();
        let token = key.token(&claims(&fake.url));
        Self { fake, clock, key, verifier, token }
    }

    /// Until the feed is heard.
    async fn heard(&self) -> Connection {
        let connection = self.fake.feed.next().await;
        connection.snapshot(1, json!([]));
        self.live().await;
        connection
    }

    async fn live(&self) {
        eventually("live", async || self.verifier.status().feed_is_live == Some(true)).await;
    }

    async fn check(&self) -> Result<(), VerifyError> {
        self.verifier.verify(&self.token).await.map(drop)
    }

    fn token(&self, name: &str, value: Value) -> String {
        self.key.token(&with(claims(&self.fake.url), name, value))
    }
}

#[tokio::test]
async fn while_the_feed_is_heard_nobody_is_asked_and_endings_are_refused() {
    let house = House::new().await;
    let feed = house.heard().await;
    assert_eq!(feed.authorization, "Bearer dw_key_test");
    assert_eq!(feed.last_event_id, None);
    assert_eq!(house.check().await, Ok(()));
    let other = house.token("sid", json!("session_2"));
    feed.revoked(2, json!({"sid": "session_1"}));
    eventually("refused", async || house.check().await == Err(SessionEnded)).await;
    assert!(house.verifier.verify(&other).await.is_ok());
    assert_eq!(house.fake.session.hits(), 0);
    // A token of the session that was never seen before is refused as well.
    assert_eq!(house.verifier.verify(&house.token("jti", json!("B"))).await, Err(SessionEnded));
}

#[tokio::test]
async fn an_account_that_is_gone_takes_all_tokens_with_it_that_were_made_before() {
    let house = House::new().await;
    let feed = house.heard().await;
    let later = house.token("iat", json!(NOW + 1));
    feed.revoked(2, json!({"sub": "user_1", "before": NOW + 1}));
    eventually("refused", async || house.check().await == Err(SessionEnded)).await;
    assert!(house.verifier.verify(&later).await.is_ok());
    feed.revoked(3, json!({"sub": "user_1", "before": NOW}));
    feed.revoked(4, json!({"sid": "session_9"}));
    assert_eq!(house.check().await, Err(SessionEnded), "an earlier second takes nothing back");
}

#[tokio::test]
async fn the_snapshot_counts_and_nothing_is_vouched_for_before_it() {
    let house = House::new().await;
    let feed = house.fake.feed.next().await;
    assert!(feed.write(": beat\n\n"));
    feed.revoked(5, json!({"sid": "session_9"}));
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(house.verifier.status().feed_is_live, Some(false));
    assert_eq!(house.check().await, Ok(()));
    assert_eq!(house.fake.session.hits(), 1, "asked");
    feed.snapshot(6, json!([{"sid": "session_1"}, {"sub": "user_7", "before": 5}]));
    house.live().await;
    assert_eq!(house.check().await, Err(SessionEnded));
}

#[tokio::test]
async fn a_feed_that_is_silent_for_fifteen_seconds_is_lost_and_a_beat_brings_it_back() {
    let house = House::new().await;
    let feed = house.heard().await;
    house.clock.advance(Duration::from_secs(14));
    assert_eq!(house.check().await, Ok(()));
    assert_eq!(house.fake.session.hits(), 0);
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(house.verifier.status().feed_is_live, Some(false));
    assert_eq!(house.check().await, Ok(()));
    assert_eq!(house.fake.session.hits(), 1);
    assert!(feed.write(": beat\n\n"));
    house.live().await;
    assert_eq!(house.check().await, Ok(()));
    assert_eq!(house.fake.session.hits(), 1);
}

#[tokio::test]
async fn a_lost_feed_means_asking_and_doorward_is_believed() {
    let house = House::new().await;
    let problem = |status: u16, code: &str| Answer::Json(status, json!({"code": code}));
    for (answer, expected) in [
        (problem(401, "token_invalid"), Err(Refused)),
        (problem(403, "account_disabled"), Err(Refused)),
        (problem(401, "token_expired"), Err(Expired)),
        (problem(503, "unavailable"), Err(Unavailable)),
        (problem(500, "internal_error"), Err(Unavailable)),
        (problem(429, "rate_limited"), Err(Unavailable)),
        // Not Doorward's own words.
        (Answer::Json(401, json!({})), Err(Unavailable)),
        (Answer::Json(404, json!({"code": "not_found"})), Err(Unavailable)),
        (Answer::Json(200, json!({})), Err(Unavailable)),
        (Answer::Json(200, json!({"session": {"id": "session_2"}})), Err(Unavailable)),
        (Answer::Text("<html>".to_owned()), Err(Unavailable)),
        (Answer::Text("x".repeat(100_000)), Err(Unavailable)),
        (Answer::Redirect("https://evil.test".to_owned()), Err(Unavailable)),
        (Answer::Hang, Err(Unavailable)),
        (Answer::Json(200, json!({"session": {"id": "session_1"}})), Ok(())),
        (problem(401, "session_revoked"), Err(SessionEnded)),
    ] {
        house.fake.session.set(answer);
        house.clock.advance(Duration::from_secs(1));
        assert_eq!(house.check().await, expected);
    }
}

#[tokio::test]
async fn an_ending_that_was_learnt_by_asking_holds_when_the_feed_is_back() {
    for code in ["session_revoked", "session_expired", "token_reused"] {
        let house = House::new().await;
        house.fake.session.set(Answer::Json(401, json!({"code": code})));
        assert_eq!(house.check().await, Err(SessionEnded));
        // Begun before the session ended: the feed has yet to tell of it.
        let _feed = house.heard().await;
        assert_eq!(house.check().await, Err(SessionEnded));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_who_ask_at_once_are_one_question_and_its_answer_counts_for_a_second() {
    let house = Arc::new(House::new().await);
    let fifty = async || {
        let checks: Vec<_> = (0..50)
            .map(|_| {
                let house = Arc::clone(&house);
                tokio::spawn(async move { house.check().await })
            })
            .collect();
        for check in checks {
            assert_eq!(check.await.unwrap(), Ok(()));
        }
    };
    fifty().await;
    assert_eq!(house.fake.session.hits(), 1);
    house.clock.advance(Duration::from_millis(999));
    fifty().await;
    assert_eq!(house.fake.session.hits(), 1);
    house.clock.advance(Duration::from_millis(1));
    fifty().await;
    assert_eq!(house.fake.session.hits(), 2);
}

#[tokio::test]
async fn where_doorward_is_away_a_service_may_choose_to_go_on_but_not_with_what_is_known_to_have_ended() {
    let house = House::with(|builder| builder.when_unreachable(Unreachable::Accept)).await;
    let feed = house.heard().await;
    feed.revoked(2, json!({"sid": "session_2"}));
    let ended = house.token("sid", json!("session_2"));
    eventually("refused", async || house.verifier.verify(&ended).await.is_err()).await;
    house.fake.session.set(Answer::Json(503, json!({})));
    house.clock.advance(Duration::from_secs(15));
    assert_eq!(house.check().await, Ok(()));
    assert_eq!(house.verifier.verify(&ended).await, Err(SessionEnded));
    house.fake.session.set(Answer::Json(401, json!({"code": "session_revoked"})));
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(house.check().await, Err(SessionEnded));
}

#[tokio::test]
async fn after_a_break_the_listener_comes_back_where_it_was() {
    let house = House::new().await;
    let feed = house.heard().await;
    feed.revoked(7, json!({"sid": "session_7"}));
    let seven = house.token("sid", json!("session_7"));
    eventually("refused", async || house.verifier.verify(&seven).await.is_err()).await;
    drop(feed);
    let again = house.fake.feed.next().await;
    assert_eq!(again.last_event_id.as_deref(), Some("7"));
    assert_eq!(house.check().await, Ok(()), "a moment without is none");
    again.revoked(8, json!({"sid": "session_1"}));
    eventually("refused", async || house.check().await == Err(SessionEnded)).await;
    assert_eq!(house.fake.session.hits(), 0);
}

#[tokio::test]
async fn after_a_long_break_the_listener_begins_anew() {
    let house = House::new().await;
    let feed = house.heard().await;
    house.clock.advance(Duration::from_secs(16));
    drop(feed);
    let again = house.fake.feed.next().await;
    assert_eq!(again.last_event_id, None);
    assert!(again.write(":\n\n"));
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(house.verifier.status().feed_is_live, Some(false));
    again.snapshot(9, json!([{"sid": "session_1"}]));
    house.live().await;
    assert_eq!(house.check().await, Err(SessionEnded));
}

#[tokio::test]
async fn what_is_not_understood_ends_the_trust_and_what_is_new_does_not() {
    let house = House::new().await;
    let feed = house.heard().await;
    assert!(feed.write("event: greeting\ndata: hello\n\n"));
    assert!(feed.write("retry: 1\n\n"));
    assert_eq!(house.verifier.status().feed_is_live, Some(true));
    let mut feed = feed;
    for odd in [
        "event: revoked\ndata: {\"sid\":\n\n",
        "event: revoked\ndata: {}\n\n",
        "event: snapshot\ndata: []\n\n",
    ] {
        assert!(feed.write(odd));
        eventually("lost", async || house.verifier.status().feed_is_live == Some(false)).await;
        feed.closed().await;
        feed = house.heard().await;
        assert_eq!(feed.last_event_id, None);
    }
}

#[tokio::test]
async fn a_refused_key_or_an_answer_of_another_kind_is_no_feed_and_is_tried_again() {
    let house = House::new().await;
    drop(house.heard().await);
    for status in [401, 403, 503, 500] {
        house.fake.feed.status.store(status, Ordering::SeqCst);
        house.fake.feed.next().await;
    }
    house.clock.advance(Duration::from_secs(15));
    assert_eq!(house.verifier.status().feed_is_live, Some(false));
    house.fake.feed.status.store(200, Ordering::SeqCst);
    loop {
        let feed = house.fake.feed.next().await;
        if feed.write("event: snapshot\ndata: {\"items\":[]}\n\n") {
            house.live().await;
            break;
        }
    }
}

#[tokio::test]
async fn about_a_token_that_outlives_what_is_kept_doorward_is_asked() {
    let house = House::with(|builder| builder.token_lifetime(Duration::from_secs(300))).await;
    let _feed = house.heard().await;
    assert_eq!(house.check().await, Ok(()));
    assert_eq!(house.fake.session.hits(), 1);
    let short = house.token("exp", json!(NOW + 300));
    assert!(house.verifier.verify(&short).await.is_ok());
    assert_eq!(house.fake.session.hits(), 1);
}

#[tokio::test]
async fn with_the_last_verifier_its_listener_ends() {
    let house = House::new().await;
    let feed = house.heard().await;
    let House { verifier, .. } = house;
    let clone = verifier.clone();
    drop(verifier);
    assert!(feed.write(":\n\n"));
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(feed.write(":\n\n"), "a clone listens on");
    drop(clone);
    tokio::time::timeout(Duration::from_secs(5), feed.closed()).await.unwrap();
}

#[tokio::test]
async fn without_the_option_nobody_listens_and_nobody_is_asked() {
    let (key, clock) = (Signer::es256("one"), clock());
    let fake = Fake::start(set(&[&key])).await;
    let verifier = fake.verifier(&clock);
    assert!(verifier.verify(&key.token(&claims(&fake.url))).await.is_ok());
    assert_eq!(verifier.status().feed_is_live, None);
    assert_eq!(fake.session.hits(), 0);
}

#[test]
fn a_verifier_outlives_the_runtime_it_was_first_used_in() {
    let (key, clock) = (Signer::es256("one"), clock());
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime();
    let fake = server.block_on(Fake::start(set(&[&key])));
    let verifier = fake.builder(&clock).revocation_feed("dw_key_test").build().unwrap();
    for _ in 0..2 {
        let service = runtime();
        service.block_on(async {
            let (verifier, token) = (verifier.clone(), key.token(&claims(&fake.url)));
            assert!(verifier.verify(&token).await.is_ok());
            fake.feed.next().await;
        });
        service.shutdown_timeout(Duration::from_secs(1));
        clock.advance(Duration::from_secs(2));
    }
}
