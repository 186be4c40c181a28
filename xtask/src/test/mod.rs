//! `cargo xtask test`: every check of the project, one after the other, on both database engines and in a browser.

mod browser;
mod counts;
mod deny;
mod postgres;
mod redis;
mod tools;

use std::io::{BufRead, BufReader, IsTerminal};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{npm, shell};
use counts::Counts;

/// The benchmark is linted too, and run for a moment.
const BENCH: &str = "xtask/bench";

/// Runs the chosen steps, all of them even where one fails, and says at the end what failed.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let options = Options::parse(args)?;
    tools::ensure(&options.steps)?;

    let mut total = Counts::default();
    let mut results = Vec::new();
    for &step in &options.steps {
        println!("\n━━━ {} ━━━ {}", step.name(), step.purpose());
        let start = Instant::now();
        let outcome = perform(step, &options, &mut total);
        if let Err(error) = &outcome {
            eprintln!("{}: {error:#}", step.name());
        }
        results.push((step, outcome.is_ok(), start.elapsed()));
    }
    Ok(summary(&results, total))
}

fn perform(step: Step, options: &Options, total: &mut Counts) -> Result<()> {
    match step {
        Step::Fmt => check(&mut shell::cargo(&["fmt", "--all", "--check"])),
        Step::Clippy => {
            let mut clippy = shell::cargo(&["clippy", "--workspace", "--all-targets", "--features", BENCH]);
            check(clippy.args(["--", "-D", "warnings"]))
        }
        Step::Deny => check(&mut deny::command(options.advisories)?),
        Step::Test => {
            // What tests start: the gateways that the examples are for, and an authenticator app.
            let programs = [
                ("DOORWARD_TEST_NGINX", tools::nginx().context("no nginx")?),
                ("DOORWARD_TEST_CADDY", tools::caddy().context("no Caddy")?),
                ("DOORWARD_TEST_OATHTOOL", tools::oathtool().context("no oathtool")?),
            ];
            let tests = ["test", "--workspace", "--no-fail-fast", "--features", BENCH];
            println!("on SQLite");
            let on_sqlite = counted(shell::cargo(&tests).envs(programs.clone()), total);
            println!("on PostgreSQL, with Redis");
            let (database, redis) = (postgres::start()?, redis::start()?);
            // Those that use a database. Built as the others were, so that nothing is built twice.
            let mut test = shell::cargo(&tests);
            test.args(["--test", "it", "--test", "units"]).env("DOORWARD_TEST_POSTGRES", database.url());
            test.env("DOORWARD_TEST_REDIS", redis.url()).envs(programs);
            on_sqlite.and(counted(&mut test, total))
        }
        Step::Browser => counted(&mut browser::command(options.steps.contains(&Step::Test))?, total),
        Step::Next => next(options, total),
    }
}

/// The package by itself, as its README has newcomers use it, then in the example app.
fn next(options: &Options, total: &mut Counts) -> Result<()> {
    let package = shell::root().join("packages/next");
    npm::install(&package, "")?;
    if !options.steps.contains(&Step::Test) {
        check(&mut shell::cargo(&["build", "--package", "doorward"]))?;
    }
    let program = shell::target_dir().join("debug/doorward");
    check(&mut npm::run(&package, "check"))?;
    counted(npm::run(&package, "test").env("DOORWARD_TEST_PROGRAM", &program), total)?;
    check(&mut npm::run(&package, "size"))?;
    let mut example = browser::next(true)?;
    let mut readme = npm::run(&package, "test:readme");
    readme.env("DOORWARD_TEST_PROGRAM", &program).env("DOORWARD_TEST_CHROMIUM", browser::chromium()?);
    check(&mut readme)?;
    counted(&mut example, total)?;
    check(&mut npm::run(&shell::root().join("examples/nextjs"), "check"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Fmt,
    Clippy,
    Deny,
    Test,
    Browser,
    Next,
}

impl Step {
    const ALL: [Self; 6] = [Self::Fmt, Self::Clippy, Self::Deny, Self::Test, Self::Browser, Self::Next];

    const fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Deny => "deny",
            Self::Test => "test",
            Self::Browser => "browser",
            Self::Next => "next",
        }
    }

    const fn purpose(self) -> &'static str {
        match self {
            Self::Fmt => "the code is laid out alike",
            Self::Clippy => "no lint is broken",
            Self::Deny => "dependencies: banned ones, licences, where they come from",
            Self::Test => "all Rust tests, on SQLite and PostgreSQL, with Redis, nginx, Caddy and oathtool",
            Self::Browser => "the pages, in Chromium",
            Self::Next => "@doorward/next, by itself and in the example app in Chromium",
        }
    }
}

