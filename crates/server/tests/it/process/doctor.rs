//! `doorward doctor` looks, and changes nothing.

use std::path::Path;
use std::process::{Command, Output};

use doorward_core::migrations::MIGRATIONS;
use doorward_db::test_database::TestDatabase;
use serde_json::Value;

use super::Server;

const ONE_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const ANOTHER_KEY: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// A command of an installation in production that has not been started yet.
fn command(folder: &Path, args: &[&str], database: Option<&str>, master_key: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command
        .args(args)
        .env_clear()
        .current_dir(folder)
        .env("DOORWARD_PUBLIC_URL", "https://auth.example.com")
        .env("DOORWARD_MAIL__FROM", "ada@example.com")
        .env("DOORWARD_MAIL__FILE_DIR", "mails")
        .env("DOORWARD_SECRETS__MASTER_KEY", master_key);
    if let Some(url) = database {
        command.env("DOORWARD_DATABASE__URL", url);
    }
    command.output().unwrap()
}

fn doctor(folder: &Path, database: Option<&str>, master_key: &str) -> Value {
    let output = command(folder, &["doctor", "--json"], database, master_key);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["ok"], output.status.success(), "{said}");
    said
}

fn finding(said: &Value, check: &str) -> String {
    let item = said["items"].as_array().unwrap().iter().find(|item| item["check"] == check);
    item.unwrap_or_else(|| panic!("{check} is not in {said}"))["detail"].as_str().unwrap().to_owned()
}

/// Names and contents of all that is in a folder.
fn files(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap_or_default()))
        .collect();
    files.sort();
    files
}

#[test]
fn in_an_empty_folder_it_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let said = doctor(folder.path(), None, ONE_KEY);
    assert_eq!(said["ok"], true, "{said}");
    assert!(finding(&said, "database").contains("the first start makes it"), "{said}");
    assert_eq!(files(folder.path()), [], "nothing was made");
}

#[tokio::test]
async fn asked_with_a_wrong_master_key_before_the_first_start_it_spoils_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::fresh().await;
    assert!(command(folder.path(), &["migrate"], Some(database.url()), ONE_KEY).status.success());

    let said = doctor(folder.path(), Some(database.url()), ANOTHER_KEY);

    assert_eq!(said["ok"], true, "{said}");
    assert!(finding(&said, "keys").contains("the first start makes them"), "{said}");
    assert!(command(folder.path(), &["keys", "status"], Some(database.url()), ONE_KEY).status.success());
    let said = doctor(folder.path(), Some(database.url()), ANOTHER_KEY);
    assert_eq!(said["ok"], false, "{said}");
    assert_eq!(finding(&said, "keys"), "do not open");
}

#[tokio::test]
async fn an_empty_database_and_an_older_schema_are_told_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::fresh().await;
    let db = database.open().await;
    let said = doctor(folder.path(), Some(database.url()), ONE_KEY);
    assert!(finding(&said, "database").contains("empty: the first start makes its tables"), "{said}");
    assert_eq!(db.schema(MIGRATIONS).await.unwrap().version, 0);

    let (_, older) = MIGRATIONS.split_last().unwrap();
    db.migrate(older).await.unwrap();
    let said = doctor(folder.path(), Some(database.url()), ONE_KEY);

    assert_eq!(said["ok"], false, "{said}");
    let (version, newest) = (older.len(), MIGRATIONS.len());
    assert!(finding(&said, "database").ends_with(&format!("schema version {version} of {newest}")), "{said}");
    assert!(said.to_string().contains("Run `doorward migrate`"), "{said}");
    assert_eq!(db.schema(MIGRATIONS).await.unwrap().version, i64::try_from(version).unwrap());
}

#[tokio::test]
async fn an_installation_that_stands_still_is_left_as_it_was_found() {
    let mut server = Server::start(&[]).await;
    server.member("ada@example.com").await;
    server.terminate();
    let folders = || {
        let database = server.database.url().strip_prefix("sqlite:").map(Path::new);
        let beside = database.and_then(Path::parent).map(files);
        (files(&server.folder.path().join("data")), beside)
    };
    let before = folders();

    let said: Value = serde_json::from_str(&server.cli_ok(&["doctor", "--json"])).unwrap();

    assert_eq!(said["ok"], true, "{said}");
    assert_eq!(finding(&said, "keys"), "the signing keys open under the master key");
    assert!(folders() == before, "nothing was made, changed or taken away");
}
