//! The browser tests of `tests/browser`: node's own test runner, playwright-core, and the Chromium of the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::tools;
use crate::{npm, shell};

/// The test run, its packages installed by the lock file and the program under test built.
pub fn command(program_is_built: bool) -> Result<Command> {
    in_chromium(program_is_built, "tests")
}

/// The tests of `@doorward/next` in the example app, which is built by them.
pub fn next(program_is_built: bool) -> Result<Command> {
    npm::example()?;
    in_chromium(program_is_built, "nextjs")
}

/// The machine's Chromium.
pub fn chromium() -> Result<PathBuf> {
    tools::chromium().context("no Chromium")
}

fn in_chromium(program_is_built: bool, tests: &str) -> Result<Command> {
    let folder = shell::root().join("tests/browser");
    npm::install(&folder, "")?;
    if !program_is_built && !shell::succeeds(&mut shell::cargo(&["build", "--package", "doorward"]))? {
        bail!("the build failed");
    }
    let chromium = chromium()?;
    let mut node = Command::new("node");
    shell::without_settings(&mut node);
    node.args(["--test", "--test-reporter=spec"]).args(test_files(&folder.join(tests))?).current_dir(&folder);
    node.env("DOORWARD_TEST_CHROMIUM", chromium);
    node.env("DOORWARD_TEST_PROGRAM", shell::target_dir().join("debug/doorward"));
    Ok(node)
}

/// Named one by one: what node makes of a folder differs from version to version.
fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
