//! Guessing passwords, and flooding sign-up.

use std::time::Duration;

use doorward_core::config::Config;
use doorward_test_support::{Browser, PASSWORD, Reply, TestApp, unique};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

const MINUTE: Duration = Duration::from_secs(60);

/// Limits as they are by default, without the challenge.
fn limited(config: &mut Config) {
    config.rate_limit.enabled = true;
    config.lockout.enabled = true;
}

fn challenged(config: &mut Config) {
    config.rate_limit.enabled = true;
    config.lockout.enabled = true;
    config.challenge.enabled = true;
}

async fn guess(browser: &Browser, identifier: &str) -> Reply {
    browser.post("/v1/sign-in", &json!({"identifier": identifier, "password": "not the right one"})).await
}

fn wait(reply: &Reply) -> Duration {
    Duration::from_secs(reply.header("retry-after").parse().unwrap())
}

/// Guesses again and again, waiting as long as it is told to, until a wait is this long.
async fn guess_until_locked(app: &TestApp, identifier: &str) -> Vec<u64> {
    let mut waits = Vec::new();
    for _ in 0..40 {
        let reply = guess(&app.browser(), identifier).await;
        if reply.status == 429 {
            waits.push(wait(&reply).as_secs());
            if wait(&reply) > 10 * MINUTE {
                return waits;
            }
            app.advance(wait(&reply));
        } else {
            reply.expect_problem(401, "invalid_credentials");
        }
    }
    panic!("it is never locked: {waits:?}");
}

#[tokio::test]
async fn delays_grow_and_then_the_account_is_locked_for_a_while_and_an_unknown_one_alike() {
    let app = TestApp::with(limited).await;
    let (_, email) = app.member("ada").await;

    let known = guess_until_locked(&app, &email).await;
    let unknown = guess_until_locked(&app, "nobody@example.com").await;

    assert!(known.is_sorted() && known.len() >= 5, "{known:?}");
    assert_eq!(known, unknown);
    let right = app.browser().sign_in(&email).await;
    right.expect_problem(429, "rate_limited");
    let told = |reply: Reply| reply.value()["detail"].clone();
    assert_eq!(told(right), told(guess(&app.browser(), "nobody@example.com").await));
    app.advance(15 * MINUTE);
    app.browser().sign_in(&email).await.expect_status(200);
}

#[tokio::test]
async fn a_lock_does_not_reach_a_device_that_its_owner_has_signed_in_from() {
    let app = TestApp::with(limited).await;
    let (ada, email) = app.member("ada").await;
    ada.post_empty("/v1/sign-out").await.expect_status(204);
    guess_until_locked(&app, &email).await;
    // Nor does what goes on being tried.
    for _ in 0..12 {
        guess(&app.browser(), &email).await.expect_problem(429, "rate_limited");
    }

    ada.sign_in(&email).await.expect_status(200);

    app.browser().sign_in(&email).await.expect_problem(429, "rate_limited");
    let (eve, _) = app.member("eve").await;
    eve.sign_in(&email).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn counts_and_locks_survive_a_restart_and_are_one_for_address_and_username() {
    let mut app = TestApp::with(limited).await;
    let (ada, email) = app.member("ada").await;
    let name = unique("lovelace");
    ada.patch("/v1/me", &json!({"preferred_username": name})).await.expect_status(200);
    for identifier in [&email, &name, &email, &name, &email] {
        guess(&app.browser(), identifier).await.expect_problem(401, "invalid_credentials");
    }
    guess(&app.browser(), &name).await.expect_problem(429, "rate_limited");
    guess_until_locked(&app, &email).await;

    app.restart().await;

    app.browser().sign_in(&name).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn of_fifty_guesses_at_once_no_more_are_compared_than_one_after_the_other() {
    let app = TestApp::with(limited).await;
    let (_, email) = app.member("ada").await;
    let mut guesses = JoinSet::new();
    for _ in 0..50 {
        let (browser, email) = (app.browser(), email.clone());
        guesses.spawn(async move { guess(&browser, &email).await.status });
    }

    let statuses = guesses.join_all().await;

    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 401 | 429)));
}

#[tokio::test]
async fn a_right_password_takes_the_count_back_and_so_does_a_reset_by_mail() {
    let app = TestApp::with(limited).await;
    let (_, email) = app.member("ada").await;
    for _ in 0..3 {
        for _ in 0..4 {
            guess(&app.browser(), &email).await.expect_problem(401, "invalid_credentials");
        }
        app.browser().sign_in(&email).await.expect_status(200);
        app.advance(MINUTE);
    }
    guess_until_locked(&app, &email).await;
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let body =
        json!({"token": app.mail_to(&email).await.token(), "new_password": "a wholly new long sentence"});
    app.browser().post("/v1/password/reset", &body).await.expect_status(204);
    app.advance(MINUTE);

    let body = json!({"identifier": email, "password": "a wholly new long sentence"});
    app.browser().post("/v1/sign-in", &body).await.expect_status(200);
}

