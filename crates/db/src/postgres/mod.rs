//! PostgreSQL. Units of work are serialisable transactions on a pooled connection, run again where they lose a race.

mod placeholders;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::tx::Backend;
use crate::{DbError, Options, Param, Tx};

/// Fifty units on one row end within this many tries; more means that something else is wrong.
const TRIES: u32 = 60;
const LONGEST_PAUSE: Duration = Duration::from_millis(40);
const WAIT: Duration = Duration::from_secs(5);
/// Nothing here is meant to run long; a unit that hangs must not hold its rows for ever.
const LIMITS: &str = "-c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000";

pub(crate) struct Postgres {
    pool: Pool,
    version: AtomicI64,
}

impl Postgres {
    pub(crate) fn check_address(url: &str) -> Result<(), &'static str> {
        match url.parse::<Config>() {
            Err(_) => Err("can't be read"),
            Ok(config) if config.get_hosts().is_empty() => Err("names no host"),
            Ok(_) => Ok(()),
        }
    }

    pub(crate) fn open(url: &str, options: &Options) -> Result<Self, DbError> {
        Self::with(url, options, LIMITS)
    }

    /// Where the server lets nobody write.
    pub(crate) fn open_to_read(url: &str, options: &Options) -> Result<Self, DbError> {
        Self::with(url, options, &format!("{LIMITS} -c default_transaction_read_only=on"))
    }

    fn with(url: &str, options: &Options, limits: &str) -> Result<Self, DbError> {
        // The address may hold a password: none of it goes into the error.
        let mut config: Config =
            url.parse().map_err(|_| DbError::other("the PostgreSQL address can't be read"))?;
        config.application_name("doorward");
        config.connect_timeout(WAIT);
        let given = config.get_options().map(|given| format!("{given} {limits}"));
        config.options(given.as_deref().unwrap_or(limits));
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = if config.get_ssl_mode() == SslMode::Require {
            Manager::from_config(config, tls()?, manager)
        } else {
            Manager::from_config(config, NoTls, manager)
        };
        let pool = Pool::builder(manager)
            .max_size(options.max_connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .build()
            .map_err(DbError::other)?;
        Ok(Self { pool, version: AtomicI64::new(0) })
    }

    pub(crate) async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone,
    {
        self.unit("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", f).await
    }

    pub(crate) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone,
    {
        self.unit("BEGIN ISOLATION LEVEL SERIALIZABLE", f).await
    }

    /// A connection outside of any unit of work.
    pub(crate) async fn own_connection(&self) -> Result<Object, DbError> {
        Ok(self.pool.get().await?)
    }

    /// There is no cheap way to tell whether somebody wrote, so the answer is always "maybe".
    pub(crate) fn next_version(&self) -> i64 {
        self.version.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    async fn unit<T, E, F>(&self, begin: &'static str, f: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone,
    {
        for attempt in 0..TRIES {
            let mut connection =
                PgConnection::begin(self.pool.get().await.map_err(DbError::from)?, begin).await?;
            let mut tx = Tx::new(Backend::Postgres(&mut connection));
            let result = f.clone()(&mut tx).await;
            let (poisoned, lost_race) = (tx.is_poisoned(), tx.lost_race());
            if lost_race {
                connection.end("ROLLBACK").await?;
            } else {
                match result {
                    Ok(_) if poisoned => {
                        connection.end("ROLLBACK").await?;
                        return Err(DbError::Poisoned.into());
                    }
                    Ok(value) => match connection.end("COMMIT").await {
                        Ok(()) => return Ok(value),
                        Err(DbError::Serialization) => {}
                        Err(error) => return Err(error.into()),
                    },
                    Err(error) => {
                        // What went wrong first is what the caller must hear.
                        let _ = connection.end("ROLLBACK").await;
                        return Err(error);
                    }
                }
            }
            tokio::time::sleep(pause(attempt)).await;
        }
        Err(DbError::Serialization.into())
    }
}

/// Grows with the attempts and differs between those who collide.
fn pause(attempt: u32) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let most = Duration::from_millis(1 << attempt.min(6)).min(LONGEST_PAUSE);
    let micros = u64::try_from(most.as_micros()).unwrap_or(1).max(1);
    Duration::from_micros(RandomState::new().hash_one(attempt) % micros)
}

fn tls() -> Result<MakeRustlsConnect, DbError> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(DbError::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// A connection inside a transaction. Dropped before its end, it is closed and not handed to anybody else.
pub(crate) struct PgConnection {
    object: Option<Object>,
}

impl PgConnection {
    async fn begin(object: Object, begin: &'static str) -> Result<Self, DbError> {
        let connection = Self { object: Some(object) };
        connection.object()?.batch_execute(begin).await?;
        Ok(connection)
    }

    pub(crate) async fn execute(&mut self, sql: &'static str, params: &[Param]) -> Result<u64, DbError> {
        let statement = self.prepare(sql).await?;
        Ok(self.object()?.execute_raw(&statement, slice(params)).await?)
    }

    pub(crate) async fn query(
        &mut self,
        sql: &'static str,
        params: &[Param],
    ) -> Result<Vec<tokio_postgres::Row>, DbError> {
        let statement = self.prepare(sql).await?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
        Ok(self.object()?.query(&statement, &params).await?)
    }

    async fn prepare(&self, sql: &'static str) -> Result<Statement, DbError> {
        Ok(self.object()?.prepare_cached(placeholders::rewritten(sql)).await?)
    }

    async fn end(&mut self, end: &'static str) -> Result<(), DbError> {
        self.object()?.batch_execute(end).await?;
        // Back to the pool: nothing of the transaction is left.
        drop(self.object.take());
        Ok(())
    }

    fn object(&self) -> Result<&Object, DbError> {
        self.object.as_ref().ok_or_else(|| DbError::other("the unit of work has ended"))
    }
}

impl Drop for PgConnection {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            drop(Object::take(object));
        }
    }
}

fn slice(params: &[Param]) -> impl ExactSizeIterator<Item = &dyn ToSql> {
    params.iter().map(|param| param as &dyn ToSql)
}
