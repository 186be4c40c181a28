//! What a guide shows is what an example runs.

use super::{File, assert_kept, project};

/// A guide, and the file in which each of its Rust blocks stands word for word.
const SHOWN: &[(&str, &str)] = &[("docs/guides/rust-service.md", "examples/axum/src/main.rs")];
const CRATE: &str = "crates/verify/Cargo.toml";

#[test]
fn guides_show_what_examples_run() {
    let files = project();
    for (guide, example) in SHOWN {
        assert!(files.iter().any(|file| file.path == *guide), "{guide} is gone");
        assert!(files.iter().any(|file| file.path == *example), "{example} is gone");
    }
    assert_kept(&broken(&files));
}

#[test]
fn what_a_guide_depends_on_is_there() {
    let files = project();
    let text = |path: &str| &files.iter().find(|file| file.path == path).expect("the file").text;
    let own: toml::Table = text(CRATE).parse().unwrap();
    let workspace: toml::Table = text("Cargo.toml").parse().unwrap();
    let version = workspace["workspace"]["package"]["version"].as_str().unwrap();
    for block in blocks(text(SHOWN[0].0), "toml") {
        let shown: toml::Table = block.parse().unwrap();
        let dependency = &shown["dependencies"]["doorward-verify"];
        assert!(version.starts_with(dependency["version"].as_str().unwrap()));
        // As long as it is published nowhere, its folder has to be named.
        assert!(format!("{}/Cargo.toml", dependency["path"].as_str().unwrap()).ends_with(CRATE));
        let features = dependency["features"].as_array().unwrap().iter();
        assert!(features.clone().all(|feature| own["features"].get(feature.as_str().unwrap()).is_some()));
    }
}

#[test]
fn the_package_that_a_guide_installs_is_the_one_that_is_packed() {
    let files = project();
    let text = |path: &str| &files.iter().find(|file| file.path == path).expect("the file").text;
    let package: serde_json::Value = serde_json::from_str(text("packages/next/package.json")).unwrap();
    let packed = format!(
        "{}-{}.tgz",
        package["name"].as_str().unwrap().trim_start_matches('@').replace('/', "-"),
        package["version"].as_str().unwrap()
    );
    assert!(text("docs/guides/nextjs.md").contains(&packed), "npm pack makes {packed}");
}

fn broken(files: &[File]) -> Vec<String> {
    let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let mut broken = Vec::new();
    for (guide, example) in SHOWN {
        let (Some(shown), Some(run)) = (text(guide), text(example)) else { continue };
        let blocks = blocks(shown, "rust");
        if blocks.is_empty() {
            broken.push(format!("{guide}: shows nothing"));
        }
        for block in blocks.iter().filter(|block| !run.contains(**block)) {
            let first = block.lines().next().unwrap_or_default();
            broken.push(format!("{guide}: the block that begins with `{first}` does not stand in {example}"));
        }
    }
    broken
}

fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    text.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn a_guide_that_shows_something_else_is_found() {
    let found = |shown: &str| {
        broken(&[File::new(SHOWN[0].0, shown), File::new(SHOWN[0].1, "fn main() {\n    run();\n}\n")]).len()
    };
    assert_eq!(found("```rust\n    run();\n```\n\n```sh\nother\n```\n"), 0);
    assert_eq!(found("```rust\nrun();\n```\n\n```rust\nwalk();\n```\n"), 1);
    assert_eq!(found("no code at all"), 1);
}
