//! Only db knows which engine it runs on. Everybody else writes one text that both understand.

use super::source::Source;
use super::{File, assert_kept, project};

const SWITCHES: &[&str] = &[
    "Engine::Postgres",
    "Engine::Sqlite",
    "is_postgres",
    "is_sqlite",
    "if postgres",
    "if sqlite",
    "cfg(feature = \"postgres",
];

/// Files outside db that may tell the engines apart, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[(
    "crates/server/src/cli/doctor.rs",
    "tells the operator which engine it found, and looks at each one's own settings",
)];

#[test]
fn only_db_tells_the_engines_apart() {
    assert_kept(&broken(&project()));
}

fn broken(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    let product = files.iter().filter(|file| file.path.starts_with("crates/") && file.has_extension(&["rs"]));
    for file in product.filter(|file| !file.is_test() && !file.path.starts_with("crates/db/")) {
        if EXCEPTIONS.iter().any(|(path, _)| *path == file.path) {
            continue;
        }
        let source = Source::read(&file.text);
        for switch in SWITCHES {
            for (at, _) in source.code.match_indices(switch) {
                broken.push(format!("{}:{}: {switch} outside db", file.path, source.line_of(at)));
            }
        }
    }
    broken
}

#[test]
fn a_switch_outside_db_is_found() {
    let found = |path: &str, text: &str| broken(&[File::new(path, text)]).len();
    let switch = "match db.engine() { Engine::Postgres => 1, Engine::Sqlite => 2 }";
    assert_eq!(found("crates/core/src/user/store.rs", switch), 2);
    assert_eq!(found("crates/web/src/api.rs", "if db.is_postgres() {}"), 1);
    assert_eq!(found("crates/db/src/tx.rs", switch), 0);
    assert_eq!(found("crates/core/src/user/store.rs", "// Engine::Postgres\nlet a = \"is_postgres\";"), 0);
    assert_eq!(found("crates/core/src/user/tests.rs", switch), 0);
}
