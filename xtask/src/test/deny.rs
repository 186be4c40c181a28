//! cargo-deny, at one version for everybody, built once into the target folder.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;

const VERSION: &str = "0.20.2";

/// The check as `deny.toml` has it, installed first where it is not there yet.
pub fn command(advisories: bool) -> Result<Command> {
    let mut deny = Command::new(installed()?);
    deny.current_dir(shell::root());
    deny.args(["--workspace", "--all-features", "check", "bans", "licenses", "sources"]);
    if advisories {
        deny.arg("advisories");
    }
    Ok(deny)
}

fn installed() -> Result<PathBuf> {
    if let Some(own) = shell::which(&["cargo-deny"]).filter(is_pinned) {
        return Ok(own);
    }
    let tools = shell::target_dir().join("xtask-tools");
    let root = tools.join(format!("cargo-deny-{VERSION}"));
    let program = root.join("bin/cargo-deny");
    if is_pinned(&program) {
        return Ok(program);
    }
    println!("building cargo-deny {VERSION} (once, takes a few minutes)");
    let build = tools.join("build");
    let mut install = shell::cargo(&["install", "--quiet", "--locked", "--version", VERSION, "cargo-deny"]);
    install.arg("--root").arg(&root).env("CARGO_TARGET_DIR", &build);
    // It runs for a second: what counts is the time to build it.
    install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "off");
    install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256").env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    let done = shell::succeeds(&mut install)?;
    if build.exists() {
        std::fs::remove_dir_all(&build)?;
    }
    if !done {
        bail!("cargo-deny {VERSION} could not be installed");
    }
    Ok(program)
}

fn is_pinned(program: &PathBuf) -> bool {
    shell::output(program, &["--version"]).is_some_and(|version| version == format!("cargo-deny {VERSION}"))
}
