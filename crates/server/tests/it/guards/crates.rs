//! Which crate may use which: server → web → core → { crypto, db, protocol }. Tests may use anything.

use super::{File, assert_kept, project};

/// A crate and the crates of ours that it may name as dependencies.
const ALLOWED: &[(&str, &[&str])] = &[
    ("doorward-protocol", &[]),
    // Shapes of keys and tokens are the protocol's; crypto fills them.
    ("doorward-crypto", &["doorward-protocol"]),
    ("doorward-db", &[]),
    ("doorward-core", &["doorward-crypto", "doorward-db", "doorward-protocol"]),
    ("doorward-web", &["doorward-core", "doorward-protocol"]),
    ("doorward", &["doorward-web", "doorward-core", "doorward-crypto", "doorward-db", "doorward-protocol"]),
    // For other people's services: it stands alone.
    ("doorward-verify", &[]),
    ("doorward-example-axum", &["doorward-verify"]),
    ("xtask", &["doorward-verify"]),
];

/// Nobody depends on it but tests; it may use anything itself.
const TEST_SUPPORT: &str = "doorward-test-support";

#[test]
fn crates_depend_downwards() {
    assert_kept(&broken(&project()));
}

fn broken(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with("/Cargo.toml")) {
        let manifest: toml::Table = file.text.parse().unwrap();
        let Some(name) = manifest.get("package").and_then(|package| package.get("name")?.as_str()) else {
            continue;
        };
        if name == TEST_SUPPORT {
            continue;
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            broken.push(format!("{}: state in this guard what `{name}` may depend on", file.path));
            continue;
        };
        for dependency in ours(&manifest) {
            if !allowed.contains(&&*dependency) {
                broken.push(format!("{}: {name} must not depend on {dependency}", file.path));
            }
        }
    }
    broken
}

/// Our own crates among the dependencies that are not a test's.
fn ours(manifest: &toml::Table) -> Vec<String> {
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let per_target = targets.into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table);
    std::iter::once(manifest)
        .chain(per_target)
        .flat_map(|table| ["dependencies", "build-dependencies"].map(|section| table.get(section)))
        .flatten()
        .filter_map(toml::Value::as_table)
        .flat_map(toml::Table::iter)
        .map(|(key, value)| value.get("package").and_then(toml::Value::as_str).unwrap_or(key).to_owned())
        .filter(|name| name == "doorward" || name == "xtask" || name.starts_with("doorward-"))
        .collect()
}

#[test]
fn a_wrong_direction_is_found() {
    let manifest = |name: &str, rest: &str| {
        [File::new("crates/x/Cargo.toml", &format!("[package]\nname = \"{name}\"\n{rest}"))]
    };
    let found = |name, rest| broken(&manifest(name, rest)).len();
    assert_eq!(found("doorward-core", "[dependencies]\ndoorward-db.workspace = true\nserde = \"1\""), 0);
    assert_eq!(found("doorward-core", "[dependencies]\ndoorward-web.workspace = true"), 1);
    assert_eq!(
        found("doorward-db", "[build-dependencies]\nx = { package = \"doorward-core\", path = \"../core\" }"),
        1
    );
    assert_eq!(
        found("doorward-web", "[target.'cfg(unix)'.dependencies]\ndoorward-db = { path = \"../db\" }"),
        1
    );
    assert_eq!(found("doorward", "[dependencies]\ndoorward-test-support.workspace = true"), 1);
    assert_eq!(found("doorward", "[dev-dependencies]\ndoorward-test-support.workspace = true"), 0);
    assert_eq!(found("doorward-verify", "[dependencies]\ndoorward-protocol.workspace = true"), 1);
    assert_eq!(found("doorward-new", ""), 1);
}
