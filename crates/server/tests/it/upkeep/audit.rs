//! The audit log is put in order, sealed, verified and kept in bounds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward::app;
use doorward_core::audit::{self, Event, EventType};
use doorward_core::audit_log::{self, ChainSealer, Fault, Report, SignedHead};
use doorward_core::context::{Caller, Context, UserId};
use doorward_core::error::Error;
use doorward_core::migrations::MIGRATIONS;
use doorward_core::{clean_up, master_key};
use doorward_crypto::password::{Params, PasswordHasher, PoolConfig};
use doorward_crypto::rng::{Rng, SystemRng};
use doorward_crypto::seal::{MasterKey, Sealer};
use doorward_db::test_database::TestDatabase;
use doorward_db::{Db, Param, p};
use doorward_test_support::{Moved, TestApp, config};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const UNSEALED: &str = "SELECT COUNT(*) FROM audit_events WHERE position IS NULL";
const EVENTS: &str = "SELECT COUNT(*) FROM audit_events";

#[tokio::test]
async fn what_happens_is_sealed_within_a_second_and_in_order() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    for _ in 0..5 {
        ada.sign_in(&email).await.expect_status(200);
    }
    let began = Instant::now();
    while app.count(UNSEALED).await > 0 {
        assert!(began.elapsed() < Duration::from_secs(1), "{} are not sealed", app.count(UNSEALED).await);
        tokio::task::yield_now().await;
    }

    let events = app.count(EVENTS).await;
    assert!(events >= 7, "{events}");
    let disorder =
        "SELECT COUNT(*) FROM audit_events AS a JOIN audit_events AS b ON b.position = a.position + 1
                    WHERE b.id < a.id";
    assert_eq!(app.count(disorder).await, 0);
    let report = sound(&app, &[]).await;
    assert_eq!((report.anchor, report.checked, report.unsealed), (0, events.unsigned_abs(), 0));
    assert_eq!(report.end, report.checked);
}

#[tokio::test]
async fn fifty_writers_and_many_sealers_make_one_unbroken_chain() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let second = app.second_process().await;
    let before = app.count(EVENTS).await;

    let mut writers = JoinSet::new();
    for _ in 0..50 {
        let (browser, email) = (app.browser(), email.clone());
        writers.spawn(async move { browser.sign_in(&email).await.expect_status(200).status });
    }
    let mut sealers = JoinSet::new();
    for context in [app.app.context(), second.context(), app.app.context(), second.context()] {
        let sealer = ChainSealer::new(context.clone());
        sealers.spawn(async move {
            for _ in 0..50 {
                sealer.seal_pending().await.unwrap();
                tokio::task::yield_now().await;
            }
        });
    }
    writers.join_all().await;
    sealers.join_all().await;
    settle(&app).await;

    let report = sound(&app, &[]).await;
    assert_eq!(app.count(EVENTS).await, before + 50);
    assert_eq!((report.end, report.unsealed), ((before + 50).unsigned_abs(), 0));
    second.context().db.close().await;
}

#[tokio::test]
async fn one_process_seals_and_another_takes_over_when_it_is_gone() {
    let database = TestDatabase::fresh().await;
    let clock = Arc::new(Moved::default());
    let one = context(database.open().await, &clock, sealer_of(1, &[])).await;
    let other = context(database.open().await, &clock, sealer_of(1, &[])).await;
    let (first, second) = (ChainSealer::new(one.clone()), ChainSealer::new(other.clone()));

    happen(&one, 3).await;
    assert_eq!(first.seal_pending().await.unwrap(), 3);
    happen(&one, 2).await;
    assert_eq!(second.seal_pending().await.unwrap(), 0, "the first one is at it");
    assert_eq!(first.seal_pending().await.unwrap(), 2);
    happen(&one, 1).await;
    clock.advance(Duration::from_secs(3));
    assert_eq!(second.seal_pending().await.unwrap(), 1, "the first one is gone");
    happen(&one, 1).await;
    assert_eq!(first.seal_pending().await.unwrap(), 0);

    // What commits late, with an earlier time than the chain's end, is neither lost nor out of place.
    let late: Uuid = Uuid::from_u128(1);
    let sql = "INSERT INTO audit_events (id, created_at, type, outcome) VALUES (?1, 1, 'sign_in', 'success')";
    change(&one.db, sql, &p![late]).await;
    assert_eq!(second.seal_pending().await.unwrap(), 2);
    let report = audit_log::verify(&other, &[], &mut |_, _| {}).await.unwrap();
    assert_eq!((report.faults, report.end), (Vec::new(), 8));
}

