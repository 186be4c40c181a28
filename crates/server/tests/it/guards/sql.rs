//! SQL lives in db, in the migrations, and in each feature's private `store`.

use super::source::Source;
use super::{File, assert_kept, project};

#[test]
fn sql_lives_in_stores() {
    assert_kept(&broken(&project()));
}

fn broken(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    let product = files.iter().filter(|file| file.path.starts_with("crates/") && file.has_extension(&["rs"]));
    for file in product.filter(|file| !file.is_test() && !may_hold_sql(&file.path)) {
        let source = Source::read(&file.text);
        let store = inline_store(file, &source);
        for (line, text) in &source.texts {
            if is_sql(text) && !store.is_some_and(|(from, to)| (from..=to).contains(line)) {
                broken.push(format!("{}:{line}: SQL outside a store", file.path));
            }
        }
    }
    broken
}

/// `store.rs`, or a file of a `store` folder, of a feature of core.
fn may_hold_sql(path: &str) -> bool {
    path.starts_with("crates/db/")
        || path.starts_with("crates/core/") && (path.ends_with("/store.rs") || path.contains("/store/"))
}

/// The lines of `mod store { … }` in a feature of core that is still one file.
fn inline_store(file: &File, source: &Source) -> Option<(usize, usize)> {
    if !file.path.starts_with("crates/core/") {
        return None;
    }
    let start = source.code.find("mod store {")?;
    let mut depth = 0;
    let end = source.code[start..].char_indices().find_map(|(at, char)| {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (char == '}' && depth == 0).then_some(start + at)
    })?;
    Some((source.line_of(start), source.line_of(end)))
}

fn is_sql(text: &str) -> bool {
    let words: Vec<_> = text.split_whitespace().collect();
    let follows = |first: &str, second: &str| {
        let mut words = words.iter();
        words.any(|word| *word == first) && words.any(|word| *word == second)
    };
    let adjacent = |first: &str, second: &str| words.windows(2).any(|pair| pair == [first, second]);
    follows("SELECT", "FROM")
        || follows("UPDATE", "SET")
        || adjacent("INSERT", "INTO")
        || adjacent("DELETE", "FROM")
}

#[test]
fn sql_outside_a_store_is_found() {
    let found = |path: &str, text: &str| broken(&[File::new(path, text)]).len();
    let sql =
        "tx.execute(\"SELECT id\n FROM users\"); f(\"UPDATE users AS u SET a = 1\"); g(r\"DELETE FROM x\");";
    assert_eq!(found("crates/web/src/api.rs", sql), 3);
    assert_eq!(found("crates/core/src/user/mod.rs", sql), 3);
    assert_eq!(found("crates/web/src/store.rs", sql), 3);
    assert_eq!(found("crates/core/src/user/store.rs", sql), 0);
    assert_eq!(found("crates/core/src/user/store/list.rs", sql), 0);
    assert_eq!(
        found(
            "crates/core/src/user.rs",
            &format!("fn a() {{}}\nmod store {{ fn b() {{ {sql} }} }}\nfn c() {{}}")
        ),
        0
    );
    assert_eq!(found("crates/core/src/user.rs", &format!("mod store {{ fn b() {{}}\n}}\n{sql}")), 3);
    assert_eq!(
        found("crates/core/src/user.rs", "f(\"Select one FROM the list, or UPDATE it\"); // DELETE FROM x"),
        0
    );
}
