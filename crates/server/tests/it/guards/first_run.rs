//! The first command of whoever has just cloned the project: `cargo run` alone starts the server.

use std::process::Command;

use serde_json::Value;

#[test]
fn cargo_run_alone_starts_the_server() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1", "--manifest-path", manifest])
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let defaults = metadata["workspace_default_members"].as_array().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let of_defaults = || packages.iter().filter(|package| defaults.contains(&package["id"]));

    let named: Vec<_> = of_defaults().filter_map(|package| package["default_run"].as_str()).collect();

    let programs = of_defaults()
        .flat_map(|package| package["targets"].as_array().unwrap())
        .filter(|target| target["kind"] == serde_json::json!(["bin"]));
    // Cargo asks which one, where there are many and none or more than one is named.
    assert_eq!(named, ["doorward"], "of {} programs", programs.count());
}
