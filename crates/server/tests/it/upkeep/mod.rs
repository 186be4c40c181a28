//! What goes on beside the answers.

mod audit;
mod events;
mod mail;

use std::time::Duration;

use doorward_core::context::{Caller, Clock as _, SystemClock};
use doorward_core::error::Error;
use doorward_core::signing_key::When;
use doorward_core::{clean_up, signing_key};
use doorward_db::Engine;
use doorward_test_support::{TestApp, unique};
use serde_json::json;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const UNUSED: &str = "SELECT (SELECT COUNT(*) FROM pending_sign_ups WHERE used_at IS NULL)
                           + (SELECT COUNT(*) FROM single_use_secrets WHERE used_at IS NULL)
                           + (SELECT COUNT(*) FROM code_failures)";
const TEMPORARY: &str =
    "SELECT (SELECT COUNT(*) FROM pending_sign_ups) + (SELECT COUNT(*) FROM single_use_secrets)
                              + (SELECT COUNT(*) FROM code_failures)";

#[tokio::test]
async fn what_has_run_out_is_deleted_and_what_still_matters_is_not() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let gone = ada.copy();
    ada.sign_in(&email).await.expect_status(200);
    for _ in 0..3 {
        app.browser().sign_up(&format!("{}@example.com", unique("never"))).await.expect_status(202);
    }
    app.browser().post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    app.mail_to(&email).await;
    let guess = json!({"email": email, "code": "000000", "new_password": "a wholly new long sentence"});
    app.browser().post("/v1/password/reset", &guess).await.expect_problem(400, "invalid_or_expired_code");
    clean_up::run(&app.app.sessions).await.unwrap();
    assert_eq!(app.count(UNUSED).await, 3 + 3 + 1 + 1, "three sign-ups, their mails, a reset, a wrong code");

    app.advance(2 * DAY);
    ada.refresh().await.expect_status(200);
    clean_up::run(&app.app.sessions).await.unwrap();

    assert_eq!(app.count(TEMPORARY).await, 0);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM sessions").await,
        2,
        "an ended session is kept until a month after its time"
    );
    assert!(app.count("SELECT COUNT(*) FROM outbox").await > 0, "and what was sent for a week");

    for _ in 0..13 {
        app.advance(3 * DAY);
        ada.refresh().await.expect_status(200);
    }
    clean_up::run(&app.app.sessions).await.unwrap();

    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox").await, 0);
    ada.get("/v1/session").await.expect_status(200);
    gone.refresh().await.expect_problem(401, "token_invalid");
}

#[tokio::test]
async fn more_old_rows_than_fit_into_one_batch_go_too() {
    let app = TestApp::start().await;
    let sql = "INSERT INTO code_failures (id, account_key, created_at) VALUES (?1, 'somebody', ?2)";
    let context = app.app.context();
    context
        .db
        .write(async |tx| {
            for _ in 0..1200 {
                let id: doorward_core::context::UserId = context.new_id();
                tx.execute(sql, &doorward_db::p![id, context.now() - DAY]).await?;
            }
            Ok::<_, doorward_db::DbError>(())
        })
        .await
        .unwrap();

    clean_up::run(&app.app.sessions).await.unwrap();

    assert_eq!(app.count("SELECT COUNT(*) FROM code_failures").await, 0);
}

#[tokio::test]
async fn messages_that_ran_out_unsent_are_wiped_batch_by_batch() {
    let app = TestApp::start().await;
    let sql = "INSERT INTO outbox (id, state, template, sealed, next_attempt_at, created_at, expires_at)
               VALUES (?1, 'queued', 'test', ?2, ?3, ?3, ?3)";
    let wiped = "SELECT COUNT(*) FROM outbox WHERE state = 'failed' AND sealed IS NULL";
    let context = app.app.context();
    // In one unit of work, before the server's own round meets them.
    let at_once = context
        .db
        .write(async |tx| {
            for _ in 0..1200 {
                let id: doorward_core::context::UserId = context.new_id();
                tx.execute(sql, &doorward_db::p![id, vec![0_u8; 8], context.now() - DAY]).await?;
            }
            doorward_core::mail::clean_up(tx, context, 500).await?;
            Ok::<i64, Error>(tx.query_one(wiped, &[]).await?.get(0)?)
        })
        .await
        .unwrap();
    assert_eq!(at_once, 500);

    clean_up::run(&app.app.sessions).await.unwrap();
    assert_eq!(app.count(wiped).await, 1200);
}

#[tokio::test]
async fn a_retired_key_stays_published_until_its_last_token_has_run_out_and_then_goes() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let first = kids(&app).await;

    signing_key::rotate(app.app.context(), &Caller::system("test"), When::Now).await.unwrap();
    app.app.sessions.hear_changes().await.unwrap();

    ada.get("/v1/session").await.expect_status(200);
    let second = kids(&app).await;
    assert_eq!(second.len(), 3);
    assert!(first.iter().all(|kid| second.contains(kid)), "the one that signs now was published before");

    app.advance(Duration::from_secs(16 * 60));
    clean_up::run(&app.app.sessions).await.unwrap();
    app.app.sessions.hear_changes().await.unwrap();

    assert_eq!(kids(&app).await.len(), 2);
    assert_eq!(app.count("SELECT COUNT(*) FROM signing_keys WHERE state <> 'dropped'").await, 2);
    ada.refresh().await.expect_status(200);
    ada.get("/v1/session").await.expect_status(200);
}

async fn kids(app: &TestApp) -> Vec<String> {
    let jwks = app.browser().get("/.well-known/jwks.json").await.value();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_machine_whose_clock_is_off_follows_the_databases() {
    let app = TestApp::start().await;
    let db = &app.app.context().db;
    let behind = SystemClock::machine_now().micros() - 90_000_000;

    let offset = db.clock_offset_micros(behind).await.unwrap();

    match db.engine() {
        Engine::Sqlite => assert_eq!(offset, 0, "an embedded database has no clock of its own"),
        Engine::Postgres => assert!((89_000_000..95_000_000).contains(&offset), "{offset}"),
    }
    let clock = SystemClock::default();
    clock.set_offset_micros(90_000_000);
    assert!(clock.now().micros() - SystemClock::machine_now().micros() > 89_000_000);
}
