use std::collections::HashMap;
use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, Result, bail};
use doorward_core::context::{Caller, UserId};
use doorward_core::migrations::MIGRATIONS;
use doorward_core::operator::{self, CreateUser, Granted};
use doorward_core::user::{self, User};
use doorward_core::{access, recovery, service_key};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::args::{self, Key};
use super::out::{self, say};
use super::setup::{self, explain};
use crate::config::Settings;

pub async fn migrate(settings: &Settings) -> Result<()> {
    let db = setup::open_database(settings).await?;
    let report = db.migrate(MIGRATIONS).await?;
    db.close().await;
    match report.applied {
        0 => say!("The schema is up to date (version {}).", report.version),
        applied => say!("Applied {applied}; the schema is at version {}.", report.version),
    }
    Ok(())
}

pub async fn user(settings: Settings, command: args::User) -> Result<()> {
    let app = setup::open(settings).await?.app;
    let context = app.context();
    let caller = Caller::system("command line");
    match command {
        args::User::Create(create) => create_user(&app, &caller, &create).await?,
        args::User::List { limit, after, json } => list(&app, limit, after.as_deref(), json).await?,
        args::User::Disable { user } => {
            let user = operator::find_user(context, &user).await.map_err(explain)?;
            let changed = operator::disable(context, &caller, user.id).await.map_err(explain)?;
            say!(
                "{} is {}.",
                user.email,
                if changed { "disabled, and its sessions have ended" } else { "disabled already" }
            );
        }
        args::User::ResetFactors { user, note } => {
            let user = operator::find_user(context, &user).await.map_err(explain)?;
            recovery::reset_by_operator(context, &caller, user.id, &note).await.map_err(explain)?;
            say!("{} has no second factor any more, and is signed out everywhere.", user.email);
        }
        args::User::Enable { user } => {
            let user = operator::find_user(context, &user).await.map_err(explain)?;
            let changed = operator::enable(context, &caller, user.id).await.map_err(explain)?;
            say!("{} {}.", user.email, if changed { "may come in again" } else { "was not shut out" });
        }
        args::User::Grant { user, role } => {
            let user = operator::find_user(context, &user).await.map_err(explain)?;
            let granted = operator::grant(context, &caller, user.id, &role).await.map_err(explain)?;
            say!("{}", in_words(granted, &user.email, &role));
        }
        args::User::Revoke { user, role } => {
            let user = operator::find_user(context, &user).await.map_err(explain)?;
            let revoked = access::revoke(context, &caller, user.id, &role).await.map_err(explain)?;
            say!(
                "{} {} the role {role}.",
                user.email,
                if revoked { "no longer has" } else { "did not have" }
            );
        }
    }
    context.db.close().await;
    Ok(())
}

pub async fn key(settings: Settings, command: Key) -> Result<()> {
    let app = setup::open(settings).await?.app;
    let context = app.context();
    let caller = Caller::system("command line");
    match command {
        Key::Create { name, scope, json } => {
            let (key, secret) =
                service_key::create(context, &caller, &name, &scope).await.map_err(explain)?;
            if json {
                say!(
                    "{}",
                    json!({"id": key.id.to_string(), "name": key.name, "scopes": key.scopes, "key": secret.expose_secret()})
                );
            } else {
                say!("{}", secret.expose_secret());
                eprintln!("This is the key of {}. It is shown this once.", key.name);
            }
        }
        Key::List { json } => {
            let keys = service_key::list(context).await.map_err(explain)?;
            if json {
                let items: Vec<_> = keys
                    .iter()
                    .map(|key| {
                        json!({"id": key.id.to_string(), "name": key.name, "scopes": key.scopes,
                               "created_at": key.created_at, "last_used_at": key.last_used_at,
                               "revoked_at": key.revoked_at})
                    })
                    .collect();
                say!("{}", json!({"items": items}));
            } else if keys.is_empty() {
                say!("There are no keys. Make one: doorward key create NAME --scope revocations:read");
            } else {
                for key in keys {
                    let state = match (key.revoked_at, key.last_used_at) {
                        (Some(at), _) => format!("ended {}", at.for_people()),
                        (None, Some(at)) => format!("last used {}", at.for_people()),
                        (None, None) => "never used".to_owned(),
                    };
                    say!("{}  {:<24}  {}  {state}", key.id, key.name, key.scopes.join(" "));
                }
            }
        }
        Key::Revoke { key } => {
            let ended = service_key::revoke(context, &caller, &key).await.map_err(explain)?;
            say!("{key} {}.", if ended { "is good for nothing any more" } else { "had ended already" });
        }
    }
    context.db.close().await;
    Ok(())
}

