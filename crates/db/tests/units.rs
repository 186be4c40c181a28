//! What both engines promise, tried on each that is at hand.

use std::sync::atomic::{AtomicUsize, Ordering};

use doorward_db::test_database::TestDatabase;
use doorward_db::{ConsumeOnce, Db, DbError, Migration, Options, Schema, consume_once, p};
use tokio::task::JoinSet;

const TABLES: Migration = Migration {
    version: 1,
    name: "tables",
    sql: "CREATE TABLE things (id BIGINT PRIMARY KEY, owner UUID, name TEXT UNIQUE, data BYTEA, seen BOOLEAN NOT NULL DEFAULT FALSE,
              count BIGINT NOT NULL DEFAULT 0, expires_at BIGINT NOT NULL, used_at BIGINT);
          INSERT INTO things (id, expires_at) VALUES (1, 1000);",
    postgres: None,
};
const THING: ConsumeOnce = consume_once!("things", "id", "id, count");

async fn databases() -> Vec<(TestDatabase, Db)> {
    let mut open = Vec::new();
    for database in TestDatabase::all().await {
        let db = database.open().await;
        db.migrate(&[TABLES]).await.unwrap();
        open.push((database, db));
    }
    open
}

async fn count(db: &Db) -> i64 {
    let row = db.read(async |tx| tx.query_one("SELECT count FROM things WHERE id = 1", &[]).await).await;
    row.unwrap().get(0).unwrap()
}

async fn insert(db: &Db, id: i64, name: &str) -> Result<u64, DbError> {
    db.write(async |tx| {
        tx.execute("INSERT INTO things (id, name, expires_at) VALUES (?1, ?2, 1)", &p![id, name]).await
    })
    .await
}

