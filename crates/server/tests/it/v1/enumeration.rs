//! Answers never tell whose account exists.

use std::time::Duration;

use doorward_test_support::{Browser, Reply, TestApp, unique};
use serde_json::{Value, json};

/// A request's body for an address.
type MakeBody = fn(&str) -> Value;

/// What of an answer may differ by chance.
fn comparable(reply: &Reply) -> (u16, String, Vec<String>) {
    let mut headers: Vec<String> = reply
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"))
        .map(|(name, value)| {
            let value = value.to_str().unwrap();
            // A cookie's value is random; its length and attributes are not.
            let value = match value.split_once("doorward_flow=") {
                Some((_, rest)) => {
                    format!("flow of {} then {}", rest.find(';').unwrap(), &rest[rest.find(';').unwrap()..])
                }
                None => value.to_owned(),
            };
            format!("{name}: {value}")
        })
        .collect();
    headers.sort();
    (reply.status, reply.text.clone(), headers)
}

#[tokio::test]
async fn known_and_unknown_addresses_are_answered_alike() {
    let app = TestApp::start().await;
    let (_, known) = app.member("ada").await;
    let unknown = format!("{}@example.com", unique("nobody"));
    let requests: [(&str, MakeBody); 7] = [
        ("/v1/sign-up", |email| json!({"email": email, "password": doorward_test_support::PASSWORD})),
        ("/v1/email/verify/resend", |email| json!({"email": email})),
        ("/v1/password/forgot", |email| json!({"email": email})),
        (
            "/v1/password/reset",
            |email| json!({"email": email, "code": "000000", "new_password": doorward_test_support::PASSWORD}),
        ),
        ("/v1/sign-in/email", |email| json!({"email": email})),
        ("/v1/sign-in/email/verify", |email| json!({"email": email, "code": "000000"})),
        ("/v1/sign-in", |email| json!({"identifier": email, "password": "not the right password"})),
    ];
    for (path, body) in requests {
        let (of_known, of_unknown) =
            (app.browser().post(path, &body(&known)).await, app.browser().post(path, &body(&unknown)).await);
        assert_eq!(comparable(&of_known), comparable(&of_unknown), "{path}");
    }
    assert!(app.mails_to(&unknown).await.iter().all(|mail| !mail.text.contains("/reset-password")));
}

