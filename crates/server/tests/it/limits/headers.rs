//! What answers say of the limits.

use doorward_test_support::{PASSWORD, Reply, TestApp, unique};
use serde_json::json;
use tokio::task::JoinSet;

async fn limited() -> TestApp {
    TestApp::with(|config| config.rate_limit.enabled = true).await
}

fn told(reply: &Reply) -> (String, String) {
    (reply.header("ratelimit-policy").to_owned(), reply.header("ratelimit").to_owned())
}

#[tokio::test]
async fn limited_endpoints_tell_their_policy_and_what_is_left_in_success_and_refusal_alike() {
    let app = limited().await;
    let (browser, email) = app.member("ada").await;
    let policy = r#""sign-in";q=60;w=60, "sign-in-account";q=10;w=60"#;
    let signed_in = app.browser().sign_in(&email).await;
    assert_eq!(told(signed_in.expect_status(200)), (policy.to_owned(), r#""sign-in";r=59;t=1"#.to_owned()));
    let wrong = json!({"identifier": email, "password": "not the right password"});
    let refused = app.browser().post("/v1/sign-in", &wrong).await;
    assert_eq!(told(refused.expect_problem(401, "invalid_credentials")).0, policy);
    assert!(refused.header("ratelimit").starts_with(r#""sign-in";r=5"#), "{:?}", told(&refused));
    let mut limited = refused;
    for _ in 0..40 {
        limited = app.browser().post("/v1/sign-in", &wrong).await;
        if limited.status != 401 {
            break;
        }
    }
    let (of, left) = told(limited.expect_problem(429, "rate_limited"));
    assert_eq!(of, policy);
    let wait = limited.header("retry-after");
    assert!(left.ends_with(&format!(r#", "sign-in-account";r=0;t={wait}"#)), "{left}, wait {wait}");

    let page = app.browser().submit("/sign-in", &[("identifier", &email), ("password", PASSWORD)]).await;
    assert_eq!((page.status, told(&page).0.as_str()), (429, policy), "pages too");
    assert!(told(&browser.refresh().await).1.starts_with(r#""refresh";r=599;"#));
    assert_eq!(told(&browser.get("/v1/session").await), (String::new(), String::new()));
}

/// The owner signs in while somebody watches what is left.
#[tokio::test]
async fn they_tell_nothing_of_an_account_that_is_in_use() {
    let app = limited().await;
    let (_, known) = app.member("ada").await;
    let unknown = format!("{}@example.com", unique("nobody"));
    for _ in 0..3 {
        app.browser().sign_in(&known).await.expect_status(200);
    }
    let mut told_of = Vec::new();
    for identifier in [&known, &unknown] {
        let body = json!({"identifier": identifier, "password": "not the right password"});
        // Long enough for the network's count to be whole again, and not for the account's.
        app.advance(std::time::Duration::from_secs(5));
        told_of.push(told(app.browser().post("/v1/sign-in", &body).await.expect_status(401)));
    }
    assert_eq!(told_of[0], told_of[1]);
}

#[tokio::test]
async fn usernames_that_are_asked_for_are_counted() {
    let app = limited().await;
    let (owner, _) = app.member("ada").await;
    owner.patch("/v1/me", &json!({"preferred_username": "ada"})).await.expect_status(200);
    let email = format!("{}@example.com", unique("eve"));
    let body = json!({"email": email, "password": PASSWORD, "preferred_username": "ada"});
    for _ in 0..20 {
        app.browser().post("/v1/sign-up", &body).await.expect_field("preferred_username", "username_taken");
    }
    app.browser().post("/v1/sign-up", &body).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn one_token_is_not_tried_for_ever_and_the_session_that_it_names_is_not_held_up() {
    let app = limited().await;
    let (owner, _) = app.member("ada").await;
    let genuine = owner.cookie("doorward_refresh").unwrap();
    let at = genuine.len() - 8;
    let other = if &genuine[at..=at] == "A" { "B" } else { "A" };
    let forged = format!("{}{other}{}", &genuine[..at], &genuine[at + 1..]);
    let mut tries = JoinSet::new();
    for _ in 0..200 {
        let (browser, body) = (app.browser(), json!({"refresh_token": forged}));
        tries.spawn(async move { browser.post("/v1/token/refresh", &body).await });
    }
    let replies = tries.join_all().await;
    let limited = replies.iter().filter(|reply| reply.status == 429).count();
    assert!((1..=80).contains(&limited), "{limited}");
    for reply in replies.iter().filter(|reply| reply.status != 429) {
        reply.expect_problem(401, "token_invalid");
    }
    owner.refresh().await.expect_status(200);
}
