//! Logs: text for a person at a terminal, JSON for everything else.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::Log;

/// Begins to write logs to standard error. Calling it again does nothing.
pub fn init(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // A line that can't be written is lost. To complain of it on standard error as well would be a panic, and the end of the
    // server, when the disk that keeps the logs is full.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    let on_terminal = std::io::stderr().is_terminal();
    // A second start in one process, as in tests, keeps the first one's.
    let _ = if log.json.unwrap_or(!on_terminal) {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.compact().with_ansi(on_terminal).with_target(false).try_init()
    };
}
