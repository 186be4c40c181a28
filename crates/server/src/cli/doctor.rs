//! `doorward doctor`: looks at everything that a start needs, and says how to mend what is wrong. It changes nothing of it:
//! no file, table or key is made, and no step of the schema is taken.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use doorward_core::context::{Context, SystemClock};
use doorward_core::master_key::{self, Removal};
use doorward_core::migrations::MIGRATIONS;
use doorward_core::signing_key;
use doorward_db::{Db, Engine, Schema};
use serde_json::json;
use tokio::net::TcpStream;
use url::Url;

use super::out::say;
use super::setup;
use crate::config::sms::SmsProvider;
use crate::config::{MailTransport, Settings};
use crate::mail::MailServer;
use crate::redis::RedisCounts;
use secrecy::{ExposeSecret as _, SecretString};

/// How long whoever is asked may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
const CLOCK_TOLERANCE_MICROS: i64 = 1_000_000;

struct Finding {
    what: &'static str,
    /// `None` where all is well.
    wrong: Option<String>,
    detail: String,
}

pub async fn run(settings: Result<Settings>, json: bool) -> Result<ExitCode> {
    let findings = examine(settings).await;
    let is_well = findings.iter().all(|finding| finding.wrong.is_none());
    if json {
        let items: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({"check": finding.what, "ok": finding.wrong.is_none(), "detail": finding.detail, "mend": finding.wrong})
            })
            .collect();
        say!("{}", json!({"ok": is_well, "items": items}));
    } else {
        for finding in &findings {
            let mark = if finding.wrong.is_none() { "ok " } else { "!! " };
            say!("{mark} {:<9} {}", finding.what, finding.detail);
            if let Some(mend) = &finding.wrong {
                say!("    {mend}");
            }
        }
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine(settings: Result<Settings>) -> Vec<Finding> {
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => return vec![bad("settings", "do not hold", &error.to_string())],
    };
    let mode = if settings.core.is_development() { "development" } else { "production" };
    let mut findings = vec![good("settings", &format!("{mode} mode, {}", settings.core.issuer()))];
    findings.push(mail(&settings.mail).await);
    if let Some(provider) = &settings.sms {
        findings.push(sms(provider).await);
    }
    if let Some(url) = &settings.redis_url {
        findings.push(redis(url).await);
    }
    if let Some(path) = &settings.geoip_database {
        findings.push(match setup::places(path) {
            Ok(_) => good("places", &format!("{} can be read", path.display())),
            Err(error) => bad("places", "can't be read", &error.to_string()),
        });
    }
    let db = match setup::open_database_to_read(&settings).await {
        Ok(Some(db)) => db,
        Ok(None) => {
            findings.push(not_made_yet(&settings));
            return findings;
        }
        Err(error) => {
            findings.push(bad("database", "can't be opened", &format!("{error:#}")));
            return findings;
        }
    };
    let (found, schema) = database(&db).await;
    findings.extend(found);
    // What is in an older schema can't be read by this program's queries.
    if schema.is_some_and(Schema::is_up_to_date) {
        findings.extend(contents(settings, &db).await);
    }
    db.close().await;
    findings
}

/// The file of an embedded database is made by the first start, in a folder that it makes too.
fn not_made_yet(settings: &Settings) -> Finding {
    let folder = settings.data_dir.ancestors().find(|folder| folder.exists());
    match folder.filter(|folder| !folder.is_dir()) {
        None => good("database", "SQLite, not there yet: the first start makes it"),
        Some(file) => {
            bad("database", &format!("{} is not a folder", file.display()), "Name another data_dir.")
        }
    }
}

/// What the database holds, as a start would find it.
async fn contents(settings: Settings, db: &Db) -> Vec<Finding> {
    let context = match setup::examine(settings, db.clone()).await {
        Ok(context) => context,
        Err(error) => return vec![bad("parts", "can't be put together", &format!("{error:#}"))],
    };
    let opened = match master_key::ensure_at_hand(&context).await {
        Ok(()) => signing_key::examine(&context).await,
        Err(error) => Err(error),
    };
    let keys = match opened {
        Ok(true) => good("keys", "the signing keys open under the master key"),
        Ok(false) => good("keys", "none yet: the first start makes them"),
        Err(error) => return vec![bad("keys", "do not open", &setup::explain(error).to_string())],
    };
    let mut findings = vec![keys, seals(&context).await];
    if let Err(error) = setup::check_roles(&context).await {
        findings.push(bad("roles", "are not there", &error.to_string()));
    }
    findings
}

