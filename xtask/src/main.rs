//! The project's own commands: `cargo xtask test`, `bench` and `example`.

mod example;
mod npm;
mod shell;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask test [--only STEP,…] [--skip STEP,…] [--advisories]
    Runs everything that has to hold, in this order: fmt, clippy, deny, test, browser, next. Installs what is missing
    where it may, starts a database of its own and stops it again. --advisories also asks the advisory database (network).

cargo xtask bench [--only ROW,…] [--quick] [--json]
    Measures the release build against limits taken in the same run. `cargo xtask bench --help` lists the rows.

cargo xtask example nextjs
    Starts Doorward and the example app in Next.js together.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<ExitCode> {
    match args.split_first() {
        Some((command, rest)) if command == "test" => test::run(rest),
        Some((command, rest)) if command == "bench" => bench(rest),
        Some((command, rest)) if command == "example" => example::run(rest),
        None => Ok(help()),
        Some((command, _)) if matches!(command.as_str(), "help" | "--help" | "-h") => Ok(help()),
        Some((command, _)) => bail!("no command `{command}`; `cargo xtask help` lists them"),
    }
}

fn help() -> ExitCode {
    print!("{HELP}");
    ExitCode::SUCCESS
}

/// The benchmark is a binary of its own, so that nobody waits for its build who only runs the tests.
fn bench(args: &[String]) -> Result<ExitCode> {
    let mut build = shell::cargo(&["build", "--release", "--package", "doorward", "--package", "xtask"]);
    build.args(["--features", "xtask/bench", "--bin", "doorward", "--bin", "bench"]);
    if !shell::succeeds(&mut build)? {
        bail!("the release build failed");
    }
    let mut bench = std::process::Command::new(shell::target_dir().join("release/bench"));
    Ok(if shell::succeeds(bench.args(args))? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
