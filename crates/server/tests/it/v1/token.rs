//! Refresh: one live branch, nobody honest signed out, reuse found.

use std::collections::HashSet;
use std::time::Duration;

use doorward_core::error::Code;
use doorward_test_support::{Browser, PASSWORD, TestApp};
use serde_json::json;
use tokio::task::JoinSet;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn refresh_cookie(browser: &Browser) -> String {
    browser.cookie("doorward_refresh").unwrap()
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_and_the_session_goes_on() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let (access, refresh) = (browser.cookie("doorward_access").unwrap(), refresh_cookie(&browser));

    let reply = browser.refresh().await;

    reply.expect_status(200);
    assert_eq!(reply.value(), json!({"expires_in": 600}));
    assert_ne!(browser.cookie("doorward_access").unwrap(), access);
    assert_ne!(refresh_cookie(&browser), refresh);
    browser.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn an_access_token_that_has_run_out_asks_for_a_refresh() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    app.advance(seconds(601));

    browser.get("/v1/session").await.expect_problem(401, "token_expired");
    browser.refresh().await.expect_status(200);
    browser.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn twenty_tabs_that_race_with_one_token_all_end_up_with_the_same_new_one() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    app.advance(seconds(601));
    let tabs: Vec<Browser> = (0..20).map(|_| browser.copy()).collect();

    let mut racing = JoinSet::new();
    for tab in tabs {
        racing.spawn(async move {
            tab.refresh().await.expect_status(200);
            tab
        });
    }
    let tabs = racing.join_all().await;

    let first = refresh_cookie(&tabs[0]);
    assert!(tabs.iter().all(|tab| refresh_cookie(tab) == first));
    for tab in &tabs {
        tab.get("/v1/session").await.expect_status(200);
    }
    assert!(app.mails_to(&email).await.iter().all(|mail| !mail.subject.contains("ended")));
}

#[tokio::test]
async fn tokens_of_mixed_generations_within_the_grace_period_are_all_answered() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let mut generations = vec![browser.copy()];
    for _ in 0..4 {
        browser.refresh().await.expect_status(200);
        generations.push(browser.copy());
    }

    let mut racing = JoinSet::new();
    for tab in generations.iter().flat_map(|tab| (0..4).map(|_| tab.copy())).collect::<Vec<_>>() {
        racing.spawn(async move {
            tab.refresh().await.expect_status(200);
            tab
        });
    }

    let tabs = racing.join_all().await;
    // Whoever had the current one moved it on; nobody was signed out, and every answer is good for the next step.
    for tab in tabs {
        tab.refresh().await.expect_status(200);
    }
}

/// A minute instead of ten seconds, so that a slow machine does not decide on which side of its end a test stands.
async fn with_a_minute_of_grace() -> TestApp {
    TestApp::with(|config| config.session.refresh_grace = seconds(60)).await
}

/// A browser with each of the session's refresh tokens, the current one last.
async fn generations(browser: &Browser, count: usize) -> Vec<Browser> {
    let mut generations = vec![browser.copy()];
    while generations.len() < count {
        browser.refresh().await.expect_status(200);
        generations.push(browser.copy());
    }
    generations
}

/// Refreshes in all browsers at once, and answers them with the codes of those that were refused.
async fn race(browsers: Vec<Browser>) -> Vec<(Browser, Option<String>)> {
    let mut racing = JoinSet::new();
    for browser in browsers {
        racing.spawn(async move {
            let reply = browser.refresh().await;
            let refused = (reply.status != 200).then(|| reply.value()["code"].as_str().unwrap().to_owned());
            (browser, refused)
        });
    }
    racing.join_all().await
}

#[tokio::test]
async fn twenty_clients_of_mixed_generations_at_the_end_of_the_grace_period_come_out_on_one_branch() {
    let app = with_a_minute_of_grace().await;
    let (browser, email) = app.member("ada").await;
    let tabs = generations(&browser, 5).await.iter().flat_map(|tab| (0..4).map(|_| tab.copy())).collect();
    app.advance(seconds(45));

    let tabs = race(tabs).await;

    assert!(tabs.iter().all(|(_, refused)| refused.is_none()), "nobody is signed out");
    // Some were answered before the current token was traded for the next one, and come back with it.
    let held: HashSet<String> = tabs.iter().map(|(tab, _)| refresh_cookie(tab)).collect();
    assert!((1..=2).contains(&held.len()), "{} tokens", held.len());
    assert_eq!(app.count("SELECT generation FROM sessions").await, 6, "one step for all of them");
    browser.refresh().await.expect_status(200);
    let current = refresh_cookie(&browser);
    for (tab, _) in tabs.iter().filter(|(tab, _)| refresh_cookie(tab) != current) {
        tab.refresh().await.expect_status(200);
        assert_eq!(refresh_cookie(tab), current, "one branch");
    }
    for (tab, _) in &tabs {
        tab.get("/v1/session").await.expect_status(200);
    }
    assert!(app.mails_to(&email).await.iter().all(|mail| !mail.text.contains("/not-me?token=")));
}