async fn create_user(app: &crate::app::App, caller: &Caller, create: &args::CreateUser) -> Result<()> {
    let password = read_password(create.password_stdin)?;
    let user = operator::create_user(
        app.context(),
        caller,
        &CreateUser {
            email: &create.email,
            username: create.username.as_deref(),
            password: &password,
            admin: create.admin,
        },
    )
    .await
    .map_err(explain)?;
    if create.json {
        say!("{}", json!({"id": user.id, "email": user.email, "preferred_username": user.username}));
    } else {
        say!("Made {} ({}).", user.email, user.id);
    }
    Ok(())
}

async fn list(app: &crate::app::App, limit: i64, after: Option<&str>, json: bool) -> Result<()> {
    let after = match after {
        Some(text) => Some(UserId::parse(text).context("--after takes an account's id, such as user_0198…")?),
        None => None,
    };
    let users = user::list(app.context(), after, limit).await.map_err(explain)?;
    let mut roles = match (users.first(), users.last()) {
        (Some(first), Some(last)) => {
            access::roles_between(app.context(), first.id, last.id).await.map_err(explain)?
        }
        _ => HashMap::new(),
    };
    let mut roles_of = |user: &User| roles.remove(&user.id).unwrap_or_default();
    if json {
        let items: Vec<_> = users
            .iter()
            .map(|user| {
                json!({"id": user.id, "email": user.email, "email_verified": user.email_verified,
                       "roles": roles_of(user),
                       "preferred_username": user.username, "disabled": user.is_disabled(),
                       "deletes_at": user.deletes_at,
                       "created_at": user.created_at, "last_sign_in_at": user.last_sign_in_at})
            })
            .collect();
        say!("{}", json!({"items": items}));
        return Ok(());
    }
    if users.is_empty() {
        say!(
            "There are no accounts yet. Make one with: doorward user create --email ada@example.com --admin"
        );
        return Ok(());
    }
    let mut table = vec![["ID", "STATE", "EMAIL", "USERNAME", "ROLES"].map(str::to_owned)];
    for user in &users {
        let state = match (user.is_disabled(), user.email_verified) {
            (true, _) => "disabled",
            _ if user.is_closed() => "closed",
            (false, true) => "active",
            (false, false) => "unverified",
        };
        // Every line has five columns, also for programs that count words.
        let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        table.push([
            user.id.to_string(),
            state.to_owned(),
            user.email.clone(),
            or_dash(user.username.clone().unwrap_or_default()),
            or_dash(roles_of(user).join(",")),
        ]);
    }
    out::table(&table);
    Ok(())
}

fn read_password(from_stdin: bool) -> Result<SecretString> {
    let stdin = std::io::stdin();
    if !from_stdin && stdin.is_terminal() {
        bail!(
            "pipe the password in and say --password-stdin, so that it shows on no screen and in no history"
        );
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).context("the password on standard input")?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(SecretString::from(line))
}

fn in_words(granted: Granted, email: &str, role: &str) -> String {
    match granted {
        Granted::Already => format!("{email} already had the role {role}."),
        Granted::Now { ended: 0 } => format!("{email} now has the role {role}."),
        Granted::Now { ended } => format!(
            "{email} now has the role {role}, which asks for two factors. Sessions that were opened by one have ended: {ended}."
        ),
    }
}
