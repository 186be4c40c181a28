use doorward_core::context::Clock as _;
use doorward_core::signing_key::{self, When};
use doorward_core::{clean_up, error::Code};
use doorward_crypto::jws::{self, Expected};
use doorward_crypto::signing::{Algorithm, VerifyingKey};
use doorward_test_support::TestApp;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{DAY, HOUR, access_token, check, events, header, jwks, kid_of, kids, test, within_a_second};

const ROTATED: &str = "SELECT COUNT(*) FROM audit_events WHERE type = 'keys.rotated'";

/// As a service that has this key set takes the token.
fn verifies(app: &TestApp, jwks: &Value, token: &str) -> bool {
    let keys: Vec<VerifyingKey> = jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| VerifyingKey::from_jwk(&serde_json::from_value(key.clone()).unwrap()).unwrap())
        .collect();
    let now = app.clock.now().seconds();
    let expected = Expected { typ: "at+jwt", issuer: &app.url, audience: &app.url, now, leeway: 0 };
    jws::verify::<Value>(token, &expected, &keys).is_ok()
}

#[tokio::test]
async fn through_two_rotations_no_token_is_refused_and_a_day_old_key_set_verifies_all() {
    let app = TestApp::with(|config| {
        config.keys.rotate_every = Some(3 * DAY);
        config.session.access_token_ttl = 20 * HOUR;
        config.session.idle_timeout = 30 * DAY;
    })
    .await;
    let other = app.second_process().await;
    let (browser, _) = app.member("ada").await;
    let mut tokens = vec![(app.clock.now(), access_token(&browser))];
    let mut key_sets = vec![(app.clock.now(), jwks(&app).await)];
    let mut day_old_verified = 0;

    for _ in 0..40 {
        app.advance(5 * HOUR);
        signing_key::rotate_if_due(other.context(), &test()).await.unwrap();
        clean_up::run(&app.app.sessions).await.unwrap();
        app.app.sessions.hear_changes().await.unwrap();
        browser.refresh().await.expect_status(200);
        let now = app.clock.now();
        tokens.push((now, access_token(&browser)));
        tokens.retain(|(made, _)| now.since(*made) < 20 * HOUR);
        key_sets.push((now, jwks(&app).await));
        for (_, token) in &tokens {
            check(&app, token).await.expect_status(200);
            assert!(verifies(&app, &key_sets.last().unwrap().1, token));
        }
        if let Some((_, day_old)) = key_sets.iter().rev().find(|(at, _)| now.since(*at) >= DAY) {
            for (_, token) in &tokens {
                assert!(verifies(&app, day_old, token), "a day-old key set lacks {}", kid_of(token));
                day_old_verified += 1;
            }
        }
    }

    assert_eq!(events(&app, ROTATED).await, 2);
    assert!(day_old_verified > 100);
    assert_eq!(kids(&app).await.len(), 2, "and the keys that have signed their last token are gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_find_a_rotation_due_at_once_rotate_once() {
    // The running server's own job stays out of it.
    let app = TestApp::with(|config| config.keys.rotate_every = None).await;
    let one = app.process_as(|config| config.keys.rotate_every = Some(90 * DAY)).await;
    let other = app.process_as(|config| config.keys.rotate_every = Some(90 * DAY)).await;
    app.advance(91 * DAY);

    let mut racing = JoinSet::new();
    for number in 0..50 {
        let context = if number % 2 == 0 { one.context().clone() } else { other.context().clone() };
        racing.spawn(async move { signing_key::rotate_if_due(&context, &test()).await.unwrap() });
    }
    let rotated = racing.join_all().await;

    assert_eq!(rotated.iter().flatten().count(), 1);
    assert_eq!(events(&app, ROTATED).await, 1);
    let mut states: Vec<String> =
        signing_key::list(app.app.context()).await.unwrap().into_iter().map(|key| key.state).collect();
    states.sort();
    assert_eq!(states, ["current", "next", "retired"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_at_the_same_moment_rotate_once() {
    let app = TestApp::start().await;
    let before = kids(&app).await;

    let mut racing = JoinSet::new();
    for _ in 0..20 {
        let context = app.app.context().clone();
        racing.spawn(async move { signing_key::rotate(&context, &test(), When::Now).await.is_ok() });
    }
    let rotated = racing.join_all().await.into_iter().filter(|rotated| *rotated).count();

    let rotations = usize::try_from(events(&app, ROTATED).await).unwrap();
    assert_eq!(rotations, rotated, "each that says so did it, and the others say that they did not");
    app.app.sessions.hear_changes().await.unwrap();
    assert!(before.iter().all(|kid| !kid.is_empty()));
    assert_eq!(kids(&app).await.len(), 2 + rotations);
}

#[tokio::test]
async fn a_rotation_that_is_due_happens_at_the_start() {
    let mut app = TestApp::start().await;
    let context = app.app.context().clone();
    let signs = async |context: &doorward_core::context::Context| {
        let keys = signing_key::list(context).await.unwrap();
        keys.into_iter().find(|key| key.state == "current").unwrap().kid
    };
    let before = signs(&context).await;
    app.advance(89 * DAY);
    app.restart().await;
    signing_key::rotate_if_due(app.app.context(), &test()).await.unwrap();
    assert_eq!(signs(app.app.context()).await, before);

    app.advance(DAY);
    app.restart().await;

    within_a_second("rotated", async || signs(app.app.context()).await != before).await;
    assert_eq!(events(&app, ROTATED).await, 1);
}

#[tokio::test]
async fn a_next_key_does_not_sign_before_it_has_been_published_for_a_day() {
    let app = TestApp::with(|config| config.keys.rotate_every = None).await;
    let process = app.process_as(|config| config.keys.rotate_every = Some(DAY)).await;
    let context = process.context();
    let next = async || {
        let keys = signing_key::list(context).await.unwrap();
        keys.into_iter().find(|key| key.state == "next").unwrap().kid
    };
    app.advance(30 * DAY);
    signing_key::revoke(context, &test(), &next().await).await.unwrap();
    let young = next().await;

    app.advance(23 * HOUR);
    assert_eq!(signing_key::rotate_if_due(context, &test()).await.unwrap(), None);
    let refused = signing_key::rotate(context, &test(), When::Published).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    assert!(refused.detail().contains("--now"), "{}", refused.detail());

    app.advance(HOUR);
    assert_eq!(signing_key::rotate_if_due(context, &test()).await.unwrap(), Some(young));
}

#[tokio::test]
async fn with_the_schedule_switched_off_only_the_operator_rotates() {
    let app = TestApp::with(|config| config.keys.rotate_every = None).await;
    app.advance(1000 * DAY);
    assert_eq!(signing_key::rotate_if_due(app.app.context(), &test()).await.unwrap(), None);
    signing_key::rotate(app.app.context(), &test(), When::Published).await.unwrap();
    assert_eq!(events(&app, ROTATED).await, 1);
}

#[tokio::test]
async fn another_algorithm_signs_once_its_key_has_been_published_for_a_day() {
    let mut app = TestApp::with(|config| {
        config.keys.rotate_every = None;
        config.session.access_token_ttl = 20 * HOUR;
    })
    .await;
    let (browser, _) = app.member("ada").await;

    app.restart_with(|config| config.token.signing_alg = Algorithm::EdDsa).await;

    browser.refresh().await.expect_status(200);
    assert_eq!(header(&access_token(&browser))["alg"], "ES256");
    let day_old = jwks(&app).await;
    app.advance(23 * HOUR);
    assert_eq!(signing_key::rotate_if_due(app.app.context(), &test()).await.unwrap(), None);
    browser.refresh().await.expect_status(200);
    let earlier = access_token(&browser);
    app.advance(HOUR);
    signing_key::rotate_if_due(app.app.context(), &test()).await.unwrap().unwrap();
    app.app.sessions.hear_changes().await.unwrap();
    browser.refresh().await.expect_status(200);
    let newer = access_token(&browser);

    assert_eq!(header(&newer)["alg"], "EdDSA");
    assert!(verifies(&app, &day_old, &newer) && verifies(&app, &day_old, &earlier));
    check(&app, &earlier).await.expect_status(200);
    check(&app, &newer).await.expect_status(200);
}

#[tokio::test]
async fn of_many_who_hear_of_a_rotation_at_once_none_is_done_before_the_new_key_is_there() {
    let app = TestApp::start().await;
    app.app.sessions.hear_changes().await.unwrap();
    let other = app.second_process().await;
    for _ in 0..5 {
        let kid = signing_key::rotate(other.context(), &test(), When::Now).await.unwrap();
        let next = signing_key::list(other.context()).await.unwrap().remove(0).kid;
        assert_ne!(kid, next);

        let mut hearing = JoinSet::new();
        for _ in 0..50 {
            let sessions = app.app.sessions.clone();
            hearing.spawn(async move {
                sessions.hear_changes().await.unwrap();
                sessions.keys().jwks()
            });
        }

        for keys in hearing.join_all().await {
            assert!(keys.contains(&next), "{keys} lacks {next}");
        }
    }
}

#[tokio::test]
async fn whoever_comes_back_after_a_rotation_with_an_old_token_is_asked_to_refresh_and_not_to_sign_in() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let old = access_token(&browser);
    signing_key::rotate(app.app.context(), &test(), When::Now).await.unwrap();
    app.advance(2 * DAY);
    clean_up::run(&app.app.sessions).await.unwrap();
    app.app.sessions.hear_changes().await.unwrap();
    assert!(!kids(&app).await.contains(&kid_of(&old)));

    check(&app, &old).await.expect_problem(401, "token_expired");
    browser.refresh().await.expect_status(200);
    browser.get("/v1/session").await.expect_status(200);

    app.advance(100 * DAY);
    clean_up::run(&app.app.sessions).await.unwrap();
    let left = app.count("SELECT COUNT(*) FROM signing_keys WHERE state = 'dropped'").await;
    assert_eq!(left, 0, "and when no session can be so old, its key is forgotten");
}

#[tokio::test]
async fn a_key_that_has_signed_for_the_last_time_is_wiped() {
    let app = TestApp::start().await;
    signing_key::rotate(app.app.context(), &test(), When::Now).await.unwrap();
    let sql = "SELECT COUNT(*) FROM signing_keys WHERE state = 'retired' AND length(sealed_private) = 0";
    assert_eq!(app.count(sql).await, 1);
}