#[tokio::test]
async fn all_tabs_that_wake_up_with_one_lost_answer_are_given_it_again_on_one_branch() {
    let app = with_a_minute_of_grace().await;
    let (browser, _) = app.member("ada").await;
    let late: Vec<Browser> = (0..20).map(|_| browser.copy()).collect();
    browser.refresh().await.expect_status(200);
    app.advance(seconds(61));

    let late = race(late).await;

    let current = refresh_cookie(&browser);
    assert!(late.iter().all(|(tab, refused)| refused.is_none() && refresh_cookie(tab) == current));
    browser.refresh().await.expect_status(200);
    for (tab, _) in late {
        tab.refresh().await.expect_status(200);
        assert_eq!(refresh_cookie(&tab), refresh_cookie(&browser));
    }
}

#[tokio::test]
async fn twenty_clients_of_mixed_generations_just_past_the_grace_period_hold_one_live_branch_or_none() {
    let app = with_a_minute_of_grace().await;
    for previous in [0, 1, 3, 10] {
        let (browser, _) = app.member("ada").await;
        let before = browser.copy();
        browser.refresh().await.expect_status(200);
        app.advance(seconds(61));
        let tabs = (0..20).map(|number| if number < previous { before.copy() } else { browser.copy() });

        let tabs = race(tabs.collect()).await;

        let (answered, refused): (Vec<_>, Vec<_>) = tabs.into_iter().partition(|(_, code)| code.is_none());
        assert!(refused.iter().all(|(_, code)| code.as_deref() == Some("token_reused")));
        let held: HashSet<String> = answered.iter().map(|(tab, _)| refresh_cookie(tab)).collect();
        assert!(held.len() <= 2, "the current token, and the one before that it was traded for: {previous}");
        if previous == 0 {
            assert_eq!((answered.len(), held.len()), (20, 1), "whoever had the current one goes on");
        }
        for (tab, _) in answered {
            let expected = if refused.is_empty() { 200 } else { 401 };
            tab.refresh().await.expect_status(expected);
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_given_again_for_ten_minutes() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let before = browser.copy();
    browser.refresh().await.expect_status(200);
    let current = refresh_cookie(&browser);

    app.advance(seconds(9 * 60));
    before.refresh().await.expect_status(200);

    assert_eq!(refresh_cookie(&before), current);
    before.refresh().await.expect_status(200);
}

#[tokio::test]
async fn after_ten_minutes_an_old_token_is_reuse() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let before = browser.copy();
    browser.refresh().await.expect_status(200);

    app.advance(seconds(10 * 60 + 1));

    before.refresh().await.expect_problem(401, "token_reused");
    browser.refresh().await.expect_problem(401, "token_reused");
}

#[tokio::test]
async fn replaying_a_token_whose_successor_was_used_ends_the_session_with_one_mail() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let thief = browser.copy();
    browser.refresh().await.expect_status(200);
    app.advance(seconds(11));
    browser.refresh().await.expect_status(200);

    let replies = [thief.copy(), thief.copy(), thief.copy()];
    for thief in &replies {
        let reply = thief.refresh().await;
        reply.expect_problem(401, "token_reused");
        assert!(reply.set_cookies().iter().all(|cookie| cookie.contains("Max-Age=0")));
    }

    browser.get("/v1/session").await.expect_problem(401, "token_reused");
    let mails = app.mails_to(&email).await;
    let told = mails.iter().filter(|mail| mail.text.contains("/not-me?token=")).count();
    assert_eq!(told, 1, "{mails:?}");
}

#[tokio::test]
async fn of_fifty_replays_at_once_one_ends_the_session_and_other_processes_hear_of_it() {
    let app = TestApp::start().await;
    let second = app.second_process().await;
    let (browser, email) = app.member("ada").await;
    let thief = browser.copy();
    browser.refresh().await.expect_status(200);
    app.advance(seconds(11));
    browser.refresh().await.expect_status(200);
    let token = browser.access_token();
    second.sessions.hear_changes().await.unwrap();
    second.sessions.check(&token).await.unwrap();

    let mut replays = JoinSet::new();
    for _ in 0..50 {
        let thief = thief.copy();
        replays.spawn(async move { thief.refresh().await.expect_problem(401, "token_reused").status });
    }
    assert_eq!(replays.join_all().await.len(), 50);

    let events = "SELECT COUNT(*) FROM audit_events WHERE type = 'refresh.reused'";
    assert_eq!(app.count(events).await, 1);
    let mails = app.mails_to(&email).await;
    assert_eq!(mails.iter().filter(|mail| mail.text.contains("/not-me?token=")).count(), 1, "{mails:?}");
    second.sessions.hear_changes().await.unwrap();
    let refused = second.sessions.check(&token).await.err().expect("a session that ended");
    assert_eq!(refused.code(), Code::TokenReused);
    second.context().db.close().await;
}

