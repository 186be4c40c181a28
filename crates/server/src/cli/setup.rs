//! From settings to a product that works.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use doorward_core::access;
use doorward_core::breach::Ranges;
use doorward_core::context::{Context, SystemClock};
use doorward_core::mail::Transport;
use doorward_core::place::Places;
use doorward_core::rate_limit::SharedCounts;
use doorward_core::sms::SmsTransport;
use doorward_crypto::password::{PasswordHasher, PoolConfig};
use doorward_crypto::rng::{Rng, SystemRng};
use doorward_crypto::seal::{MasterKey, Sealer};
use doorward_db::{Db, Options};
use secrecy::ExposeSecret as _;

use crate::app::{App, Parts};
use crate::breach::PwnedPasswords;
use crate::config::sms::SmsProvider;
use crate::config::{MailTransport, Settings, master_key};
use crate::geoip::GeoIp;
use crate::mail::{FolderTransport, SmtpTransport};
use crate::redis::RedisCounts;
use crate::sms::{Twilio, Webhook};

/// How long the start waits for Redis.
const REDIS_WAIT: Duration = Duration::from_secs(2);

/// The product, with the clock that follows its database.
pub struct Ready {
    pub app: App,
    pub clock: Arc<SystemClock>,
}

/// Opens the database and brings it up to date.
pub async fn open(mut settings: Settings) -> Result<Ready> {
    let db = open_database(&settings).await?;
    let key = match settings.master_key.take() {
        Some(key) => key,
        None => {
            master_key::make_data_dir(&settings.data_dir)?;
            master_key::load_or_create(&settings.data_dir, &SystemRng)?
        }
    };
    let (parts, clock) = parts(settings, db, key).await?;
    Ok(Ready { app: App::open(parts).await.map_err(explain)?, clock })
}

/// What use cases are handed, on a database as it stands, to look at it. Nothing is made or changed.
pub async fn examine(mut settings: Settings, db: Db) -> Result<Context> {
    let key = match settings.master_key.take() {
        Some(key) => key,
        // Where there is none yet, nothing can be sealed; what is, opens under no other key either.
        None => master_key::load(&settings.data_dir)?.unwrap_or_else(|| MasterKey::generate(&SystemRng)),
    };
    let (parts, _) = parts(settings, db, key).await?;
    Ok(parts.into_context())
}

async fn parts(settings: Settings, db: Db, key: MasterKey) -> Result<(Parts, Arc<SystemClock>)> {
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let transport: Option<Arc<dyn Transport>> = match &settings.mail {
        MailTransport::Smtp(url) => Some(Arc::new(SmtpTransport::new(url)?)),
        MailTransport::Folder(folder) => Some(Arc::new(FolderTransport::new(folder.clone()))),
        MailTransport::Caught => None,
    };
    let sms = sms(settings.sms)?;
    let shared_counts: Option<Arc<dyn SharedCounts>> = match &settings.redis_url {
        Some(url) => {
            let counts = RedisCounts::connect(url).map_err(|error| anyhow!("redis.url: {error}"))?;
            // Else each process would count by itself at first. One that is away is waited for no longer.
            let _ = tokio::time::timeout(REDIS_WAIT, counts.connected()).await;
            Some(Arc::new(counts))
        }
        None => None,
    };
    let breached: Option<Arc<dyn Ranges>> = match settings.breached_url {
        Some(url) => Some(Arc::new(
            PwnedPasswords::new(url).map_err(|error| anyhow!("password.check_breached: {error}"))?,
        )),
        None => None,
    };
    let places: Option<Arc<dyn Places>> = match &settings.geoip_database {
        Some(path) => Some(Arc::new(places(path)?)),
        None => None,
    };
    let clock = Arc::new(SystemClock::default());
    clock.set_offset_micros(db.clock_offset_micros(SystemClock::machine_now().micros()).await?);
    let parts = Parts {
        config: settings.core,
        db,
        clock: Arc::clone(&clock) as Arc<dyn doorward_core::context::Clock>,
        sealer: Sealer::new(key, settings.previous_master_keys, Arc::clone(&rng)),
        hasher: PasswordHasher::start(PoolConfig::for_machine(settings.password), Arc::clone(&rng)),
        rng,
        shared_counts,
        breached,
        places,
        transport,
        sms,
    };
    Ok((parts, clock))
}

/// Refuses a setting that names a role that nobody can have: it would ask nobody for a second factor.
///
/// # Errors
/// What is wrong, for whoever wrote the setting.
pub async fn check_roles(context: &Context) -> Result<()> {
    let named = &context.config.mfa.required_for;
    let unknown = access::unknown_roles(context, named).await.map_err(explain)?;
    if unknown.is_empty() {
        return Ok(());
    }
    Err(anyhow!(
        "mfa.required_for names roles that do not exist: {}. In the environment, part names by commas.",
        unknown.join(", ")
    ))
}

/// The file that says where addresses are.
pub fn places(path: &Path) -> Result<GeoIp> {
    GeoIp::open(path).map_err(|error| anyhow!("geoip.database, {}: {error}", path.display()))
}

/// Who carries SMS away, where the settings name somebody.
fn sms(provider: Option<SmsProvider>) -> Result<Option<Arc<dyn SmsTransport>>> {
    let transport: Arc<dyn SmsTransport> = match provider {
        None => return Ok(None),
        Some(SmsProvider::Twilio { base, account, token, from }) => {
            Arc::new(Twilio::new(&base, &account, token, &from).map_err(|error| anyhow!("sms: {error}"))?)
        }
        Some(SmsProvider::Webhook { url, secret }) => {
            Arc::new(Webhook::new(url, secret).map_err(|error| anyhow!("sms: {error}"))?)
        }
    };
    Ok(Some(transport))
}

/// Opens the database that the settings name.
pub async fn open_database(settings: &Settings) -> Result<Db> {
    if settings.database_url.expose_secret().starts_with("sqlite:") {
        master_key::make_data_dir(&settings.data_dir)?;
    }
    let options = Options { max_connections: settings.database_connections };
    Db::open(settings.database_url.expose_secret(), options).await.context("the database can't be opened")
}

/// Opens the database that the settings name as it stands, to look at it. `None` where the first start would make it.
pub async fn open_database_to_read(settings: &Settings) -> Result<Option<Db>> {
    let options = Options { max_connections: settings.database_connections };
    let db = Db::open_to_read(settings.database_url.expose_secret(), options).await;
    db.context("the database can't be opened")
}

/// An error of the product as the operator reads it: with its cause.
pub fn explain(error: doorward_core::error::Error) -> anyhow::Error {
    let detail = error.detail().to_owned();
    match error.cause() {
        Some(cause) => anyhow::anyhow!("{cause}"),
        None => anyhow::anyhow!(
            "{}",
            std::iter::once(detail)
                .chain(error.fields().iter().map(|field| format!("{}: {}", field.field, field.detail)))
                .collect::<Vec<_>>()
                .join("\n  ")
        ),
    }
}
