//! SQLite. Reads run in place on connections of their own. Writes gather: each unit runs in its savepoint on the one
//! write connection, and one commit, and so one sync, makes all of a batch durable before any of them is answered.

mod writer;

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use crate::row::Source;
use crate::tx::Backend;
use crate::{DbError, Param, Row, Tx};
use writer::GroupCommit;

/// How long another process may hold the write lock before we give up.
const PATIENCE: Duration = Duration::from_secs(10);
/// More statements than the product has.
const STATEMENTS: usize = 256;

pub(crate) struct Sqlite {
    path: Box<Path>,
    /// The file that was opened, by device and number.
    file: (u64, u64),
    access: Access,
    writer: GroupCommit,
    idle_readers: Mutex<Vec<Connection>>,
    version: Mutex<Connection>,
}

/// What may be done to the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Write,
    /// Nothing, not even to its journal's mode.
    Read,
}

impl Sqlite {
    pub(crate) fn open(path: &Path) -> Result<Self, DbError> {
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(DbError::unavailable)?;
        }
        // SQLite gives the files beside it the mode of this one.
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
        Self::on(path, opened, Access::Write)
    }

    /// The file as it stands, to read it alone. `None` where there is none.
    pub(crate) fn open_to_read(path: &Path) -> Result<Option<Self>, DbError> {
        // Whether it could be written is part of what whoever looks at it wants to know.
        match OpenOptions::new().write(true).open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            opened => Self::on(path, opened, Access::Read).map(Some),
        }
    }

    fn on(path: &Path, opened: io::Result<File>, access: Access) -> Result<Self, DbError> {
        let unavailable = |error| DbError::unavailable(format!("{}: {error}", path.display()));
        let file = opened.and_then(|file| file.metadata()).map_err(unavailable)?;
        let file = (file.dev(), file.ino());
        let writer = GroupCommit::start(connect(path, Duration::ZERO, access)?)?;
        let version = Mutex::new(reader(path)?);
        Ok(Self { path: path.into(), file, access, writer, idle_readers: Mutex::default(), version })
    }

    /// A connection for a task of its own, such as a migration, that waits for others.
    pub(crate) fn own_connection(&self) -> Result<Connection, DbError> {
        connect(&self.path, PATIENCE, self.access)
    }

    /// Such a connection that reads alone.
    pub(crate) fn own_reader(&self) -> Result<Connection, DbError> {
        reader(&self.path)
    }

    pub(crate) fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone,
    {
        self.ensure_in_place()?;
        let idle = self.idle_readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => reader(&self.path)?,
        };
        run_statement(&connection, "BEGIN")?;
        let result = run(&mut connection, f);
        // Where ending fails, or the closure panicked, the connection is dropped rather than handed on.
        if run_statement(&connection, "ROLLBACK").is_ok() {
            self.idle_readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        result
    }

    pub(crate) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone,
    {
        self.ensure_in_place()?;
        let written = self.writer.write(f).await?;
        // What went into a file that nobody will find again is not kept.
        self.ensure_in_place()?;
        Ok(written)
    }

    /// The system goes on with a file that was deleted or replaced, and forgets all of it at the end.
    fn ensure_in_place(&self) -> Result<(), DbError> {
        match std::fs::metadata(&self.path) {
            Ok(file) if (file.dev(), file.ino()) == self.file => Ok(()),
            _ => {
                let path = self.path.display();
                Err(DbError::unavailable(format!(
                    "{path} was moved, deleted or replaced: put it back, or restart"
                )))
            }
        }
    }

    pub(crate) fn data_version(&self) -> Result<i64, DbError> {
        self.ensure_in_place()?;
        let connection = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
    }

    pub(crate) async fn close(&self) {
        self.writer.close().await;
        self.idle_readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

pub(crate) fn execute(connection: &Connection, sql: &str, params: &[Param]) -> Result<u64, DbError> {
    let touched = connection.prepare_cached(sql)?.execute(params_from_iter(params))?;
    Ok(u64::try_from(touched).unwrap_or(u64::MAX))
}

pub(crate) fn query(connection: &Connection, sql: &str, params: &[Param]) -> Result<Vec<Row>, DbError> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(params_from_iter(params))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let values = (0..columns).map(|index| row.get(index)).collect::<rusqlite::Result<Box<[Value]>>>()?;
        all.push(Row(Source::Sqlite(values)));
    }
    Ok(all)
}

fn run_statement(connection: &Connection, sql: &str) -> Result<(), DbError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// Runs a unit's closure in place. It has nothing to wait for, so it must be done when it was polled once.
fn run<T, E, F>(connection: &mut Connection, f: F) -> Result<T, E>
where
    E: From<DbError>,
    F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>,
{
    let mut tx = Tx::new(Backend::Sqlite(connection));
    let polled = pin!(f(&mut tx)).poll(&mut Context::from_waker(Waker::noop()));
    match polled {
        Poll::Pending => {
            Err(DbError::other("a unit of work waited for something else than its queries").into())
        }
        Poll::Ready(Ok(_)) if tx.is_poisoned() => Err(DbError::Poisoned.into()),
        Poll::Ready(result) => result,
    }
}

fn connect(path: &Path, patience: Duration, access: Access) -> Result<Connection, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|error| DbError::unavailable(format!("{}: {error}", path.display())))?;
    connection.busy_timeout(PATIENCE)?;
    // The query planner must not look at bound values: it would plan anew at every run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    match access {
        Access::Write => connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?,
        Access::Read => connection.pragma_update(None, "query_only", true)?,
    }
    // FULL: a commit is answered only when it would survive a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What was deleted is overwritten: a person's data, a spent secret.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    connection.busy_timeout(patience)?;
    Ok(connection)
}

fn reader(path: &Path) -> Result<Connection, DbError> {
    let connection = connect(path, PATIENCE, Access::Read)?;
    // In KiB. There are many of these, and the system keeps the file's pages as well.
    connection.pragma_update(None, "cache_size", -256)?;
    Ok(connection)
}