async fn names(db: &Db) -> i64 {
    let sql = "SELECT COUNT(*) FROM things WHERE name IS NOT NULL";
    db.read(async |tx| tx.query_one(sql, &[]).await).await.unwrap().get(0).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_who_consume_one_thing_one_wins() {
    for (_database, db) in databases().await {
        let mut tasks = JoinSet::new();
        for _ in 0..50 {
            let db = db.clone();
            tasks.spawn(async move {
                db.write(async |tx| Ok::<_, DbError>(tx.consume_once(&THING, 1, 999).await?.is_some()))
                    .await
                    .unwrap()
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 1);
    }
}

#[tokio::test]
async fn what_has_run_out_is_not_consumed() {
    for (_database, db) in databases().await {
        let late = db.write(async |tx| tx.consume_once(&THING, 1, 1000).await).await.unwrap();
        assert!(late.is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_guarded_changes_of_one_state_one_wins() {
    for (_database, db) in databases().await {
        let mut tasks = JoinSet::new();
        for _ in 0..50 {
            let db = db.clone();
            tasks.spawn(async move {
                let sql = "UPDATE things SET count = count + 1 WHERE id = 1 AND count = ?1 RETURNING count";
                db.write(async |tx| tx.change_guarded(sql, &p![0]).await).await.unwrap().is_some()
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 1);
        assert_eq!(count(&db).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_who_read_and_then_write_lose_no_update() {
    for (_database, db) in databases().await {
        let mut tasks = JoinSet::new();
        for _ in 0..50 {
            let db = db.clone();
            tasks.spawn(async move {
                db.write(async |tx| {
                    let row = tx.query_one("SELECT count FROM things WHERE id = 1", &[]).await?;
                    let next = row.get::<i64>(0)? + 1;
                    tx.execute("UPDATE things SET count = ?1 WHERE id = 1", &p![next]).await
                })
                .await
                .unwrap()
            });
        }
        tasks.join_all().await;
        assert_eq!(count(&db).await, 50);
    }
}

#[tokio::test]
async fn a_guarded_change_of_many_rows_is_an_error_and_changes_nothing() {
    for (_database, db) in databases().await {
        insert(&db, 2, "second").await.unwrap();
        let sql = "UPDATE things SET count = 9 WHERE count = 0 RETURNING id";
        let result = db.write(async |tx| tx.change_guarded(sql, &[]).await.map(|_| ())).await;
        assert!(result.is_err());
        assert_eq!(count(&db).await, 0);
    }
}

#[tokio::test]
async fn a_unit_that_fails_leaves_nothing_behind() {
    for (_database, db) in databases().await {
        let result: Result<(), DbError> = db
            .write(async |tx| {
                tx.execute("UPDATE things SET count = 7 WHERE id = 1", &[]).await?;
                Err(DbError::Other("changed my mind".into()))
            })
            .await;
        assert!(matches!(result, Err(DbError::Other(_))));
        assert_eq!(count(&db).await, 0);
    }
}

#[tokio::test]
async fn after_an_error_a_unit_can_do_nothing_and_does_not_commit() {
    for (_database, db) in databases().await {
        let result = db
            .write(async |tx| {
                tx.execute("UPDATE things SET count = 7 WHERE id = 1", &[]).await?;
                let twice = tx.execute("INSERT INTO things (id, expires_at) VALUES (1, 1)", &[]).await;
                assert!(twice.unwrap_err().is_unique_violation());
                let after = tx.execute("UPDATE things SET count = 8 WHERE id = 1", &[]).await;
                assert!(matches!(after, Err(DbError::Poisoned)));
                Ok::<_, DbError>(())
            })
            .await;
        assert!(matches!(result, Err(DbError::Poisoned)), "{result:?}");
        assert_eq!(count(&db).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_unit_that_fails_does_not_take_its_neighbours_along() {
    for (_database, db) in databases().await {
        let mut tasks = JoinSet::new();
        for id in 10..60 {
            let db = db.clone();
            // Every second one collides with the row that is there.
            let id = if id % 2 == 0 { 1 } else { id };
            tasks.spawn(async move { insert(&db, id, &format!("name {id}")).await.is_ok() });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|ok| *ok).count(), 25);
        assert_eq!(names(&db).await, 25);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_answered_is_seen_by_whoever_reads_next() {
    for (_database, db) in databases().await {
        let mut tasks = JoinSet::new();
        for id in 10..40 {
            let db = db.clone();
            tasks.spawn(async move {
                insert(&db, id, &format!("name {id}")).await.unwrap();
                let sql = "SELECT id FROM things WHERE id = ?1";
                db.read(async |tx| tx.query_opt(sql, &p![id]).await).await.unwrap().is_some()
            });
        }
        assert!(tasks.join_all().await.into_iter().all(|seen| seen));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_who_goes_away_leaves_a_whole_unit_or_none() {
    for (_database, db) in databases().await {
        for round in 0..100 {
            let (db, id) = (db.clone(), 1000 + round * 2);
            let task = tokio::spawn(async move {
                db.write(async |tx| {
                    for id in [id, id + 1] {
                        let sql = "INSERT INTO things (id, name, expires_at) VALUES (?1, ?2, 1)";
                        tx.execute(sql, &p![id, format!("pair {id}")]).await?;
                    }
                    Ok::<_, DbError>(())
                })
                .await
            });
            tokio::task::yield_now().await;
            task.abort();
            let _ = task.await;
        }
        insert(&db, 5, "the database still works").await.unwrap();
        assert_eq!(names(&db).await % 2, 1);
    }
}

#[tokio::test]
async fn a_unit_that_panics_leaves_nothing_and_the_next_one_works() {
    for (_database, db) in databases().await {
        let panicking = db.clone();
        let task = tokio::spawn(async move {
            panicking
                .write(async |tx| {
                    tx.execute("UPDATE things SET count = 7 WHERE id = 1", &[]).await?;
                    assert!(!count_is(7), "as a bug would");
                    Ok::<_, DbError>(())
                })
                .await
        });
        assert!(task.await.unwrap_err().is_panic());
        assert_eq!(count(&db).await, 0);
        insert(&db, 2, "works").await.unwrap();
    }
}

/// True, in a way that the compiler does not see through.
fn count_is(number: i64) -> bool {
    std::hint::black_box(number) == 7
}

#[tokio::test]
async fn a_read_cannot_write() {
    for (_database, db) in databases().await {
        let result =
            db.read(async |tx| tx.execute("UPDATE things SET count = 7 WHERE id = 1", &[]).await).await;
        assert!(result.is_err());
        assert_eq!(count(&db).await, 0);
        insert(&db, 2, "works").await.unwrap();
    }
}

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    for (_database, db) in databases().await {
        let owner = uuid::Uuid::from_u128(0x0198_a7c2_f3b4_7c1e);
        db.write(async |tx| {
            tx.execute(
                "INSERT INTO things (id, owner, name, data, seen, count, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)",
                &p![2, owner, "N\u{e4}me \u{1F600}", [1_u8, 0, 255], true, i64::MIN],
            )
            .await
        })
        .await
        .unwrap();
        let sql = "SELECT owner, name, data, seen, count, used_at FROM things WHERE id = ?1 AND seen AND owner = ?2";
        let row = db.read(async |tx| tx.query_one(sql, &p![2, owner]).await).await.unwrap();
        assert_eq!(row.get::<uuid::Uuid>(0).unwrap(), owner);
        assert_eq!(row.get::<String>(1).unwrap(), "N\u{e4}me \u{1F600}");
        assert_eq!(row.get::<Vec<u8>>(2).unwrap(), [1, 0, 255]);
        assert!(row.get::<bool>(3).unwrap());
        assert_eq!(row.get::<i64>(4).unwrap(), i64::MIN);
        assert_eq!(row.get::<Option<i64>>(5).unwrap(), None);
        assert!(row.get::<i64>(1).is_err() && row.get::<i64>(9).is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_write_in_turn() {
    for (database, db) in databases().await {
        let other = database.open().await;
        let mut tasks = JoinSet::new();
        for number in 0..60 {
            let db = if number % 2 == 0 { db.clone() } else { other.clone() };
            tasks.spawn(async move {
                let sql = "UPDATE things SET count = count + 1 WHERE id = 1";
                db.write(async |tx| tx.execute(sql, &[]).await).await.unwrap()
            });
        }
        tasks.join_all().await;
        assert_eq!(count(&db).await, 60);
    }
}

#[tokio::test]
async fn another_process_write_changes_the_version() {
    for (database, db) in databases().await {
        let other = database.open().await;
        let before = db.data_version().await.unwrap();
        insert(&other, 2, "written elsewhere").await.unwrap();
        assert_ne!(db.data_version().await.unwrap(), before);
    }
}

#[tokio::test]
async fn what_was_answered_is_there_after_closing_and_opening() {
    for (database, db) in databases().await {
        insert(&db, 2, "kept").await.unwrap();
        db.close().await;
        assert!(insert(&db, 3, "too late").await.unwrap_err().is_unavailable());
        assert_eq!(names(&database.open().await).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_who_migrate_at_once_do_it_once() {
    for database in TestDatabase::all().await {
        let mut tasks = JoinSet::new();
        for _ in 0..10 {
            let db = database.open().await;
            tasks.spawn(async move { db.migrate(&[TABLES]).await.unwrap().applied });
        }
        assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 1);
    }
}

#[tokio::test]
async fn what_was_opened_to_be_read_tells_its_schema_and_takes_no_write() {
    for database in TestDatabase::all().await {
        let none = Db::open_to_read(database.url(), Options::default()).await.unwrap();
        if let Some(empty) = none {
            assert_eq!(empty.schema(&[TABLES]).await.unwrap(), Schema { version: 0, newest: 1 });
            assert!(empty.migrate(&[TABLES]).await.is_err());
        }
        let db = database.open().await;
        db.migrate(&[TABLES]).await.unwrap();

        let reader = Db::open_to_read(database.url(), Options::default()).await.unwrap().unwrap();

        let next =
            Migration { version: 2, name: "next", sql: "CREATE TABLE more (id BIGINT);", postgres: None };
        assert_eq!(reader.schema(&[TABLES, next]).await.unwrap(), Schema { version: 1, newest: 2 });
        assert!(reader.schema(&[]).await.is_err(), "a newer schema than the program's");
        assert_eq!(count(&reader).await, 0);
        assert!(insert(&reader, 7, "seven").await.is_err());
        assert!(reader.migrate(&[TABLES, next]).await.is_err());
        assert_eq!((names(&db).await, db.migrate(&[TABLES, next]).await.unwrap().applied), (0, 1));
    }
}

#[tokio::test]
async fn a_migration_that_was_edited_or_is_unknown_is_refused() {
    for (_database, db) in databases().await {
        let edited = Migration { sql: "SELECT 1;", ..TABLES };
        let refused = db.migrate(&[edited]).await.unwrap_err().to_string();
        assert!(refused.contains("0001_tables") && refused.contains("edited"), "{refused}");
        let refused = db.migrate(&[]).await.unwrap_err().to_string();
        assert!(refused.contains("newer version"), "{refused}");
        let next =
            Migration { version: 2, name: "more", sql: "CREATE TABLE more (id BIGINT);", postgres: None };
        assert_eq!(db.migrate(&[TABLES, next]).await.unwrap().applied, 1);
        assert_eq!(db.migrate(&[TABLES, next]).await.unwrap().applied, 0);
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing() {
    for (_database, db) in databases().await {
        let sql = "CREATE TABLE half (id BIGINT); INSERT INTO nowhere VALUES (1);";
        let broken = Migration { version: 2, name: "broken", sql, postgres: None };
        let refused = db.migrate(&[TABLES, broken]).await.unwrap_err().to_string();
        assert!(refused.contains("0002_broken"), "{refused}");
        let whole =
            Migration { version: 2, name: "whole", sql: "CREATE TABLE half (id BIGINT);", postgres: None };
        assert_eq!(db.migrate(&[TABLES, whole]).await.unwrap().applied, 1);
    }
}

#[tokio::test]
async fn a_unit_on_sqlite_that_waits_for_something_else_is_an_error() {
    let database = TestDatabase::all().await.remove(0);
    let db = database.open().await;
    db.migrate(&[TABLES]).await.unwrap();
    let runs = AtomicUsize::new(0);
    let result: Result<(), DbError> = db
        .write(async |tx| {
            runs.fetch_add(1, Ordering::SeqCst);
            tx.execute("UPDATE things SET count = 7 WHERE id = 1", &[]).await?;
            tokio::task::yield_now().await;
            Ok(())
        })
        .await;
    assert!(result.is_err());
    assert_eq!((runs.load(Ordering::SeqCst), count(&db).await), (1, 0));
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let database = TestDatabase::all().await.remove(0);
    let db = database.open().await;
    db.migrate(&[TABLES]).await.unwrap();
    let path = database.url().strip_prefix("sqlite:").unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{path}{suffix}")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn an_address_of_another_kind_and_a_server_that_is_away_are_told_apart() {
    assert!(matches!(Db::open("mysql://x", doorward_db::Options::default()).await, Err(DbError::Other(_))));
    let away =
        Db::open("postgres://nobody@127.0.0.1:1/nothing", doorward_db::Options::default()).await.unwrap();
    let error = away.ping().await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
}
