//! The command line. Every command works on the database itself, and so also while the server runs.

mod args;
mod audit;
mod commands;
mod doctor;
mod keys;
mod out;
mod serve;
mod setup;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;

use crate::config::Settings;
use args::{Cli, Command};

/// Runs the program, and says on standard error what went wrong.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("doorward: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(dispatch(cli)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("doorward: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(cli: Cli) -> Result<ExitCode> {
    let settings = || load(cli.config.as_deref());
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(settings()?).await?,
        Command::Migrate => commands::migrate(&settings()?).await?,
        Command::Doctor { json } => return doctor::run(settings(), json).await,
        Command::User(command) => commands::user(settings()?, command).await?,
        Command::Key(command) => commands::key(settings()?, command).await?,
        Command::Keys(command) => keys::run(settings()?, command).await?,
        Command::Audit(command) => return audit::run(settings()?, command).await,
        Command::Openapi => out::print(format_args!("{}", doorward_web::api::openapi::text())),
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the settings' file, where there is one, and the environment.
fn load(config: Option<&Path>) -> Result<Settings> {
    let default = Path::new("doorward.toml");
    let path = config.unwrap_or(default);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if config.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
    };
    let name = path.display().to_string();
    let file = text.as_deref().map(|text| (name.as_str(), text));
    // What is not UTF-8 is no setting of ours.
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let settings = Settings::load(file, env, &|path| std::fs::read_to_string(path))?;
    Ok(settings)
}
