//! A file is short enough to be read in one go.

use super::{File, assert_kept, project};

const MAX_LINES: usize = 600;

#[test]
fn files_are_short() {
    assert_kept(&broken(&project()));
}

fn broken(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| {
            let is_source = file.has_extension(&["rs", "css", "js", "mjs", "ts", "tsx"]);
            is_source && !file.is_test() && !file.is_generated() && !file.is_vendored()
        })
        .filter_map(|file| {
            let lines = file.text.lines().count();
            (lines > MAX_LINES).then(|| format!("{}: {lines} lines, the limit is {MAX_LINES}", file.path))
        })
        .collect()
}

#[test]
fn a_long_file_is_found() {
    let found = |path: &str, lines: usize| broken(&[File::new(path, &"x\n".repeat(lines))]).len();
    assert_eq!(found("crates/core/src/user.rs", MAX_LINES), 0);
    assert_eq!(found("crates/core/src/user.rs", MAX_LINES + 1), 1);
    assert_eq!(found("assets/doorward.css", MAX_LINES + 1), 1);
    assert_eq!(found("assets/vendor/viewer.js", MAX_LINES + 1), 0);
    assert_eq!(found("crates/core/src/user/tests.rs", MAX_LINES + 1), 0);
    assert_eq!(found("packages/next/src/generated.ts", MAX_LINES + 1), 0);
    assert_eq!(found("docs/API.md", MAX_LINES + 1), 0);
}
