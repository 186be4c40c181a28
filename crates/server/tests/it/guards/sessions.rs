//! A method of signing in cannot open a session: `sign_in::flow` alone does.

use super::{File, assert_kept, project};

#[test]
fn one_file_opens_sessions() {
    assert_kept(&broken(&project()));
}

fn broken(files: &[File]) -> Vec<String> {
    let is_allowed = |path: &str| {
        path == "crates/core/src/sign_in/flow.rs" || path.starts_with("crates/core/src/session/")
    };
    let mut broken = Vec::new();
    for file in
        files.iter().filter(|file| file.path.starts_with("crates/core/src/") && !is_allowed(&file.path))
    {
        for (number, line) in file.text.lines().enumerate() {
            if line.contains("session::open(") || line.contains("NewSession {") {
                broken.push(format!("{}:{}: opens a session", file.path, number + 1));
            }
        }
    }
    broken
}

#[test]
fn another_way_to_a_session_is_found() {
    let bad = [File::new(
        "crates/core/src/sign_in/password.rs",
        "let id = session::open(tx, context, caller, &new).await?;",
    )];
    assert_eq!(broken(&bad).len(), 1);
}