#[tokio::test]
async fn a_change_of_any_column_is_found() {
    let app = TestApp::start().await;
    app.member("ada").await;
    app.member("eve").await;
    settle(&app).await;
    let db = &app.app.context().db;
    change(db, "CREATE TABLE kept AS SELECT * FROM audit_events", &[]).await;
    let changes: [(&'static str, &[Param]); 17] = [
        ("UPDATE audit_events SET id = ?1 WHERE position = 2", &p![Uuid::from_u128(7)]),
        ("UPDATE audit_events SET created_at = created_at + 1 WHERE position = 2", &[]),
        ("UPDATE audit_events SET type = 'sign_out' WHERE position = 2", &[]),
        ("UPDATE audit_events SET outcome = 'failure' WHERE position = 2", &[]),
        ("UPDATE audit_events SET actor_id = ?1 WHERE position = 2", &p![Uuid::from_u128(7)]),
        ("UPDATE audit_events SET user_id = ?1 WHERE position = 2", &p![Uuid::from_u128(7)]),
        ("UPDATE audit_events SET session_id = ?1 WHERE position = 2", &p![Uuid::from_u128(7)]),
        ("UPDATE audit_events SET ip = '203.0.113.9' WHERE position = 2", &[]),
        ("UPDATE audit_events SET ip = NULL WHERE position = 2", &[]),
        ("UPDATE audit_events SET user_agent = 'Firefox' WHERE position = 2", &[]),
        ("UPDATE audit_events SET request_id = NULL WHERE position = 2", &[]),
        ("UPDATE audit_events SET detail = '{\"method\":\"passkey\"}' WHERE position = 2", &[]),
        ("UPDATE audit_events SET personal = '{\"name\":\"eve\"}' WHERE position = 2", &[]),
        ("UPDATE audit_events SET mac = ?1 WHERE position = 2", &p![[7_u8; 32]]),
        ("UPDATE audit_events SET salt = ?1 WHERE position = 2", &p![[7_u8; 16]]),
        ("UPDATE audit_events SET salt = NULL WHERE position = 2", &[]),
        ("UPDATE audit_events SET personal_digest = ?1 WHERE position = 2", &p![[7_u8; 32]]),
    ];
    for (sql, params) in changes {
        change(db, sql, params).await;
        let report = verify(&app, &[]).await;
        assert!(report.faults.first().is_some_and(|fault| is(fault, 2, "changed")), "{sql}: {report:?}");
        restore(db).await;
    }
    change(db, "UPDATE audit_events SET position = 1000000 WHERE position = 2", &[]).await;
    let report = verify(&app, &[]).await;
    assert!(report.faults.iter().any(|fault| is(fault, 2, "missing")), "{report:?}");
    assert!(report.faults.iter().any(|fault| is(fault, 1_000_000, "stray")), "{report:?}");
    restore(db).await;
    sound(&app, &[]).await;
}

#[tokio::test]
async fn an_event_taken_out_or_exchanged_is_found() {
    let app = TestApp::start().await;
    app.member("ada").await;
    app.member("eve").await;
    settle(&app).await;
    let db = &app.app.context().db;
    change(db, "CREATE TABLE kept AS SELECT * FROM audit_events", &[]).await;

    change(db, "DELETE FROM audit_events WHERE position = 3", &[]).await;
    let report = verify(&app, &[]).await;
    assert_eq!(report.faults.len(), 1, "{report:?}");
    assert!(is(&report.faults[0], 3, "missing"));
    // Closing the gap does not help.
    change(db, "UPDATE audit_events SET position = 3 WHERE position = 4", &[]).await;
    let report = verify(&app, &[]).await;
    assert!(is(&report.faults[0], 3, "changed"), "{report:?}");
    restore(db).await;

    change(db, "DELETE FROM audit_events WHERE position <= 2", &[]).await;
    assert!(is(&verify(&app, &[]).await.faults[0], 1, "missing"));
    let forged =
        "UPDATE audit_chain SET anchor_position = 2, anchor_mac = (SELECT mac FROM kept WHERE position = 2)";
    change(db, forged, &[]).await;
    let report = verify(&app, &[]).await;
    assert!(is(&report.faults[0], 2, "anchor"), "the beginning can't be cut off as if by age: {report:?}");
}

#[tokio::test]
async fn a_cut_tail_shows_against_the_newest_head_and_against_any_copy() {
    let app = TestApp::start().await;
    app.member("ada").await;
    let (eve, email) = app.member("eve").await;
    settle(&app).await;
    let head = sign(&app).await;
    sound(&app, std::slice::from_ref(&head)).await;
    let db = &app.app.context().db;

    change(db, "DELETE FROM audit_events WHERE position > 3", &[]).await;
    let report = verify(&app, &[]).await;
    assert!(is(&report.faults[0], 4, "cut"), "{report:?}");

    // Whoever cuts also sets the chain's own row back.
    let sql = "UPDATE audit_chain SET position = 3, mac = (SELECT mac FROM audit_events WHERE position = 3)";
    change(db, sql, &[]).await;
    let report = verify(&app, &[]).await;
    assert_eq!(report.faults.len(), 1, "{report:?}");
    assert!(is(&report.faults[0], 4, "cut"), "{report:?}");
    let refused = audit_log::sign_head(app.app.context(), app.app.sessions.keys()).await;
    assert!(refused.is_err(), "no head is signed that would hide it");

    // And deletes the heads.
    change(db, "DELETE FROM audit_heads", &[]).await;
    let report = verify(&app, std::slice::from_ref(&head)).await;
    assert!(report.faults.len() == 1 && is(&report.faults[0], 4, "cut"), "{report:?}");

    // And waits until the log is as long as it was.
    while u64::try_from(app.count(EVENTS).await).unwrap() <= head.position() {
        eve.sign_in(&email).await.expect_status(200);
    }
    settle(&app).await;
    let copy = audit_log::read_head(app.app.context(), &head.jws).await.unwrap();
    let report = verify(&app, &[copy]).await;
    assert!(report.faults.len() == 1 && is(&report.faults[0], head.position(), "head"), "{report:?}");
}

#[tokio::test]
async fn heads_are_signed_each_minute_and_a_copy_outlives_the_key_that_signed_it() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    settle(&app).await;
    let context = app.app.context();
    let head = sign(&app).await;
    assert!(!audit_log::is_head_due(context).await.unwrap());
    app.advance(Duration::from_secs(61));
    assert!(audit_log::is_head_due(context).await.unwrap());
    sign(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_heads").await, 1, "of one end there is one head");
    ada.sign_in(&email).await.expect_status(200);
    settle(&app).await;
    sign(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_heads").await, 2);

    let system = Caller::system("test");
    for _ in 0..2 {
        doorward_core::signing_key::rotate(context, &system, doorward_core::signing_key::When::Now)
            .await
            .unwrap();
        app.app.sessions.hear_changes().await.unwrap();
        app.advance(Duration::from_secs(20 * 60));
        clean_up::run(&app.app.sessions).await.unwrap();
    }
    settle(&app).await;
    let copy = audit_log::read_head(context, &format!("{}\n", head.jws)).await.unwrap();
    assert_eq!(sound(&app, &[copy]).await.heads, 3);
    let as_json = json!({"jws": head.jws}).to_string();
    assert_eq!(audit_log::read_head(context, &as_json).await.unwrap().position(), head.position());
    let (front, signature) = head.jws.rsplit_once('.').unwrap();
    let forged = format!("{front}.{}", signature.chars().rev().collect::<String>());
    for bad in ["", "not a head", &forged, ada.cookie("doorward_access").unwrap().as_str()] {
        assert!(audit_log::read_head(context, bad).await.is_err(), "{bad}");
    }

    change(
        &context.db,
        "UPDATE audit_heads SET position = 1 WHERE position = (SELECT MIN(position) FROM audit_heads)",
        &[],
    )
    .await;
    let report = verify(&app, &[]).await;
    assert!(is(&report.faults[0], 1, "head"), "{report:?}");
}

#[tokio::test]
async fn erasing_what_is_personal_keeps_the_chain_whole() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    app.member("eve").await;
    let id = UserId::parse(ada.get("/v1/me").await.value()["id"].as_str().unwrap()).unwrap();
    settle(&app).await;
    let context = app.app.context();
    ada.sign_in(&email).await.expect_status(200);

    let erased = context.db.write(async |tx| audit::erase(tx, context, id, "nobody").await).await.unwrap();

    assert!(erased >= 3, "{erased}");
    settle(&app).await;
    let report = sound(&app, &[]).await;
    assert!(report.erased > 0 && report.erased <= erased, "{report:?}");
    let items = ada.get("/v1/me/activity").await.value()["items"].clone();
    assert!(items.as_array().unwrap().iter().all(|item| item["ip"].is_null()), "{items}");
    assert!(
        app.count("SELECT COUNT(*) FROM audit_events WHERE ip IS NOT NULL").await > 0,
        "eve's are untouched"
    );
}

#[tokio::test]
async fn a_personal_detail_is_sealed_shown_and_erased() {
    let database = TestDatabase::fresh().await;
    let context = context(database.open().await, &Arc::default(), sealer_of(1, &[])).await;
    let user: UserId = context.new_id();
    let event = Event::new(EventType::ProfileChanged)
        .user(user)
        .with("fields", 1)
        .with_personal("to", "eve@example.com");
    record(&context, &event).await;
    ChainSealer::new(context.clone()).seal_pending().await.unwrap();
    let shown = async || {
        let page = audit_log::Page { newest_first: true, cursor: None, limit: 10 };
        let found = audit_log::search(&context, &audit_log::Filter::default(), &page).await.unwrap();
        Value::Object(found[0].details())
    };
    assert_eq!(shown().await, json!({"fields": 1, "to": "eve@example.com"}));

    context.db.write(async |tx| audit::erase(tx, &context, user, "nobody").await).await.unwrap();

    assert_eq!(shown().await, json!({"fields": 1}));
    let report = audit_log::verify(&context, &[], &mut |_, _| {}).await.unwrap();
    assert_eq!((report.erased, report.faults), (1, Vec::new()));
}

#[tokio::test]
async fn old_events_go_and_what_is_left_still_verifies() {
    let app = TestApp::start().await;
    app.member("ada").await;
    settle(&app).await;
    let old = sign(&app).await;
    let count = app.count(EVENTS).await;
    app.advance(399 * DAY);
    app.member("eve").await;
    settle(&app).await;
    clean_up::run(&app.app.sessions).await.unwrap();
    assert_eq!(app.count("SELECT anchor_position FROM audit_chain").await, 0, "its time is not over");

    app.advance(2 * DAY);
    clean_up::run(&app.app.sessions).await.unwrap();

    let report = sound(&app, std::slice::from_ref(&old)).await;
    assert_eq!(report.anchor, count.unsigned_abs());
    assert_eq!(app.count(EVENTS).await.unsigned_abs(), report.checked);
    assert!(report.checked > 0);
    let (bob, email) = app.member("bob").await;
    bob.sign_in(&email).await.expect_status(200);
    settle(&app).await;
    sound(&app, &[old]).await;

    // Backdated, so that the clean-up would take it away as if by age.
    let db = &app.app.context().db;
    change(db, "UPDATE audit_events SET created_at = 1 WHERE position <= (SELECT anchor_position + 2 FROM audit_chain)", &[]).await;
    clean_up::run(&app.app.sessions).await.unwrap();
    let after = verify(&app, &[]).await;
    assert_eq!(after.anchor, report.anchor);
    assert!(is(&after.faults[0], report.anchor + 1, "changed"), "{after:?}");
}

#[tokio::test]
async fn more_old_events_than_fit_into_one_batch_go_too() {
    let database = TestDatabase::fresh().await;
    let clock = Arc::new(Moved::default());
    let context = context(database.open().await, &clock, sealer_of(1, &[])).await;
    let sealer = ChainSealer::new(context.clone());
    happen(&context, 450).await;
    assert_eq!(sealer.seal_pending().await.unwrap(), 450);
    clock.advance(401 * DAY);
    happen(&context, 1).await;
    sealer.seal_pending().await.unwrap();
    let mut rounds = 0;
    while context.db.write(async |tx| audit_log::clean_up(tx, &context, 100).await).await.unwrap() > 0 {
        rounds += 1;
    }
    let report = audit_log::verify(&context, &[], &mut |_, _| {}).await.unwrap();
    assert_eq!((rounds, report.anchor, report.checked), (5, 450, 1));
    assert_eq!(report.faults, []);
}

#[tokio::test]
async fn the_chain_outlives_the_master_key_that_it_began_under() {
    let database = TestDatabase::fresh().await;
    let clock = Arc::new(Moved::default());
    let before = context(database.open().await, &clock, sealer_of(1, &[])).await;
    happen(&before, 3).await;
    ChainSealer::new(before.clone()).seal_pending().await.unwrap();
    clock.advance(Duration::from_secs(3));

    let rotated = context(database.open().await, &clock, sealer_of(2, &[1])).await;
    assert!(audit_log::verify(&rotated, &[], &mut |_, _| {}).await.unwrap().is_sound());
    happen(&rotated, 3).await;
    ChainSealer::new(rotated.clone()).seal_pending().await.unwrap();
    master_key::adopt(&rotated).await.unwrap();
    master_key::reseal(&rotated).await.unwrap();

    let after = context(database.open().await, &clock, sealer_of(2, &[])).await;
    let report = audit_log::verify(&after, &[], &mut |_, _| {}).await.unwrap();
    assert_eq!((report.faults, report.checked), (Vec::new(), 6));
    let foreign = context(database.open().await, &clock, sealer_of(3, &[])).await;
    assert!(audit_log::verify(&foreign, &[], &mut |_, _| {}).await.is_err());
}

#[tokio::test]
async fn a_chain_whose_own_row_is_gone_is_not_begun_anew() {
    let database = TestDatabase::fresh().await;
    let context = context(database.open().await, &Arc::default(), sealer_of(1, &[])).await;
    let sealer = ChainSealer::new(context.clone());
    happen(&context, 3).await;
    sealer.seal_pending().await.unwrap();
    change(&context.db, "DELETE FROM audit_chain", &[]).await;
    happen(&context, 1).await;

    assert!(sealer.seal_pending().await.is_err());

    let report = audit_log::verify(&context, &[], &mut |_, _| {}).await.unwrap();
    assert!(is(&report.faults[0], 1, "stray"), "{report:?}");
    assert_eq!(report.unsealed, 1);
}

#[test]
fn every_type_of_event_is_documented_and_no_other() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/AUDIT.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut documented: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name)
        .collect();
    let mut names: Vec<&str> = EventType::ALL.iter().map(|event_type| event_type.as_str()).collect();
    documented.sort_unstable();
    names.sort_unstable();
    assert_eq!(documented, names);
}

