//! What the tests need from the machine, and how it gets there.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::Step;
use crate::shell;

struct Tool {
    name: &'static str,
    needed_by: &'static [Step],
    found: fn() -> bool,
    from: From,
}

#[derive(Clone, Copy)]
enum From {
    /// Debian packages.
    Apt(&'static [&'static str]),
    /// A component of the Rust toolchain.
    Rustup(&'static str),
}

/// A line for each; what a step does not need is not asked for.
const TOOLS: &[Tool] = &[
    Tool {
        name: "rustfmt",
        needed_by: &[Step::Fmt],
        found: || cargo_has("fmt"),
        from: From::Rustup("rustfmt"),
    },
    Tool {
        name: "clippy",
        needed_by: &[Step::Clippy],
        found: || cargo_has("clippy"),
        from: From::Rustup("clippy"),
    },
    Tool {
        name: "PostgreSQL 15 or later",
        needed_by: &[Step::Test],
        found: || postgres_bin().is_some(),
        from: From::Apt(&["postgresql"]),
    },
    Tool {
        name: "Redis",
        needed_by: &[Step::Test],
        found: || redis().is_some(),
        from: From::Apt(&["redis-server"]),
    },
    Tool {
        name: "nginx",
        needed_by: &[Step::Test],
        found: || nginx().is_some(),
        from: From::Apt(&["nginx"]),
    },
    Tool {
        name: "Caddy",
        needed_by: &[Step::Test],
        found: || caddy().is_some(),
        from: From::Apt(&["caddy"]),
    },
    Tool {
        name: "oathtool",
        needed_by: &[Step::Test],
        found: || oathtool().is_some(),
        from: From::Apt(&["oathtool"]),
    },
    Tool {
        name: "Node 20 or later",
        needed_by: &[Step::Browser, Step::Next],
        found: || major_version("node").is_some_and(|major| major >= 20),
        from: From::Apt(&["nodejs"]),
    },
    Tool {
        name: "npm",
        needed_by: &[Step::Browser, Step::Next],
        found: || shell::which(&["npm"]).is_some(),
        from: From::Apt(&["npm"]),
    },
    Tool {
        name: "Chromium",
        needed_by: &[Step::Browser, Step::Next],
        found: || chromium().is_some(),
        from: From::Apt(&["chromium", "fonts-liberation", "fonts-noto-color-emoji"]),
    },
];

/// Installs what the steps need and the machine lacks, or fails and says what to install.
pub fn ensure(steps: &[Step]) -> Result<()> {
    let missing = || {
        TOOLS.iter().filter(|tool| tool.needed_by.iter().any(|step| steps.contains(step)) && !(tool.found)())
    };
    let lacking: Vec<_> = missing().collect();
    if lacking.is_empty() {
        return Ok(());
    }
    println!("missing: {}", lacking.iter().map(|tool| tool.name).collect::<Vec<_>>().join(", "));
    let mut packages = Vec::new();
    for tool in lacking {
        match tool.from {
            From::Apt(names) => packages.extend(names),
            From::Rustup(component) => {
                shell::succeeds(Command::new("rustup").args(["component", "add", component]))?;
            }
        }
    }
    if !packages.is_empty() {
        install(&packages)?;
    }
    let still: Vec<_> = missing().map(|tool| tool.name).collect();
    if !still.is_empty() {
        bail!("still missing after the installation: {}", still.join(", "));
    }
    Ok(())
}

/// The folder with `initdb` and `postgres`: Debian keeps it out of `PATH`. The newest, where there are several.
pub fn postgres_bin() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let on_path =
        shell::which(&["postgres"]).and_then(|program| Some(program.canonicalize().ok()?.parent()?.into()));
    debian
        .map(|version| version.path().join("bin"))
        .chain(on_path)
        .filter_map(|bin: PathBuf| Some((major_version(bin.join("postgres").to_str()?)?, bin)))
        .filter(|(major, bin)| *major >= 15 && bin.join("initdb").is_file())
        .max()
        .map(|(_, bin)| bin)
}

/// Redis, or Valkey which speaks as it does.
pub fn redis() -> Option<PathBuf> {
    shell::which(&["redis-server", "valkey-server"])
}

/// Debian keeps it out of most people's `PATH`.
pub fn nginx() -> Option<PathBuf> {
    shell::which(&["nginx", "/usr/sbin/nginx"])
}

pub fn caddy() -> Option<PathBuf> {
    shell::which(&["caddy"])
}

pub fn oathtool() -> Option<PathBuf> {
    shell::which(&["oathtool"])
}

pub fn chromium() -> Option<PathBuf> {
    shell::which(&["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"])
}

fn cargo_has(subcommand: &str) -> bool {
    shell::output("cargo", &[subcommand, "--version"]).is_some()
}

/// The first number of what `--version` prints.
fn major_version(program: &str) -> Option<u32> {
    let version = shell::output(program, &["--version"])?;
    let digits = version.split(|char: char| !char.is_ascii_digit()).find(|digits| !digits.is_empty())?;
    digits.parse().ok()
}

fn install(packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install {}", packages.join(" "));
    if shell::which(&["apt-get"]).is_none() {
        bail!("this is not Debian: install the equivalent of `{by_hand}` and run this again");
    }
    let sudo: &[&str] = if shell::is_root() {
        &[]
    } else if shell::output("sudo", &["-n", "true"]).is_some() {
        &["sudo", "-n"]
    } else {
        bail!("not allowed to install it; run `sudo {by_hand}` and then this again");
    };
    let apt = |args: &[&str]| {
        // At this runlevel Debian's packages start no service.
        let quietly = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", "-q"];
        let words = [sudo, &quietly, args].concat();
        shell::succeeds(Command::new(words[0]).args(&words[1..]))
    };
    println!("installing: {}", packages.join(" "));
    if !apt(&["update"])? || !apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())? {
        bail!("apt-get failed; try `{by_hand}` by hand");
    }
    Ok(())
}