/// How far a rotation of the master key has come.
async fn seals(context: &Context) -> Finding {
    let keys = match master_key::status(context).await {
        Ok(keys) => keys,
        Err(error) => return bad("seals", "could not be counted", &error.to_string()),
    };
    let earlier = keys.iter().filter(|key| key.previous.is_some());
    let left: i64 = earlier.flat_map(|key| &key.seals).map(|(_, count)| count).sum();
    let removable = keys.iter().filter(|key| key.removal == Removal::Yes).count();
    let left = match left {
        0 => "all are under the current master key".to_owned(),
        left => format!("{left} are under earlier master keys, until a running server has sealed them again"),
    };
    match removable {
        0 => good("seals", &left),
        _ => good("seals", &format!("{left}; `doorward keys status` names earlier keys that may be removed")),
    }
}

async fn database(db: &Db) -> (Vec<Finding>, Option<Schema>) {
    let kind = match db.engine() {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    };
    if let Err(error) = db.ping().await {
        let mend = format!("It does not answer: {error}. Check database.url and the server.");
        return (vec![bad("database", kind, &mend)], None);
    }
    let looked_at = db.schema(MIGRATIONS).await;
    let schema = match &looked_at {
        Ok(schema) if schema.is_up_to_date() => {
            good("database", &format!("{kind}, schema version {}", schema.version))
        }
        Ok(Schema { version: 0, .. }) => {
            good("database", &format!("{kind}, empty: the first start makes its tables"))
        }
        Ok(Schema { version, newest }) => bad(
            "database",
            &format!("{kind}, schema version {version} of {newest}"),
            "Run `doorward migrate`, or start this version: it brings the schema up to date.",
        ),
        Err(error) => bad("database", kind, &error.to_string()),
    };
    let clock = match db.clock_offset_micros(SystemClock::machine_now().micros()).await {
        Ok(offset) if offset.abs() <= CLOCK_TOLERANCE_MICROS => {
            good("clock", &format!("within {} ms of the database's", offset.abs() / 1000))
        }
        Ok(offset) => bad(
            "clock",
            &format!("{} ms off the database's", offset / 1000),
            "Set this machine's clock, or the database's, by NTP.",
        ),
        Err(error) => bad("clock", "could not be compared", &error.to_string()),
    };
    (vec![schema, clock], looked_at.ok())
}

async fn mail(transport: &MailTransport) -> Finding {
    match transport {
        MailTransport::Caught => good("mail", "caught in the mailbox of development mode"),
        MailTransport::Folder(folder) => good("mail", &format!("written to {}", folder.display())),
        MailTransport::Smtp(url) => {
            let server = Url::parse(url.expose_secret()).ok().and_then(|url| MailServer::named_by(&url));
            let Some(MailServer { host, port, .. }) = server else {
                return bad("mail", "the address can't be read", "Write smtps://user:password@host.");
            };
            reach("mail", &host, port, "Check mail.smtp_url, and that this machine may reach it.").await
        }
    }
}

/// Whether the provider of SMS can be reached. Nothing is sent: messages cost money.
async fn sms(provider: &SmsProvider) -> Finding {
    let (url, mend) = match provider {
        SmsProvider::Twilio { base, .. } => (base, "Check that this machine may reach it."),
        SmsProvider::Webhook { url, .. } => (url, "Check sms.url, and that this machine may reach it."),
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    reach("sms", host, url.port_or_known_default().unwrap_or(443), mend).await
}

async fn reach(what: &'static str, host: &str, port: u16, mend: &str) -> Finding {
    match tokio::time::timeout(PATIENCE, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => good(what, &format!("{host}:{port} answers")),
        _ => bad(what, &format!("{host}:{port} does not answer"), mend),
    }
}

async fn redis(url: &SecretString) -> Finding {
    let counts = match RedisCounts::connect(url) {
        Ok(counts) => counts,
        Err(error) => return bad("redis", &error, "Check redis.url."),
    };
    match tokio::time::timeout(PATIENCE, counts.connected()).await {
        Ok(()) => good("redis", "it answers"),
        Err(_elapsed) => bad(
            "redis",
            "it does not answer",
            "Check redis.url with its password, and that this machine may reach it. Meanwhile each process counts attempts by itself.",
        ),
    }
}

fn good(what: &'static str, detail: &str) -> Finding {
    Finding { what, wrong: None, detail: detail.to_owned() }
}

fn bad(what: &'static str, detail: &str, mend: &str) -> Finding {
    Finding { what, wrong: Some(mend.to_owned()), detail: detail.to_owned() }
}
