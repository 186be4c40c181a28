//! Node packages, by their lock files.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell;

/// Installs what a folder's lock file names, where that has not been done yet. `also` is what the installation depends on
/// besides: a package of ours that is copied in.
pub fn install(folder: &Path, also: &str) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let lock = fs::read_to_string(&lock).with_context(|| lock.display().to_string())?;
    let wanted = format!("{lock}\n{also}");
    // npm ci deletes what it made, so the stamp lies inside: it stands only for a finished install of this lock file.
    let stamp = folder.join("node_modules/.installed-lock");
    if fs::read_to_string(&stamp).ok().as_ref() == Some(&wanted) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
    if !shell::succeeds(&mut npm)? {
        bail!("npm ci failed in {}", folder.display());
    }
    fs::write(&stamp, &wanted)?;
    Ok(())
}

/// Runs a script of a folder's package.json.
pub fn run(folder: &Path, script: &str) -> Command {
    let mut npm = Command::new("npm");
    shell::without_settings(&mut npm);
    npm.args(["run", "--silent", script]).current_dir(folder);
    npm
}

/// The package `@doorward/next`, built, and the example app with a copy of it.
pub fn example() -> Result<()> {
    let package = shell::root().join("packages/next");
    install(&package, "")?;
    if !shell::succeeds(&mut run(&package, "build"))? {
        bail!("the package was not built");
    }
    install(&shell::root().join("examples/nextjs"), &digest(&package.join("dist"))?)
}

/// What a folder holds, so that one sees whether it has changed.
fn digest(folder: &Path) -> Result<String> {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.strip_prefix(folder)?.hash(&mut hasher);
        fs::read(&file)?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}