#[tokio::test]
async fn a_thief_who_shadows_an_honest_client_is_found_at_the_fourth_refresh() {
    let app = TestApp::start().await;
    let (honest, _) = app.member("ada").await;
    for round in 1..=4 {
        let thief = honest.copy();
        honest.refresh().await.expect_status(200);
        app.advance(seconds(60));
        let reply = thief.refresh().await;
        if round < 4 {
            reply.expect_status(200);
        } else {
            reply.expect_problem(401, "token_reused");
        }
    }
    honest.refresh().await.expect_problem(401, "token_reused");
}

#[tokio::test]
async fn forged_truncated_and_foreign_tokens_are_invalid_and_end_nothing() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let good = refresh_cookie(&browser);
    let mut flipped = good.clone();
    flipped.replace_range(40..41, if &good[40..41] == "A" { "B" } else { "A" });
    let access = browser.cookie("doorward_access").unwrap();

    for bad in [&flipped, &good[..good.len() - 1], "dw_rt_", "x", &format!("{good}A"), &access] {
        let thief = app.browser();
        thief.set_cookie("doorward_refresh", bad);
        thief.refresh().await.expect_problem(401, "token_invalid");
        let body = json!({"refresh_token": bad});
        app.browser().post("/v1/token/refresh", &body).await.expect_problem(401, "token_invalid");
    }

    app.browser().refresh().await.expect_problem(401, "not_authenticated");
    browser.refresh().await.expect_status(200);
}

#[tokio::test]
async fn a_token_in_the_body_is_answered_in_the_body_and_one_in_a_cookie_in_cookies() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let body = json!({"identifier": email, "password": PASSWORD, "delivery": "body"});
    let signed_in = app.browser().post("/v1/sign-in", &body).await.value();

    let body = json!({"refresh_token": signed_in["refresh_token"], "delivery": "cookie"});
    let reply = app.browser().post("/v1/token/refresh", &body).await;
    assert!(reply.set_cookies().is_empty());
    assert!(reply.value()["refresh_token"].as_str().unwrap().starts_with("dw_rt_"));

    let reply = browser.post("/v1/token/refresh", &json!({"delivery": "body"})).await;
    assert_eq!(reply.set_cookies().len(), 2);
    assert_eq!(reply.value()["refresh_token"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_at_its_end_whatever_the_use() {
    let day = seconds(24 * 60 * 60);
    let app = TestApp::start().await;
    let (idle, email) = app.member("ada").await;
    let busy = app.browser();
    let body = json!({"identifier": email, "password": PASSWORD, "remember": true});
    busy.post("/v1/sign-in", &body).await.expect_status(200);

    app.advance(day * 7);
    idle.refresh().await.expect_problem(401, "session_expired");
    for _ in 0..4 {
        busy.refresh().await.expect_status(200);
        app.advance(day * 20);
    }
    busy.refresh().await.expect_status(200);
    app.advance(day * 3);
    busy.refresh().await.expect_problem(401, "session_expired");
}

#[tokio::test]
async fn signing_out_while_refreshes_are_under_way_leaves_the_session_dead() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let mut racing = JoinSet::new();
    for number in 0..50 {
        let tab = browser.copy();
        racing.spawn(async move {
            if number == 25 {
                tab.post_empty("/v1/sign-out").await;
            } else {
                tab.refresh().await;
            }
            tab
        });
    }

    for tab in racing.join_all().await {
        assert_eq!(tab.refresh().await.status, 401);
        assert_eq!(tab.get("/v1/session").await.status, 401);
    }
}

#[tokio::test]
async fn tokens_survive_a_restart_and_revoked_ones_stay_revoked() {
    let mut app = TestApp::start().await;
    let (kept, _) = app.member("ada").await;
    let (ended, _) = app.member("eve").await;
    let stolen = ended.copy();
    ended.post_empty("/v1/sign-out").await.expect_status(204);

    app.restart().await;

    kept.get("/v1/session").await.expect_status(200);
    kept.refresh().await.expect_status(200);
    stolen.get("/v1/session").await.expect_problem(401, "session_revoked");
    stolen.refresh().await.expect_problem(401, "session_revoked");
}