struct Options {
    steps: Vec<Step>,
    advisories: bool,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self { steps: Step::ALL.to_vec(), advisories: false };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let (flag, mut value) = arg
                .split_once('=')
                .map_or((arg.as_str(), None), |(flag, value)| (flag, Some(value.to_owned())));
            let mut steps = || {
                let list = value.take().or_else(|| args.next().cloned());
                parse_steps(&list.with_context(|| format!("{flag} wants a list of steps"))?)
            };
            match flag {
                "--only" => {
                    let only = steps()?;
                    options.steps.retain(|step| only.contains(step));
                }
                "--skip" => {
                    let skip = steps()?;
                    options.steps.retain(|step| !skip.contains(step));
                }
                "--advisories" => options.advisories = true,
                _ => bail!("no option `{arg}`; `cargo xtask help` lists them"),
            }
        }
        Ok(options)
    }
}

fn parse_steps(list: &str) -> Result<Vec<Step>> {
    list.split(',')
        .map(|name| {
            let known = Step::ALL.map(Step::name).join(", ");
            Step::ALL
                .into_iter()
                .find(|step| step.name() == name)
                .with_context(|| format!("no step `{name}`: {known}"))
        })
        .collect()
}

fn check(command: &mut Command) -> Result<()> {
    if !shell::succeeds(command)? {
        bail!("failed, see above");
    }
    Ok(())
}

/// Runs a test runner, passes on what it prints and adds what it counted.
fn counted(command: &mut Command, total: &mut Counts) -> Result<()> {
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
    }
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start the test runner")?;
    let output = child.stdout.take().context("no output of the test runner")?;
    let mut counts = Counts::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        counts.add_line(&line);
    }
    let passed = child.wait()?.success();
    *total += counts;
    if !passed || counts.failed > 0 {
        bail!("failed, see above");
    }
    if counts.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

fn summary(results: &[(Step, bool, Duration)], total: Counts) -> ExitCode {
    println!("\n━━━ summary ━━━");
    for (step, passed, time) in results {
        println!(
            "{:<8} {:<6} {:>7.1} s",
            step.name(),
            if *passed { "ok" } else { "FAILED" },
            time.as_secs_f64()
        );
    }
    let all: Duration = results.iter().map(|(_, _, time)| *time).sum();
    println!("{:<15} {:>7.1} s", "all", all.as_secs_f64());
    let failed: Vec<_> = results.iter().filter(|result| !result.1).map(|result| result.0.name()).collect();
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(args: &[&str]) -> Vec<Step> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        Options::parse(&args).unwrap().steps
    }

    #[test]
    fn steps_are_chosen_and_keep_their_order() {
        assert_eq!(steps(&[]), Step::ALL);
        assert_eq!(steps(&["--only", "clippy,fmt"]), [Step::Fmt, Step::Clippy]);
        assert_eq!(steps(&["--skip=browser,test,next"]), [Step::Fmt, Step::Clippy, Step::Deny]);
        assert!(Options::parse(&["--only".to_owned(), "fmt,nothing".to_owned()]).is_err());
        assert!(Options::parse(&["--only".to_owned()]).is_err());
        assert!(Options::parse(&["--fast".to_owned()]).is_err());
    }
}
