//! `cargo xtask bench`: how fast the release build is, as ratios against limits that are measured in the same run, on
//! the same core, by the same client over the same connections.
//!
//! What is compared is the CPU time that the server's process takes for one request: wall time tells more about the
//! machine's other work. Server and load have a core each.

mod cores;
mod limits;
mod load;
mod process;
mod product;
mod report;
mod rows;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use cores::Cores;

const HELP: &str = "\
cargo xtask bench [--only ROW,…] [--quick] [--json]

Rows:
  check    session check by cookie, against the same bytes from a bare axum handler
  gateway  forward-auth by cookie, against the session check
  refresh  refresh with rotation, against the same transaction in a bare group-committing SQLite loop and one signature
  sign-in  password sign-in, against cores ÷ time of one hash; and what a storm of them does to session checks
  alike    a wrong password for accounts that exist, against names that nobody has
  verify   the crate doorward-verify: a new token against one bare verification, and one that was seen before
  idle     memory at rest, and the time from start to first answer on an existing database

--quick runs every row for a moment: whether it works, not how fast it is.
--json  prints the rows as JSON.
";

/// How long and how often.
#[derive(Debug, Clone)]
pub struct Effort {
    pub quick: bool,
    /// How often measured and limit alternate; the median counts.
    pub rounds: usize,
    pub round: Duration,
    pub connections: usize,
}

impl Effort {
    const FULL: Self = Self { quick: false, rounds: 7, round: Duration::from_secs(2), connections: 64 };
    const QUICK: Self = Self { quick: true, rounds: 1, round: Duration::from_millis(200), connections: 4 };
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.split_first() {
        Some((first, rest)) if first == "limit" => limits::run(rest),
        _ => run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let mut effort = Effort::FULL;
    let mut chosen = rows::NAMES.to_vec();
    let mut json = false;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => effort = Effort::QUICK,
            "--json" => json = true,
            "--only" => {
                let list = args.next().context("--only wants a list of rows")?;
                if let Some(unknown) = list.split(',').find(|name| !rows::NAMES.contains(name)) {
                    bail!("no row `{unknown}`: {}", rows::NAMES.join(", "));
                }
                chosen.retain(|name| list.split(',').any(|only| only == *name));
            }
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(());
            }
            _ => bail!("no option `{arg}`; --help lists them"),
        }
    }
    let cores = Cores::split()?;
    cores.pin_to_load()?;
    if cores.shared() {
        eprintln!("only one core: server and load share it, and the figures say little");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows = runtime.block_on(rows::measure(&chosen, &effort, cores, &folder()?))?;
    report::print(&rows, json);
    Ok(())
}

/// An empty folder on the disk that the build is on: `/tmp` may be memory, where a sync costs nothing.
fn folder() -> Result<PathBuf> {
    let folder = std::env::current_exe()?.with_file_name(format!("bench-{}", std::process::id()));
    std::fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}
