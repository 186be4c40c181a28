//! The schema's history. A migration is written once, with PostgreSQL's type names; SQLite's stand in for them.

use sha2::{Digest, Sha256};

use crate::DbError;
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;

/// One step of the schema. A step that has been applied anywhere is never edited again.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Dense, from 1.
    pub version: i64,
    pub name: &'static str,
    pub sql: &'static str,
    /// The text for PostgreSQL, only where the dialect must differ.
    pub postgres: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MigrationReport {
    /// How many steps were applied now.
    pub applied: usize,
    /// The version that the schema has.
    pub version: i64,
}

/// How far a schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// The version that it has; 0 where nothing has been applied yet.
    pub version: i64,
    /// The version that this program brings it to.
    pub newest: i64,
}

impl Schema {
    pub fn is_up_to_date(self) -> bool {
        self.version == self.newest
    }
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)";
const APPLIED: &str = "SELECT version, name, checksum FROM schema_migrations ORDER BY version";
/// Any number that no other program uses for its lock.
const LOCK: i64 = 0x646f_6f72_7761_7264;

pub(crate) fn sqlite(sqlite: &Sqlite, migrations: &[Migration]) -> Result<MigrationReport, DbError> {
    let connection = sqlite.own_connection()?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(&for_sqlite(TABLE))?;
    let applied = applied_to_sqlite(&connection)?;
    let due = due(&applied, migrations)?;
    for migration in due {
        connection
            .execute_batch(&for_sqlite(migration.sql))
            .map_err(|error| DbError::migration(format!("migration {}: {error}", migration.label())))?;
        connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (?1, ?2, ?3)",
            (migration.version, migration.name, migration.checksum()),
        )?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(report(due, migrations))
}

pub(crate) async fn postgres(
    postgres: &Postgres,
    migrations: &[Migration],
) -> Result<MigrationReport, DbError> {
    let mut connection = postgres.own_connection().await?;
    let transaction = connection.transaction().await?;
    transaction.batch_execute(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    transaction.batch_execute(TABLE).await?;
    let applied = applied_to_postgres(&transaction).await?;
    let due = due(&applied, migrations)?;
    for migration in due {
        transaction.batch_execute(migration.postgres.unwrap_or(migration.sql)).await.map_err(|error| {
            DbError::migration(format!("migration {}: {}", migration.label(), DbError::from(error)))
        })?;
        let checksum = migration.checksum();
        transaction
            .execute(
                "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
                &[&migration.version, &migration.name, &checksum],
            )
            .await?;
    }
    transaction.commit().await?;
    Ok(report(due, migrations))
}

pub(crate) fn look_at_sqlite(sqlite: &Sqlite, migrations: &[Migration]) -> Result<Schema, DbError> {
    let connection = sqlite.own_reader()?;
    let applied = if connection.table_exists(None, "schema_migrations")? {
        applied_to_sqlite(&connection)?
    } else {
        Vec::new()
    };
    schema(&applied, migrations)
}

pub(crate) async fn look_at_postgres(
    postgres: &Postgres,
    migrations: &[Migration],
) -> Result<Schema, DbError> {
    let mut connection = postgres.own_connection().await?;
    let transaction = connection.transaction().await?;
    let table = transaction.query_one("SELECT to_regclass('schema_migrations') IS NOT NULL", &[]).await?;
    let applied = if table.try_get(0)? { applied_to_postgres(&transaction).await? } else { Vec::new() };
    schema(&applied, migrations)
}

/// Version, name and checksum.
type Applied = (i64, String, String);

fn applied_to_sqlite(connection: &rusqlite::Connection) -> Result<Vec<Applied>, DbError> {
    let mut statement = connection.prepare(APPLIED)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

async fn applied_to_postgres(
    transaction: &deadpool_postgres::Transaction<'_>,
) -> Result<Vec<Applied>, DbError> {
    let rows = transaction.query(APPLIED, &[]).await?;
    let read = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    Ok(rows.iter().map(read).collect::<Result<_, tokio_postgres::Error>>()?)
}

fn schema(applied: &[Applied], migrations: &[Migration]) -> Result<Schema, DbError> {
    due(applied, migrations)?;
    Ok(Schema {
        version: applied.last().map_or(0, |(version, ..)| *version),
        newest: migrations.last().map_or(0, |last| last.version),
    })
}

impl Migration {
    fn label(&self) -> String {
        format!("{:04}_{}", self.version, self.name)
    }

    fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.sql);
        hash.update(self.postgres.unwrap_or_default());
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What is still to be applied, once it is sure that what was applied is what this program knows.
fn due<'m>(applied: &[Applied], migrations: &'m [Migration]) -> Result<&'m [Migration], DbError> {
    for (index, (version, name, checksum)) in applied.iter().enumerate() {
        let Some(known) = migrations.get(index).filter(|known| known.version == *version) else {
            return Err(DbError::migration(format!(
                "the database has migration {version:04}_{name}, which this version of the program does not know: \
                 start a newer version, or restore a backup made before the upgrade"
            )));
        };
        if known.checksum() != *checksum {
            return Err(DbError::migration(format!(
                "migration {} was applied with another content than this program has: \
                 a migration must never be edited; use the program that made this database",
                known.label()
            )));
        }
    }
    Ok(&migrations[applied.len()..])
}

