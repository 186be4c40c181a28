//! The browser tests of `tests/browser`: node's own test runner, playwright-core, and the Chromium of the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::tools;
use crate::shell;

/// The test run, its packages installed by the lock file and the program under test built.
pub fn command(program_is_built: bool) -> Result<Command> {
    let folder = shell::root().join("tests/browser");
    let lock = fs::read(folder.join("package-lock.json")).context("tests/browser/package-lock.json")?;
    // npm ci deletes what it made, so the stamp lies inside: it stands only for a finished install of this lock file.
    let stamp = folder.join("node_modules/.installed-lock");
    if fs::read(&stamp).ok().as_ref() != Some(&lock) {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        if !shell::succeeds(&mut npm)? {
            bail!("npm ci failed");
        }
        fs::write(&stamp, &lock)?;
    }
    if !program_is_built && !shell::succeeds(&mut shell::cargo(&["build", "--package", "doorward"]))? {
        bail!("the build failed");
    }
    let chromium = tools::chromium().context("no Chromium")?;
    let mut node = Command::new("node");
    shell::without_settings(&mut node);
    node.args(["--test", "--test-reporter=spec"]).args(test_files(&folder)?).current_dir(&folder);
    node.env("DOORWARD_TEST_CHROMIUM", chromium);
    node.env("DOORWARD_TEST_PROGRAM", shell::target_dir().join("debug/doorward"));
    Ok(node)
}

/// Named one by one: what node makes of a folder differs from version to version.
fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder.join("tests"))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
