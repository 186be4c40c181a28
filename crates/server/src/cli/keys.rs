//! `doorward keys …`: signing keys and master keys.

use std::io::{BufRead, IsTerminal as _, Write};

use anyhow::{Context as _, Result, bail};
use doorward_core::context::{Caller, Context, Time};
use doorward_core::master_key::{self, KeyStatus, Removal};
use doorward_core::signing_key::{self, KeyInfo, PUBLISHED_FIRST, When};
use serde_json::{Map, Value, json};

use super::args::Keys;
use super::out::say;
use super::setup::{self, explain};
use crate::config::Settings;

pub async fn run(settings: Settings, command: Keys) -> Result<()> {
    let app = setup::open(settings).await?.app;
    let context = app.context();
    match command {
        Keys::List { json } => list(context, json).await?,
        Keys::Rotate { now } => rotate(context, if now { When::Now } else { When::Published }).await?,
        Keys::Revoke { kid, yes } => revoke(context, &kid, yes).await?,
        Keys::Status { json } => status(context, json).await?,
    }
    context.db.close().await;
    Ok(())
}

async fn list(context: &Context, json: bool) -> Result<()> {
    let keys = signing_key::list(context).await.map_err(explain)?;
    if json {
        say!("{}", json!({"items": keys.iter().map(key_json).collect::<Vec<_>>()}));
        return Ok(());
    }
    for key in keys {
        say!("{:<43}  {:<5}  {:<7}  made {}", key.kid, key.alg, key.state, key.created_at.for_people());
    }
    Ok(())
}

fn key_json(key: &KeyInfo) -> Value {
    json!({"kid": key.kid, "alg": key.alg, "state": key.state, "created_at": key.created_at,
           "activated_at": key.activated_at, "retired_at": key.retired_at})
}

async fn rotate(context: &Context, when: When) -> Result<()> {
    let kid = signing_key::rotate(context, &operator(), when).await.map_err(explain)?;
    say!("{kid} signs now. The key before it stays published until its last token has run out.");
    Ok(())
}

async fn revoke(context: &Context, kid: &str, yes: bool) -> Result<()> {
    let stdin = std::io::stdin();
    if !yes && stdin.is_terminal() {
        let question = format!(
            "Revoke {kid}? Every token that it signed is refused from then on; sessions go on, and get tokens of another \
             key at their next refresh. [y/N] "
        );
        if !confirmed(&question, &mut stdin.lock(), &mut std::io::stderr())? {
            bail!("nothing was changed");
        }
    }
    let revoked = signing_key::revoke(context, &operator(), kid).await.map_err(explain)?;
    say!("{kid} is revoked: it has left the key set, and its tokens are refused within a second.");
    if revoked.was_current {
        say!(
            "{} signs now. Services that keep an older key set must fetch {}/.well-known/jwks.json again.",
            revoked.signs_now,
            context.config.issuer()
        );
    } else {
        say!(
            "Services that check tokens by themselves go on trusting it until they fetch the key set again."
        );
    }
    Ok(())
}

fn confirmed(question: &str, answers: &mut impl BufRead, out: &mut impl Write) -> Result<bool> {
    write!(out, "{question}").and_then(|()| out.flush()).context("the question")?;
    let mut line = String::new();
    answers.read_line(&mut line).context("the answer")?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

async fn status(context: &Context, json: bool) -> Result<()> {
    let keys = signing_key::list(context).await.map_err(explain)?;
    let master = master_key::status(context).await.map_err(explain)?;
    let rotates_at = rotates_at(context, &keys);
    if json {
        say!(
            "{}",
            json!({
                "signing_keys": keys.iter().map(key_json).collect::<Vec<_>>(),
                "rotates_at": rotates_at,
                "master_keys": master.iter().map(master_json).collect::<Vec<_>>(),
            })
        );
        return Ok(());
    }
    say!("Signing keys");
    for key in &keys {
        say!("  {:<7}  {:<43}  {}", key.state, key.kid, about(key));
    }
    match rotates_at {
        Some(at) => say!("  The next rotation is due {}.", at.for_people()),
        None => say!("  They are rotated by `doorward keys rotate` alone."),
    }
    say!("Master keys");
    for key in &master {
        say!("  {}  {:<31}  {}", key.id, setting(key), verdict(key));
    }
    Ok(())
}

fn about(key: &KeyInfo) -> String {
    match (key.state.as_str(), key.activated_at, key.retired_at) {
        ("current", Some(at), _) => format!("signs since {}", at.for_people()),
        ("next", ..) => format!("may sign from {}", (key.created_at + PUBLISHED_FIRST).for_people()),
        (_, _, Some(at)) => format!("signed until {}", at.for_people()),
        _ => String::new(),
    }
}

/// When the schedule lets the next key sign.
fn rotates_at(context: &Context, keys: &[KeyInfo]) -> Option<Time> {
    let of = |state: &str| keys.iter().find(|key| key.state == state);
    let (current, next) = (of("current")?, of("next")?);
    let published = next.created_at + PUBLISHED_FIRST;
    if current.alg != next.alg {
        return Some(published);
    }
    let every = context.config.keys.rotate_every?;
    Some((current.activated_at.unwrap_or(current.created_at) + every).max(published))
}

fn setting(key: &KeyStatus) -> String {
    match key.previous {
        None => "secrets.master_key".to_owned(),
        Some(index) => format!("secrets.previous_master_keys {}", index + 1),
    }
}

fn verdict(key: &KeyStatus) -> String {
    let counts: Vec<String> = key
        .seals
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name}: {count}"))
        .collect();
    let counts = if counts.is_empty() { "nothing is sealed under it".to_owned() } else { counts.join(", ") };
    match (key.previous, key.removal) {
        (None, _) => counts,
        (Some(_), Removal::No) => format!("{counts}; keep it"),
        (Some(_), Removal::From(at)) => format!("{counts}; it may be removed from {}", at.for_people()),
        (Some(_), Removal::Yes) => format!("{counts}; it may be removed"),
    }
}

fn master_json(key: &KeyStatus) -> Value {
    let seals: Map<String, Value> =
        key.seals.iter().map(|(name, count)| (name.replace(' ', "_"), json!(count))).collect();
    let (removable, from) = match key.removal {
        Removal::No => (false, None),
        Removal::From(at) => (false, Some(at)),
        Removal::Yes => (true, None),
    };
    json!({"id": key.id.to_string(), "current": key.previous.is_none(), "seals": seals,
           "removable": removable, "removable_from": from})
}

fn operator() -> Caller {
    Caller::system("command line")
}

#[cfg(test)]
mod tests {
    use super::confirmed;

    #[test]
    fn only_a_yes_confirms() {
        let ask = |answer: &str| {
            let mut shown = Vec::new();
            let confirmed = confirmed("Sure? ", &mut answer.as_bytes(), &mut shown).unwrap();
            assert_eq!(shown, b"Sure? ");
            confirmed
        };
        for yes in ["y\n", "Y\n", "yes\n", " YES \r\n"] {
            assert!(ask(yes), "{yes}");
        }
        for no in ["", "\n", "n\n", "no\n", "yesterday\n"] {
            assert!(!ask(no), "{no}");
        }
    }
}