fn report(due: &[Migration], migrations: &[Migration]) -> MigrationReport {
    MigrationReport { applied: due.len(), version: migrations.last().map_or(0, |last| last.version) }
}

/// The text with SQLite's types, every table STRICT: an integer bound to a text column must be an error there as well.
fn for_sqlite(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 64);
    let mut rest = sql;
    let mut table = Table::Outside;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let token = &rest[..taken];
        table = table.after(token);
        out.push_str(match token {
            "BIGINT" | "BOOLEAN" => "INTEGER",
            "BYTEA" | "UUID" => "BLOB",
            other => other,
        });
        if table == Table::Ended {
            out.push_str(" STRICT");
            table = Table::Outside;
        }
        rest = &rest[taken..];
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Where the text stands with regard to a `CREATE TABLE`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Outside,
    Create,
    Inside(usize),
    Ended,
}

impl Table {
    fn after(self, token: &str) -> Self {
        match (self, token) {
            (Self::Outside, "CREATE") => Self::Create,
            (Self::Create, "TABLE") => Self::Inside(0),
            (Self::Create, token) if token.trim().is_empty() => Self::Create,
            (Self::Create, _) => Self::Outside,
            (Self::Inside(depth), "(") => Self::Inside(depth + 1),
            (Self::Inside(1), ")") => Self::Ended,
            (Self::Inside(depth), ")") => Self::Inside(depth.saturating_sub(1)),
            (same, _) => same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::for_sqlite;

    #[test]
    fn types_become_sqlites_and_tables_strict() {
        for (from, to) in [
            ("CREATE TABLE t (a BIGINT, b UUID);", "CREATE TABLE t (a INTEGER, b BLOB) STRICT;"),
            (
                "CREATE TABLE t (a BYTEA, CHECK (a > (1)));",
                "CREATE TABLE t (a BLOB, CHECK (a > (1))) STRICT;",
            ),
            ("CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (a);"),
            ("CREATE  TABLE IF NOT EXISTS t (a TEXT)", "CREATE  TABLE IF NOT EXISTS t (a TEXT) STRICT"),
            (
                "INSERT INTO t VALUES ('BIGINT', TRUE); -- UUID",
                "INSERT INTO t VALUES ('BIGINT', TRUE); -- UUID",
            ),
            ("CREATE TABLE t (bigint_count BOOLEAN);", "CREATE TABLE t (bigint_count INTEGER) STRICT;"),
        ] {
            assert_eq!(for_sqlite(from), to);
        }
    }
}
