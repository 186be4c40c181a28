use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use doorward_core::audit_log::{self, Entry, Filter, Page, SignedHead};
use doorward_core::context::{Context, UserId};
use doorward_core::operator;
use serde_json::{Value, json};

use super::args::{Audit, Export};
use super::out::{self, say};
use super::setup::{self, explain};
use crate::app::App;
use crate::config::Settings;

const PAGE: i64 = 500;

pub async fn run(settings: Settings, command: Audit) -> Result<ExitCode> {
    let app = setup::open(settings).await?.app;
    let code = match command {
        Audit::Head { json } => head(&app, json).await?,
        Audit::Verify { heads, json } => {
            let read = |path: &std::path::PathBuf| {
                std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))
            };
            let texts =
                heads.iter().map(|path| Ok((path.as_path(), read(path)?))).collect::<Result<Vec<_>>>()?;
            verify(app.context(), &texts, json).await?
        }
        Audit::Export(wanted) => export(app.context(), &wanted).await?,
    };
    app.context().db.close().await;
    Ok(code)
}

async fn head(app: &App, json: bool) -> Result<ExitCode> {
    let head = audit_log::sign_head(app.context(), app.sessions.keys()).await.map_err(explain)?;
    let Some(head) = head else {
        bail!("nothing has been sealed yet: the server seals what happens within a second");
    };
    if json {
        say!("{}", head_json(&head));
    } else {
        say!("{}", head.jws);
    }
    Ok(ExitCode::SUCCESS)
}

fn head_json(head: &SignedHead) -> Value {
    json!({"position": head.position(), "mac": head.mac(), "time": head.time, "jws": head.jws})
}

async fn verify(context: &Context, texts: &[(&Path, String)], json: bool) -> Result<ExitCode> {
    let mut copies = Vec::with_capacity(texts.len());
    for (path, text) in texts {
        let copy = audit_log::read_head(context, text).await.map_err(explain);
        copies.push(copy.with_context(|| format!("{}", path.display()))?);
    }
    let mut line = ProgressLine::new();
    let report = audit_log::verify(context, &copies, &mut |done, total| {
        line.show(&format!("{done} of {total} events"));
    })
    .await
    .map_err(explain)?;
    line.clear();
    if json {
        let faults: Vec<Value> = report
            .faults
            .iter()
            .map(|fault| json!({"position": fault.position, "kind": fault.kind, "detail": fault.detail}))
            .collect();
        say!(
            "{}",
            json!({"ok": report.is_sound(), "anchor": report.anchor, "end": report.end, "checked": report.checked,
                   "erased": report.erased, "unsealed": report.unsealed, "heads": report.heads, "faults": faults})
        );
    } else {
        for fault in &report.faults {
            say!("position {}: {}: {}", fault.position, fault.kind, fault.detail);
        }
        let sound = if report.is_sound() { "The log is whole" } else { "The log is NOT whole" };
        say!(
            "{sound}: {} events checked (positions {} to {}), {} of them erased, {} waiting to be sealed (within a second), {} of the signed heads compared.",
            report.checked,
            report.anchor + 1,
            report.end,
            report.erased,
            report.unsealed,
            report.heads
        );
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn export(context: &Context, wanted: &Export) -> Result<ExitCode> {
    let user = match &wanted.user {
        // The events of an account that was deleted are still there.
        Some(text) => Some(match UserId::parse(text) {
            Some(id) => id,
            None => operator::find_user(context, text).await.map_err(explain)?.id,
        }),
        None => None,
    };
    let filter = Filter { user, event_type: wanted.event_type, since: wanted.since, until: wanted.until };
    let mut line = ProgressLine::beside_output();
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut left = wanted.limit.unwrap_or(u64::MAX);
    let (mut cursor, mut done) = (None, 0_u64);
    while left > 0 {
        let limit = i64::try_from(left).unwrap_or(PAGE).min(PAGE);
        let page = Page { newest_first: wanted.newest, cursor, limit };
        let entries = audit_log::search(context, &filter, &page).await.map_err(explain)?;
        for entry in &entries {
            writeln!(output, "{}", entry_json(entry)).unwrap_or_else(|error| out::give_up(&error));
        }
        let count = entries.len() as u64;
        left -= count.min(left);
        done += count;
        line.show(&format!("{done} events"));
        cursor = entries.last().map(|entry| entry.id);
        if cursor.is_none() {
            break;
        }
    }
    line.clear();
    output.flush().unwrap_or_else(|error| out::give_up(&error));
    Ok(ExitCode::SUCCESS)
}

fn entry_json(entry: &Entry) -> Value {
    json!({"id": entry.id, "time": entry.time, "type": entry.event_type, "outcome": entry.outcome,
           "actor_id": entry.actor, "user_id": entry.user, "session_id": entry.session, "ip": entry.ip,
           "user_agent": entry.user_agent, "request_id": entry.request_id, "detail": entry.details(),
           "position": entry.position(), "mac": entry.mac_text()})
}

/// How far it is, on a line of the terminal that is written over; nothing where there is no terminal.
struct ProgressLine {
    shows: bool,
    width: usize,
}

impl ProgressLine {
    fn new() -> Self {
        Self { shows: io::stderr().is_terminal(), width: 0 }
    }

    /// Where the output goes to the same terminal, it shows well enough how far it is.
    fn beside_output() -> Self {
        Self { shows: io::stderr().is_terminal() && !io::stdout().is_terminal(), width: 0 }
    }

    fn show(&mut self, text: &str) {
        if self.shows {
            eprint!("\r{text:<width$}", width = self.width);
            self.width = self.width.max(text.len());
        }
    }

    fn clear(&mut self) {
        if self.width > 0 {
            eprint!("\r{:width$}\r", "", width = self.width);
        }
    }
}