/// A page, without the moment that its mail went.
fn without_time(page: &str) -> String {
    let Some((before, rest)) = page.split_once("name=\"sent\" value=\"") else { return page.to_owned() };
    format!("{before}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[tokio::test]
async fn pages_answer_known_and_unknown_addresses_alike() {
    let app = TestApp::start().await;
    let (_, known) = app.member("ada").await;
    // Of the same length and first letter: the page shows the address in part.
    let unknown = known.replace("ada", "adx");
    for (path, password) in [
        ("/sign-up", "a password of the right length"),
        ("/forgot-password", ""),
        ("/sign-in/email/start", ""),
    ] {
        let submit = |email: String| {
            let browser = app.browser();
            async move {
                let reply = browser.submit(path, &[("email", &email), ("password", password)]).await;
                (
                    comparable(&reply).0,
                    without_time(&reply.text.replace(&email, "EMAIL")),
                    reply.header("location").to_owned(),
                )
            }
        };
        assert_eq!(submit(known.clone()).await, submit(unknown.clone()).await, "{path}");
    }
}

#[tokio::test]
async fn a_known_and_an_unknown_sign_up_write_the_same_rows() {
    let app = TestApp::start().await;
    let (_, known) = app.member("ada").await;
    let count = async || {
        let mut counts = Vec::new();
        for sql in [
            "SELECT COUNT(*) FROM pending_sign_ups",
            "SELECT COUNT(*) FROM single_use_secrets",
            "SELECT COUNT(*) FROM email_sign_ins",
            "SELECT COUNT(*) FROM code_failures",
            "SELECT COUNT(*) FROM outbox",
            "SELECT COUNT(*) FROM audit_events",
        ] {
            let row = app.app.context().db.read(async |tx| tx.query_one(sql, &[]).await).await.unwrap();
            counts.push(row.get::<i64>(0).unwrap());
        }
        counts
    };
    for path in ["sign-up", "password/forgot", "email/verify/resend", "sign-in/email"] {
        let mut written = Vec::new();
        for email in [known.clone(), format!("{}@example.com", unique("nobody"))] {
            let before = count().await;
            let mut body = json!({"email": email});
            if path == "sign-up" {
                body["password"] = json!(doorward_test_support::PASSWORD);
            }
            app.browser().post(&format!("/v1/{path}"), &body).await.expect_status(202);
            let after = count().await;
            written.push(after.iter().zip(before).map(|(after, before)| after - before).collect::<Vec<_>>());
        }
        assert_eq!(written[0], written[1], "{path}");
    }
}

#[tokio::test]
async fn a_wrong_password_writes_the_same_rows_for_a_known_and_an_unknown_name() {
    let app = TestApp::with(|config| config.lockout.enabled = true).await;
    let (_, known) = app.member("ada").await;
    let mut written = Vec::new();
    for identifier in [known, format!("{}@example.com", unique("nobody"))] {
        let count = async || {
            [
                app.count("SELECT COUNT(*) FROM audit_events").await,
                app.count("SELECT COUNT(*) FROM audit_events WHERE type = 'account.locked'").await,
                app.count("SELECT COUNT(*) FROM failed_attempts").await,
                app.count("SELECT CAST(COALESCE(SUM(failures), 0) AS BIGINT) FROM failed_attempts").await,
                app.count("SELECT CAST(COALESCE(SUM(undecided), 0) AS BIGINT) FROM failed_attempts").await,
                app.count("SELECT COUNT(*) FROM outbox").await,
                app.count("SELECT COUNT(*) FROM sessions").await,
                app.count("SELECT COUNT(*) FROM devices").await,
            ]
        };
        let mut before = count().await;
        let mut steps = Vec::new();
        // Those that are free, those that wait, and the one that locks.
        for _ in 0..10 {
            let body = json!({"identifier": identifier, "password": "not the right password"});
            app.browser().post("/v1/sign-in", &body).await.expect_problem(401, "invalid_credentials");
            let refused = app.browser().post("/v1/sign-in", &body).await;
            if refused.status == 429 {
                app.advance(Duration::from_secs(refused.header("retry-after").parse().unwrap()));
            }
            let after = count().await;
            steps.push(after.iter().zip(before).map(|(after, before)| after - before).collect::<Vec<_>>());
            before = after;
        }
        written.push(steps);
    }
    assert_eq!(written[0], written[1]);
    assert_eq!(
        written[0].iter().map(|step| step[1]).sum::<i64>(),
        3,
        "and the lock is written down for both"
    );
}

#[tokio::test]
async fn a_wrong_code_to_sign_in_by_costs_the_same_rows_for_a_known_and_an_unknown_address() {
    let app = TestApp::start().await;
    let (_, known) = app.member("ada").await;
    let mut written = Vec::new();
    for email in [known, format!("{}@example.com", unique("nobody"))] {
        let browser = app.browser();
        browser.post("/v1/sign-in/email", &json!({"email": email})).await.expect_status(202);
        let count = async || {
            (
                app.count("SELECT COUNT(*) FROM code_failures").await,
                app.count("SELECT COUNT(*) FROM audit_events").await,
                app.count("SELECT COUNT(*) FROM single_use_secrets WHERE code_tries = 5").await,
            )
        };
        let before = count().await;
        for _ in 0..7 {
            let reply =
                browser.post("/v1/sign-in/email/verify", &json!({"email": email, "code": "00000"})).await;
            reply.expect_problem(400, "invalid_or_expired_code");
        }
        let after = count().await;
        written.push((after.0 - before.0, after.1 - before.1, after.2 - before.2));
    }
    assert_eq!(written[0], (7, 7, 1));
    assert_eq!(written[0], written[1]);
}

#[tokio::test]
async fn wrong_codes_are_counted_alike_whether_an_address_has_an_account_or_not() {
    let app = TestApp::with(|config| config.challenge.enabled = false).await;
    let (_, known) = app.member("ada").await;
    let unknown = format!("{}@example.com", doorward_test_support::unique("nobody"));
    let reset = async |email: &str| {
        let body = json!({"email": email, "code": "111111", "new_password": "some other sentence"});
        app.browser().post("/v1/password/reset", &body).await.status
    };
    let verify = async |email: &str| {
        app.browser().post("/v1/email/verify", &json!({"email": email, "code": "111111"})).await.status
    };
    let by_mail = async |browser: &Browser, email: &str| {
        let body = json!({"email": email, "code": "111111"});
        browser.post("/v1/sign-in/email/verify", &body).await.status
    };
    let mut answers = Vec::new();
    for email in [&known, &unknown] {
        for _ in 0..21 {
            verify(email).await;
        }
        let after_verify = reset(email).await;
        let browser = app.browser();
        browser.post("/v1/sign-in/email", &json!({"email": email})).await.expect_status(202);
        for _ in 0..21 {
            by_mail(&browser, email).await;
        }
        answers.push([
            after_verify,
            reset(email).await,
            verify(email).await,
            by_mail(&app.browser(), email).await,
        ]);
    }
    assert_eq!(answers[0], answers[1]);
}
