//! A rotation of the master key reaches every sealed column: what it left out would be lost with the earlier key.

use super::{File, assert_kept, project};

#[test]
fn every_sealed_column_is_sealed_again() {
    assert_kept(&broken(&project()));
}

fn broken(files: &[File]) -> Vec<String> {
    let mut described = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("crates/core/") && !file.is_test()) {
        for (_, after) in
            file.text.match_indices("sealed_column!(").map(|(at, call)| (at, &file.text[at + call.len()..]))
        {
            // The name for the operator, the table, its key, the column.
            let mut texts = after.split('"').skip(1).step_by(2);
            if let (Some(_), Some(table), Some(_), Some(column)) =
                (texts.next(), texts.next(), texts.next(), texts.next())
            {
                described.push((table, column));
            }
        }
    }
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("migrations/")) {
        for (table, column) in sealed_columns(&file.text) {
            if !described.contains(&(table, column)) {
                broken.push(format!("{}: {table}.{column} has no sealed_column! in its store", file.path));
            }
        }
    }
    // And each is in the list that the rotation goes through.
    let rotation = files.iter().find(|file| file.path == "crates/core/src/master_key/mod.rs");
    if let Some(rotation) = rotation {
        let listed = rotation.text.matches("::SEALED").count();
        if listed != described.len() {
            broken.push(format!(
                "{}: {listed} columns are listed, {} are described",
                rotation.path,
                described.len()
            ));
        }
    }
    broken
}

/// By our custom a column that holds sealed values is called so.
fn sealed_columns(sql: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut table = "";
    for line in sql.lines().map(str::trim) {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("CREATE"), Some("TABLE"), Some(name)) => table = name,
            // ALTER TABLE name ADD COLUMN column BYTEA
            (Some("ALTER"), Some("TABLE"), Some(name)) => {
                if let Some(column) = words.nth(2).filter(|column| column.starts_with("sealed")) {
                    found.push((name, column));
                }
            }
            (Some(column), Some(kind), _) if column.starts_with("sealed") && kind.starts_with("BYTEA") => {
                found.push((table, column));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn a_sealed_column_that_is_left_out_is_found() {
    let found = |files: &[(&str, &str)]| {
        broken(&files.iter().map(|(path, text)| File::new(path, text)).collect::<Vec<_>>()).len()
    };
    let sql = ("migrations/0009_x.sql", "CREATE TABLE seeds (\n    id UUID,\n    sealed BYTEA NOT NULL\n);");
    let added = ("migrations/0010_x.sql", "ALTER TABLE users ADD COLUMN sealed_seed BYTEA;");
    let store =
        ("crates/core/src/seed/store.rs", "sealed_column!(\"seeds\", \"seeds\", \"id\", \"sealed\", f, g)");
    let rotation = |text| ("crates/core/src/master_key/mod.rs", text);
    assert_eq!(found(&[sql]), 1);
    assert_eq!(found(&[added]), 1);
    assert_eq!(found(&[sql, store]), 0);
    assert_eq!(found(&[sql, store, rotation("&seed::SEALED")]), 0);
    assert_eq!(found(&[sql, store, rotation("")]), 1);
}
