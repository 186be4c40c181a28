use std::path::Path;
use std::sync::Arc;

use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::{DbError, Migration, MigrationReport, Schema, Tx, migrate};

/// A database. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

enum Inner {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// Which engine it is: for diagnostics. No product code acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Why a database's address will not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressError {
    pub wrong: &'static str,
    pub mend: &'static str,
}

#[derive(Debug, Clone)]
pub struct Options {
    /// How many connections a PostgreSQL pool may open.
    pub max_connections: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_connections: 16 }
    }
}

impl Db {
    /// Whether an address can be read, without asking anybody.
    ///
    /// # Errors
    /// What is wrong with it and how to mend it, without any of it: it may hold a password.
    pub fn check_address(url: &str) -> Result<(), AddressError> {
        let (wrong, mend) = if let Some(path) = url.strip_prefix("sqlite:") {
            if !path.is_empty() && !path.ends_with('/') {
                return Ok(());
            }
            ("names no file", "Write sqlite:FILE.")
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            match Postgres::check_address(url) {
                Ok(()) => return Ok(()),
                Err(wrong) => (
                    wrong,
                    "Write postgres://user:password@host:5432/database, with what is no letter or digit in the password percent-encoded.",
                ),
            }
        } else {
            ("is of an unknown kind", "Write sqlite:FILE or postgres://user:password@host/database.")
        };
        Err(AddressError { wrong, mend })
    }

    /// Opens `sqlite:/path/to/file` (made where it is not there yet, readable by its owner alone) or `postgres://…`, with
    /// TLS where the address says `sslmode=require`.
    ///
    /// # Errors
    /// Where the address is of neither kind, or the file can't be opened. A PostgreSQL server that is away shows at the
    /// first unit of work.
    pub async fn open(url: &str, options: Options) -> Result<Self, DbError> {
        let inner = if let Some(path) = url.strip_prefix("sqlite:") {
            Inner::Sqlite(Sqlite::open(Path::new(path))?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Inner::Postgres(Postgres::open(url, &options)?)
        } else {
            return Err(DbError::other("a database address begins with sqlite: or postgres://"));
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Opens what there is as it stands, to look at it: nothing is made, and every write fails. `None` where there is no
    /// such file.
    ///
    /// # Errors
    /// As [`Self::open`], and where a file is there that could not be written.
    pub async fn open_to_read(url: &str, options: Options) -> Result<Option<Self>, DbError> {
        let inner = if let Some(path) = url.strip_prefix("sqlite:") {
            Sqlite::open_to_read(Path::new(path))?.map(Inner::Sqlite)
        } else {
            Some(Inner::Postgres(Postgres::open_to_read(url, &options)?))
        };
        Ok(inner.map(|inner| Self(Arc::new(inner))))
    }

    pub fn engine(&self) -> Engine {
        match &*self.0 {
            Inner::Sqlite(_) => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// A unit of work that reads, and sees one consistent state of the database. It can't write. On SQLite its closure
    /// runs in place and must wait for nothing but its queries.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone,
    {
        match &*self.0 {
            Inner::Sqlite(sqlite) => sqlite.read(f),
            Inner::Postgres(postgres) => postgres.read(f).await,
        }
    }

    /// A unit of work that writes: it happens whole or, where the closure or a query fails, not at all, and it is answered
    /// only when it is durable. Units are serialisable: where two are in each other's way, one runs its closure again. On
    /// SQLite the closure must wait for nothing but its queries.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone,
    {
        match &*self.0 {
            Inner::Sqlite(sqlite) => sqlite.write(f).await,
            Inner::Postgres(postgres) => postgres.write(f).await,
        }
    }

    /// Brings the schema up to date, under a lock: two that start at once do it once.
    ///
    /// # Errors
    /// Where an applied migration was changed since, or the database is newer than this program.
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<MigrationReport, DbError> {
        match &*self.0 {
            Inner::Sqlite(sqlite) => migrate::sqlite(sqlite, migrations),
            Inner::Postgres(postgres) => migrate::postgres(postgres, migrations).await,
        }
    }

    /// How far the schema is, without bringing it any further.
    ///
    /// # Errors
    /// As [`Self::migrate`].
    pub async fn schema(&self, migrations: &[Migration]) -> Result<Schema, DbError> {
        match &*self.0 {
            Inner::Sqlite(sqlite) => migrate::look_at_sqlite(sqlite, migrations),
            Inner::Postgres(postgres) => migrate::look_at_postgres(postgres, migrations).await,
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.read(async |tx| tx.query_one("SELECT CAST(1 AS BIGINT)", &[]).await.map(|_| ())).await
    }

    /// How far the database's clock is ahead of this machine's, in microseconds, given this machine's time. SQLite has no
    /// clock of its own.
    pub async fn clock_offset_micros(&self, machine_now: i64) -> Result<i64, DbError> {
        match &*self.0 {
            Inner::Sqlite(_) => Ok(0),
            Inner::Postgres(_) => {
                let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";
                let row = self.read(async |tx| tx.query_one(sql, &[]).await).await?;
                Ok(row.get::<i64>(0)? - machine_now)
            }
        }
    }

    /// A number that differs from the last one whenever somebody may have written in between, this process included.
    pub async fn data_version(&self) -> Result<i64, DbError> {
        match &*self.0 {
            Inner::Sqlite(sqlite) => sqlite.data_version(),
            Inner::Postgres(postgres) => Ok(postgres.next_version()),
        }
    }

    /// Lets what is under way finish, and closes. Units of work that come later fail.
    pub async fn close(&self) {
        match &*self.0 {
            Inner::Sqlite(sqlite) => sqlite.close().await,
            Inner::Postgres(postgres) => postgres.close(),
        }
    }
}