#[tokio::test]
async fn whoever_is_signed_in_guesses_no_better_by_confirming_or_changing_the_password() {
    let app = TestApp::with(limited).await;
    let (ada, email) = app.member("ada").await;
    for attempt in 0..5 {
        let reply = if attempt % 2 == 0 {
            ada.post("/v1/reauthenticate", &json!({"password": "not the right one"})).await
        } else {
            let body = json!({"current_password": "not the right one", "new_password": "a wholly new long sentence"});
            ada.post("/v1/password/change", &body).await
        };
        reply.expect_status(422);
    }

    ada.post("/v1/reauthenticate", &json!({"password": PASSWORD})).await.expect_problem(429, "rate_limited");

    ada.get("/v1/session").await.expect_status(200);
    app.browser().sign_in(&email).await.expect_status(200);
}

/// As any client would, from the words of the API's description.
fn solve(puzzle: &Value) -> String {
    let (challenge, difficulty) =
        (puzzle["challenge"].as_str().unwrap(), puzzle["difficulty"].as_u64().unwrap());
    (0..u64::MAX)
        .map(|nonce| format!("{challenge}.{nonce}"))
        .find(|text| {
            let hash = Sha256::digest(text);
            u64::from(u64::from_be_bytes(hash[..8].try_into().unwrap()).leading_zeros()) >= difficulty
        })
        .unwrap()
}

async fn puzzle(app: &TestApp) -> Value {
    app.browser().get("/v1/challenge").await.expect_status(200).value()
}

#[tokio::test]
async fn after_repeated_failures_a_challenge_comes_first_for_known_and_unknown_alike() {
    let app = TestApp::with(challenged).await;
    let (ada, email) = app.member("ada").await;
    ada.post_empty("/v1/sign-out").await.expect_status(204);
    for identifier in [email.as_str(), "nobody@example.com"] {
        for _ in 0..3 {
            guess(&app.browser(), identifier).await.expect_problem(401, "invalid_credentials");
        }
        guess(&app.browser(), identifier).await.expect_problem(403, "challenge_required");
    }
    app.browser().sign_in(&email).await.expect_problem(403, "challenge_required");
    let sign_in = |response: String| {
        let (browser, body) = (
            app.browser(),
            json!({"identifier": email, "password": PASSWORD, "challenge_response": response}),
        );
        async move { browser.post("/v1/sign-in", &body).await }
    };
    let first = puzzle(&app).await;
    for wrong in [
        "x".to_owned(),
        format!("{}.0", first["challenge"].as_str().unwrap()),
        solve(&json!({"challenge": "0.1.0.x", "difficulty": 1})),
        solve(&first).replacen('.', ".9", 1),
    ] {
        sign_in(wrong).await.expect_problem(403, "challenge_required");
    }
    let late = solve(&first);
    app.advance(11 * MINUTE);
    guess(&app.browser(), &email).await.expect_problem(401, "invalid_credentials");
    sign_in(late).await.expect_problem(403, "challenge_required");

    let solution = solve(&puzzle(&app).await);
    sign_in(solution.clone()).await.expect_status(200);

    sign_in(solution).await.expect_problem(403, "challenge_required");
    sign_in(String::new()).await.expect_status(200);
    ada.sign_in(&email).await.expect_status(200);
}

#[tokio::test]
async fn a_known_device_is_not_challenged_and_whoever_waits_is_not_either() {
    let app = TestApp::with(challenged).await;
    let (ada, email) = app.member("ada").await;
    for _ in 0..3 {
        guess(&app.browser(), &email).await.expect_problem(401, "invalid_credentials");
    }
    app.browser().sign_in(&email).await.expect_problem(403, "challenge_required");

    ada.sign_in(&email).await.expect_status(200);
    app.advance(5 * MINUTE);
    app.browser().sign_in(&email).await.expect_status(200);
}

#[tokio::test]
async fn of_fifty_uses_of_one_solution_one_counts() {
    let app = TestApp::with(|config| {
        config.challenge.enabled = true;
        config.challenge.sign_ups_above = 0;
    })
    .await;
    let solution = solve(&puzzle(&app).await);
    let mut racing = JoinSet::new();
    for _ in 0..50 {
        let (browser, email) = (app.browser(), format!("{}@example.com", unique("new")));
        let body = json!({"email": email, "password": PASSWORD, "challenge_response": solution});
        racing.spawn(async move { browser.post("/v1/sign-up", &body).await.status });
    }

    let statuses = racing.join_all().await;

    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 202 | 403)));
}