fn is(fault: &Fault, position: u64, kind: &str) -> bool {
    (fault.position, fault.kind) == (position, kind)
}

async fn verify(app: &TestApp, copies: &[SignedHead]) -> Report {
    audit_log::verify(app.app.context(), copies, &mut |_, _| {}).await.unwrap()
}

async fn sound(app: &TestApp, copies: &[SignedHead]) -> Report {
    let report = verify(app, copies).await;
    assert!(report.is_sound(), "{report:?}");
    report
}

async fn sign(app: &TestApp) -> SignedHead {
    audit_log::sign_head(app.app.context(), app.app.sessions.keys()).await.unwrap().unwrap()
}

/// Waits until all that happened is sealed.
async fn settle(app: &TestApp) {
    let began = Instant::now();
    while app.count(UNSEALED).await > 0 {
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
}

/// What somebody does who can write the database.
async fn change(db: &Db, sql: &'static str, params: &[Param]) {
    db.write(async |tx| tx.execute(sql, params).await).await.unwrap();
}

async fn restore(db: &Db) {
    change(db, "DELETE FROM audit_events", &[]).await;
    change(db, "INSERT INTO audit_events SELECT * FROM kept", &[]).await;
}

fn sealer_of(current: u8, previous: &[u8]) -> Sealer {
    use base64::Engine as _;
    let key = |byte: u8| {
        let text = base64::engine::general_purpose::STANDARD.encode([byte; 32]);
        MasterKey::from_base64(&text).unwrap()
    };
    Sealer::new(key(current), previous.iter().copied().map(key).collect(), Arc::new(SystemRng))
}

/// The product's use cases on a database, with no server and no jobs.
async fn context(db: Db, clock: &Arc<Moved>, sealer: Sealer) -> Context {
    db.migrate(MIGRATIONS).await.unwrap();
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let pool = PoolConfig { params: Params::insecure_for_tests(), threads: 1, queue: 1 };
    let hasher = PasswordHasher::start(pool, Arc::clone(&rng));
    app::context(config("http://localhost"), db, Arc::clone(clock) as _, rng, sealer, hasher)
}

async fn happen(context: &Context, times: usize) {
    for _ in 0..times {
        record(context, &Event::new(EventType::SignIn).failed()).await;
    }
}

async fn record(context: &Context, event: &Event) {
    let caller = Caller { ip: "192.0.2.1".parse().ok(), ..Caller::system("Firefox") };
    let written = context.db.write(async |tx| {
        audit::record(tx, context, &caller, event.clone()).await?;
        Ok::<_, Error>(())
    });
    written.await.unwrap();
}