#[tokio::test]
async fn a_flood_of_sign_ups_is_challenged_until_it_ebbs() {
    let app = TestApp::with(|config| {
        config.challenge.enabled = true;
        config.challenge.sign_ups_above = 3;
    })
    .await;
    let (_, known) = app.member("ada").await;
    for _ in 0..2 {
        app.browser().sign_up(&format!("{}@example.com", unique("new"))).await.expect_status(202);
    }

    let unknown = app.browser().sign_up(&format!("{}@example.com", unique("new"))).await;
    let known = app.browser().sign_up(&known).await;

    unknown.expect_problem(403, "challenge_required");
    assert_eq!(unknown.text, known.text);
    app.advance(11 * MINUTE);
    app.browser().sign_up(&format!("{}@example.com", unique("new"))).await.expect_status(202);
}

#[tokio::test]
async fn the_page_brings_the_puzzle_and_says_what_to_do_without_script() {
    let app = TestApp::with(challenged).await;
    let (ada, email) = app.member("ada").await;
    ada.drop_cookie("doorward_device");
    let browser = app.browser();
    assert!(!browser.get("/sign-in").await.text.contains("data-challenge"));
    let fields = [("identifier", email.as_str()), ("password", "not the right one")];
    for _ in 0..3 {
        browser.submit("/sign-in", &fields).await.expect_status(401);
    }
    let refused = browser.submit("/sign-in", &fields).await;
    let page = refused.expect_status(403).text.clone();
    assert!(
        page.contains("no-script") && page.contains("/forgot-password") && page.contains(&email),
        "{page}"
    );
    let challenge = page.split("data-challenge=\"").nth(1).unwrap().split('"').next().unwrap();
    let solution = solve(&json!({"challenge": challenge, "difficulty": 18}));

    let fields = [("identifier", email.as_str()), ("password", PASSWORD), ("challenge_response", &solution)];
    browser.submit("/sign-in", &fields).await.expect_redirect("/account");
}

#[tokio::test]
async fn what_strangers_try_does_not_keep_whoever_is_signed_in_from_confirming_who_they_are() {
    let app = TestApp::with(limited).await;
    let (ada, email) = app.member("ada").await;
    for _ in 0..12 {
        guess(&app.browser(), &email).await;
    }
    guess(&app.browser(), &email).await.expect_problem(429, "rate_limited");

    ada.post("/v1/reauthenticate", &json!({"password": PASSWORD})).await.expect_status(200);
    let body = json!({"current_password": PASSWORD, "new_password": "a wholly new long sentence"});
    ada.post("/v1/password/change", &body).await.expect_status(204);
}

#[tokio::test]
async fn an_attempt_that_nobody_waits_for_does_not_count() {
    let app = TestApp::made_of(|setup| {
        challenged(&mut setup.config);
        setup.hashing.params = doorward_crypto::password::Params { memory_kib: 65536, passes: 2, lanes: 1 };
    })
    .await;
    let (_, email) = app.member("ada").await;
    let counted = "SELECT CAST(COALESCE(SUM(failures + undecided), 0) AS BIGINT) FROM failed_attempts";
    for _ in 0..6 {
        let (browser, name) = (app.browser(), email.clone());
        let asking = tokio::spawn(async move { browser.sign_in(&name).await });
        let counts = async |wanted: bool| {
            let began = std::time::Instant::now();
            while (app.count(counted).await != 0) != wanted {
                assert!(began.elapsed() < Duration::from_secs(20), "counted: {}", !wanted);
                tokio::task::yield_now().await;
            }
        };
        counts(true).await;
        asking.abort();
        counts(false).await;
    }

    app.browser().sign_in(&email).await.expect_status(200);
}

#[tokio::test]
async fn what_is_tried_in_a_stolen_session_keeps_the_owners_other_devices_from_nothing() {
    let app = TestApp::with(limited).await;
    let (ada, email) = app.member("ada").await;
    let elsewhere = app.browser();
    elsewhere.sign_in(&email).await.expect_status(200);
    let thief = ada.copy();
    let wrong = json!({"password": "not the right password"});
    let mut refused = 0;
    for _ in 0..12 {
        refused += u32::from(thief.post("/v1/reauthenticate", &wrong).await.status == 429);
    }
    assert!(refused > 0, "the thief waits");

    elsewhere.post("/v1/reauthenticate", &json!({"password": PASSWORD})).await.expect_status(200);
    app.advance(Duration::from_secs(61));
    ada.post("/v1/reauthenticate", &json!({"password": PASSWORD})).await.expect_status(200);
}
